"""Models made of models: two hypotheses side by side, a pair with its interchange.

With these, every question of the checker takes one form: is there a setting of the inputs that
makes an expression true?
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from causalspec.compiler import expressions as nodes
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import (
    Expression,
    Reference,
    conjuncts,
    references,
    renamed,
    surely,
)
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.specification import CounterfactualDesign, Derivation, SwapKind


def in_order(variables: Collection[Variable], known: Collection[str] = ()) -> tuple[Variable, ...]:
    """What has no mechanism first, then each after what it reads, which is there or known; without
    those that depend on themselves.
    """
    ordered = [variable for variable in variables if variable.mechanism is None]
    waiting = [variable for variable in variables if variable.mechanism is not None]
    done = {*known, *(variable.name for variable in ordered)}
    while ready := [variable for variable in waiting if done.issuperset(variable.parents)]:
        ordered += ready
        done.update(variable.name for variable in ready)
        waiting = [variable for variable in waiting if variable.name not in done]
    return tuple(ordered)


def copied(
    model: CausalModel,
    name_of: Callable[[str], str],
    done: Mapping[str, Expression] | None = None,
) -> Iterator[Variable]:
    """The computed variables under other names, some with another mechanism, which is in the new
    names already.
    """
    done = done or {}
    memory: dict[int, Expression] = {}
    for variable in model.variables:
        mechanism = done.get(variable.name, variable.mechanism)
        if variable.mechanism is not None and mechanism is not None:
            if variable.name not in done:
                mechanism = renamed(mechanism, name_of, memory)
            yield replace(variable, name=name_of(variable.name), mechanism=mechanism)


def side_by_side(model: CausalModel, task: CausalModel) -> CausalModel:
    """Both models over the same inputs; the task's variables are called `of_task(name)`."""
    shared = set(task.inputs)

    def name_of(name: str) -> str:
        return name if name in shared else of_task(name)

    return replace(model, variables=(*model.variables, *copied(task, name_of)))


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

    return replace(model, variables=tuple(rested(variable) for variable in model.variables))


def interchanged(
    model: CausalModel,
    kind: SwapKind,
    sources: Collection[int] = (),
    *,
    shared_noise: bool = False,
    derivations: Sequence[Derivation] = (),
) -> CausalModel:
    """One model of a pair: `base.x` and `source 0.x` are x in the solutions of base and sources,
    and `result.x` is x in the base's solution under the interchange of `kind`. Sources that it does
    not use are there when `sources` names them.

    Its inputs are those of base and sources, each admissible. Noise that is shared is computed in
    the sources: it is the base's. What is derived in a source is computed, too, and may be
    undefined, or break the task's `require`: see `admission`.
    """
    made = {derivation.source: derivation for derivation in derivations}
    numbers = {*kind.used_sources, *sources}
    drawn_before = sorted(numbers - made.keys())
    in_order = [*drawn_before, *(number for number in made if number in numbers)]
    free: list[Variable] = []
    computed: list[Variable] = []
    requirements: list[Expression] = []
    for number in (None, *in_order):
        prefix = "base" if number is None else source_prefix(number)
        derivation = made.get(number) if number is not None else None
        values = dict(derivation.values) if derivation is not None else {}
        for name in model.exogenous:
            own = replace(model.by_name[name], name=f"{prefix}.{name}")
            if name in values:
                computed.append(_computed_as(values[name], own))
            elif shared_noise and number is not None and own.role is Role.NOISE:
                computed.append(_same_as(f"base.{name}", own))
            else:
                free.append(own)
        computed.extend(copied(model, _prefixed(prefix)))
        if derivation is not None:
            asked = Admission.of(derivation, model)
            requirements += (*asked.drawn, *asked.linking)
        elif model.requirement is not None:
            requirements.append(renamed(model.requirement, _prefixed(prefix)))
    computed.extend(_changed_run(model, kind, "base", "result"))
    return replace(model, variables=(*free, *computed), requirement=nodes.All(tuple(requirements)))


def pair_of(
    design: CounterfactualDesign, kind: SwapKind, sources: Collection[int] = ()
) -> CausalModel:
    """A pair of a design as `interchanged` models it, the noise shared that the design shares."""
    used = {*kind.used_sources, *sources}
    for derivation in reversed(design.derivations):
        if derivation.source in used:
            used |= {
                number
                for number in range(len(design.source_names))
                for _, value in derivation.values
                if any(name.startswith(f"{source_prefix(number)}.") for name in references(value))
            }
    return interchanged(
        design.model,
        kind,
        used,
        shared_noise=design.shared_noise,
        derivations=design.derivations,
    )


def _same_as(name: str, variable: Variable) -> Variable:
    """The variable without a distribution of its own."""
    return _computed_as(Reference(name), variable)


