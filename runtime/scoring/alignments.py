"""An alignment fitted over all its sites, without a claim: where does the variable seem to live?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from causalspec.compiler import Alignment, Claim, CounterfactualDesign, Metric, Specification
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.search import Measuring
from causalspec.runtime.fitting.sweep import Sweep, sweep
from causalspec.runtime.inputs.experiment import PreparedSplits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.as_json import FORMAT, ResultsError, json_text, json_value
from causalspec.runtime.results.records import Manifest, MeasuredScore, SiteScore
from causalspec.runtime.results.run_folder import Sharing, alone, run_folder
from causalspec.runtime.results.whole_folder import whole_folder
from causalspec.runtime.scoring.asked import measured_scores
from causalspec.runtime.scoring.metrics import measure_of
from causalspec.runtime.scoring.observed import observe
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.scoring.verify import VerifySettings, identity, manifest_of
from causalspec.runtime.scoring.workload import Workload, workload_of
from causalspec.runtime.untyped import save_tensors
from causalspec.runtime.watch import Unwatched, Watcher

ALIGNMENT = "alignment.json"


@dataclass(frozen=True, slots=True)
class FittedAlignment:
    """Every site's validation score, in the order in which they were tried, and the best one."""

    manifest: Manifest
    alignment: str
    design: str
    sites: tuple[SiteScore, ...]
    best: SiteScore


def align(
    specification: Specification,
    alignment: Alignment,
    design: CounterfactualDesign,
    network: TaskNetwork,
    destination: Path,
    settings: VerifySettings,
    watcher: Watcher | None = None,
    measures: Sequence[str] = (),
    prompt: str | None = None,
    sharing: Sharing = alone,
) -> FittedAlignment:
    """Fit `alignment` on the design's `train` at every site and score it on `validation`: IIA, and
    what the metrics called `measures` say of every site that is fitted in full. The pairs are shown
    under `prompt`, by default the task's first.

    `destination` gets `alignment.json` and each site's map as safetensors, whole or not at all.
    Interrupted, the same call goes on; other processes may share the work. Raises as `verify` does.
    """
    check_alignment_destination(destination)
    fit = settings.fit_for(network)
    manifest = manifest_of(specification, network, settings)
    question = question_about(alignment, design.name, "validation", prompt)
    run_identity = alignment_identity(specification, network, settings, question)
    with (
        run_folder(destination, run_identity) as folder,
        computing(network.threads, settings.precision, keeps=True),
        sharing(folder, run_identity) as stages,
    ):
        posed = settings.pose(specification, question, network)
        if watcher is not None:
            watcher.begin([workload_of(posed, fit, judged=False).part])
        store = FitStore(stages, watcher or Unwatched())
        found = sweep(
            store,
            posed.network,
            posed.experiment,
            posed.offered,
            fit,
            measuring=_measuring(measures),
        )
        fitted = FittedAlignment(
            manifest=manifest,
            alignment=alignment.name,
            design=design.name,
            sites=tuple(entry.result for entry in found.entries),
            best=found.best.result,
        )
        _write(destination, fitted, found)
    return fitted


def alignment_identity(
    specification: Specification, network: TaskNetwork, settings: VerifySettings, question: Claim
) -> str:
    """What tells the fits of an alignment from every other run."""
    manifest = manifest_of(specification, network, settings)
    own = identity(manifest, settings, settings.fit_for(network))
    return own + question.name + (question.prompt or "")


def alignment_workload(
    specification: Specification,
    alignment: Alignment,
    design: CounterfactualDesign,
    network: TaskNetwork,
    settings: VerifySettings,
    prompt: str | None = None,
) -> Workload:
    """What `align` will take. Raises as it does."""
    question = question_about(alignment, design.name, "validation", prompt)
    posed = settings.pose(specification, question, network)
    with computing(network.threads, settings.precision):
        return workload_of(posed, settings.fit_for(network), judged=False)


def check_alignment_destination(folder: Path) -> None:
    """Raise `ResultsError` where `align` would have to delete what it did not write."""
    try:
        entries = sorted(folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise ResultsError(f"can't look into `{folder}`: {error.strerror}") from error
    for entry in entries:
        is_map = entry.name.startswith("site-") and entry.suffix == ".safetensors"
        if entry.name != ALIGNMENT and not is_map:
            raise ResultsError(
                f"`{folder}` holds `{entry.name}`, which is not an alignment: name another folder"
            )


def _measuring(names: Sequence[str]) -> Measuring:
    def measured(pairs: PreparedSplits, maps: PlacedMaps) -> tuple[MeasuredScore, ...]:
        if not names:
            return ()
        observed = observe(pairs, maps)
        estimates = {Metric(name): measure_of(name)(observed, ()) for name in names}
        return tuple(measured_scores(estimates, {}))

    return measured


def _write(destination: Path, fitted: FittedAlignment, found: Sweep) -> None:
    with whole_folder(destination) as folder:
        for number, entry in enumerate(found.entries):
            state = {
                name: tensor.contiguous() for name, tensor in entry.fit.maps.state_dict().items()
            }
            save_tensors(state, folder / f"site-{number}.safetensors")
        text = json_text({"format": FORMAT, "alignment": json_value(fitted)})
        (folder / ALIGNMENT).write_text(text, encoding="utf-8")
