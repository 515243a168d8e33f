"""What a network says under the swaps that fitted maps define."""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import first_right
from causalspec.runtime.engine.subjects import Interchanges, Subject
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


def predict_without_swap(subject: Subject, rows: Interchanges) -> Tensor:
    """The outputs, LongTensor [rows, answers], that the network gives each base left alone."""
    return subject.predictions[rows.bases]
