"""What a network says under the swaps that fitted maps define."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import first_right
from causalspec.runtime.engine.subjects import Edit, EditedInputs, Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.untyped import divided

BATCH = 128

TOGETHER = 512
"""So many rows of several maps are run at once."""


def predict(
    subject: Subject, maps: PlacedMaps, rows: Interchanges, *, batch: int = BATCH
) -> Tensor:
    """The outputs, LongTensor [rows, answers], that the network gives under each interchange."""
    [found] = predict_together(subject, [maps], [rows], batch=batch)
    return found


@torch.no_grad()
def predict_together(
    subject: Subject,
    several: Sequence[PlacedMaps],
    rows: Sequence[Interchanges],
    *,
    batch: int = BATCH,
) -> list[Tensor]:
    """As `predict` under each of several maps, each on rows of its own: rows of all of them go
    through the network in one batch, at most `batch` of each.
    """
    found: list[list[Tensor]] = [[] for _ in several]
    most = min(batch, -(-TOGETHER // len(several)))
    for parts in zip_longest(*(in_parts(of_map, most) for of_map in rows)):
        numbers = [number for number, part in enumerate(parts) if part is not None]
        asked = [LabelRuns.of(rows[number].take(parts[number])) for number in numbers]
        runs = [
            EditedInputs(labels.runs.bases, several[number].edits(subject, labels.runs))
            for number, labels in zip(numbers, asked, strict=True)
        ]
        logits = divided(subject.run_together(runs), [len(run.inputs) for run in runs])
        for number, labels, of_map in zip(numbers, asked, logits, strict=True):
            found[number].append(labels.predicted(of_map))
    return [
        torch.cat(parts) if parts else torch.empty_like(first_right(of_map.labels))
        for parts, of_map in zip(found, rows, strict=True)
    ]


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
