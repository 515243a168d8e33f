"""Squares of models with cycles: an abstraction must keep the set of equilibria.

Under every hard intervention on whole cells, and at every input, the equilibria of the fine model,
translated, must be those of the coarse one: each has its like on the other side. An acyclic model
has one solution, so this is what `relations` asks of two such models. That it suffices to set all
cells but one does not hold for sets of solutions: one question asks about every choice of cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.derived_models import copied
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Evidence, NoWitness, Proved, combined
from causalspec.compiler.expressions import Expression, Reference, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.equilibria import differing_equilibrium
from causalspec.compiler.proofs.relations import DO, FINE, SET, Relation
from causalspec.dsl.diagnostics import InternalError

Equilibria = tuple[Mapping[str, int], ...]


@dataclass(frozen=True)
class UnlikeEquilibria:
    """An input and an intervention under which the equilibria are not alike. `inputs`, `done` and
    `coarse_done` are as in a `Square`; `translated` are those of the fine model as values of coarse
    variables, `expected` the coarse model's.
    """

    relation: Relation
    inputs: Mapping[str, int]
    done: Mapping[str, int]
    coarse_done: Mapping[str, int]
    translated: Equilibria
    expected: Equilibria


def examine_cyclic_relation(relation: Relation) -> UnlikeEquilibria | NoWitness:
    """Whether all equilibria are kept under every intervention; else one under which they are not,
    with as few cells set as one of the two directions needs.
    """
    sides = _fine_side(relation), _coarse_side(relation)
    cyclic = relation.fine.cyclic or relation.coarse.cyclic
    evidence: Evidence = Proved()
    unlike: list[UnlikeEquilibria] = []
    # One direction says all of two models that have one solution each.
    for model, other in (sides, sides[::-1]) if cyclic else (sides,):
        found = differing_equilibrium(model, other, relation.observed)
        if isinstance(found, NoWitness):
            evidence = combined(evidence, found.evidence)
        else:
            unlike.append(_replayed(relation, found.setting))
    return min(unlike, key=lambda each: len(each.coarse_done), default=NoWitness(evidence))


def _choices(relation: Relation) -> Iterator[Variable]:
    """Inputs that say of each cell whether it is set, and to what."""
    for cell in relation.aligned:
        yield Variable(f"{SET}{cell}", Role.INPUT, Truths())
        for read in relation.cell(cell):
            yield Variable(f"{DO}{read}", Role.INPUT, relation.fine.by_name[read].domain)


def _fine_side(relation: Relation) -> CausalModel:
    """The fine model under any intervention, and what it comes to as values of coarse variables."""
    fine, fine_name = relation.fine, relation.named(FINE)
    done: dict[str, Expression] = {}
    for cell in relation.aligned:
        for read in relation.cell(cell):
            own = fine.by_name[read].mechanism
            assert own is not None
            given = Reference(f"{DO}{read}")
            done[read] = nodes.Choose(Reference(f"{SET}{cell}"), given, renamed(own, fine_name))
    translated = (
        Variable(
            name,
            Role.ABBREVIATION,
            relation.coarse.by_name[name].domain,
            renamed(relation.values[name], fine_name),
        )
        for name in relation.observed
    )
    variables = (
        *relation.exogenous.values(),
        *_choices(relation),
        *copied(fine, fine_name, done),
        *translated,
    )
    required = fine.requirement
    requirement = None if required is None else renamed(required, fine_name)
    return replace(fine, variables=variables, requirement=requirement)


def _coarse_side(relation: Relation) -> CausalModel:
    """The coarse model under the translated intervention."""
    coarse = relation.coarse

    def settable(variable: Variable) -> Variable:
        if variable.name not in relation.aligned or variable.mechanism is None:
            return variable
        given = renamed(relation.values[variable.name], lambda name: f"{DO}{name}")
        chosen = Reference(f"{SET}{variable.name}")
        return replace(variable, mechanism=nodes.Choose(chosen, given, variable.mechanism))

    others = {n: v for n, v in relation.exogenous.items() if n not in coarse.by_name}
    variables = (*others.values(), *_choices(relation), *map(settable, coarse.variables))
    return replace(coarse, variables=variables)


def _replayed(relation: Relation, setting: Mapping[str, int]) -> UnlikeEquilibria:
    """Both sides in the interpreter."""
    chosen = [cell for cell in relation.aligned if setting[f"{SET}{cell}"]]
    done = {read: setting[f"{DO}{read}"] for cell in chosen for read in relation.cell(cell)}
    coarse_done = relation.translated(done, chosen)
    unset = {cell: nodes.Undefined() for cell in chosen if cell not in coarse_done}
    inputs = {name: setting[name] for name in relation.exogenous}
    fine = interpret.equilibria(relation.fine, inputs, done)
    coarse = interpret.equilibria(relation.coarse, inputs, {**coarse_done, **unset})
    names = relation.observed
    translated = _distinct([relation.translated(solution, names) for solution in fine], names)
    expected = _distinct(coarse, names)
    if translated == expected:
        raise InternalError(
            f"equilibria of `{relation.fine.name}` and `{relation.coarse.name}` did not replay"
        )
    return UnlikeEquilibria(relation, inputs, done, coarse_done, translated, expected)


def _distinct(solutions: Sequence[Mapping[str, int]], names: Sequence[str]) -> Equilibria:
    found = {tuple((n, solution[n]) for n in names if n in solution) for solution in solutions}
    return tuple(map(dict, sorted(found)))
