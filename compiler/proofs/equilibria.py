"""Cyclic models as acyclic ones that guess, so that questions about equilibria take the usual form.

Variables that break all cycles are guessed: they become inputs, and what their mechanisms give is
computed beside them. A setting in which each guess is what its mechanism gives is an equilibrium,
and each equilibrium is such a setting. That there is none at an input is said by as many copies of
the model as there are guesses, all of them wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from causalspec.compiler import expressions as nodes
from causalspec.compiler.derived_models import copied, in_order
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
        for variable in model.variables:
            if variable.name in guesses:
                computed = replace(variable, name=given_back(variable.name), role=Role.ABBREVIATION)
                variables += [replace(variable, role=Role.INPUT, mechanism=None), computed]
            else:
                variables.append(variable)
        acyclic = replace(model, variables=in_order(variables), cyclic=False)
        circling = (
            variable.name for variable in model.variables if variable.name in on_cycles(model)
        )
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
    copies, settled = _every_guess(guessing)
    read = () if model.requirement is None else nodes.references(model.requirement)
    own = {*model.exogenous, *model.ancestors(read)}
    kept = [variable for variable in model.variables if variable.name in own]
    whole = replace(model, variables=in_order([*kept, *copies]), cyclic=False)
    wrong = nodes.All(tuple(nodes.Not(is_settled) for is_settled, _ in settled))
    return smallest_witness(whole, wrong)


def differing_equilibrium(
    model: CausalModel, other: CausalModel, observed: Sequence[str]
) -> Witness | NoWitness:
    """The smallest setting and equilibrium of `model` such that no equilibrium of `other` has the
    same values of `observed`. Inputs and noise of the same name are shared.
    """
    guessing, answering = Guessing.of(model), Guessing.of(other)
    if answering.guess_count > MOST_GUESSES:
        return NoWitness(Unknown())
    copies, settled = _every_guess(answering)
    own = guessing.model.variables
    names = (name for name in other.exogenous if name not in guessing.model.by_name)
    added = [other.by_name[name] for name in names]
    whole = replace(guessing.model, variables=(*added, *own, *copies))
    unmatched = (
        nodes.Not(nodes.All((there, *(_alike(name, named(name)) for name in observed))))
        for there, named in settled
    )
    return smallest_witness(whole, nodes.All((guessing.settled, *unmatched)))


def _every_guess(
    guessing: Guessing,
) -> tuple[list[Variable], list[tuple[Expression, Callable[[str], str]]]]:
    """A copy of the model for each guess; whether that guess is right, and the copy's names. Inputs
    and noise are shared.
    """
    model = guessing.model
    shared = {*model.exogenous} - {*guessing.guesses}
    copies: list[Variable] = []
    settled: list[tuple[Expression, Callable[[str], str]]] = []
    domains = [model.by_name[name].domain.codes() for name in guessing.guesses]
    for number, codes in enumerate(product(*domains)):

        def named(name: str, number: int = number) -> str:
            return name if name in shared else f"guess {number}: {name}"

        for name, code in zip(guessing.guesses, codes, strict=True):
            guess, role = model.by_name[name], Role.ABBREVIATION
            copies.append(replace(guess, name=named(name), role=role, mechanism=Constant(code)))
        copies.extend(copied(model, named))
        settled.append((renamed(guessing.settled, named), named))
    return copies, settled


def _is_settled(name: str) -> Expression:
    return Compare(ComparisonOperator.EQUAL, Reference(name), Reference(given_back(name)))


def _alike(left: str, right: str) -> Expression:
    return nodes.Not(nodes.apart(Reference(left), Reference(right)))
