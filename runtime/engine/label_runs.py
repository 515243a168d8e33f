"""The runs that tell how likely a network finds the labels of interchanges, and what it says.

A run tells of one text's tokens, each after those before it. Where several texts are right a row
takes a run for each beginning that not all of them share; texts that a run tells of, too, share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.runtime.engine.right_answers import (
    cross_entropy,
    is_asked,
    log_probability,
    with_answers,
)
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.untyped import as_list, distinct


@dataclass(frozen=True, eq=False)
class LabelRuns:
    """What is run for the labels of some interchanges: `runs`, of which each is one of the row that
    `row_of` [runs] numbers, and `run_of` [rows, texts] the run that tells of each right text; None
    where every row is one run.
    """

    labels: Tensor = field(repr=False)
    runs: Interchanges = field(repr=False)
    row_of: Tensor = field(repr=False)
    run_of: Tensor | None = field(repr=False)

    @staticmethod
    def of(rows: Interchanges) -> LabelRuns:
        """The runs of these rows; `runs.labels` are not to be read where there are several."""
        numbers = torch.arange(rows.rows)
        if rows.forced is None:
            return LabelRuns(rows.labels, rows, numbers, None)
        forced = torch.where(rows.forced < 0, rows.bases[:, None], rows.forced)
        most = int(forced.max()) + 1
        keys, run_of = distinct(numbers[:, None] * most + forced)
        row_of = keys // most
        runs = replace(rows.take(row_of), bases=keys % most, forced=None)
        return LabelRuns(rows.labels, runs, row_of, run_of)

    def log_probability(self, logits: Tensor) -> Tensor:
        """The logarithm [rows] of the labels' probability by the runs' logits."""
        return log_probability(logits, self.labels, self.run_of)

    def cross_entropy(self, logits: Tensor) -> Tensor:
        """The loss [rows] of the runs' logits."""
        return cross_entropy(logits, self.labels, self.run_of)

    def predicted(self, logits: Tensor) -> Tensor:
        """The outputs, LongTensor [rows, answers], that the network gives by the runs' logits. Of
        several texts those that it says, each after its own, as far as the runs tell, then -1.
        """
        said = logits.argmax(-1).cpu()
        if self.run_of is None:
            return said
        runs, is_told = self._said(said)
        return with_answers(said[runs], is_told.shape[1]).masked_fill(~is_told, -1)

    def confidence(self, logits: Tensor) -> Tensor:
        """The logarithm [rows] of the probability of the likeliest output by the runs' logits, over
        the places of what is `predicted` summed.
        """
        most = logits.log_softmax(-1).amax(-1).cpu()
        if self.run_of is None:
            is_told = is_asked(self.labels)
            return most[:, : is_told.shape[1]].masked_fill(~is_told, 0.0).sum(1)
        runs, is_told = self._said(logits.argmax(-1).cpu())
        return most[runs, : is_told.shape[1]].masked_fill(~is_told, 0.0).sum(1)

    def likeliest(self, logits: Tensor) -> Tensor:
        """LongTensor [rows]: the run of the likeliest right text by the runs' logits."""
        if self.run_of is None:
            return torch.arange(len(self.labels))
        texts = self.labels.shape[2]
        apart = [
            log_probability(logits, self.labels[..., k : k + 1], self.run_of[:, k : k + 1])
            for k in range(texts)
        ]
        scores = torch.stack(apart, dim=1).cpu().masked_fill(self.labels[:, 0] < 0, -torch.inf)
        return self.run_of[torch.arange(len(self.labels)), scores.argmax(1)]

    def _said(self, said: Tensor) -> tuple[Tensor, Tensor]:
        """For each row the run that follows furthest what the network says, and at which places,
        BoolTensor [rows, answers], it tells of that. `said` [runs, answers] is of every run.
        """
        assert self.run_of is not None
        labels = self.labels
        given = with_answers(said, labels.shape[1])[self.run_of].transpose(1, 2)
        follows = ((given == labels) & (labels >= 0)).long().cumprod(1).sum(1)
        longest, best = follows.max(1)
        rows = torch.arange(len(labels))
        # Where it leaves the text is told, too; after the text's end nothing is.
        told = torch.minimum(longest + 1, (labels[rows, :, best] >= 0).sum(1))
        return self.run_of[rows, best], torch.arange(labels.shape[1]) < told[:, None]


def in_parts(rows: Interchanges, most: int) -> Iterator[Tensor]:
    """The rows, one part after the other, in parts of so many runs; of one row at least."""
    if rows.forced is None:
        for start in range(0, rows.rows, most):
            yield torch.arange(start, min(start + most, rows.rows))
        return
    counts: list[int] = as_list(LabelRuns.of(rows).row_of.bincount(minlength=rows.rows))
    start, runs = 0, 0
    for row, count in enumerate(counts):
        if row > start and runs + count > most:
            yield torch.arange(start, row)
            start, runs = row, 0
        runs += count
    if rows.rows:
        yield torch.arange(start, rows.rows)
