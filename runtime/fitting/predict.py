"""What a network says under the swaps that fitted maps define."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import first_right
from causalspec.runtime.engine.subjects import Edit, Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps

BATCH = 128


@torch.no_grad()
def predict(
    subject: Subject, maps: PlacedMaps, rows: Interchanges, *, batch: int = BATCH
) -> Tensor:
    """The outputs, LongTensor [rows, answers], that the network gives under each interchange."""
    predicted: list[Tensor] = []
    for part in in_parts(rows, batch):
        asked = LabelRuns.of(rows.take(part))
        logits = subject.run(asked.runs.bases, maps.edits(subject, asked.runs)).logits
        predicted.append(asked.predicted(logits))
    return torch.cat(predicted) if predicted else torch.empty_like(first_right(rows.labels))


@torch.no_grad()
def predict_side_by_side(
    subject: Subject, several: Sequence[PlacedMaps], rows: Interchanges
) -> tuple[Tensor, ...]:
    """As `predict` under each of several maps at the same sites, all in one batch through the
    layers above: what a run costs beside its rows is paid once.
    """
    found: list[list[Tensor]] = [[] for _ in several]
    for part in in_parts(rows, BATCH):
        asked = LabelRuns.of(rows.take(part))
        edits = zip(*(maps.edits(subject, asked.runs) for maps in several), strict=True)
        bases = asked.runs.bases.repeat(len(several))
        logits = subject.run(bases, [_side_by_side(alike) for alike in edits]).logits
        for kept, of_one in zip(found, logits.chunk(len(several)), strict=True):
            kept.append(asked.predicted(of_one))
    return tuple(torch.cat(kept) for kept in found)


def _side_by_side(edits: Sequence[Edit]) -> Edit:
    """Edits at one site as one of the rows of all of them, one after the other."""
    [count] = {len(edit.given[0]) for edit in edits}
    device = edits[0].given[0].device
    whose = torch.arange(len(edits), device=device).repeat_interleave(count)

    def replaced(base: Tensor, whose: Tensor, *given: Tensor) -> Tensor:
        changed = base.clone()
        for number, edit in enumerate(edits):
            mine = (whose == number).nonzero()[:, 0]  # runs by length have some of the rows
            if len(mine):
                changed[mine] = edit.replace(base[mine], *(tensor[mine] for tensor in given))
        return changed

    given = (torch.cat(tensors) for tensors in zip(*(edit.given for edit in edits), strict=True))
    return Edit(edits[0].site, replaced, (whose, *given))


def predict_without_swap(subject: Subject, rows: Interchanges) -> Tensor:
    """The outputs, LongTensor [rows, answers], that the network gives each base left alone."""
    return subject.predictions[rows.bases]
