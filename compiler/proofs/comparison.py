"""Two models of a task compared: outputs, interventions, variables, and how often they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from causalspec.compiler.derived_models import with_noise_at_rest
from causalspec.compiler.evidence import Evidence, Exhaustive, NoWitness
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.agreement import Share, agreement
from causalspec.compiler.proofs.correspondences import Correspondence, correspondences
from causalspec.compiler.proofs.cyclic_relations import examine_cyclic_relation
from causalspec.compiler.proofs.interchanges import Interchange, smallest_interchange
from causalspec.compiler.proofs.relations import Relation, examine_relation
from causalspec.compiler.specification import Abstraction


@dataclass(frozen=True)
class Difference:
    """An input at which the outputs differ, perhaps with variables set. `left` and `right` hold
    what is seen of each solution, without what is undefined: one of an acyclic model, every
    equilibrium of a cyclic one.
    """

    inputs: Mapping[str, int]
    left: tuple[Mapping[str, int], ...]
    right: tuple[Mapping[str, int], ...]
    done: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Answer:
    """Whether two models are the same in some respect; None where it is open."""

    holds: bool | None
    evidence: Evidence
    difference: Difference | Interchange | None = None


@dataclass(frozen=True)
class Comparison:
    """Everything that is said about two models. Noise is taken at its likeliest value.

    `under_interventions` is None where the models share no causal variable.
    """

    left: CausalModel
    right: CausalModel
    shared: tuple[str, ...]
    outputs: Answer
    under_interventions: Answer | None
    correspondences: tuple[Correspondence, ...]
    shares: tuple[Share, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers that decide whether the models are the same."""
        answers = (self.outputs, self.under_interventions)
        return tuple(answer for answer in answers if answer is not None)


def compare(left: CausalModel, right: CausalModel) -> Comparison:
    """Compare two models with the same inputs and outputs.

    The same variable is one of the same name and domain. Models are the same under interventions
    when for every base, and every choice of variables to swap with a source for each, both give
    the same outputs: an interchange intervention takes in each model that model's own value. Cyclic
    models are the same where they have the same set of equilibria (see `_same_equilibria`).
    """
    left, right = with_noise_at_rest(left), with_noise_at_rest(right)
    shared = tuple(
        name
        for name in left.intermediates
        if name in right.intermediates and left.by_name[name].domain == right.by_name[name].domain
    )
    outputs = _same_equilibria(Relation.of(left, right, {}))
    relation = Relation.of(left, right, {name: Reference(name) for name in shared})
    if left.cyclic or right.cyclic:
        under_interventions = _same_equilibria(relation) if shared else None
        return Comparison(left, right, shared, outputs, under_interventions, (), ())
    shares: list[Share | None] = []
    interventions = _interventions(relation) if shared else None
    if outputs.holds is False:
        shares.append(agreement(relation))
    if interventions is not None and interventions.holds is False:
        shares.extend(agreement(relation, *names) for names in _swapped(shared))
    return Comparison(
        left,
        right,
        shared,
        outputs,
        interventions,
        tuple(correspondences(left, right)),
        tuple(share for share in shares if share is not None),
    )


def shares_of(abstraction: Abstraction) -> Iterator[Share]:
    """How far a declared abstraction holds approximately: without an intervention, when the cell
    that a coarse variable stands for comes from another input, and when each comes from one.
    """
    if abstraction.fine.cyclic or abstraction.coarse.cyclic:
        return
    relation = Relation.of(abstraction.fine, abstraction.coarse, abstraction.values)
    for names in ((), *_swapped(relation.aligned)):
        share = agreement(relation, *names)
        if share is not None:
            yield share


def _swapped(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Each variable alone, and all together."""
    together = [tuple(names)] if len(names) > 1 else []
    return [*((name,) for name in names), *together]


def _interventions(relation: Relation) -> Answer:
    """One mechanism at a time suffices for a yes (see `relations`); a no takes a pair that shows
    it, since a value that no source has is never swapped in.
    """
    answer = examine_relation(relation)
    if isinstance(answer, NoWitness) and answer.is_certain:
        return Answer(True, answer.evidence)
    found = smallest_interchange(relation)
    if isinstance(found, Interchange):
        return Answer(False, Exhaustive(1), found)
    return Answer(found.holds, found.evidence)


def _same_equilibria(relation: Relation) -> Answer:
    """The same set of equilibria at every input and under every intervention that sets some of what
    the models share to any value, as far as that and the outputs show it. An acyclic model has one.

    What an interchange would take from a source is not fixed where that has several equilibria.
    """
    found = examine_cyclic_relation(relation)
    if isinstance(found, NoWitness):
        return Answer(found.holds, found.evidence)
    inputs = {name: found.inputs[name] for name in relation.fine.inputs}
    difference = Difference(inputs, found.translated, found.expected, found.done)
    return Answer(False, Exhaustive(1), difference)
