"""Whether mechanisms stay in their domains, and whether models compute their task's outputs.

A cyclic model means the set of its equilibria: it computes an output where it has one and all of
them give that output.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...dsl.diagnostics import Diagnostics, InternalError
from ...dsl.source import Span
from ..domains import Numbers
from ..evaluators import interpret
from ..evaluators.intervals import UnsupportedModelError, interval_of
from ..evaluators.vectorize import mechanism_intervals
from ..expressions import All, Any, Expression, Not, Reference, Within
from ..model import CausalModel, Variable
from .derived_models import differs, of_task, side_by_side, with_noise_at_rest
from .equilibria import Guessing, without_equilibrium
from .evidence import Examination, Exhaustive, NoWitness, Proved, Witness
from .witnesses import smallest_witness
from .wording import assigned, setting_text, value_text

MOST_SHOWN = 24
"""So many inputs of a counterexample are listed."""

MOST_DEPARTURES = 8
"""So many inputs are looked for at which variables of a model leave their domains."""


def examine_domains(
    model: CausalModel, task: CausalModel | None, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether every mechanism stays in its variable's domain, whatever inputs and noise: of a
    cyclic model, in every equilibrium.

    What a model has from its task is examined there.
    """
    question = f"the mechanisms of `{model.name}` stay in their domains"
    inherited = {one.name: one for one in task.variables} if task is not None else {}
    guessing = Guessing.of(model)
    own = [
        one
        for one in guessing.model.variables
        if one.name in model.by_name
        and one.mechanism is not None
        and not (one.name in inherited and inherited[one.name].mechanism is one.mechanism)
    ]
    suspects = _suspects(guessing.model, own)
    answer = _departure(guessing, suspects)
    if isinstance(answer, NoWitness):
        holds = True if answer.is_certain else None
        return Examination(question, holds, answer.evidence, span)
    for _ in range(MOST_DEPARTURES):
        if isinstance(answer, NoWitness):
            break
        solution = interpret.solve(guessing.model, answer.setting)
        outside = [one for one in own if solution[one.name] not in one.domain.codes()]
        follow_on = _descendants(guessing.model, [one.name for one in outside])
        for one in outside:
            if one.name in follow_on:
                continue
            place = setting_text(model, answer.setting, _exogenous_ancestors(model, one.name))
            diagnostics.error(
                "CS322",
                f"`{one.name}` leaves its domain: it is "
                f"`{value_text(one.domain, solution[one.name])}`"
                + (f" at `{place}`" if place else ""),
                one.span or span,
                help="widen its type, or narrow the inputs with `require`",
            )
        settled = follow_on | {one.name for one in outside}
        suspects = [one for one in suspects if one.name not in settled]
        answer = _departure(guessing, suspects)
    return Examination(question, False, Exhaustive(1), span)


def _suspects(model: CausalModel, variables: list[Variable]) -> list[Variable]:
    """The variables whose intervals reach outside their domains."""
    try:
        intervals = mechanism_intervals(model)
    except UnsupportedModelError:
        return variables
    return [
        one
        for one in variables
        if interval_of(one.domain).hull(intervals[one.name]) != interval_of(one.domain)
        or (isinstance(one.domain, Numbers) and one.domain.step > 1)
    ]


def _departure(guessing: Guessing, suspects: list[Variable]) -> Witness | NoWitness:
    """The smallest setting at which some suspect is outside its domain."""
    if not suspects:
        return NoWitness(Proved())
    outside = Any(tuple(_outside(one) for one in suspects))
    return smallest_witness(guessing.model, All((guessing.settled, outside)))


def _descendants(model: CausalModel, names: list[str]) -> set[str]:
    """What depends on one of the names, themselves only where they depend on another one."""
    found: set[str] = set()
    for one in model.variables:
        if found.intersection(one.parents) or set(names).intersection(one.parents):
            found.add(one.name)
    return found


def _outside(variable: Variable) -> Expression:
    low, high = interval_of(variable.domain)
    step = variable.domain.step if isinstance(variable.domain, Numbers) else 1
    return Not(Within(Reference(variable.name), low, high, step))


def _exogenous_ancestors(model: CausalModel, name: str) -> Iterator[str]:
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed.add(one)
            waiting.extend(model.by_name[one].parents)
    return (one for one in (*model.inputs, *model.noise) if one in needed)


def examine_equilibria(model: CausalModel, span: Span, diagnostics: Diagnostics) -> Examination:
    """Whether a cyclic model has an equilibrium at every admissible input, whatever its noise: a
    warning where it has none, if it is not meant to compute its task.
    """
    question = f"`{model.name}` has an equilibrium at every input"
    found = without_equilibrium(model)
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        return Examination(question, holds, found.evidence, span)
    place = setting_text(model, found.setting, (*model.inputs, *model.noise), MOST_SHOWN)
    report = diagnostics.warning if model.approximately else diagnostics.error
    report(
        "CS326",
        f"`{model.name}` has no equilibrium at `{place}`",
        span,
        help="no setting of its variables agrees with all mechanisms there",
    )
    return Examination(question, False, Exhaustive(1), span)


def examine_outputs(
    model: CausalModel, task: CausalModel, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether a model computes its task's outputs for every admissible input, its noise taking its
    likeliest value: a cyclic model, in every equilibrium.
    """
    resting = " with its noise at its likeliest" if model.noise else ""
    question = f"`{model.name}` computes the outputs of `{task.name}`{resting}"
    guessing = Guessing.of(with_noise_at_rest(model))
    outputs = {name: of_task(name) for name in task.outputs}
    condition = All((guessing.settled, differs(outputs)))
    found = smallest_witness(side_by_side(guessing.model, task), condition)
    if isinstance(found, NoWitness):
        holds = True if found.is_certain else None
        return Examination(question, holds, found.evidence, span)
    _report_disagreement(guessing, task, found, span, diagnostics)
    return Examination(question, False, Exhaustive(1), span)


def _report_disagreement(
    guessing: Guessing, task: CausalModel, found: Witness, span: Span, diagnostics: Diagnostics
) -> None:
    model = guessing.model
    inputs = {name: found.setting[name] for name in task.inputs}
    place = setting_text(model, inputs, task.inputs, MOST_SHOWN)
    right = interpret.solve(task, inputs)
    solution = interpret.solve(model, found.setting)
    where = " in an equilibrium" if guessing.guesses else ""
    for name in task.outputs:
        if solution[name] == right[name]:
            continue
        diagnostics.error(
            "CS323",
            f"`{model.name}` does not compute `{name}`: at `{place}` it gives "
            f"`{value_text(model.by_name[name].domain, solution[name])}`{where}, expected "
            f"`{assigned(task, name, right[name])}`",
            model.by_name[name].span or span,
            help=f"write `model {model.name} of {task.name} approximately` if it is not meant to",
        )
        return
    raise InternalError(f"a disagreement of `{model.name}` did not replay at {inputs}")
