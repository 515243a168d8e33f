"""A network learns where a hypothesis has its variables: interchange intervention training.

Beside its task it is taught what each interchange of a claim's data should lead to, at the last
sites that the claim's alignment offers and in fixed random subspaces there, so that it comes to
hold the variables there (Geiger et al. 2022, "Inducing Causal Structure for Interpretable Neural
Networks", arXiv 2112.00826). What `verify` is told is the spec alone, never these subspaces.

With the strict term, where the output reads nothing but variables of one site, the rest of the
vector there is kept silent, too: with all of it taken from another input, the answer is still to be
the base's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from causalspec.compiler import CounterfactualDesign, Method, PlacedSite, Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.engine.subjects import Edit, Interchanges
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.fitting.placed_maps import (
    PlacedMap,
    PlacedMaps,
    PlacedVariable,
    build_maps,
)
from causalspec.runtime.inputs.encoded_splits import lay_out
from causalspec.runtime.inputs.experiment import experiment_of
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.making.live_subjects import LiveSubject, live_subject
from causalspec.runtime.making.truth import TrueSite
from causalspec.runtime.maps.linear import LinearFeaturizer

_PAIRS = 20_000
"""Pairs are drawn once, and taught in an order that the seed decides."""

_OF_ITS_OWN = 0x91A47ED
"""Added to the seed of the subspaces: those that a fit begins with, and those of controls, are
others, whatever the seed of a verification.
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """What is planted: the variables of these claims of a spec; with `strict`, what lies beside
    them is to be silent.
    """

    specification: Specification
    claims: tuple[str, ...]
    strict: bool = False


class InterchangeLessons:
    """The interchanges of some claims, a batch of each at a time, for a network that is trained.

    Raises:
        KeyError: the spec has no such claim.
        SpecError: a claim's sites are not in the network, or its texts not its tokenizer's.
        ToolFailure: a site is too narrow for its variables.
    """

    def __init__(self, network: TaskNetwork, planted: Planted, seed: int) -> None:
        self._lessons = [
            lesson for name in planted.claims for lesson in _lessons(network, planted, name, seed)
        ]
        self._strict = planted.strict
        self._generator = torch.Generator().manual_seed(seed)

    def loss(self, rows: int) -> Tensor:
        """The mean cross-entropy of `rows` interchanges of each claim, with gradients into the
        network, in the runs of bases and sources alike.
        """
        return torch.stack([self._loss(lesson, rows) for lesson in self._lessons]).mean()

    def _loss(self, lesson: _Lesson, rows: int) -> Tensor:
        chosen = torch.randint(lesson.rows.rows, (rows,), generator=self._generator)
        batch = lesson.rows.take(chosen)
        asked = LabelRuns.of(batch)
        edits = lesson.maps.edits(lesson.subject, asked.runs)
        outcome = lesson.subject.run(asked.runs.bases, edits)
        loss = asked.cross_entropy(outcome.logits).mean()
        for here in lesson.silent:
            bases = lesson.own_bases[chosen]
            others = bases[torch.randperm(rows, generator=self._generator)]
            edit = _resampled(lesson.subject, here, others)
            outcome = lesson.subject.run(bases, [edit])
            loss = loss + cross_entropy(outcome.logits, lesson.correct[bases]).mean()
        return loss

    @property
    def notices(self) -> tuple[str, ...]:
        """Where the strict term is asked for, but can't be had."""
        return tuple(
            f"what lies beside {told} is not kept silent: the output reads more than is aligned at "
            "one site"
            for lesson in self._lessons
            if self._strict and not lesson.silent
            for told in [", ".join(f"`{name}`" for name in lesson.variables)]
        )

    @property
    def sites(self) -> tuple[TrueSite, ...]:
        """Where each variable is planted, those of several claims where the first has them."""
        found: dict[str, TrueSite] = {}
        for lesson in self._lessons:
            for here in lesson.maps.placed:
                ends = [0, *accumulate(here.map.dimensions())]
                basis = _basis(here)
                for member, (first, last) in zip(here.members, pairwise(ends), strict=True):
                    name = lesson.variables[member]
                    written = PlacedSite(
                        here.site.component,
                        None if here.site.unit is None else (here.site.unit,),
                        here.site.path or None,
                        here.site.layer,
                        here.site.layer,
                    )
                    token = here.site.token or ""
                    site = TrueSite(name, written.text, token, basis[:, first:last])
                    found.setdefault(name, site)
        return tuple(found.values())


