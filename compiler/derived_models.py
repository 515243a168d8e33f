"""Models made of models: two hypotheses side by side, a pair with its interchange.

With these, every question of the checker takes one form: is there a setting of the inputs that
makes an expression true?
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.expressions import Expression, Reference, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.specification import SwapKind


def side_by_side(model: CausalModel, task: CausalModel) -> CausalModel:
    """Both models over the same inputs; the task's variables are called `of_task(name)`."""
    shared = set(task.inputs)

    def name_of(name: str) -> str:
        return name if name in shared else of_task(name)

    memory: dict[int, Expression] = {}
    others = tuple(
        replace(
            variable,
            name=of_task(variable.name),
            mechanism=renamed(variable.mechanism, name_of, memory),
        )
        for variable in task.variables
        if variable.mechanism is not None
    )
    return replace(model, variables=(*model.variables, *others))


def of_task(name: str) -> str:
    """A name that no spec can write."""
    return f"the task's {name}"


def with_noise_at_rest(model: CausalModel) -> CausalModel:
    """The model whose noise always takes its likeliest value, the first of them."""

    def rested(variable: Variable) -> Variable:
        if variable.role is not Role.NOISE:
            return variable
        codes = variable.domain.codes()
        weights = variable.weights or (1,) * len(codes)
        likeliest = nodes.Constant(codes[weights.index(max(weights))])
        return replace(variable, role=Role.ABBREVIATION, mechanism=likeliest, weights=None)

    return replace(model, variables=tuple(rested(one) for one in model.variables))


def interchanged(model: CausalModel, kind: SwapKind, sources: Collection[int] = ()) -> CausalModel:
    """One model of a pair: `base.x` and `source 0.x` are x in the solutions of base and sources,
    and `result.x` is x in the base's solution under the interchange of `kind`. Sources that it does
    not use are there when `sources` names them.

    Its inputs are those of base and sources, each admissible.
    """
    numbers = sorted({*kind.used_sources, *sources})
    copies = ("base", *(source_prefix(number) for number in numbers))
    variables: list[Variable] = []
    requirements: list[Expression] = []
    for prefix in copies:
        variables.extend(_copied(model, prefix, model.variables))
        if model.requirement is not None:
            requirements.append(renamed(model.requirement, _prefixed(prefix)))
    variables.extend(_changed_run(model, kind, "base", "result"))
    first = (Role.INPUT, Role.NOISE)
    variables.sort(key=lambda one: one.role not in first)  # inputs first, the order else kept
    return replace(model, variables=tuple(variables), requirement=nodes.All(tuple(requirements)))


def _changed_run(model: CausalModel, kind: SwapKind, start: str, prefix: str) -> Iterator[Variable]:
    """The run `start` under an interchange, as variables of that prefix; before them the runs of
    those sources that are themselves intervened on.
    """
    exogenous = set(model.exogenous)
    runs: dict[int, str] = {}
    for number in kind.sources:
        inner = kind.within_source(number)
        if inner is None:
            runs[number] = source_prefix(number)
        elif number not in runs:
            runs[number] = f"{prefix}'s {source_prefix(number)}"
            yield from _changed_run(model, inner, source_prefix(number), runs[number])
    swapped = dict(zip(kind.variables, kind.sources, strict=True))
    for variable in model.variables:
        name = variable.name
        if name in exogenous:
            mechanism: Expression = Reference(f"{start}.{name}")
        elif name in swapped:
            mechanism = Reference(f"{runs[swapped[name]]}.{name}")
        else:
            continue
        role = Role.ABBREVIATION
        yield replace(variable, name=f"{prefix}.{name}", role=role, mechanism=mechanism)
    rest = [one for one in model.variables if one.name not in exogenous | set(swapped)]
    yield from _copied(model, prefix, rest)


def source_prefix(number: int) -> str:
    """How `interchanged` calls a source."""
    return f"source {number}"


def on_pair(expression: Expression, source_names: Sequence[str]) -> Expression:
    """A condition of a design in the names of `interchanged`: a source called by its number."""
    prefixes = {name: source_prefix(number) for number, name in enumerate(source_names)}

    def name_of(name: str) -> str:
        side, dot, rest = name.partition(".")
        return f"{prefixes.get(side, side)}{dot}{rest}"

    return renamed(expression, name_of)


def _prefixed(prefix: str) -> Callable[[str], str]:
    return lambda name: f"{prefix}.{name}"


def _copied(model: CausalModel, prefix: str, variables: Collection[Variable]) -> Iterator[Variable]:
    memory: dict[int, Expression] = {}
    for variable in variables:
        mechanism = variable.mechanism
        if mechanism is not None:
            mechanism = renamed(mechanism, _prefixed(prefix), memory)
        yield replace(variable, name=f"{prefix}.{variable.name}", mechanism=mechanism)


def differs(names: Mapping[str, str]) -> Expression:
    """Whether some variable differs from the one that `names` maps it to: both have a value and not
    the same, or only one of them has any.
    """
    return nodes.Any(
        tuple(nodes.apart(Reference(left), Reference(right)) for left, right in names.items())
    )
