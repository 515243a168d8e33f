"""Rows rendered to text, with the character span of every slot.

Each distinct value is rendered once; rows are then only joined. Numbers are written exactly, by
integer arithmetic: no floating point stands between a code and its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.text_columns import ABSENT, Chosen, Piece, TextTable, ValueTexts, join
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.columns import Column, ColumnExpression, Columns
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.placement import TokenPosition
from causalspec.compiler.specification import PromptTemplate, SlotValue, Task, TemplateArm
from causalspec.dsl.diagnostics import InternalError

_FORMAT = re.compile(r"(?P<padded>0?)(?P<width>[1-9]\d*)?(?:\.(?P<decimals>\d+)f|d)?")


@dataclass(frozen=True, eq=False)
class RenderedPrompts:
    """`texts[row]`, and by slot name an array `[rows, 2]` of the characters `start` up to, but not
    including, `end` (code points), both `ABSENT` where the row's arm does not have the slot. A slot
    that stands twice in an arm counts where it first stands.
    """

    texts: tuple[str, ...]
    spans: Mapping[str, NDArray[np.int32]]
    marked: bool = False
    """Whether the texts hold all marks that their tokenizer adds: it is to add none."""


@dataclass(frozen=True, slots=True)
class PromptCollision:
    """Two rows that render to one text although an output's answers differ."""

    text: str
    first: int
    second: int
    output: str


Parts = Sequence[tuple[str, Piece]]
"""The pieces of a prompt, each with the name of the slot that it is, empty for fixed text."""


class PreparedPrompt:
    """A prompt that is rendered again and again: what its slots show is prepared once. `model` is
    the task's.
    """

    def __init__(self, template: PromptTemplate, model: CausalModel) -> None:
        self._template = template
        self._model = model
        self._shown: dict[int, ColumnExpression] = {}

    def render(self, columns: Columns) -> RenderedPrompts:
        """Every row's text. `columns` hold the inputs of the task."""
        parts, rows = self.parts(columns), _length(columns)
        texts = join([piece for _, piece in parts], rows).texts()
        return RenderedPrompts(tuple(texts), slot_spans(parts, rows))

    def parts(self, columns: Columns) -> Parts:
        """What stands in every row, the parts of all arms one after the other: where an arm does
        not apply, its parts are absent.
        """
        rows = _length(columns)
        parts: list[tuple[str, Piece]] = []
        for arm, chosen in _arms(self._template, self._model, columns, rows):
            everywhere = len(chosen) == rows
            own = (
                columns
                if everywhere
                else {name: column[chosen] for name, column in columns.items()}
            )
            for part in arm.parts:
                if isinstance(part, SlotValue):
                    name, piece = part.name, self._piece(part, own, len(chosen))
                else:
                    name, piece = "", part
                parts.append((name, piece if everywhere else _standing_in(chosen, piece, rows)))
        return parts

    def _piece(self, slot: SlotValue, columns: Columns, rows: int) -> Chosen:
        if isinstance(slot.value, Reference) and slot.value.name in columns:
            codes = columns[slot.value.name]
        else:
            shown = self._shown.get(id(slot))
            if shown is None:
                shown = ColumnExpression.value_of(slot.value, self._model.by_name)
                self._shown[id(slot)] = shown
            codes = shown.over(columns, rows)
        return value_texts(slot.domain, slot.format).of(codes)


def render(template: PromptTemplate, model: CausalModel, columns: Columns) -> RenderedPrompts:
    """Every row's text. `model` is the task's, `columns` hold its inputs."""
    return PreparedPrompt(template, model).render(columns)


def prompt_parts(template: PromptTemplate, model: CausalModel, columns: Columns) -> Parts:
    """The parts that `render` joins."""
    return PreparedPrompt(template, model).parts(columns)


def _standing_in(chosen: NDArray[np.intp], piece: Piece, rows: int) -> Chosen:
    """A piece of the chosen rows among all rows."""
    if isinstance(piece, str):
        piece = Chosen(TextTable([piece]), np.zeros(len(chosen), np.int64))
    numbers = np.full(rows, ABSENT, dtype=np.int64)
    numbers[chosen] = piece.numbers
    return Chosen(piece.table, numbers)


@lru_cache(maxsize=64)
def value_texts(domain: Domain, format: str | None = None) -> ValueTexts:
    """The texts of a domain's values in a format."""
    return ValueTexts(domain, lambda codes: [formatted(domain, code, format) for code in codes])


def slot_names(template: PromptTemplate) -> tuple[str, ...]:
    """The slots of a prompt, those of any arm, each once."""
    return tuple(
        dict.fromkeys(
            part.name for arm in template.arms for part in arm.parts if isinstance(part, SlotValue)
        )
    )


def slot_spans(parts: Parts, rows: int) -> dict[str, NDArray[np.int32]]:
    """The span of every slot, [rows, 2], as in `RenderedPrompts`."""
    spans: dict[str, NDArray[np.int32]] = {}
    start = np.zeros(rows, dtype=np.int32)
    for name, piece in parts:
        if isinstance(piece, str):
            start = start + np.int32(len(piece))
            continue
        end = start + piece.table.characters.take(piece.numbers)
        if name:
            span = spans.setdefault(name, np.full((rows, 2), ABSENT, dtype=np.int32))
            first = (piece.numbers != ABSENT) & (span[:, 0] == ABSENT)
            span[first] = np.stack([start, end], axis=1)[first]
        start = end
    return spans


