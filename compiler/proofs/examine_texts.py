"""Whether a task's `require` and the slots of its prompts have values at every input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from causalspec.compiler.evaluators.definedness import partial_names
from causalspec.compiler.evidence import Examination, Exhaustive, NoWitness
from causalspec.compiler.expressions import (
    All,
    Any,
    Defined,
    Expression,
    Not,
    Undefined,
    postorder,
    references,
    surely,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import PromptTemplate, SlotValue, Task
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Span


def examine_texts(task: Task, span: Span, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Asked only of what intervals leave open."""
    model = task.model
    if model.requirement is not None:
        anywhere = replace(model, requirement=None)
        question = f"the `require` of `{task.name}` can be told at every input"
        message = f"the `require` of `{task.name}` has no value"
        yield from _examine(
            anywhere, Defined(model.requirement), question, message, span, diagnostics
        )
    for prompt in task.prompts.values():
        question = f"`{prompt.name}` of `{task.name}` can be written at every input"
        message = f"a slot of `{prompt.name}` has no value"
        sound = _can_be_written(prompt)
        yield from _examine(model, sound, question, message, prompt.span, diagnostics)


def _can_be_written(prompt: PromptTemplate) -> Expression:
    """Whether the conditions of the arms and the slots of the arm that applies have values."""
    found: list[Expression] = []
    tried: list[Expression] = []
    for arm in prompt.arms:
        here = All((*(Not(one) for one in tried), *([arm.condition] if arm.condition else ())))
        slots = [part.value for part in arm.parts if isinstance(part, SlotValue)]
        complete = All(tuple(map(Defined, slots)))
        found.append(All((Defined(here), Any((Not(surely(here)), complete)))))
        if arm.condition is not None:
            tried.append(arm.condition)
    return All(tuple(found))


def _examine(
    model: CausalModel,
    sound: Expression,
    question: str,
    message: str,
    span: Span,
    diagnostics: Diagnostics,
) -> Iterator[Examination]:
    partial = partial_names(model.total)
    undefined = (one for one in postorder(sound) if isinstance(one, Undefined))
    if not partial.intersection(references(sound)) and next(undefined, None) is None:
        return
    found = smallest_witness(model, Not(sound))
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        yield Examination(question, holds, found.evidence, span)
        return
    place = setting_text(model, found.setting, model.inputs)
    advice = "what it reads is undefined there: ask first whether it has a value"
    diagnostics.error("CS327", f"{message} at `{place}`", span, help=advice)
    yield Examination(question, False, Exhaustive(1), span)
