"""Whether prompts can be written at every input, and carry what the answer depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy

from causalspec.compiler.data.prompts import prompt_collisions, right_texts
from causalspec.compiler.derived_models import interchanged, source_prefix
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evaluators.definedness import partial_names
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Examination, NoWitness, Proved, Witness, examined
from causalspec.compiler.expressions import (
    All,
    Any,
    Compare,
    ComparisonOperator,
    Defined,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    postorder,
    references,
    renamed,
    surely,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.existence import place
from causalspec.compiler.proofs.some_inputs import some_inputs
from causalspec.compiler.proofs.unambiguous_prompts import slots_fix_answers, slots_read_back
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import (
    PromptTemplate,
    SlotValue,
    SwapKind,
    Task,
    TemplateArm,
)
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Span

LARGEST_TABLE = 1 << 16
SAMPLE = 1 << 14

FIRST, SECOND = "base", source_prefix(0)
"""How the model of a pair calls two inputs."""


def _in_order(arms: Sequence[TemplateArm]) -> Iterator[tuple[TemplateArm, Expression]]:
    """Each arm with the condition under which it applies: its own, and none before it."""
    tried: list[Expression] = []
    for arm in arms:
        own = () if arm.condition is None else (arm.condition,)
        yield arm, All((*map(Not, tried), *own))
        tried.extend(own)


def _shown(arm: TemplateArm) -> list[Expression]:
    return [part.value for part in arm.parts if isinstance(part, SlotValue)]


# Whether there is a text --------------------------------------------------------------------------


def examine_texts(task: Task, span: Span, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Whether the `require` of a task and the slots of its prompts have values at every input.
    Asked only of what intervals leave open.
    """
    model = task.model
    anywhere = replace(model, requirement=None)
    partial = partial_names(model.total)

    def examine_value(
        where: CausalModel, sound: Expression, question: str, lacking: str, span: Span
    ) -> Iterator[Examination]:
        undefined = any(isinstance(node, Undefined) for node in postorder(sound))
        if not undefined and not partial.intersection(references(sound)):
            return

        def refuted(setting: Mapping[str, int]) -> Sequence[str]:
            at = f"at `{setting_text(model, setting, model.inputs)}`"
            advice = "what it reads is undefined there: ask first whether it has a value"
            diagnostics.error("CS327", f"{lacking} has no value {at}", span, help=advice)
            return ()

        yield examined(question, smallest_witness(where, Not(sound)), span, refuted)

    if model.requirement is not None:
        question = f"the `require` of `{task.name}` can be told at every input"
        lacking = f"the `require` of `{task.name}`"
        yield from examine_value(anywhere, Defined(model.requirement), question, lacking, span)
    for prompt in task.prompts.values():
        question = f"`{prompt.name}` of `{task.name}` can be written at every input"
        complete = All(
            tuple(
                All((Defined(here), Any((Not(surely(here)), *_all_defined(arm)))))
                for arm, here in _in_order(prompt.arms)
            )
        )
        yield from examine_value(
            model, complete, question, f"a slot of `{prompt.name}`", prompt.span
        )


def _all_defined(arm: TemplateArm) -> tuple[Expression]:
    return (All(tuple(map(Defined, _shown(arm)))),)


# Whether it says enough ---------------------------------------------------------------------------


def examine_prompts(task: Task, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Whether each prompt tells apart all inputs with different answers.

    First by what the slots show, over every pair of inputs; then, where slots may run together or
    arms may read alike, by the rendered texts of some inputs.
    """
    for prompt in task.prompts.values() if task.model.outputs else ():
        asked = task.asked_by(prompt.name)
        if all(slots_fix_answers(task.model, arm) for arm in prompt.arms):
            found = NoWitness(Proved())
        else:
            found = smallest_witness(*_collision(asked, prompt))
        reads_back = len(prompt.arms) == 1 and slots_read_back(prompt.arms[0])
        if isinstance(found, NoWitness) and not reads_back:
            found = _texts_that_collide(asked, prompt) or found

        def refuted(setting: Mapping[str, int], prompt: PromptTemplate = prompt) -> Sequence[str]:
            names = task.model.inputs
            first, second = (
                setting_text(task.model, {n: setting[f"{side}.{n}"] for n in names}, names)
                for side in (FIRST, SECOND)
            )
            diagnostics.warning(
                "CS605",
                f"`{prompt.name}` reads the same at `{first}` and at `{second}`, whose answers "
                "differ",
                prompt.span,
                help="no network can answer both: show what the answer depends on in a slot",
            )
            return ()

        question = f"`{prompt.name}` of `{task.name}` tells inputs with different answers apart"
        yield examined(question, found, prompt.span, refuted)


def _collision(task: Task, prompt: PromptTemplate) -> tuple[CausalModel, Expression]:
    """Two inputs of the task side by side, and whether they render alike and answer differently."""
    # A format never rounds (CS602), so different values have different texts.
    alike = tuple(
        All((*_both(here), *(_compared(ComparisonOperator.EQUAL, shown) for shown in _shown(arm))))
        for arm, here in _in_order(prompt.arms)
    )
    answers = tuple(
        _compared(ComparisonOperator.NOT_EQUAL, _answer(task, name)) for name in task.model.outputs
    )
    pair = interchanged(task.model, SwapKind((), ()), [0])
    return pair, All((Any(alike), Any(answers)))


def _both(expression: Expression) -> tuple[Expression, Expression]:
    first, second = (
        renamed(expression, lambda name, side=side: f"{side}.{name}") for side in (FIRST, SECOND)
    )
    return first, second


def _compared(operator: ComparisonOperator, expression: Expression) -> Expression:
    return Compare(operator, *_both(expression))


def _answer(task: Task, output: str) -> Expression:
    """What is said: the number of a value's text, or the value where each has a text of its own."""
    domain = task.model.by_name[output].domain
    if output not in task.answers or domain.size > LARGEST_TABLE:
        return Reference(output)
    table = tuple(_said_numbers(task, output, numpy.array(domain.codes())).tolist())
    if len(set(table)) == len(table):
        return Reference(output)
    return Lookup(table, place(output, domain))


def _said_numbers(task: Task, output: str, codes: Column) -> Column:
    """Equal numbers for answers that read the same."""
    numbers: dict[tuple[str, ...], int] = {}
    texts = right_texts(task, output, codes)
    return numpy.array([numbers.setdefault(right, len(numbers)) for right in texts])


def _texts_that_collide(task: Task, prompt: PromptTemplate) -> Witness | None:
    """Two inputs of a sample whose texts agree, though their answers do not."""
    model = task.model
    tried = some_inputs(model, SAMPLE, "prompts", prompt.name)
    if tried is None:
        return None
    columns, _ = tried
    try:
        answers = solve_columns(model, columns, wanted=model.outputs)
    except UnsupportedModelError:
        return None
    said = {name: _said_numbers(task, name, codes) for name, codes in answers.items()}
    for found in prompt_collisions(prompt, task, columns, said, most=1):
        rows = ((FIRST, found.first), (SECOND, found.second))
        return Witness(
            {f"{side}.{n}": int(columns[n][row]) for side, row in rows for n in model.inputs}
        )
    return None
