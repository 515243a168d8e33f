"""How a network that was made fares: its answers, and the truth about it on its model's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from causalspec.compiler import (
    Anchor,
    Claim,
    CounterfactualDesign,
    Sampler,
    Specification,
    Stream,
    Task,
    TokenPosition,
    compile_file,
    populate,
)
from causalspec.dsl.diagnostics import Diagnostics, SpecError, ToolFailure
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.candidates import Candidates, candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.inputs.experiment import experiment_of, present_splits, score_of
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.making.truth import Truth, spec_hash
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Unwatched

NAME = "TheTruth"
_TESTED = 2_000


@dataclass(frozen=True, slots=True)
class TruthScore:
    """The IIA of the true alignment on the test pairs of the model's data, of the same with the
    numbers of each site's vector `shuffled`, and of no swap at all.
    """

    iia: Score
    shuffled: Score
    no_swap: Score


def with_truth(specification: Specification, truth: Truth) -> Specification:
    """The spec with an alignment `TheTruth` that names the true sites.

    Raises `ToolFailure` where the truth is about another spec.
    """
    statements = [site.text for site in truth.sites]
    return with_alignment(specification, truth, statements)


def with_alignment(
    specification: Specification, truth: Truth, statements: Sequence[str]
) -> Specification:
    """The spec with an alignment `TheTruth` of these statements."""
    if truth.spec_sha256 != spec_hash(specification):
        raise ToolFailure(
            f"the truth is about another text than `{specification.source.name}`",
            help="make the network again, from the spec as it is now",
        )
    old, added = specification.source, "".join(f"  {statement}\n" for statement in statements)
    text = f"{old.text}\nalign {NAME} of {truth.model} {{\n{added}}}\n"
    diagnostics = Diagnostics()
    settings = {
        f"{task.name}.{name}": Fraction(value)
        for task in specification.tasks.values()
        for name, value in task.parameters.items()
    }
    file = parse(Source(old.name, text), diagnostics)
    compiled = compile_file(file, Path(old.name).parent, diagnostics, settings=settings)
    if compiled is None:
        raise SpecError(diagnostics)
    return compiled


def share_right(network: TaskNetwork, task: Task, seed: int) -> float:
    """The share of inputs, drawn as the task says, that a network answers rightly."""
    drawn = Sampler(populate(task.model, {}), Stream.of(seed, "made", task.name)).take(_TESTED)
    last = TokenPosition(Anchor.LAST)
    reads = network.network.kind.reads_tokens
    choices = [TokenChoice((last,))] if reads else []
    site = Site("residual", 0, token=last.text) if reads else Site("hidden", 1)
    network = network.knowing(task)
    shown = network.present(task, drawn, choices, None)
    none = torch.zeros(shown.count, dtype=torch.bool)
    subject = next(shown.subjects([(site,)], none, Unwatched()))
    return float(agreement(subject.predictions, shown.correct).float().mean())


def score_truth(
    specification: Specification, network: TaskNetwork, truth: Truth
) -> TruthScore | None:
    """Score the truth; None where the spec has no data of the model.

    Raises:
        ToolFailure: the truth is about another spec.
        SpecError: the truth does not fit the network.
    """
    specification = with_truth(specification, truth)
    known = {site.variable for site in truth.sites}
    data = [
        (design.name, _last_split(design))
        for design in specification.counterfactuals.values()
        if design.model.name == truth.model
        and {name for kind in design.kinds for name in kind.variables} <= known
    ]
    if not data:
        return None
    claim = true_claim(specification, truth, data)
    experiment = experiment_of(specification, claim, keeps_unanswered=True)
    network = network.knowing(experiment.task)
    offered = candidates(network, specification.alignments[NAME], experiment.variables, claim)
    harvester = present_splits(
        network, experiment, [experiment.draw_test()], offered.choices, claim.prompt
    )
    sites = offered.combinations(harvester.encoded.presentation.token_names)[0]
    [test] = next(harvester.prepared_splits([sites], Unwatched()))
    found: list[Score] = []
    for is_shuffled in (False, True):
        maps = true_maps(offered, sites, truth, test[0].subject, shuffled=is_shuffled)
        agrees = [
            agreement(predict(split.subject, maps, split.rows), split.rows.labels) for split in test
        ]
        found.append(score_of(test, agrees))
    unswapped = [
        agreement(split.subject.predictions[split.rows.bases], split.rows.labels) for split in test
    ]
    return TruthScore(*found, no_swap=score_of(test, unswapped))


def true_claim(
    specification: Specification, truth: Truth, data: Sequence[tuple[str, str]]
) -> Claim:
    """A claim about the truth on splits of designs, which expects nothing."""
    return Claim(
        name=NAME,
        model=specification.models[truth.model],
        data=tuple(data),
        alignment=NAME,
        prompt=None,
        fitted_on=None,
        expectations=(),
    )


def true_maps(
    offered: Candidates, sites: Sequence[Site], truth: Truth, subject: Subject, *, shuffled: bool
) -> PlacedMaps:
    """The true directions as the maps that a fit would have made of them."""
    directions = {site.variable: site.directions for site in truth.sites}
    maps = build_maps(offered.placed(sites), subject, 0)
    for here in maps.placed:
        basis = torch.cat([directions[offered.variables[member]] for member in here.members], dim=1)
        if shuffled:
            basis = _shuffled(basis, truth.seed)
        here.map.load_state_dict(here.map.state_dict() | {"featurizer.weight": basis})
    return maps.eval()


def _shuffled(basis: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return basis[torch.randperm(len(basis), generator=generator)]


def _last_split(design: CounterfactualDesign) -> str:
    names = [split.name for split in design.splits]
    return "test" if "test" in names else names[-1]
