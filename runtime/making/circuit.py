"""A causal model as a circuit of lookups: what a network is to compute, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import CausalModel, Role, defined_name, solve_columns
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.making.decision_tree import Conjunction, decision_tree

Array: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.signedinteger[Any]]

MOST_SETTINGS = 1 << 20
"""A mechanism is tabulated at no more settings of what it reads."""
MOST_NEURONS = 1 << 12
"""What a mechanism may take of a layer."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A variable as a function of others: each of the `cases` leads to the place of a value in the
    variable's domain, everything else to the value at `usual`. What is constant has no cases.
    """

    name: str
    parents: tuple[str, ...]
    size: int
    usual: int
    cases: tuple[Conjunction, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Circuit:
    """Lookups in topological order, and the `sizes` of the domains of what is given to them.

    `heights` says how many lookups follow on a variable at least, one after the other: 0 for an
    output that none reads.
    """

    model: CausalModel
    given: Mapping[str, int]
    lookups: tuple[Lookup, ...]
    heights: Mapping[str, int]

    @property
    def held(self) -> tuple[str, ...]:
        """The variables that a network can hold: they are not the same for every input."""
        return tuple(
            lookup.name
            for lookup in self.lookups
            if lookup.cases and lookup.name in self.model.intermediates
        )

    @property
    def depth(self) -> int:
        """The number of lookups that stand one after the other."""
        return 1 + max(self.heights[lookup.name] for lookup in self.lookups)


@dataclass(frozen=True, eq=False)
class Reading:
    """What a variable is, read from a vector: `weight` [values, numbers] times the vector, and
    `bias` [values], is 1 at the place of its value and 0 elsewhere.
    """

    weight: Array = field(repr=False)
    bias: Array = field(repr=False)


def neuron_of(
    case: Conjunction, lookup: Lookup, readings: Mapping[str, Reading]
) -> tuple[Array, float]:
    """The weight [numbers] and the bias of a ReLU neuron that is 1 where all tests of a case come
    out, else 0; `readings` are those of all that the lookup reads.
    """
    weight, bias = np.zeros(1), 1.0
    for test in case.tests:
        reading = readings[lookup.parents[test.variable]]
        sign = 1.0 if test.holds else -1.0
        weight = weight + sign * reading.weight[test.place]
        bias += sign * float(reading.bias[test.place]) - (1.0 if test.holds else 0.0)
    return weight, bias


def require_room(needed: int, asked: int | None, what: str, option: str) -> None:
    """Raise `ToolFailure` where fewer of `what` are asked for than are needed."""
    if asked is not None and asked < needed:
        raise ToolFailure(
            f"{what}, and {asked} are asked for", help=f"ask for `{option} {needed}` or more"
        )


def circuit_of(
    model: CausalModel, given: Mapping[str, int], before: Iterable[Lookup] = ()
) -> Circuit:
    """The circuit that computes the variables and outputs of `model` from what is `given`, inputs
    or abbreviations with the sizes of their domains, and from what the lookups `before` make of it.

    Raises:
        ToolFailure: the model has no finite mechanisms that a network can be given: it is cyclic,
            has noise, or one of its mechanisms reads too much.
    """
    _check(model)
    first = list(before)
    stops = {*given, *(lookup.name for lookup in first)}
    lookups = [*first]
    for variable in model.variables:
        if variable.role in (Role.VARIABLE, Role.OUTPUT):
            found = _lookup(model, variable.name, _parents(model, variable.name, stops))
            if variable.role is Role.OUTPUT and not found.cases:
                raise ToolFailure(
                    f"`{variable.name}` of `{model.name}` never changes",
                    help="look at its mechanism: there is nothing to compute",
                )
            lookups.append(found)
    read = {parent for lookup in lookups for parent in lookup.parents}
    heights: dict[str, int] = {}
    for lookup in reversed(lookups):
        own = 0 if lookup.name in model.outputs else 1
        heights[lookup.name] = max(own, heights.get(lookup.name, 0))
        for parent in lookup.parents:
            heights[parent] = max(heights.get(parent, 0), 1 + heights[lookup.name])
    sizes = {name: size for name, size in given.items() if name in read}
    return Circuit(model, sizes, tuple(lookups), heights)


def look_up(name: str, parents: tuple[str, ...], table: Any, model: CausalModel) -> Lookup:
    """The lookup of a variable whose values are tabulated: places in domains, one axis a parent, -1
    where there is none.

    Raises `ToolFailure` where it takes too many neurons.
    """
    if not (table >= 0).any():
        raise ToolFailure(
            f"`{name}` of `{model.name}` has a value nowhere", help="look at its mechanism"
        )
    found = decision_tree(table, MOST_NEURONS)
    if found is None:
        raise ToolFailure(
            f"`{name}` of `{model.name}` tells more than {MOST_NEURONS:,} cases apart, each of "
            "which takes a neuron of one layer",
            help="give the variable smaller domains, or let variables between compute it in steps",
        )
    cases, usual = found
    return Lookup(name, parents, model.by_name[name].domain.size, usual, cases)


def places_of(model: CausalModel, name: str, codes: Places) -> Places:
    """Where codes stand in a variable's domain."""
    domain = model.by_name[name].domain.codes()
    return (codes.astype(np.int64) - domain.start) // domain.step


