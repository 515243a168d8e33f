"""Two models of a task compared: outputs, interventions, variables, and how often they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...dsl.diagnostics import InternalError
from ..evaluators import interpret
from ..expressions import Reference
from ..model import CausalModel
from ..specification import Abstraction
from .agreement import Share, agreement
from .correspondences import Correspondence, correspondences
from .derived_models import differs, of_task, side_by_side, with_noise_at_rest
from .evidence import Evidence, Exhaustive, NoWitness, Unknown
from .interchanges import Interchange, smallest_interchange
from .relations import Commutes, Relation, examine_relation
from .witnesses import smallest_witness

CYCLIC_LIMIT = 20_000
"""The most settings that cyclic models are compared on, in plain Python."""


@dataclass(frozen=True)
class Difference:
    """An input at which the outputs differ. `left` and `right` hold the outputs of each solution:
    one of an acyclic model, every equilibrium of a cyclic one.
    """

    inputs: Mapping[str, int]
    left: tuple[Mapping[str, int], ...]
    right: tuple[Mapping[str, int], ...]


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
        asked = (self.outputs, self.under_interventions)
        return tuple(one for one in asked if one is not None)


def compare(left: CausalModel, right: CausalModel) -> Comparison:
    """Compare two models with the same inputs and outputs.

    The same variable is one of the same name and domain. Models are the same under interventions
    when for every base, and every choice of variables to swap with a source for each, both give
    the same outputs: an interchange intervention takes in each model that model's own value.
    """
    left, right = with_noise_at_rest(left), with_noise_at_rest(right)
    shared = tuple(
        name
        for name in left.intermediates
        if name in right.intermediates and left.by_name[name].domain == right.by_name[name].domain
    )
    if left.cyclic or right.cyclic:
        open_answer = Answer(None, Unknown()) if shared else None
        return Comparison(left, right, shared, _cyclic(left, right), open_answer, (), ())
    relation = Relation.of(left, right, {name: Reference(name) for name in shared})
    outputs = _outputs(left, right)
    shares: list[Share | None] = []
    interventions = _interventions(relation) if shared else None
    if outputs.holds is False:
        shares.append(agreement(relation, None))
    if interventions is not None and interventions.holds is False:
        shares.extend(agreement(relation, name) for name in shared)
    return Comparison(
        left,
        right,
        shared,
        outputs,
        interventions,
        tuple(correspondences(left, right)),
        tuple(one for one in shares if one is not None),
    )


def shares_of(abstraction: Abstraction) -> Iterator[Share]:
    """How far a declared abstraction holds approximately: without an intervention, and for each
    coarse variable when the cell that it stands for comes from another input.
    """
    if abstraction.fine.cyclic or abstraction.coarse.cyclic:
        return
    relation = Relation.of(abstraction.fine, abstraction.coarse, abstraction.values)
    for name in (None, *relation.aligned):
        share = agreement(relation, name)
        if share is not None:
            yield share


def _outputs(left: CausalModel, right: CausalModel) -> Answer:
    both = side_by_side(left, right)
    found = smallest_witness(both, differs({name: of_task(name) for name in left.outputs}))
    if isinstance(found, NoWitness):
        return Answer(True if found.is_certain else None, found.evidence)
    inputs = {name: found.setting[name] for name in left.inputs}
    difference = Difference(inputs, (_run(left, inputs),), (_run(right, inputs),))
    if difference.left == difference.right:
        raise InternalError(f"`{left.name}` and `{right.name}` do not differ at {inputs}")
    return Answer(False, Exhaustive(1), difference)


def _run(model: CausalModel, inputs: Mapping[str, int]) -> dict[str, int]:
    solution = interpret.solve(model, inputs)
    return {name: solution[name] for name in model.outputs}


def _interventions(relation: Relation) -> Answer:
    """One mechanism at a time suffices for a yes (see `relations`); a no takes a pair that shows
    it, since a value that no source has is never swapped in.
    """
    answer = examine_relation(relation)
    if isinstance(answer, Commutes) and answer.is_certain:
        return Answer(True, answer.evidence)
    found = smallest_interchange(relation)
    if isinstance(found, Interchange):
        return Answer(False, Exhaustive(1), found)
    return Answer(True if found.is_certain else None, found.evidence)


def _cyclic(left: CausalModel, right: CausalModel) -> Answer:
    """The same outputs in the same number of equilibria, as a set, at every input."""
    states = max(model.input_count * _states(model) for model in (left, right))
    if states > CYCLIC_LIMIT:
        return Answer(None, Unknown())
    tried = 0
    for inputs in interpret.settings(left):
        tried += 1
        sides = [_equilibria(model, inputs) for model in (left, right)]
        if sides[0] != sides[1]:
            return Answer(False, Exhaustive(1), Difference(inputs, sides[0], sides[1]))
    return Answer(True, Exhaustive(tried))


def _states(model: CausalModel) -> int:
    count = 1
    for name in model.intermediates if model.cyclic else ():
        count *= model.by_name[name].domain.size
    return count


def _equilibria(model: CausalModel, inputs: Mapping[str, int]) -> tuple[Mapping[str, int], ...]:
    found = {
        tuple(one[name] for name in model.outputs) for one in interpret.equilibria(model, inputs)
    }
    return tuple(dict(zip(model.outputs, codes, strict=True)) for codes in sorted(found))
