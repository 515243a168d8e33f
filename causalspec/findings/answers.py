"""Prompts and answers that a tokenizer does not tell apart: `causalspec check --tokenizer WHERE`.

A network's answer is read off one token, so answers that start with the same one count as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from causalspec.dsl.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from causalspec.compiler import CheckedFile, PromptTemplate, Specification, Task

Tokens: TypeAlias = tuple[str, ...]
Tokenize: TypeAlias = Callable[[str], Tokens]

ROWS = 1 << 14
LISTED = 4


def tokenizer_at(where: str) -> Any:
    """The tokenizer of a folder, of a `tokenizer.json`, a GGUF file, a package or the hub, as the
    library `tokenizers` has it.

    The first two need nothing but that library. Raises `ToolFailure` where none can be had.
    """
    from causalspec.runtime import load_tokenizer

    file = Path(where).expanduser() / "tokenizer.json"
    return load_tokenizer(str(file) if file.is_file() else where)


def with_tokens(checked: CheckedFile, tokenizer: Any, where: str) -> CheckedFile:
    """What was found of a file, and what is wrong with the tokens of its prompts and answers. A
    chat needs more of what lies `where` the tokenizer is.
    """
    from causalspec.compiler import CheckedFile, silence
    from causalspec.dsl.diagnostics import Diagnostics
    from causalspec.dsl.parser import parse
    from causalspec.runtime import TextReader, examine_tokens, load_chats

    specification = checked.specification
    if specification is None:
        return checked

    def tokenize(text: str) -> Tokens:
        return tuple(tokenizer.encode(text, add_special_tokens=False).tokens)

    examinations = list(checked.examinations)
    prompts = [prompt for task in specification.tasks.values() for prompt in task.prompts.values()]
    chats = load_chats(where) if any(prompt.turns for prompt in prompts) else None
    found = Diagnostics(list(examine_answers(specification, tokenize, chats)))
    reader = TextReader(tokenizer, chats)
    for task in specification.tasks.values():
        for tokens in examine_tokens(task, reader, tuple(task.prompts)):
            found.found.extend(tokens.diagnostics)
            examinations.append(tokens.apart)
    silence(parse(specification.source, Diagnostics()), found, only_tokens=True)
    whole = Diagnostics([*checked.diagnostics, *found])
    return CheckedFile(specification, whole, tuple(examinations))


def examine_answers(
    specification: Specification, tokenize: Tokenize, chats: Any = None
) -> Iterator[Diagnostic]:
    """A warning where answers of a task are the same tokens, or one the beginning of another
    (CS623), and for each answer without a token of its own (CS622). Only answers that some input
    has are looked at.
    """
    for task in specification.tasks.values():
        if not task.prompts:
            continue
        first = next(iter(task.prompts))
        for asking in dict.fromkeys((first, *task.own_answers)):
            asked = task.asked_by(asking)
            own = task.answers if asking == first else task.own_answers[asking]
            for output in task.model.outputs:
                if output in own or asking == first:
                    yield from _of_output(asked, task.prompts[asking], output, tokenize, chats)


def _of_output(
    task: Task, asking: PromptTemplate, output: str, tokenize: Tokenize, chats: Any
) -> Iterator[Diagnostic]:
    prompt, right = _answers(task, asking, output, chats)
    template = task.answers.get(output) or asking
    before = tokenize(prompt)
    values: dict[str, set[int]] = {}
    for number, texts in enumerate(right):
        for text in texts:
            values.setdefault(text, set()).add(number)
    meaning: dict[tuple[str, ...], list[str]] = {}
    for answer in sorted(values):
        # Together with a prompt, since a tokenizer need not split where they meet.
        whole = tokenize(prompt + answer)
        own = whole[len(before) :] if whole[: len(before)] == before else tokenize(answer)
        if own:
            meaning.setdefault(tuple(own), []).append(answer)
        else:
            message = f"the answer `{answer}` has no token of its own"
            yield Diagnostic("CS622", message, template.span, severity=Severity.WARNING)
    for tokens, same in meaning.items():
        shorter = [meaning[tokens[:k]] for k in range(1, len(tokens)) if tokens[:k] in meaning]
        sharing = [*same, *(answer for answers in shorter for answer in answers)]
        # Of one value's right texts none has to be told from another.
        if len(sharing) > 1 and len({frozenset(values[answer]) for answer in sharing}) > 1:
            yield Diagnostic(
                "CS623",
                f"the answers {_listed(sharing)} are not told apart by their tokens, "
                f"`{''.join(tokens)}`",
                template.span,
                "let no answer be the beginning of another: end each with a full stop, say",
                severity=Severity.WARNING,
            )


def _listed(answers: Sequence[str]) -> str:
    shown = [f"`{answer}`" for answer in answers[:LISTED]]
    if len(answers) > LISTED:
        shown.append(f"{len(answers) - LISTED} more")
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _answers(
    task: Task, asking: PromptTemplate, output: str, chats: Any
) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """One of the prompts, and the right texts of each answer that a sample of inputs has."""
    from causalspec.compiler import (
        RequirementUnmetError,
        Sampler,
        Stream,
        populate,
        render,
        right_texts,
        solve_columns,
    )
    from causalspec.runtime import rendered_chat

    population = populate(task.model, {})
    if population.is_empty:
        return "", ()
    try:
        columns = Sampler(population, Stream.of(0, "answers")).take(ROWS)
    except RequirementUnmetError:
        return "", ()
    codes = solve_columns(task.model, columns, wanted=[output])[output]
    first = {name: column[:1] for name, column in columns.items()}
    if asking.turns:
        (prompt,) = rendered_chat(asking, task.model, first, chats).texts
    else:
        (prompt,) = render(asking, task.model, first).texts
    return prompt, tuple(dict.fromkeys(right_texts(task, output, codes)))
