"""What a network did on a claim's pairs under some maps: all that metrics are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import agreement, outcome_logits, same_answers
from causalspec.runtime.engine.subjects import Edit, Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.predict import BATCH, predict, predict_without_swap
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits


@dataclass(frozen=True, eq=False)
class Observed:
    """One split's pairs under some maps, or left alone (`maps` None). What takes a run of its own
    is computed when it is asked for.

    `predicted` [rows, answers] are the network's outputs.
    """

    prepared: PreparedSplit = field(repr=False)
    maps: PlacedMaps | None = field(repr=False)
    predicted: Tensor = field(repr=False)
    has_label: bool = True
    """False where something is written that is not a value of the variable."""
    fires_by: PreparedSplits = field(default=(), repr=False)
    """The pairs on whose bases it is chosen from where on a feature fires: none of these."""

    @property
    def agrees(self) -> Tensor:
        """BoolTensor [rows]: whether the network says what the causal model says."""
        return agreement(self.predicted, self.prepared.rows.labels)

    @property
    def changes(self) -> Tensor:
        """BoolTensor [rows]: whether the label is another than the base's own answer."""
        correct = self.prepared.presentation.correct[self.prepared.own_bases]
        return ~same_answers(self.prepared.rows.labels, correct)

    @torch.no_grad()
    def label_odds(self, *, swapped: bool) -> Tensor:
        """The logarithm [rows] of the odds of the label against the base's own answer, with the
        swap or before it: with answers of several tokens, of all of them; where several are right,
        of any.
        """
        prepared = self.prepared
        correct = prepared.presentation.correct[prepared.own_bases]
        label = self._log_probability(prepared.rows, swapped)
        own = prepared.rows.asking(prepared.own_runs, correct)
        return label - self._log_probability(own, swapped)

    @torch.no_grad()
    def label_probability(self) -> Tensor:
        """The logarithm [rows] of the label's probability under the swap."""
        return self._log_probability(self.prepared.rows, swapped=True)

    @torch.no_grad()
    def divergence(self, others: Tensor) -> Tensor:
        """How far the network's first answers lie from those that it gives the inputs `others`
        [rows] left alone: the Kullback-Leibler divergence [rows] from these, in nats. Outputs that
        are right for the same answers are one.
        """
        found: list[Tensor] = []
        subject, rows = self.prepared.subject, self.prepared.rows
        outcomes = self.prepared.presentation.outcomes

        def known(inputs: Tensor, edits: Sequence[Edit]) -> Tensor:
            logits = subject.run(inputs, edits).logits[:, 0]
            merged = logits if outcomes is None else outcome_logits(logits, outcomes)
            return merged.log_softmax(-1)

        for part in in_parts(rows, BATCH):
            expected = known(others[part], ())
            given = known(rows.bases[part], self._edits(rows.take(part)))
            terms = expected.exp() * (expected - given)
            found.append(terms.nan_to_num(0.0).sum(-1).cpu())  # 0 · ∞: what is on no menu
        return torch.cat(found)

    def _log_probability(self, rows: Interchanges, swapped: bool) -> Tensor:
        subject = self.prepared.subject
        found: list[Tensor] = []
        for part in in_parts(rows, BATCH):
            asked = LabelRuns.of(rows.take(part))
            edits = self._edits(asked.runs) if swapped else ()
            logits = subject.run(asked.runs.bases, edits).logits
            found.append(asked.log_probability(logits).cpu())
        return torch.cat(found)

    def _edits(self, rows: Interchanges) -> Sequence[Edit]:
        return () if self.maps is None else self.maps.edits(self.prepared.subject, rows)


def observe(
    splits: PreparedSplits, maps: PlacedMaps | None, *, has_label: bool = True
) -> tuple[Observed, ...]:
    """What a network does on every data set under `maps`, or left alone."""
    return tuple(
        Observed(prepared, maps, _predicted(prepared.subject, prepared, maps), has_label)
        for prepared in splits
    )


def _predicted(subject: Subject, prepared: PreparedSplit, maps: PlacedMaps | None) -> Tensor:
    if maps is None:
        return predict_without_swap(subject, prepared.rows)
    return predict(subject, maps, prepared.rows)