def _computed_as(mechanism: Expression, variable: Variable) -> Variable:
    return replace(variable, role=Role.ABBREVIATION, mechanism=mechanism, weights=None)


@dataclass(frozen=True, slots=True)
class Admission:
    """What a task's `require` asks of a derived source, in the names of `interchanged`: `drawn` are
    conditions on what is drawn in it alone, `linking` those on its draws given the rest, `stated`
    those on the rest alone.
    """

    drawn: tuple[Expression, ...]
    linking: tuple[Expression, ...]
    stated: tuple[Expression, ...]

    @staticmethod
    def of(derivation: Derivation, model: CausalModel) -> Admission:
        """The conditions of a model's `require`; what holds since the run that it is made of meets
        it is left out.
        """
        prefix = source_prefix(derivation.source)
        values = dict(derivation.values)
        drawn: list[Expression] = []
        linking: list[Expression] = []
        stated: list[Expression] = []
        for condition in conjuncts(model.requirement):
            read = model.ancestors(references(condition)).intersection(model.inputs)
            own = on_side(condition, prefix)
            if read.issubset(derivation.drawn):
                drawn.append(own)
            elif not read.isdisjoint(derivation.drawn):
                # What is undefined beside the draws, no draw can mend.
                linking.append(nodes.Any((nodes.Not(nodes.Defined(own)), own)))
            else:
                runs = {_run_of(values[name], name) for name in read}
                if len(runs) != 1 or None in runs:
                    stated.append(surely(own))
        return Admission(tuple(drawn), tuple(linking), tuple(stated))


def _run_of(value: Expression, name: str) -> str | None:
    """The run whose own value of that input this is; None of any other value."""
    if not isinstance(value, Reference):
        return None
    run, _, read = value.name.rpartition(".")
    return run if read == name else None


def _changed_run(model: CausalModel, kind: SwapKind, start: str, prefix: str) -> Iterator[Variable]:
    """The run `start` under an interchange, as variables of that prefix; before them the runs of
    those sources that are themselves intervened on.
    """
    runs: dict[int, str] = {}
    for number in kind.sources:
        inner = kind.within_source(number)
        if inner is None:
            runs[number] = source_prefix(number)
        elif number not in runs:
            runs[number] = f"{prefix}'s {source_prefix(number)}"
            yield from _changed_run(model, inner, source_prefix(number), runs[number])
    yield from (
        _same_as(f"{start}.{name}", replace(model.by_name[name], name=f"{prefix}.{name}"))
        for name in model.exogenous
    )
    done: dict[str, Expression] = {
        name: Reference(f"{runs[number]}.{name}")
        for name, number in zip(kind.variables, kind.sources, strict=True)
    }
    moved = set(done)
    for variable in model.variables:  # what the swap does not reach is as it was
        if not moved.isdisjoint(variable.parents):
            moved.add(variable.name)
        elif variable.name not in moved:
            done[variable.name] = Reference(f"{start}.{variable.name}")
    yield from copied(model, _prefixed(prefix), done)


def pair_in(
    setting: Mapping[str, int], pair: CausalModel, model: CausalModel, sources: int
) -> tuple[dict[str, int], list[dict[str, int]]]:
    """The inputs and noise of base and sources in a setting of `pair`, which `interchanged` made of
    the model, by the interpreter. An input that is derived and undefined is not there.
    """
    solution = interpret.solve(pair, setting)
    base, *others = (
        {
            name: solution[f"{prefix}.{name}"]
            for name in model.exogenous
            if f"{prefix}.{name}" in solution
        }
        for prefix in ("base", *map(source_prefix, range(sources)))
    )
    return base, others


_Value = TypeVar("_Value")


def on_sides(
    base: Mapping[str, _Value], sources: Sequence[Mapping[str, _Value]]
) -> dict[str, _Value]:
    """What is known of base and sources in the names of `interchanged`."""
    prefixes = ("base", *map(source_prefix, range(len(sources))))
    return {
        f"{prefix}.{name}": value
        for prefix, side in zip(prefixes, (base, *sources), strict=True)
        for name, value in side.items()
    }


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


def on_side(expression: Expression, prefix: str) -> Expression:
    """An expression over one setting in the names of `interchanged`."""
    return renamed(expression, _prefixed(prefix))


def _prefixed(prefix: str) -> Callable[[str], str]:
    return lambda name: f"{prefix}.{name}"


def differs(names: Mapping[str, str]) -> Expression:
    """Whether some variable differs from the one that `names` maps it to: both have a value and not
    the same, or only one of them has any.
    """
    return nodes.Any(
        tuple(nodes.apart(Reference(left), Reference(right)) for left, right in names.items())
    )
