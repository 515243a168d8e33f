"""Whether mechanisms have values in their domains, and whether models compute their task's outputs.

A cyclic model means the set of its equilibria: it computes an output where it has one and all of
them give that output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from causalspec.compiler.derived_models import of_task, side_by_side, with_noise_at_rest
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.definedness import partial_names
from causalspec.compiler.evidence import Examination, NoWitness, Proved, Witness, examined
from causalspec.compiler.expressions import (
    All,
    Any,
    Compare,
    ComparisonOperator,
    Defined,
    Not,
    Reference,
)
from causalspec.compiler.front.selection import NO_MEMBER
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.equilibria import Guessing, without_equilibrium
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.wording import assigned, setting_text, value_text, why_undefined
from causalspec.dsl.diagnostics import Diagnostics, InternalError
from causalspec.dsl.source import Span

MOST_SHOWN = 24
"""So many inputs of a counterexample are listed."""


def examine_domains(
    model: CausalModel, task: CausalModel | None, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether every variable and output has a value in its domain, whatever inputs and noise: of a
    cyclic model, in every equilibrium. What swaps lead to is asked of the data that has them.

    What a model has from its task is examined there.
    """
    question = f"the mechanisms of `{model.name}` stay in their domains at every input"
    inherited = {variable.name: variable for variable in task.variables} if task is not None else {}
    guessing = Guessing.of(model)
    own = [
        variable
        for variable in guessing.model.variables
        if variable.role in (Role.VARIABLE, Role.OUTPUT)
        and not (
            variable.name in inherited and inherited[variable.name].mechanism is variable.mechanism
        )
    ]
    partial = partial_names(guessing.model.total)
    suspects = [variable for variable in own if variable.name in partial]

    def refuted(setting: Mapping[str, int]) -> tuple[str, ...]:
        """Each mistake once: not what follows from another one, and at other inputs the rest."""
        answer: Witness | NoWitness = Witness(setting)
        remaining = suspects
        while isinstance(answer, Witness):
            solution = interpret.solve(guessing.model, answer.setting)
            outside = {variable.name for variable in own if variable.name not in solution}
            followers = {
                variable.name
                for variable in guessing.model.variables
                if outside & (guessing.model.ancestors(variable.parents))
            }
            for variable in own:
                if variable.name in outside - followers:
                    read = model.ancestors([variable.name])
                    names = [name for name in model.exogenous if name in read]
                    place = setting_text(model, answer.setting, names)
                    _report_undefined(guessing.model, variable, solution, place, span, diagnostics)
            settled = outside | followers
            remaining = [variable for variable in remaining if variable.name not in settled]
            answer = _departure(guessing, remaining)
        return ()

    def why(setting: Mapping[str, int]) -> Iterator[str]:
        from causalspec.compiler.views.reasons import MOST_OUTPUTS, Run, lines, reasons

        run = Run("", guessing.model, interpret.solve(guessing.model, setting))
        undefined = [variable.name for variable in own if variable.name not in run.solution]
        return lines(tuple(reasons(run, undefined[:MOST_OUTPUTS])))

    return examined(question, _departure(guessing, suspects), span, refuted, why)


def _report_undefined(
    model: CausalModel,
    variable: Variable,
    solution: Mapping[str, int],
    place: str,
    span: Span,
    diagnostics: Diagnostics,
) -> None:
    at = f" at `{place}`" if place else ""
    reason = why_undefined(model, variable.name, solution)
    where = variable.span or span
    if reason.code == "CS322":
        message = f"`{variable.name}` leaves its domain: it is {reason.text}{at}"
        advice = "widen its type, or narrow the inputs with `require`"
    else:
        message = f"`{variable.name}` has no value{at}: {reason.text}"
        form = "if i in 0..2 then x[i] else …"
        if reason.text != NO_MEMBER:
            form = "if any(…) then first(…) else …"
        advice = f"say what it is there, as in `{form}`, or narrow the inputs"
    diagnostics.error(reason.code, message, where, help=advice)


def _departure(guessing: Guessing, suspects: list[Variable]) -> Witness | NoWitness:
    """The smallest setting at which some suspect is undefined."""
    if not suspects:
        return NoWitness(Proved())
    undefined = Any(tuple(Not(Defined(Reference(suspect.name))) for suspect in suspects))
    return smallest_witness(guessing.model, All((guessing.settled, undefined)))


def examine_equilibria(model: CausalModel, span: Span, diagnostics: Diagnostics) -> Examination:
    """Whether a cyclic model has an equilibrium at every admissible input, whatever its noise: a
    warning where it has none, if it is not meant to compute its task.
    """
    question = f"`{model.name}` has an equilibrium at every input"

    def refuted(setting: Mapping[str, int]) -> tuple[str, ...]:
        place = setting_text(model, setting, model.exogenous, MOST_SHOWN)
        report = diagnostics.warning if model.approximately else diagnostics.error
        report(
            "CS326",
            f"`{model.name}` has no equilibrium at `{place}`",
            span,
            help="no setting of its variables agrees with all mechanisms there",
        )
        return ()

    return examined(question, without_equilibrium(model), span, refuted)


def examine_outputs(
    model: CausalModel, task: CausalModel, span: Span, diagnostics: Diagnostics
) -> Examination:
    """Whether a model computes its task's outputs for every admissible input, its noise taking its
    likeliest value: a cyclic model, in every equilibrium. Where something is undefined is asked by
    `examine_domains`.
    """
    resting = " with its noise at its likeliest" if model.noise else ""
    question = f"`{model.name}` computes the outputs of `{task.name}`{resting}"
    guessing = Guessing.of(with_noise_at_rest(model))
    unequal = (
        Compare(ComparisonOperator.NOT_EQUAL, Reference(name), Reference(of_task(name)))
        for name in task.outputs
    )
    condition = All((guessing.settled, Any(tuple(unequal))))

    def refuted(setting: Mapping[str, int]) -> tuple[str, ...]:
        _report_disagreement(guessing, task, setting, span, diagnostics)
        return ()

    def why(setting: Mapping[str, int]) -> Iterator[str]:
        """Both sides, where they part."""
        from causalspec.compiler.views.reasons import Run, lines, reasons

        run = Run(model.name, guessing.model, interpret.solve(guessing.model, setting))
        inputs = {name: setting[name] for name in task.inputs}
        right = Run(task.name, task, interpret.solve(task, inputs))
        apart = [n for n in task.outputs if run.solution.get(n) != right.solution.get(n)][:1]
        return chain(lines(tuple(reasons(run, apart))), lines(tuple(reasons(right, apart))))

    found = smallest_witness(side_by_side(guessing.model, task), condition)
    return examined(question, found, span, refuted, why)


def _report_disagreement(
    guessing: Guessing,
    task: CausalModel,
    setting: Mapping[str, int],
    span: Span,
    diagnostics: Diagnostics,
) -> None:
    model = guessing.model
    inputs = {name: setting[name] for name in task.inputs}
    place = setting_text(model, inputs, task.inputs, MOST_SHOWN)
    right = interpret.solve(task, inputs)
    solution = interpret.solve(model, setting)
    where = " in an equilibrium" if guessing.guesses else ""
    for name in task.outputs:
        if name not in solution or name not in right or solution[name] == right[name]:
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
