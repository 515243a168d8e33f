"""A step's losses with their gradients: recorded and replayed on a GPU, elsewhere step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.memory import is_of_the_machine
from causalspec.runtime.engine.recorded import RecordedLoss
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.engine.subjects import EditedInputs, Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.untyped import divided


class Backward:
    """For each of several maps the mean loss of a batch of its own and the maps' penalty, as a step
    of their fits needs it: called with a batch for each, it leaves the gradients at their
    parameters. All batches go through the network as one; no map's parameters move another's loss.
    """

    def __init__(self, subject: Subject, several: Sequence[PlacedMaps]) -> None:
        self._subject, self._several = subject, tuple(several)
        self._parameters = [
            tensor for maps in several for tensor in maps.parameters() if tensor.requires_grad
        ]
        on_gpu = subject.device.type == "cuda"
        self._recorded = RecordedLoss(self._parameters) if on_gpu else None

    def __call__(self, batches: Sequence[Interchanges]) -> Tensor:
        """The losses [maps], on the subject's device."""
        asked = [LabelRuns.of(batch) for batch in batches]
        parts = [
            EditedInputs(runs.runs.bases, maps.edits(self._subject, runs.runs))
            for maps, runs in zip(self._several, asked, strict=True)
        ]
        found = self._replayed(asked, parts)
        if found is not None:
            return found
        for parameter in self._parameters:
            parameter.grad = None
        logits = self._subject.run_together(parts)
        losses = self._losses(logits, asked, [runs.labels for runs in asked])
        losses.sum().backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        return losses.detach()

    def _replayed(self, asked: Sequence[LabelRuns], parts: Sequence[EditedInputs]) -> Tensor | None:
        """The losses by a recorded step; None where there is no such."""
        if any(runs.run_of is not None for runs in asked):
            return None  # steps have as many runs as their labels' texts take: no two need be alike
        # What is taken from a run that is itself intervened on depends on the maps.
        given = [tensor for part in parts for edit in part.edits for tensor in edit.given]
        if self._recorded is None or any(tensor.requires_grad for tensor in given):
            return None
        prepared = self._subject.prepare(parts)
        if prepared is None:
            return None
        names = [f"labels.{number}" for number in range(len(asked))]

        def losses(tensors: Mapping[str, Tensor]) -> Tensor:
            logits = prepared.execute(tensors)
            return self._losses(logits, asked, [tensors[name] for name in names])

        labels = [runs.labels.to(self._subject.device) for runs in asked]
        try:
            return self._recorded(
                losses, {**prepared.tensors, **dict(zip(names, labels, strict=True))}
            )
        except RuntimeError as error:
            if is_of_the_machine(error) and "captur" not in str(error):
                raise
            self._recorded = None  # the network asks the host on its way: go on step by step
            return None

    def _losses(
        self, logits: Tensor, asked: Sequence[LabelRuns], labels: Sequence[Tensor]
    ) -> Tensor:
        penalties = torch.stack([maps.penalty().to(logits.device) for maps in self._several])
        shapes = {tuple(of_map.shape) for of_map in labels}
        if len(shapes) == 1 and all(runs.run_of is None for runs in asked):
            rows = cross_entropy(logits, torch.cat(list(labels)))
            return rows.view(len(asked), -1).mean(1) + penalties
        parts = divided(logits, [len(runs.runs.bases) for runs in asked])
        means = [
            cross_entropy(of_map, right, runs.run_of).mean()
            for of_map, right, runs in zip(parts, labels, asked, strict=True)
        ]
        return torch.stack(means) + penalties
