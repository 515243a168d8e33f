"""What can be found wrong with a claim before the network is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from causalspec.compiler import Claim, Specification
from causalspec.dsl.diagnostics import Diagnostic, Severity, SpecError
from causalspec.runtime.fitting.candidates import Candidates, candidates
from causalspec.runtime.fitting.reuse import ReusedMaps, earlier_maps, reused
from causalspec.runtime.inputs.experiment import Experiment, experiment_of
from causalspec.runtime.inputs.task_network import TaskNetwork


@dataclass(frozen=True, eq=False)
class PosedClaim:
    """A claim with its data and the sites of the network where its variables may lie."""

    specification: Specification = field(repr=False)
    network: TaskNetwork = field(repr=False)
    experiment: Experiment
    offered: Candidates
    warnings: tuple[str, ...] = ()
    """What is remarkable about the claim's prompts, for its notes."""
    reused: ReusedMaps | None = None
    """Maps that are scored instead of being fitted."""
    only_named: bool = False
    """Whether controls that the claim does not name are left out."""


def pose(
    specification: Specification,
    claim: Claim,
    network: TaskNetwork,
    *,
    keeps_unanswered: bool,
    fits: bool = True,
) -> PosedClaim:
    """All that can be found wrong with a claim about a network before the network is run; whether
    earlier maps suit it, where it is not to be fitted, is left to `reusing`.

    Raises:
        SpecError: the claim does not fit the network, or its data lacks a split.
    """
    experiment = experiment_of(specification, claim, keeps_unanswered=keeps_unanswered)
    network = network.knowing(experiment.task)
    alignment = specification.alignments[claim.alignment]
    offered = candidates(network, alignment, experiment.variables, claim)
    needed = ("train",) if offered.writes_from_train else ()
    for split in offered.fitting_splits if fits else needed:
        experiment.require(split)
    return PosedClaim(specification, network, experiment.writing(offered.written_values), offered)


def reusing(posed: PosedClaim, folder: Path) -> PosedClaim:
    """The same with the maps that an earlier run left in its results folder.

    Raises:
        ToolFailure: there are none, or they are not those of the claim's placements.
    """
    experiment = posed.experiment
    earlier = earlier_maps(folder, experiment.claim.name)
    kept = reused(posed.network, experiment, posed.offered, earlier, experiment.draw_test())
    return replace(posed, reused=kept)


def warned(posed: Sequence[PosedClaim]) -> list[PosedClaim]:
    """The same with what their prompts are warned of as tokens.

    Raises:
        SpecError: what is wrong with some prompt's tokens.
    """
    return [
        replace(claim, warnings=told) for claim, told in zip(posed, _warnings(posed), strict=True)
    ]


def _warnings(posed: Sequence[PosedClaim]) -> Iterator[tuple[str, ...]]:
    """What is told of each claim's prompts; each prompt is read once.

    Raises:
        SpecError: what is wrong with some prompt's tokens.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    errors: list[Diagnostic] = []
    for posed_claim in posed:
        task, claim = posed_claim.experiment.task, posed_claim.experiment.claim
        first = next(iter(task.prompts), None)
        names = dict.fromkeys(
            name or first
            for name in (
                claim.prompt,
                posed_claim.experiment.fitting_prompt,
                *(metric.of for metric in claim.metrics if metric.of in task.prompts),
            )
        )
        for name in names:
            if name is None or (task.name, name) in found:
                continue
            told = [
                d for seen in posed_claim.network.examined(task, [name]) for d in seen.diagnostics
            ]
            errors += [d for d in told if d.severity is Severity.ERROR]
            found[task.name, name] = tuple(
                d.message for d in told if d.severity is Severity.WARNING
            )
        yield tuple(told for name in names if name for told in found[task.name, name])
    if errors:
        raise SpecError(errors)
