"""A network learns where a hypothesis has its variables: interchange intervention training.

Beside its task it is taught what each interchange of a claim's data should lead to, at the last
sites that the claim's alignment offers and in fixed random subspaces there, so that it comes to
hold the variables there (Geiger et al. 2022, "Inducing Causal Structure for Interpretable Neural
Networks", arXiv 2112.00826). What `verify` is told is the spec alone, never these subspaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.compiler import CounterfactualDesign, Method, Specification
from causalspec.runtime.engine.batches import Run
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.engine.subjects import Edit, Interchanges, Outcome
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.inputs.encoded_splits import lay_out
from causalspec.runtime.inputs.experiment import experiment_of
from causalspec.runtime.inputs.text_network import TextNetwork, TextPresentation
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site

_PAIRS = 20_000
"""Pairs are drawn once, and taught in an order that the seed decides."""

_OF_ITS_OWN = 0x91A47ED
"""Added to the seed of the subspaces: those that a fit begins with, and those of controls, are
others, whatever the seed of a verification.
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted: the variables of these claims of a spec."""

    specification: Specification
    claims: tuple[str, ...]


class InterchangeLessons:
    """The interchanges of some claims, a batch of each at a time, for a network that is trained.

    Raises:
        KeyError: the spec has no such claim.
        SpecError: a claim's sites are not in the network, or its texts not its tokenizer's.
    """

    def __init__(self, network: Network, planted: Planted, seed: int) -> None:
        self._lessons = [
            lesson
            for name in planted.claims
            for lesson in _lessons(network, planted.specification, name, seed)
        ]
        self._generator = torch.Generator().manual_seed(seed)

    def loss(self, rows: int) -> Tensor:
        """The mean cross-entropy of `rows` interchanges of each claim, with gradients into the
        network, in the runs of bases and sources alike.
        """
        return torch.stack([self._loss(lesson, rows) for lesson in self._lessons]).mean()

    def _loss(self, lesson: _Lesson, rows: int) -> Tensor:
        chosen = torch.randint(lesson.rows.rows, (rows,), generator=self._generator)
        batch = lesson.rows.take(chosen)
        edits = lesson.maps.edits(lesson.subject, batch)
        outcome = lesson.subject.run(batch.bases, edits)
        return cross_entropy(outcome.logits, batch.labels).mean()


@dataclass(frozen=True, eq=False)
class _Lesson:
    """One data set of a claim, before the network that is trained."""

    subject: _LiveSubject = field(repr=False)
    maps: PlacedMaps = field(repr=False)
    rows: Interchanges = field(repr=False)


def _lessons(
    network: Network, specification: Specification, claim_name: str, seed: int
) -> list[_Lesson]:
    claim = specification.claims[claim_name]
    shown = TextNetwork(network)
    experiment = experiment_of(specification, claim, keeps_unanswered=True)
    alignment = specification.alignments[claim.alignment]
    offered = candidates(shown, alignment, experiment.variables, claim)
    more = experiment.about([_with_training_pairs(design, _PAIRS) for design in experiment.designs])
    encoded = lay_out(
        shown, experiment.task, more.draw("train"), offered.choices, experiment.fitting_prompt
    )
    assert isinstance(encoded.presentation, TextPresentation)
    subject = _LiveSubject(network, encoded.presentation)
    sites = offered.combinations(encoded.presentation.token_names)[-1]
    placed = _in_subspaces(offered.placed(sites), subject)
    maps = build_maps(placed, subject, seed + _OF_ITS_OWN).requires_grad_(False).eval()
    return [_Lesson(subject, maps, split.rows) for split in encoded.splits]


def _with_training_pairs(design: CounterfactualDesign, pairs: int) -> CounterfactualDesign:
    splits = [
        replace(split, rows=pairs) if split.name == "train" else split for split in design.splits
    ]
    return replace(design, splits=tuple(splits))


def _in_subspaces(
    placed: Sequence[PlacedVariable], subject: _LiveSubject
) -> tuple[PlacedVariable, ...]:
    """Each variable in random directions: as many as its method asks for, but no more than its
    share of the site's width beside the others there and the rest of the vector.
    """
    found: list[PlacedVariable] = []
    for variable in placed:
        beside = sum(other.site == variable.site for other in placed)
        share = subject.width(variable.site) // (beside + 1)
        dimension = min(variable.method.dimension or share, share)
        found.append(replace(variable, method=Method("das", (("dim", dimension),))))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _LiveSubject:
    """A network that changes from step to step, with prompts: everything is run anew, and gradients
    flow into its weights.
    """

    network: Network
    shown: TextPresentation

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def predictions(self) -> Tensor:
        return self.run(torch.arange(self.shown.count), ()).logits.argmax(-1)

    @property
    def sites(self) -> tuple[Site, ...]:
        return ()

    def width(self, site: Site) -> int:
        return tap_of(self.network, site).width

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        return (self.shown.positions.positions[site.token][inputs] >= 0).sum(1)

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        return self.run(inputs, (), (site,)).vectors[site]

    def prepare(self, inputs: Tensor, edits: Sequence[Edit]) -> None:
        """Nothing is recorded of a network that changes."""

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        run = Run(inputs, tuple(edits), tuple(reads))
        return plain_run(self.network, self.shown.prompts, self.shown.positions.positions, run)
