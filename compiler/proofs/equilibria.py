"""Cyclic models as acyclic ones that guess, so that questions about equilibria take the usual form.

Variables that break all cycles are guessed: they become inputs, and what their mechanisms give is
computed beside them. A setting in which each guess is what its mechanism gives is an equilibrium,
and each equilibrium is such a setting. That there is none at an input is said by as many copies of
the model as there are guesses, all of them wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from causalspec.compiler import expressions as nodes
from causalspec.compiler.evaluators.interpret import cycle_breakers, on_cycles
from causalspec.compiler.evidence import NoWitness, Proved, Unknown, Witness
from causalspec.compiler.expressions import (
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Reference,
    renamed,
)
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import smallest_witness

MOST_GUESSES = 1 << 10
"""So many copies of a model stand side by side."""


@dataclass(frozen=True)
class Guessing:
    """An acyclic model whose inputs are those of a cyclic one and `guesses`, and whether a setting
    of it is an equilibrium. Of an acyclic model, itself: each setting is one.
    """

    model: CausalModel
    guesses: tuple[str, ...]
    settled: Expression

    @staticmethod
    def of(model: CausalModel) -> Guessing:
        """The variables keep their names; `given_back` is what a guess must be."""
        if not model.cyclic:
            return Guessing(model, (), nodes.All(()))
        guesses = cycle_breakers(model)
        variables: list[Variable] = []
        for one in model.variables:
            if one.name in guesses:
                computed = replace(one, name=given_back(one.name), role=Role.ABBREVIATION)
                variables += [replace(one, role=Role.INPUT, mechanism=None), computed]
            else:
                variables.append(one)
        acyclic = replace(model, variables=tuple(_in_order(variables)), cyclic=False)
        circling = (one.name for one in model.variables if one.name in on_cycles(model))
        defined = (nodes.Defined(Reference(name)) for name in circling)
        settled = nodes.surely(nodes.All((*map(_is_settled, guesses), *defined)))
        return Guessing(acyclic, guesses, settled)

    @property
    def guess_count(self) -> int:
        """How many guesses there are for each input."""
        return prod(self.model.by_name[name].domain.size for name in self.guesses)


def given_back(name: str) -> str:
    """How `Guessing` calls what the mechanism of a guessed variable gives."""
    return f"{name} given back"  # no variable of a spec has a space in its name


def without_equilibrium(model: CausalModel) -> Witness | NoWitness:
    """The smallest admissible setting of inputs and noise at which the model has no equilibrium."""
    guessing = Guessing.of(model)
    if not guessing.guesses:  # then there is one
        return NoWitness(Proved())
    if guessing.guess_count > MOST_GUESSES:
        return NoWitness(Unknown())
    copies, settled = _every_guess(guessing, {name: name for name in model.exogenous})
    inputs = [one for one in model.variables if one.mechanism is None]
    whole = replace(model, variables=(*inputs, *copies), cyclic=False)
    wrong = nodes.All(tuple(nodes.Not(one) for one, _ in settled))
    return smallest_witness(_requiring(model, whole), wrong)


def differing_equilibrium(
    model: CausalModel, other: CausalModel, observed: Sequence[str]
) -> Witness | NoWitness:
    """The smallest setting and equilibrium of `model` such that no equilibrium of `other` has the
    same values of `observed`. Inputs and noise of the same name are shared.
    """
    guessing, answering = Guessing.of(model), Guessing.of(other)
    if answering.guess_count > MOST_GUESSES:
        return NoWitness(Unknown())
    shared = {name: name for name in other.exogenous}
    copies, settled = _every_guess(answering, shared)
    own = guessing.model.variables
    names = {one.name for one in own}
    added = [one for one in other.variables if one.mechanism is None and one.name not in names]
    whole = replace(guessing.model, variables=(*added, *own, *copies))
    unmatched = (
        nodes.Not(nodes.All((there, *(_alike(name, names_there[name]) for name in observed))))
        for there, names_there in settled
    )
    return smallest_witness(whole, nodes.All((guessing.settled, *unmatched)))


def _every_guess(
    guessing: Guessing, shared: Mapping[str, str]
) -> tuple[list[Variable], list[tuple[Expression, Mapping[str, str]]]]:
    """A copy of the model for each guess; whether that guess is right, and the copy's names."""
    copies: list[Variable] = []
    settled: list[tuple[Expression, Mapping[str, str]]] = []
    domains = [guessing.model.by_name[name].domain.codes() for name in guessing.guesses]
    for number, codes in enumerate(product(*domains)):
        names = {
            one.name: shared.get(one.name, f"guess {number}: {one.name}")
            for one in guessing.model.variables
        }
        guessed = dict(zip(guessing.guesses, codes, strict=True))
        memory: dict[int, Expression] = {}
        for one in guessing.model.variables:
            if one.name in shared:
                continue
            mechanism = one.mechanism
            if mechanism is None:
                mechanism = Constant(guessed[one.name])
            else:
                mechanism = renamed(mechanism, names.__getitem__, memory)
            copy = replace(one, name=names[one.name], role=Role.ABBREVIATION, mechanism=mechanism)
            copies.append(copy)
        settled.append((renamed(guessing.settled, names.__getitem__), names))
    return copies, settled


def _requiring(model: CausalModel, whole: CausalModel) -> CausalModel:
    """`whole` with the abbreviations that the requirement of `model` reads, under their names."""
    if model.requirement is None:
        return whole
    needed = model.ancestors(nodes.references(model.requirement))
    present = {one.name for one in whole.variables}
    read = [one for one in model.variables if one.name in needed and one.name not in present]
    return replace(whole, variables=(*whole.variables, *_in_order(read, present)))


def _is_settled(name: str) -> Expression:
    return Compare(ComparisonOperator.EQUAL, Reference(name), Reference(given_back(name)))


def _alike(left: str, right: str) -> Expression:
    return nodes.Not(nodes.apart(Reference(left), Reference(right)))


def _in_order(variables: Sequence[Variable], known: Collection[str] = ()) -> Iterator[Variable]:
    """What has no mechanism first, then each after what it reads."""
    done = set(known)
    waiting = list(variables)
    while waiting:
        ready = [one for one in waiting if done.issuperset(one.parents)]
        ready = [one for one in ready if one.mechanism is None] or ready
        yield from ready
        done.update(one.name for one in ready)
        waiting = [one for one in waiting if one.name not in done]
