"""Whether mechanisms stay in their domains, and whether models compute their task's outputs."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ...dsl.diagnostics import Diagnostics, InternalError
from ...dsl.source import Span
from ..domains import Numbers
from ..evaluators import interpret
from ..evaluators.intervals import UnsupportedModelError, interval_of
from ..evaluators.vectorize import mechanism_intervals
from ..expressions import Any, Expression, Not, Reference, Within
from ..model import CausalModel, Role, Variable
from .derived_models import differs, of_task, side_by_side, with_noise_at_rest
from .evidence import Evidence, Examination, Exhaustive, NoWitness, Proved, Unknown, Witness
from .witnesses import find_witness, smallest_witness
from .wording import assigned, setting_text, value_text

CYCLIC_LIMIT = 20_000
"""The most states of a cyclic model that are gone through in plain Python."""

MOST_SHOWN = 24
"""So many inputs of a counterexample are listed."""


def examine_domains(
    model: CausalModel, task: CausalModel | None, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether every mechanism stays in its variable's domain, whatever inputs and noise.

    What a model has from its task is examined there.
    """
    question = f"the mechanisms of `{model.name}` stay in their domains"
    inherited = {one.name: one for one in task.variables} if task is not None else {}
    own = [
        one
        for one in model.variables
        if one.mechanism is not None
        and not (one.name in inherited and inherited[one.name].mechanism is one.mechanism)
    ]
    found = _cyclic_departure(model, own) if model.cyclic else _departure(model, own)
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        return Examination(question, holds, found.evidence, span)
    solution = interpret.solve(model, found.setting)
    for variable in own:
        if solution[variable.name] in variable.domain.codes():
            continue
        place = setting_text(model, found.setting, _exogenous_ancestors(model, variable.name))
        diagnostics.error(
            "CS322",
            f"`{variable.name}` leaves its domain: it is "
            f"`{value_text(variable.domain, solution[variable.name])}`"
            + (f" at `{place}`" if place else ""),
            variable.span or span,
            help="widen its type, or narrow the inputs with `require`",
        )
    return Examination(question, False, Exhaustive(1), span)


def _departure(model: CausalModel, variables: list[Variable]) -> Witness | NoWitness:
    try:
        intervals = mechanism_intervals(model)
    except UnsupportedModelError:
        suspects = variables
    else:
        suspects = [
            one
            for one in variables
            if interval_of(one.domain).hull(intervals[one.name]) != interval_of(one.domain)
            or (isinstance(one.domain, Numbers) and one.domain.step > 1)
        ]
    if not suspects:
        return NoWitness(Proved())
    return smallest_witness(model, Any(tuple(_outside(one) for one in suspects)))


def _outside(variable: Variable) -> Expression:
    low, high = interval_of(variable.domain)
    step = variable.domain.step if isinstance(variable.domain, Numbers) else 1
    return Not(Within(Reference(variable.name), low, high, step))


def _cyclic_departure(model: CausalModel, variables: list[Variable]) -> NoWitness:
    """Each mechanism by itself, its parents anywhere in their domains: enough, not necessary."""
    evidence: Evidence = Proved()
    for variable in variables:
        parents = tuple(
            Variable(name, Role.INPUT, model.by_name[name].domain) for name in variable.parents
        )
        alone = CausalModel(model.name, model.task, (*(parents), _as_output(variable)))
        found = find_witness(alone, _outside(_as_output(variable)))
        if isinstance(found, Witness):
            return NoWitness(Unknown())
        if not isinstance(found.evidence, Proved):
            evidence = found.evidence
    return NoWitness(evidence)


def _as_output(variable: Variable) -> Variable:
    # A variable that reads itself must not take its own place.
    return Variable(f"{variable.name} itself", Role.OUTPUT, variable.domain, variable.mechanism)


def _exogenous_ancestors(model: CausalModel, name: str) -> Iterator[str]:
    needed = {name}
    for variable in reversed(model.variables):
        if variable.name in needed:
            needed.update(variable.parents)
    return (one for one in (*model.inputs, *model.noise) if one in needed)


def examine_outputs(
    model: CausalModel, task: CausalModel, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether a model computes its task's outputs for every admissible input, its noise taking its
    likeliest value. A cyclic model must do so in every equilibrium, and have one.
    """
    resting = " with its noise at its likeliest" if model.noise else ""
    question = f"`{model.name}` computes the outputs of `{task.name}`{resting}"
    rested = with_noise_at_rest(model)
    if model.cyclic:
        found = _cyclic_disagreement(rested, task)
    else:
        outputs = {name: of_task(name) for name in task.outputs}
        found = smallest_witness(side_by_side(rested, task), differs(outputs))
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        return Examination(question, holds, found.evidence, span)
    _report_disagreement(rested, task, found, span, diagnostics)
    return Examination(question, False, Exhaustive(1), span)


def _report_disagreement(
    model: CausalModel, task: CausalModel, found: Witness, span: Span, diagnostics: Diagnostics
) -> None:
    inputs = {name: found.setting[name] for name in model.inputs}
    place = setting_text(model, inputs, model.inputs, MOST_SHOWN)
    right = interpret.solve(task, inputs)
    advice = f"write `model {model.name} of {task.name} approximately` if it is not meant to"
    if model.cyclic:
        solutions = interpret.equilibria(model, inputs)
        if not solutions:
            diagnostics.error(
                "CS323", f"`{model.name}` has no equilibrium at `{place}`", span, help=advice
            )
            return
    else:
        solutions = (interpret.solve(model, inputs),)
    for name in task.outputs:
        wrong = next((one[name] for one in solutions if one[name] != right[name]), None)
        if wrong is None:
            continue
        diagnostics.error(
            "CS323",
            f"`{model.name}` does not compute `{name}`: at `{place}` it gives "
            f"`{value_text(model.by_name[name].domain, wrong)}`, expected "
            f"`{assigned(task, name, right[name])}`",
            model.by_name[name].span or span,
            help=advice,
        )
        return
    raise InternalError(f"a disagreement of `{model.name}` did not replay at {inputs}")


def _cyclic_disagreement(model: CausalModel, task: CausalModel) -> Witness | NoWitness:
    states = prod(variable.domain.size for variable in model.variables)
    if states > CYCLIC_LIMIT:
        return NoWitness(Unknown())
    tried = 0
    for setting in interpret.settings(task):
        tried += 1
        right = interpret.solve(task, setting)
        solutions = interpret.equilibria(model, setting)
        if not solutions or any(
            one[name] != right[name] for one in solutions for name in task.outputs
        ):
            return Witness(setting)
    return NoWitness(Exhaustive(tried))
