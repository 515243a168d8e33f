"""A batch's loss with its gradients: recorded and replayed on a GPU, elsewhere step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.memory import is_of_the_machine
from causalspec.runtime.engine.recorded import RecordedLoss
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.engine.subjects import Edit, Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps


class Backward:
    """The mean loss of a batch's interchanges and the maps' penalty, as a step of a fit needs it:
    called with a batch, it leaves the gradients at the maps' parameters.
    """

    def __init__(self, subject: Subject, maps: PlacedMaps) -> None:
        self._subject, self._maps = subject, maps
        self._parameters = [tensor for tensor in maps.parameters() if tensor.requires_grad]
        on_gpu = subject.device.type == "cuda"
        self._recorded = RecordedLoss(self._parameters) if on_gpu else None

    def __call__(self, batch: Interchanges) -> Tensor:
        """The loss, on the subject's device."""
        asked = LabelRuns.of(batch)
        edits = self._maps.edits(self._subject, asked.runs)
        found = self._replayed(asked, edits)
        if found is not None:
            return found
        for parameter in self._parameters:
            parameter.grad = None
        logits = self._subject.run(asked.runs.bases, edits).logits
        loss = self._loss(logits, asked.labels, asked.run_of)
        loss.backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        return loss.detach()

    def _replayed(self, asked: LabelRuns, edits: Sequence[Edit]) -> Tensor | None:
        """The loss by a recorded step; None where there is no such."""
        if asked.run_of is not None:
            return None  # steps have as many runs as their labels' texts take: no two need be alike
        # What is taken from a run that is itself intervened on depends on the maps.
        given = [tensor for edit in edits for tensor in edit.given]
        if self._recorded is None or any(tensor.requires_grad for tensor in given):
            return None
        prepared = self._subject.prepare(asked.runs.bases, edits)
        if prepared is None:
            return None

        def loss(tensors: Mapping[str, Tensor]) -> Tensor:
            return self._loss(prepared.execute(tensors), tensors["labels"])

        labels = asked.labels.to(self._subject.device)
        try:
            return self._recorded(loss, {**prepared.tensors, "labels": labels})
        except RuntimeError as error:
            if is_of_the_machine(error) and "captur" not in str(error):
                raise
            self._recorded = None  # the network asks the host on its way: go on step by step
            return None

    def _loss(self, logits: Tensor, labels: Tensor, run_of: Tensor | None = None) -> Tensor:
        return cross_entropy(logits, labels, run_of).mean() + self._maps.penalty()
