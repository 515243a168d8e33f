"""What a tokenizer makes of a task's prompts, said before any network runs.

A network is given tokens, not text: two inputs may read differently and be the same to it. All
inputs are read where there are few; else a sample of them, with inputs that differ from one of
these in one place only, among which those that look alike are to be found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalspec.compiler import (
    CausalModel,
    Column,
    Columns,
    Evidence,
    Examination,
    Exhaustive,
    Population,
    PromptTemplate,
    RenderedPrompts,
    RequirementUnmetError,
    Sampled,
    Sampler,
    Stream,
    Task,
    UnsupportedModelError,
    answer_texts,
    every,
    populate,
    product,
    render,
    right_texts,
    setting_text,
    solve_columns,
)
from causalspec.dsl.diagnostics import Diagnostic, Severity
from causalspec.runtime.inputs.chats import rendered_chat
from causalspec.runtime.inputs.seams import examine_seams
from causalspec.runtime.inputs.seen_texts import SeenText, TextReader

EXHAUSTED = 1 << 12
"""So many inputs are read at most one by one, instead of a sample."""

_DRAWN = 1 << 11
_VARIED = 2  # so many of the drawn inputs are varied in each place
_VARIATIONS = 1 << 13
_LISTED = 4


@dataclass(frozen=True, slots=True)
class PromptExamination:
    """What is wrong with a prompt's tokens, and whether they tell inputs apart."""

    diagnostics: tuple[Diagnostic, ...]
    apart: Examination


def examine_tokens(
    task: Task, reader: TextReader, prompts: Sequence[str]
) -> Iterator[PromptExamination]:
    """What is remarkable about the tokens of the named prompts of a task: marks that stand twice
    (CS606), words that the tokenizer does not know (CS607), inputs with different answers that are
    the same tokens (CS608, an error), and where prompt and answer meet (CS609; CS621, an error).
    """
    inputs = _inputs(task.model)
    if inputs is None or not task.model.outputs:
        return
    columns, evidence = inputs
    try:
        codes = solve_columns(task.model, columns, wanted=task.model.outputs)
    except UnsupportedModelError:
        return
    for name in prompts:
        asked = task.asked_by(name)
        said = [answer_texts(asked, output, codes[output]) for output in task.model.outputs]
        right = [right_texts(asked, output, codes[output]) for output in task.model.outputs]
        answers = list(zip(*right, strict=True))
        template = task.prompts[name]
        if template.turns:
            rendered = rendered_chat(template, task.model, columns, reader.chats)
        else:
            rendered = render(template, task.model, columns)
        rows = {text: row for row, text in reversed(list(enumerate(rendered.texts)))}
        seen = dict(zip(rows, reader(list(rows), marked=rendered.marked), strict=True))
        doubled = _doubled_marks(task, template, reader, seen)
        unknown = _unknown_words(task, template, reader, rendered, rows, seen)
        pair = _alike(rendered.texts, answers, seen)
        reads_alike = pair is not None and rendered.texts[pair[0]] == rendered.texts[pair[1]]
        alike: list[Diagnostic] = []
        if pair is not None and not reads_alike:  # where it does, CS605 has said so
            alike = [_alike_error(task, template, columns, pair)]
        seams = examine_seams(asked, template, reader, rendered.texts, said, marked=rendered.marked)
        question = f"`{name}` of `{task.name}` tells inputs with different answers apart as tokens"
        yield PromptExamination(
            (*doubled, *unknown, *alike, *seams),
            Examination(
                question, pair is None, evidence if pair is None else Exhaustive(1), template.span
            ),
        )


# Inputs -------------------------------------------------------------------------------------------


def _inputs(model: CausalModel) -> tuple[Columns, Evidence] | None:
    """The inputs to read, and how they show something; None where none can be had."""
    population = populate(model, {})
    if population.is_empty:
        return None
    whole = _all_of(population)
    if whole is not None:
        return whole, Exhaustive(len(next(iter(whole.values()), ())))
    try:
        drawn = Sampler(population, Stream.of(0, "tokens")).take(_DRAWN)
    except RequirementUnmetError:
        return None
    parts = [drawn, *_variations(model, drawn)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in drawn}
    return columns, Sampled(len(next(iter(columns.values()))), 0)


def _all_of(population: Population) -> Columns | None:
    count = 1
    for block in population.blocks:
        count *= block.settings
    if population.rejections or not 0 < count <= EXHAUSTED:
        return None
    return product([every(block) for block in population.blocks])