def grid(model: CausalModel, names: Collection[str]) -> dict[str, Places]:
    """Every combination of values of some variables: columns of codes.

    Raises `ToolFailure` where there are too many.
    """
    domains = [model.by_name[name].domain.codes() for name in names]
    count = prod(len(codes) for codes in domains)
    if count > MOST_SETTINGS:
        told = ", ".join(f"`{name}`" for name in names)
        raise ToolFailure(
            f"{told} of `{model.name}` have {count:,} settings together, and a mechanism that "
            f"reads them is tabulated at {MOST_SETTINGS:,} at most",
            help="give the types smaller ranges, or let variables between compute it in steps",
        )
    indices = np.indices([len(codes) for codes in domains], dtype=np.int64)
    columns = indices.reshape(len(domains), count)
    return {
        name: codes.start + codes.step * column
        for name, codes, column in zip(names, domains, columns, strict=True)
    }


def _check(model: CausalModel) -> None:
    if model.cyclic:
        raise ToolFailure(
            f"`{model.name}` is cyclic: a network computes its variables one after the other",
            help="build an acyclic model",
        )
    if model.noise:
        raise ToolFailure(
            f"`{model.name}` has noise, which a network has no mechanism for",
            help="build a model whose variables are computed from inputs alone",
        )


def inputs_behind(model: CausalModel, given: Collection[str]) -> tuple[str, ...]:
    """The inputs that some mechanism reads other than through what is `given`."""
    stops = {*given, *model.inputs}
    read = {
        parent
        for variable in model.variables
        if variable.role in (Role.VARIABLE, Role.OUTPUT)
        for parent in _parents(model, variable.name, stops)
    }
    return tuple(name for name in model.inputs if name in read)


def _parents(model: CausalModel, name: str, stops: Collection[str]) -> tuple[str, ...]:
    """What a mechanism reads: abbreviations that are not given are looked through."""
    found: dict[str, None] = {}
    waiting = list(model.by_name[name].parents)
    for parent in waiting:
        if parent not in stops and model.by_name[parent].role is Role.ABBREVIATION:
            waiting += model.by_name[parent].parents
            continue
        if parent not in stops and model.by_name[parent].role is Role.INPUT:
            raise ToolFailure(
                f"`{name}` of `{model.name}` reads the input `{parent}`, which a network is not "
                "shown",
                help=f"let the task show `{parent}`",
            )
        found[parent] = None
    return tuple(found)


def _lookup(model: CausalModel, name: str, parents: tuple[str, ...]) -> Lookup:
    settings = grid(model, parents)
    partial = defined_name(name)
    wanted = [name, partial] if partial in model.total.by_name else [name]
    solved = solve_columns(model, {}, settings, wanted=wanted)
    values = places_of(model, name, solved[name])
    if partial in solved:
        values = np.where(solved[partial].astype(bool), values, -1)
    sizes = [model.by_name[parent].domain.size for parent in parents]
    return look_up(name, parents, values.astype(np.int32).reshape(sizes), model)
