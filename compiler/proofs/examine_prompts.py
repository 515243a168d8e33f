"""Prompts that cannot carry what the answer depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy

from causalspec.compiler.data.blocks import every, product
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.prompts import answer_texts, prompt_collisions
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Examination, Exhaustive, NoWitness, Proved, Witness
from causalspec.compiler.expressions import (
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
    Not,
    Reference,
    renamed,
)
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.proofs.relations import copied
from causalspec.compiler.proofs.unambiguous_prompts import slots_fix_answers, slots_read_back
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import PromptTemplate, SlotValue, Task, TemplateArm
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import Diagnostics

LARGEST_TABLE = 1 << 16
SAMPLE = 1 << 14

FIRST, SECOND = "first ", "second "


def examine_prompts(task: Task, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Whether each prompt tells apart all inputs with different answers.

    First by what the slots show, over every pair of inputs; then, where slots may run together or
    arms may read alike, by the rendered texts of some inputs.
    """
    if not task.model.outputs:
        return
    for prompt in task.prompts.values():
        question = f"`{prompt.name}` of `{task.name}` tells inputs with different answers apart"
        if all(slots_fix_answers(task.model, arm) for arm in prompt.arms):
            found = NoWitness(Proved())
        else:
            found = smallest_witness(*_collision(task, prompt))
        if isinstance(found, Witness):
            pair = [
                {name: found.setting[f"{side}{name}"] for name in task.model.inputs}
                for side in (FIRST, SECOND)
            ]
        elif len(prompt.arms) == 1 and slots_read_back(prompt.arms[0]):
            pair = []
        else:
            pair = _texts_that_collide(task, prompt)
        if pair:
            _report(task, prompt, pair, diagnostics)
            yield Examination(question, False, Exhaustive(1), prompt.span)
        elif isinstance(found, NoWitness):
            holds = True if found.is_certain else None
            yield Examination(question, holds, found.evidence, prompt.span)


def _report(
    task: Task, prompt: PromptTemplate, pair: Sequence[dict[str, int]], diagnostics: Diagnostics
) -> None:
    first, second = (setting_text(task.model, one, one) for one in pair)
    diagnostics.warning(
        "CS605",
        f"`{prompt.name}` reads the same at `{first}` and at `{second}`, whose answers differ",
        prompt.span,
        help="no network can answer both: show what the answer depends on in a slot",
    )


def _collision(task: Task, prompt: PromptTemplate) -> tuple[CausalModel, Expression]:
    """Two inputs of the task side by side, and whether they render alike and answer differently."""
    model = task.model
    copies = [
        one
        for side in (FIRST, SECOND)
        for one in (
            *(_input(model, name, side) for name in model.exogenous),
            *copied(model, lambda name, side=side: f"{side}{name}"),
        )
    ]
    copies.sort(key=lambda one: one.mechanism is not None)
    requirement = model.requirement
    required = (
        () if requirement is None else tuple(_on(side, requirement) for side in (FIRST, SECOND))
    )
    alike: list[Expression] = []
    tried: list[Expression] = []
    for arm in prompt.arms:
        chosen: list[Expression] = [Not(one) for one in tried]
        if arm.condition is not None:
            chosen.append(arm.condition)
            tried.append(arm.condition)
        both = [_on(side, one) for one in chosen for side in (FIRST, SECOND)]
        alike.append(All((*both, *_same_slots(arm))))
    answers = Any(
        tuple(
            Compare(ComparisonOperator.NOT_EQUAL, *_both(_answer(task, name)))
            for name in model.outputs
        )
    )
    pair = CausalModel(model.name, model.task, tuple(copies), All(required))
    return pair, All((Any(tuple(alike)), answers))


def _input(model: CausalModel, name: str, side: str) -> Variable:
    return replace(model.by_name[name], name=f"{side}{name}")


def _on(side: str, expression: Expression) -> Expression:
    return renamed(expression, lambda name: f"{side}{name}")


def _both(expression: Expression) -> tuple[Expression, Expression]:
    return _on(FIRST, expression), _on(SECOND, expression)


def _same_slots(arm: TemplateArm) -> Iterator[Expression]:
    for part in arm.parts:
        if isinstance(part, SlotValue):
            # A format never rounds (CS602), so different values have different texts.
            yield Compare(ComparisonOperator.EQUAL, *_both(part.value))


def _answer(task: Task, output: str) -> Expression:
    domain = task.model.by_name[output].domain
    codes = domain.codes()
    if output not in task.answers or len(codes) > LARGEST_TABLE:
        return Reference(output)
    return _text_number(Reference(output), domain, answer_texts(task, output, numpy.array(codes)))


def _text_number(value: Expression, domain: Domain, texts: Sequence[str]) -> Expression:
    """The number of a value's text; the value itself where each has a text of its own."""
    numbers: dict[str, int] = {}
    table = tuple(numbers.setdefault(text, len(numbers)) for text in texts)
    if len(numbers) == len(texts):
        return value
    if isinstance(domain, Numbers):
        offset = Arithmetic(ArithmeticOperator.SUBTRACT, value, Constant(domain.low))
        value = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, offset, Constant(domain.step))
    return Lookup(table, value)


def _texts_that_collide(task: Task, prompt: PromptTemplate) -> list[dict[str, int]]:
    """Two inputs of a sample whose texts agree, though their answers do not."""
    model = task.model
    population = populate(model, {})
    if population.is_empty:
        return []
    count = 1
    for block in population.blocks:
        count *= block.settings
    try:
        if count <= SAMPLE and population.is_listed:
            columns = product([every(block) for block in population.blocks])
        else:
            columns = Sampler(population, Stream.of(0, "prompts", prompt.name)).take(SAMPLE)
        answers = solve_columns(model, columns, wanted=model.outputs)
    except (RequirementUnmetError, UnsupportedModelError):
        return []
    said = {name: _said_numbers(task, name, codes) for name, codes in answers.items()}
    for found in prompt_collisions(prompt, task, columns, said, most=1):
        rows = (found.first, found.second)
        return [{name: int(columns[name][row]) for name in model.inputs} for row in rows]
    return []


def _said_numbers(task: Task, output: str, codes: Column) -> Column:
    """Equal numbers for answers that read the same."""
    numbers: dict[str, int] = {}
    texts = answer_texts(task, output, codes)
    return numpy.array([numbers.setdefault(text, len(numbers)) for text in texts])
