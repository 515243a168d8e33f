"""Whether some text is right for every answer, and whether right texts tell answers apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy

from causalspec.compiler.data.prompts import right_texts
from causalspec.compiler.evidence import Examination, Exhaustive
from causalspec.compiler.specification import PromptTemplate, Task
from causalspec.compiler.wording import assigned
from causalspec.dsl.diagnostics import Diagnostics


def examine_answers(task: Task, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Of each output for which several texts may be right, every value is looked at: one for which
    none is right is an error (CS642); two that share one are a warning (CS643).
    """
    yield from _examine(task, task.answers, diagnostics)
    for prompt, own in task.own_answers.items():
        yield from _examine(task.asked_by(prompt), own, diagnostics)


def _examine(
    task: Task, answers: Mapping[str, PromptTemplate], diagnostics: Diagnostics
) -> Iterator[Examination]:
    for output, template in answers.items():
        if not template.any or not template.arms:
            continue
        model, codes = task.model, task.model.by_name[output].domain.codes()
        sets = right_texts(task, output, numpy.array(codes))
        silent = next((code for code, right in zip(codes, sets, strict=True) if not right), None)
        if silent is not None:
            diagnostics.error(
                "CS642",
                f"no text is right for `{assigned(model, output, silent)}`",
                template.span,
                help=f"say one for it, or give `{output}` a type without that value",
            )
        question = f"some text is right for every value of `{output}` of `{task.name}`"
        yield Examination(question, silent is None, Exhaustive(len(codes)), template.span)
        first: dict[str, int] = {}
        shared = next(
            (
                (first[text], code, text)
                for code, right in zip(codes, sets, strict=True)
                for text in right
                if first.setdefault(text, code) != code
            ),
            None,
        )
        if shared is not None:
            value, other = (assigned(model, output, code) for code in shared[:2])
            diagnostics.warning(
                "CS643",
                f"`{shared[2]}` is a right answer for `{value}` and for `{other}`",
                template.span,
                help="a network that says it may mean either: where that is meant, allow it and "
                "claim `log_odds` beside `iia`",
            )