def with_computed_slots(
    rendered: RenderedPrompts,
    positions: Iterable[TokenPosition],
    model: CausalModel,
    columns: Columns,
) -> RenderedPrompts:
    """The same with the spans of slots whose index is computed, as `positions` write them: in each
    row that of the slot which is meant there, `ABSENT` where none is. `model` is the task's,
    `columns` hold its inputs.
    """
    rows, spans = _length(columns), dict(rendered.spans)
    for position in positions:
        if not position.slots or position.argument is None:
            continue
        found = np.full((rows, 2), ABSENT, dtype=np.int32)
        for slot in position.slots:
            condition = ColumnExpression.of(slot.condition, model.by_name)
            here = condition.over(columns, rows).astype(np.bool_)
            found[here] = rendered.spans[slot.name][here]
        spans[position.argument] = found
    return replace(rendered, spans=spans)


def said_texts(task: Task, output: str) -> ValueTexts:
    """What the network should say for each value of an output: its `say` template, which sees the
    output itself and nothing that it was computed from, or without one the value's own text. Where
    several texts are right, the first of them.
    """
    domain = task.model.by_name[output].domain
    template = task.answers.get(output)
    if template is None:
        return value_texts(domain)
    alone = _alone(task, output)

    def said(codes: Iterable[int]) -> tuple[str, ...]:
        return render(template, alone, {output: np.array(list(codes), np.int64)}).texts

    return ValueTexts(domain, said)


def answer_texts(task: Task, output: str, codes: Column) -> tuple[str, ...]:
    """What the network should say for each code of an output, the first where several texts are
    right.
    """
    return tuple(join([said_texts(task, output).of(codes)], len(codes)).texts())


def right_texts(task: Task, output: str, codes: Column) -> tuple[tuple[str, ...], ...]:
    """Every text that is right for each code of an output, once, in the order of its `say`: none
    where no arm applies, which `check` refuses.
    """
    template = task.answers.get(output)
    if template is None or not template.any:
        return tuple((text,) for text in answer_texts(task, output, codes))
    alone = _alone(task, output)
    distinct, numbers = np.unique(codes, return_inverse=True)
    found: list[dict[str, None]] = [{} for _ in distinct]
    for arm in template.arms:
        mine = np.flatnonzero(_holds(arm, alone, {output: distinct}, len(distinct)))
        only = PromptTemplate(template.name, (TemplateArm(None, arm.parts),), template.span)
        texts = render(only, alone, {output: distinct[mine]}).texts
        for row, text in zip(mine.tolist(), texts, strict=True):
            found[row][text] = None
    sets = [tuple(texts) for texts in found]
    rows: list[int] = numbers.tolist()
    return tuple(sets[number] for number in rows)


def _alone(task: Task, output: str) -> CausalModel:
    """A model of an output without what it was computed from."""
    given = task.model.by_name[output]
    return CausalModel("answer", task.name, (type(given)(output, given.role, given.domain),))


def prompt_collisions(
    template: PromptTemplate, task: Task, columns: Columns, answers: Columns, *, most: int = 10
) -> tuple[PromptCollision, ...]:
    """Rows whose texts agree although the outputs `answers` do not: no network could get both
    right. Each text is reported once, by its first two rows that differ, `most` in all.
    """
    texts = render(template, task.model, columns).texts
    first_rows: dict[str, int] = {}
    found: dict[str, PromptCollision] = {}
    for row, text in enumerate(texts):
        first = first_rows.setdefault(text, row)
        if first == row or text in found:
            continue
        for output, codes in answers.items():
            if codes[first] != codes[row]:
                found[text] = PromptCollision(text, first, row, output)
                break
        if len(found) == most:
            break
    return tuple(found.values())


def formatted(domain: Domain, code: int, format: str | None) -> str:
    """A value's text. Formats are `.2f`, `d`, `5`, `05`, `06.2f`: at most a width, zero-padded or
    not, and a number of decimals, as in Python. Numbers round half to even, exactly.
    """
    if format is None:
        return domain.text(code)
    parts = _FORMAT.fullmatch(format)
    if parts is None:
        raise InternalError(f"the format `{format}` was not checked")
    if isinstance(domain, Numbers) and parts["decimals"] is not None:
        text = _decimal(domain, code, int(parts["decimals"]))
    else:
        text = domain.text(code)
    width = int(parts["width"] or 0)
    if parts["padded"]:
        return text.zfill(width)
    return text.rjust(width) if isinstance(domain, Numbers) else text.ljust(width)


def _decimal(domain: Numbers, code: int, decimals: int) -> str:
    whole, rest = divmod(abs(code) * 10**decimals, domain.denominator)
    twice = 2 * rest
    if twice > domain.denominator or (twice == domain.denominator and whole % 2):
        whole += 1
    digits = f"{whole:0{decimals + 1}d}"
    sign = "-" if code < 0 else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def _arms(
    template: PromptTemplate, model: CausalModel, columns: Columns, rows: int
) -> Iterator[tuple[TemplateArm, NDArray[np.intp]]]:
    """Each arm with the rows that it renders: those whose first true condition is its own."""
    left = np.ones(rows, dtype=np.bool_)
    for arm in template.arms:
        mine = left & _holds(arm, model, columns, rows)
        yield arm, np.flatnonzero(mine)
        left = left & ~mine
    if left.any():
        raise InternalError(f"no arm of the prompt `{template.name}` applies to some row")


def _holds(arm: TemplateArm, model: CausalModel, columns: Columns, rows: int) -> NDArray[np.bool_]:
    """In which rows an arm's own condition holds."""
    if arm.condition is None:
        return np.ones(rows, dtype=np.bool_)
    condition = ColumnExpression.of(arm.condition, model.by_name)
    return condition.over(columns, rows).astype(np.bool_)


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))
