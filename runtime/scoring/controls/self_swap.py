"""Every base is its own source: nothing may change, to the bit."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit, Interchanges
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.predict import BATCH
from causalspec.runtime.inputs.experiment import PreparedSplit
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
    seen = [_swapped_with_itself(selected, prepared) for prepared in selected.test]
    farthest = max((moved for _, moved, _ in seen), default=0.0)
    changed = sum(answers for _, _, answers in seen)
    if farthest or changed:
        rows = sum(len(prepared.pairs) for prepared in selected.test)
        store.watcher.notice(
            f"self_swap is not exact: a base swapped with itself moves a logit by up to "
            f"{farthest:.2g} and changes {changed} of {rows} answers; the network does not repeat "
            "itself, or its swaps are wrong"
        )
    return tuple(found for found, _, _ in seen)


@torch.no_grad()
def _swapped_with_itself(
    selected: SelectedAlignment, prepared: PreparedSplit
) -> tuple[Observed, float, int]:
    """What the network says, how far a logit moved at most, and how many answers changed, beside a
    run of the same rows with the same vectors written back.
    """
    subject, maps = prepared.subject, selected.maps.writing([None] * len(selected.maps.written))
    predicted: list[Tensor] = []
    farthest, changed = 0.0, 0
    for start in range(0, prepared.rows.rows, BATCH):
        part = _own(prepared.rows.take(torch.arange(start, min(start + BATCH, prepared.rows.rows))))
        edits = maps.edits(subject, part)
        alone = [Edit(edit.site, _as_it_is) for edit in edits]
        swapped = subject.run(part.bases, edits).logits
        plain = subject.run(part.bases, alone).logits
        if not torch.equal(swapped, plain):
            apart = (swapped - plain).nan_to_num(0.0, 0.0, 0.0).abs()  # what is on no menu
            farthest = max(farthest, float(apart.max()))
        answers = swapped.argmax(-1)
        changed += int((answers != plain.argmax(-1)).any(-1).sum())
        predicted.append(answers.cpu())
    return Observed(prepared, maps, torch.cat(predicted), selected.has_label), farthest, changed


def _as_it_is(base: Tensor) -> Tensor:
    return base


def _own(rows: Interchanges) -> Interchanges:
    """The same rows with every base as its own source."""
    own = torch.where(rows.origins >= 0, rows.bases[:, None], -1)
    return replace(rows, origins=own, inner=None, inner_of=None)