@dataclass(frozen=True, eq=False)
class _Lesson:
    """One data set of a claim, before the network that is trained. Around the maps `silent`, what
    is not aligned is to be silent; `correct` [inputs, answers] are the inputs' own right answers.
    """

    subject: LiveSubject = field(repr=False)
    variables: tuple[str, ...]
    maps: PlacedMaps = field(repr=False)
    rows: Interchanges = field(repr=False)
    own_bases: Tensor = field(repr=False)
    correct: Tensor = field(repr=False)
    silent: tuple[PlacedMap, ...]


def _basis(here: PlacedMap) -> Tensor:
    featurizer = here.map.featurizer
    assert isinstance(featurizer, LinearFeaturizer)
    return featurizer.basis().detach()


def _resampled(subject: LiveSubject, here: PlacedMap, others: Tensor) -> Edit:
    """All that is not aligned at a site is taken from other inputs [rows]."""
    basis = _basis(here)

    def keep_aligned(base: Tensor, taken: Tensor) -> Tensor:
        return taken + (base - taken) @ basis @ basis.T

    return Edit(here.site, keep_aligned, (subject.vectors(here.site, others),))


def _lessons(shown: TaskNetwork, planted: Planted, claim_name: str, seed: int) -> list[_Lesson]:
    specification = planted.specification
    claim = specification.claims[claim_name]
    alignment = specification.alignments[claim.alignment]
    experiment = experiment_of(specification, claim, keeps_unanswered=True)
    offered = candidates(shown, alignment, experiment.variables, claim)
    more = experiment.about([_with_training_pairs(design, _PAIRS) for design in experiment.designs])
    encoded = lay_out(
        shown, experiment.task, more.draw("train"), offered.choices, experiment.fitting_prompt
    )
    subject = live_subject(shown.network, encoded.presentation)
    sites = offered.combinations(encoded.presentation.token_names)[-1]
    placed = _in_subspaces(offered.placed(sites), subject)
    maps = build_maps(placed, subject, seed + _OF_ITS_OWN).requires_grad_(False).eval()
    read = {name for output in claim.model.outputs for name in claim.model.stated_parents(output)}
    silent = tuple(
        here
        for here in maps.placed
        if planted.strict
        and read <= {offered.variables[member] for member in here.members}
        and encoded.presentation.correct.ndim == 2
        and int(subject.places(here.site, torch.arange(encoded.presentation.count)).max()) == 1
    )
    correct = encoded.presentation.correct
    return [
        _Lesson(subject, offered.variables, maps, split.rows, split.own_bases, correct, silent)
        for split in encoded.splits
    ]


def _with_training_pairs(design: CounterfactualDesign, pairs: int) -> CounterfactualDesign:
    splits = [
        replace(split, rows=pairs) if split.name == "train" else split for split in design.splits
    ]
    return replace(design, splits=tuple(splits))


def _in_subspaces(
    placed: Sequence[PlacedVariable], subject: LiveSubject
) -> tuple[PlacedVariable, ...]:
    """Each variable in random directions: as many as its method asks for, but no more than its
    share of the site's width beside the others there and the rest of the vector.
    """
    found: list[PlacedVariable] = []
    for variable in placed:
        beside = sum(other.site == variable.site for other in placed)
        width = subject.width(variable.site)
        share = width // (beside + 1)
        if not share:
            raise ToolFailure(
                f"{beside} variables and what lies beside them take {beside + 1} numbers of "
                f"{variable.site}, which has {width}",
                help=f"ask for `--width {beside + 1}` or more, and better for ten times that",
            )
        dimension = min(variable.method.dimension or share, share)
        found.append(replace(variable, method=Method("das", (("dim", dimension),))))
    return tuple(found)
