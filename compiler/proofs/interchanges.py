"""Two models under the same interchange interventions, each variable from a source of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Evidence, NoWitness, Proved, Witness, combined
from causalspec.compiler.expressions import Expression, Reference, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.relations import (
    COARSE,
    FINE,
    Relation,
    copied,
    exogenous_of,
    names,
    own_mechanism,
)
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.dsl.diagnostics import InternalError

SWAP = "swap "


@dataclass(frozen=True)
class Interchange:
    """A base, and for each swapped variable its source, at which the outputs of two models part."""

    base: Mapping[str, int]
    sources: Mapping[str, Mapping[str, int]]
    fine_outputs: Mapping[str, int]
    """Translated into values of the coarse model. Outputs that are undefined are not there."""
    coarse_outputs: Mapping[str, int]


def smallest_interchange(relation: Relation) -> Interchange | NoWitness:
    """An interchange intervention under which the outputs differ: of one variable where one alone
    can show it, else of as few as were found.
    """
    evidence: Evidence = Proved()
    for name in relation.aligned:
        answer = _ask(relation, (name,), selectable=False)
        if isinstance(answer, Interchange):
            return answer
        evidence = combined(evidence, answer.evidence)
    if len(relation.aligned) <= 1:
        return NoWitness(evidence)
    answer = _ask(relation, relation.aligned, selectable=True)
    if isinstance(answer, Interchange):
        return answer
    return NoWitness(combined(evidence, answer.evidence))


def _ask(
    relation: Relation, swapped: Sequence[str], *, selectable: bool
) -> Interchange | NoWitness:
    model, condition = interchange_model(relation, swapped, selectable=selectable)
    found = smallest_witness(model, condition)
    return found if isinstance(found, NoWitness) else _replayed(relation, swapped, found)


def interchange_model(
    relation: Relation, swapped: Sequence[str], *, selectable: bool
) -> tuple[CausalModel, Expression]:
    """Both models over one base, each of `swapped` taken from a source of its own; and the
    condition that some output differs. Where `selectable`, an input says of each variable whether
    it is swapped, so that one question is about every subset.

    Inputs of the base keep their names; those of the source of v are called by `source_input`.
    """
    fine, coarse = relation.fine, relation.coarse
    exogenous = exogenous_of(relation)
    free: list[Variable] = list(exogenous.values())
    computed: list[Variable] = []
    fine_name, coarse_name = names(FINE, exogenous), names(COARSE, exogenous)
    required: list[Expression] = []
    fine_done: dict[str, Expression] = {}
    coarse_done: dict[str, Expression] = {}
    if fine.requirement is not None:
        required.append(renamed(fine.requirement, fine_name))
    for name in swapped:
        given = source_input(name, "")
        free += [replace(one, name=given + one.name) for one in exogenous.values()]
        fine_source = names(f"fine {given}", exogenous, given)
        coarse_source = names(f"coarse {given}", exogenous, given)
        computed += [*copied(fine, fine_source), *copied(coarse, coarse_source)]
        if fine.requirement is not None:
            required.append(renamed(fine.requirement, fine_source))
        values: dict[str, Expression] = {
            read: Reference(fine_source(read)) for read in relation.cell(name)
        }
        value: Expression = Reference(coarse_source(name))
        if selectable:
            free.append(Variable(f"{SWAP}{name}", Role.INPUT, Truths()))
            chosen = Reference(f"{SWAP}{name}")
            values = {
                read: nodes.Choose(chosen, one, own_mechanism(fine, read, fine_name))
                for read, one in values.items()
            }
            value = nodes.Choose(chosen, value, own_mechanism(coarse, name, coarse_name))
        fine_done.update(values)
        coarse_done[name] = value
    computed += [*copied(fine, fine_name, fine_done), *copied(coarse, coarse_name, coarse_done)]
    outputs = [name for name in coarse.outputs if name in relation.values]
    condition = nodes.Any(
        tuple(
            nodes.apart(renamed(relation.values[name], fine_name), Reference(coarse_name(name)))
            for name in outputs
        )
    )
    requirement = nodes.All(tuple(required)) if required else None
    return replace(fine, variables=(*free, *computed), requirement=requirement), condition


def source_input(variable: str, name: str) -> str:
    """How `interchange_model` calls an input of the source of a variable."""
    return f"source of {variable}: {name}"


def _replayed(relation: Relation, swapped: Sequence[str], found: Witness) -> Interchange:
    """All runs in the interpreter."""
    fine, coarse = relation.fine, relation.coarse
    exogenous = exogenous_of(relation)
    base = {name: found.setting[name] for name in exogenous}
    sources = {
        one: {name: found.setting[source_input(one, name)] for name in exogenous}
        for one in swapped
        if found.setting.get(f"{SWAP}{one}", 1)
    }
    fine_done: dict[str, int | Expression] = {}
    coarse_done: dict[str, int | Expression] = {}
    for name, source in sources.items():
        solution = interpret.solve(fine, source)
        nothing = nodes.Undefined()
        fine_done.update({read: solution.get(read, nothing) for read in relation.cell(name)})
        coarse_done[name] = interpret.solve(coarse, source).get(name, nothing)
    solution = interpret.solve(fine, base, fine_done)
    expected = interpret.solve(coarse, base, coarse_done)
    outputs = [name for name in coarse.outputs if name in relation.values]
    answer = Interchange(
        base,
        sources,
        relation.translated(solution, outputs),
        {name: expected[name] for name in outputs if name in expected},
    )
    if answer.fine_outputs == answer.coarse_outputs:
        raise InternalError(f"an interchange in `{fine.name}` and `{coarse.name}` did not replay")
    return answer
