"""Steps recorded once and repeated: on a GPU a training step is thousands of small kernels, and
starting them one by one from Python takes several times as long as running them.

A step of a frozen network with a map is a pure function of a few tensors (`Prepared`) and of the
map's parameters. The first time that tensors of some shapes come, loss and gradients are recorded
as a CUDA graph (https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs); from then on tensors
of these shapes are copied in, and the graph is replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Loss = Callable[[Mapping[str, Tensor]], Tensor]

MOST_SHAPES = 8
"""So many graphs are kept: each has memory of its own."""

_WARMING = 3
"""Runs before recording, in which libraries allocate what they keep, as torch advises."""


@dataclass(frozen=True, eq=False)
class _Recording:
    """A graph with the tensors that it reads, and those that it leaves its results in."""

    graph: Any = field(repr=False)
    tensors: Mapping[str, Tensor] = field(repr=False)
    loss: Tensor = field(repr=False)
    gradients: Sequence[Tensor | None] = field(repr=False)


class RecordedLoss:
    """Losses with their gradients, recorded on a GPU."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = list(parameters)
        self._recordings: dict[tuple[Any, ...], _Recording] = {}

    def __call__(self, loss: Loss, tensors: Mapping[str, Tensor]) -> Tensor | None:
        """`loss` of `tensors`, with every parameter's gradient set, that of the sum where it has
        several numbers; None where there are too many shapes already. Losses of one object differ
        in their tensors alone.
        """
        shapes = tuple((name, tensor.shape, tensor.dtype) for name, tensor in tensors.items())
        recording = self._recordings.get(shapes)
        if recording is None:
            if len(self._recordings) == MOST_SHAPES:
                return None
            recording = self._recordings[shapes] = self._record(loss, tensors)
        for name, tensor in tensors.items():
            recording.tensors[name].copy_(tensor, non_blocking=True)
        recording.graph.replay()
        for parameter, gradient in zip(self._parameters, recording.gradients, strict=True):
            parameter.grad = gradient
        return recording.loss.clone()

    def _record(self, loss: Loss, tensors: Mapping[str, Tensor]) -> _Recording:
        cuda: Any = torch.cuda
        kept = {name: tensor.clone() for name, tensor in tensors.items()}
        aside = cuda.Stream()
        aside.wait_stream(cuda.current_stream())
        with cuda.stream(aside):
            for _ in range(_WARMING):
                self._gradients(loss(kept))
        cuda.current_stream().wait_stream(aside)
        graph = cuda.CUDAGraph()
        with cuda.graph(graph):
            result = loss(kept)
            gradients = self._gradients(result)
        return _Recording(graph, kept, result.detach(), gradients)

    def _gradients(self, loss: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(loss.sum(), self._parameters, allow_unused=True)
