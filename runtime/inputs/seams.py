"""Where a prompt ends and its answer begins: a network goes on with tokens of its own choosing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from causalspec.compiler import PromptTemplate, Task
from causalspec.dsl.diagnostics import Diagnostic, Severity
from causalspec.runtime.inputs.seen_texts import TextReader

_EXAMINED = 1 << 9
"""So many prompts with their answers are read at most: most seams are alike."""

_OPENING = "([{<“‘«‹„"
_QUOTES = "\"'`"
_SHOWN = 30


def examine_seams(
    task: Task,
    template: PromptTemplate,
    reader: TextReader,
    texts: Sequence[str],
    said: Sequence[Sequence[str]],
    *,
    marked: bool = False,
) -> Iterator[Diagnostic]:
    """Whether an answer changes its prompt's tokens (CS621, an error), or brings a space where the
    prompt leaves no place for one (CS609). `said` are the answers of each output, a text a row.
    """
    for output, answers in zip(task.model.outputs, said, strict=True):
        spoken = task.answers.get(output)
        pairs = list(dict.fromkeys(zip(texts, answers, strict=True)))[:_EXAMINED]
        before = reader([prompt for prompt, _ in pairs], marked=marked)
        after = reader([prompt + answer for prompt, answer in pairs], marked=marked)
        for (prompt, answer), short, whole in zip(pairs, before, after, strict=True):
            if whole.ids[: len(short.ids)] != short.ids:
                yield Diagnostic(
                    "CS621",
                    f"the answer `{answer}` changes the last tokens of the prompt `{_end(prompt)}`",
                    template.span if spoken is None else spoken.span,
                    "move the space between them from the prompt's end to the answer's beginning",
                )
                break
        for prompt, answer in pairs:
            reason = _no_place_for_a_space(prompt) if answer[:1] == " " else None
            if reason is not None:
                yield Diagnostic(
                    "CS609",
                    f"`{template.name}` of `{task.name}` ends in {reason} and its answer begins "
                    f"with a space: `{_end(prompt)}{answer}`",
                    template.span,
                    "a network goes on without that space, with another token: end the prompt "
                    "before it, or say the answer without it",
                    severity=Severity.WARNING,
                )
                break


def _no_place_for_a_space(prompt: str) -> str | None:
    """What a prompt ends in that no space follows."""
    last, before = prompt[-1:], prompt[-2:-1]
    if last == " ":
        return "a space"
    if last and last in "\n\t":
        return "a line break or a tab"
    if last and last in _OPENING:
        return "an opening bracket or quote"
    # A straight quote opens where a text or a word could begin.
    if last and last in _QUOTES and (not before or before.isspace() or before in _OPENING + ":="):
        return "an opening quote"
    return None


def _end(prompt: str) -> str:
    return prompt if len(prompt) <= _SHOWN else f"…{prompt[1 - _SHOWN :]}"
