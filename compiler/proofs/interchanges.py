"""Two models under the same interchange interventions, each variable from a source of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.derived_models import copied
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Evidence, NoWitness, Proved, Witness, combined
from causalspec.compiler.expressions import Expression, Reference, renamed
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.proofs.relations import SET, Intervention, Relation, intervened
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.dsl.diagnostics import InternalError


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
    questions: list[tuple[str, ...]] = [(name,) for name in relation.aligned]
    if len(questions) > 1:
        questions.append(relation.aligned)
    for swapped in questions:
        found = smallest_witness(*interchange_model(relation, swapped, selectable=len(swapped) > 1))
        if isinstance(found, Witness):
            return _replayed(relation, swapped, found)
        evidence = combined(evidence, found.evidence)
    return NoWitness(evidence)


def interchange_model(
    relation: Relation, swapped: Sequence[str], *, selectable: bool
) -> tuple[CausalModel, Expression]:
    """Both models over one base, each of `swapped` taken from a source of its own, or, where
    `selectable`, some of them; and the condition that some output differs.

    Inputs of the base keep their names; those of the source of v are called by `source_input`.
    """
    fine, coarse = relation.fine, relation.coarse
    variables: list[Variable] = []
    required: list[Expression] = []
    fine_done: dict[str, Expression] = {}
    coarse_done: dict[str, Expression] = {}
    for name in swapped:
        given = source_input(name, "")
        variables += [
            replace(variable, name=given + variable.name)
            for variable in relation.exogenous.values()
        ]
        fine_name = relation.named(f"fine {given}", given)
        coarse_name = relation.named(f"coarse {given}", given)
        variables += [*copied(fine, fine_name), *copied(coarse, coarse_name)]
        if fine.requirement is not None:
            required.append(renamed(fine.requirement, fine_name))
        fine_done.update({read: Reference(fine_name(read)) for read in relation.cell(name)})
        coarse_done[name] = Reference(coarse_name(name))
    done = Intervention(swapped, fine_done, coarse_done, variables, required)
    return intervened(relation, done, relation.outputs, selectable=selectable)


def source_input(variable: str, name: str) -> str:
    """How `interchange_model` calls an input of the source of a variable."""
    return f"source of {variable}: {name}"


def _replayed(relation: Relation, swapped: Sequence[str], found: Witness) -> Interchange:
    """All runs in the interpreter."""
    fine, coarse = relation.fine, relation.coarse
    base = {name: found.setting[name] for name in relation.exogenous}
    sources = {
        target: {name: found.setting[source_input(target, name)] for name in relation.exogenous}
        for target in swapped
        if found.setting.get(f"{SET}{target}", 1)
    }
    nothing = nodes.Undefined()
    fine_done: dict[str, int | Expression] = {}
    coarse_done: dict[str, int | Expression] = {}
    for name, source in sources.items():
        solution = interpret.solve(fine, source)
        fine_done.update({read: solution.get(read, nothing) for read in relation.cell(name)})
        coarse_done[name] = interpret.solve(coarse, source).get(name, nothing)
    solution = interpret.solve(fine, base, fine_done)
    expected = interpret.solve(coarse, base, coarse_done)
    answer = Interchange(
        base,
        sources,
        relation.translated(solution, relation.outputs),
        {name: expected[name] for name in relation.outputs if name in expected},
    )
    if answer.fine_outputs == answer.coarse_outputs:
        raise InternalError(f"an interchange in `{fine.name}` and `{coarse.name}` did not replay")
    return answer