def _variations(model: CausalModel, drawn: Columns) -> Iterator[Columns]:
    """Some of the inputs with every value that one variable may have beside the others'."""
    share = _VARIATIONS // (_VARIED * max(1, len(model.inputs)))
    for row in range(_VARIED):
        held = {name: column[row : row + 1] for name, column in drawn.items()}
        for name in model.inputs:
            codes = model.by_name[name].domain.codes()
            values: Column = np.array(codes[: min(share, EXHAUSTED)], dtype=np.int64)
            varied = _all_of(populate(model, {**held, name: values}))
            if varied is not None:
                yield varied


# Findings -----------------------------------------------------------------------------------------


def _doubled_marks(
    task: Task, template: PromptTemplate, reader: TextReader, seen: Mapping[str, SeenText]
) -> Iterator[Diagnostic]:
    marks: dict[int, None] = {}
    for encoded in seen.values():
        start = next((k for k, added in enumerate(encoded.added) if not added), len(encoded.added))
        written = set(encoded.ids[start:])
        marks.update(dict.fromkeys(mark for mark in encoded.ids[:start] if mark in written))
    for mark in marks:
        yield Diagnostic(
            "CS606",
            f"`{template.name}` of `{task.name}` writes `{reader.token(mark)}`, which the "
            "tokenizer puts before every text: the network is given it twice",
            template.span,
            "leave it out of the prompt",
            severity=Severity.WARNING,
        )


def _unknown_words(
    task: Task,
    template: PromptTemplate,
    reader: TextReader,
    rendered: RenderedPrompts,
    rows: Mapping[str, int],
    seen: Mapping[str, SeenText],
) -> Iterator[Diagnostic]:
    """The slots, and the text beside them, that hold what the tokenizer does not know."""
    if reader.unknown is None:
        return
    words: dict[str | None, dict[str, None]] = {}
    for text, encoded in seen.items():
        for number, (start, end) in zip(encoded.ids, encoded.spans, strict=True):
            if number != reader.unknown:
                continue
            slots = {
                name: (int(span[rows[text], 0]), int(span[rows[text], 1]))
                for name, span in rendered.spans.items()
            }
            inside = [name for name, (first, last) in slots.items() if first < end and start < last]
            for name in inside:
                words.setdefault(name, {})[text[slots[name][0] : slots[name][1]]] = None
            if not inside:
                words.setdefault(None, {})[text[start:end]] = None
    for name, found in words.items():
        where = f"`{template.name}` of `{task.name}`"
        where = where if name is None else f"the slot `{name}` of {where}"
        yield Diagnostic(
            "CS607",
            f"the tokenizer does not know {listed(list(found))} in {where}",
            template.span,
            f"the network is given `{reader.token(reader.unknown)}` instead: choose words that it "
            "knows",
            severity=Severity.WARNING,
        )


def _alike(
    texts: Sequence[str],
    answers: Sequence[tuple[tuple[str, ...], ...]],
    seen: Mapping[str, SeenText],
) -> tuple[int, int] | None:
    """Two rows whose tokens are the same, though their answers differ; first those that do not read
    the same.
    """
    first: dict[tuple[int, ...], int] = {}
    found: tuple[int, int] | None = None
    for row, text in enumerate(texts):
        other = first.setdefault(seen[text].ids, row)
        if answers[row] != answers[other]:
            if text != texts[other]:
                return other, row
            found = found or (other, row)
    return found


def _alike_error(
    task: Task, template: PromptTemplate, columns: Columns, pair: tuple[int, int]
) -> Diagnostic:
    model = task.model
    first, other = (
        setting_text(model, {name: int(columns[name][row]) for name in model.inputs}, model.inputs)
        for row in pair
    )
    return alike_error(task, template, first, other)


def alike_error(task: Task, template: PromptTemplate, first: str, other: str) -> Diagnostic:
    """Two inputs, as people read them, that are the same to the network."""
    return Diagnostic(
        "CS608",
        f"`{template.name}` of `{task.name}` is the same tokens at `{first}` and at `{other}`, "
        "whose answers differ",
        template.span,
        "no network with this tokenizer can answer both: choose words that it tells apart",
    )


def listed(words: Sequence[str]) -> str:
    """Some words for a message: ``` `a`, `b` and 3 more ```."""
    shown = [f"`{word}`" for word in words[:_LISTED]]
    if len(words) > _LISTED:
        shown.append(f"{len(words) - _LISTED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
