"""Every base is its own source: nothing may change, to the bit."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.subjects import Edit, Interchanges
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.predict import BATCH
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.results.run_folder import Stage
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "each base is its own source: the network's own answer, to the bit"
FITS: bool = False


def applies(selected: SelectedAlignment) -> bool:
    """Always: what else a placement may write plays no part."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs with every swapped variable taken from the base's own run. Whatever moves a
    logit by a bit is told, with how far it moved and how many answers it changed.
    """
    splits, maps = selected.test, _as_they_are(selected)
    finished = store.folder.find(selected.stage("self_swap"))
    if finished is None:
        runs = [_swapped_with_itself(maps, prepared) for prepared in splits]
        kept = {f"predicted.{k}": predicted for k, (predicted, _, _) in enumerate(runs)}
        kept["farthest"] = torch.tensor([moved for _, moved, _ in runs])
        kept["changed"] = torch.tensor([answers for _, _, answers in runs])
        finished = Stage(kept, {})
        store.folder.finish(selected.stage("self_swap"), finished)
    farthest = float(finished.tensors["farthest"].max())
    changed = int(finished.tensors["changed"].sum())
    if farthest or changed:
        rows = sum(len(prepared.pairs) for prepared in splits)
        store.watcher.notice(
            f"self_swap is not exact: a base swapped with itself moves a logit by up to "
            f"{farthest:.2g} and changes {changed} of {rows} answers; the network does not repeat "
            "itself, or its swaps are wrong"
        )
    return tuple(
        Observed(prepared, maps, finished.tensors[f"predicted.{k}"], selected.has_label)
        for k, prepared in enumerate(splits)
    )


def _as_they_are(selected: SelectedAlignment) -> PlacedMaps:
    """The claim's maps, which swap whatever else they may write."""
    return selected.maps.writing([None] * len(selected.maps.written))


@torch.no_grad()
def _swapped_with_itself(maps: PlacedMaps, prepared: PreparedSplit) -> tuple[Tensor, float, int]:
    """What the network says, how far a logit moved at most, and how many answers changed, beside a
    run of the same rows with the same vectors written back.
    """
    subject = prepared.subject
    predicted: list[Tensor] = []
    farthest, changed = 0.0, 0
    for part in in_parts(prepared.rows, BATCH):
        asked = LabelRuns.of(_own(prepared.rows.take(part)))
        edits = maps.edits(subject, asked.runs)
        alone = [Edit(edit.site, _as_it_is) for edit in edits]
        swapped = subject.run(asked.runs.bases, edits).logits
        plain = subject.run(asked.runs.bases, alone).logits
        if not torch.equal(swapped, plain):
            apart = (swapped - plain).nan_to_num(0.0, 0.0, 0.0).abs()  # what is on no menu
            farthest = max(farthest, float(apart.max()))
        answers = asked.predicted(swapped)
        changed += int((answers != asked.predicted(plain)).any(-1).sum())
        predicted.append(answers)
    return torch.cat(predicted), farthest, changed


def _as_it_is(base: Tensor) -> Tensor:
    return base


def _own(rows: Interchanges) -> Interchanges:
    """The same rows with every base as its own source."""
    own = torch.where(rows.origins >= 0, rows.bases[:, None], -1)
    return replace(rows, origins=own, inner=None, inner_of=None)
