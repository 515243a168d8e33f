"""A decoder against itself: prompts run as causalspec runs them, and each alone by plain hooks.

The second way shares nothing with the first but the layers and the token columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, TokenPosition
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokens import tokenize
from causalspec.runtime.networks.network import NetworkError, wrap_network
from causalspec.runtime.sites.site import Site

TEXTS = (
    "Mary gave",
    "When Mary and John went to the store, John gave a drink to",
    "The store that Mary went to gave",
    "John gave Mary and",
    "Mary and John and the store gave it when",
)
PLACES = (
    TokenPosition(Anchor.LAST),
    TokenPosition(Anchor.FIRST, offset=1),
    TokenPosition(Anchor.TEXT, "gave", part=0),
)
MOST_APART = 1e-3
"""Of a row's largest logit: beyond it an answer is wrong. Rounding comes to a hundredth of it."""


@dataclass(frozen=True)
class Tried:
    """What came of a decoder: how it is run, or why not, and how far it lay from the truth."""

    fast: bool = False
    by_length: bool = False
    because: str = ""
    refused: str | None = None
    apart: float = 0.0

    @property
    def is_right(self) -> bool:
        return self.refused is None and self.apart <= MOST_APART

    @property
    def way(self) -> str:
        """For a table."""
        if self.refused is not None:
            return "refused"
        return f"{'fast' if self.fast else 'plain'} path{', by length' * self.by_length}"


def tried(model_type: str, model: PreTrainedModel, tokenizer: Any) -> Tried:
    """Swap vectors, whole and in a subspace, at three positions after every layer."""
    notices: list[str] = []
    try:
        network = wrap_network(model_type, model, tokenizer)
        prompts = tokenize(RenderedPrompts(TEXTS, {}), tokenizer, limits=network.limits)
        places = resolve([TokenChoice(PLACES)], prompts).positions
        every = torch.ones(len(TEXTS), dtype=torch.bool)
        sites = tuple(
            Site("residual", layer, place.text)
            for layer in range(len(network.layers))
            for place in PLACES
        )
        [subject] = text_subjects(network, prompts, places, [sites], every, notice=notices.append)
        apart = _furthest(subject)
    except NetworkError as error:
        return Tried(refused=str(error).replace(f"`{model_type}`", "it"))
    return Tried(
        subject.plain_because is None,
        subject.batching is Batching.BY_LENGTH,
        "; ".join(notice.partition(": ")[2] for notice in notices),
        apart=apart,
    )


@torch.no_grad()
def _furthest(subject: TextSubject) -> float:
    """The furthest that any answer lies from the same swap done alone: of whole vectors and of
    four of their dimensions in turn, so that each meets every layer and every position.
    """
    network, prompts = subject.network, subject.prompts
    generator = torch.Generator().manual_seed(0)
    tall = torch.randn(network.width, 4, generator=generator)
    bases = (torch.eye(network.width), torch.linalg.qr(tall)[0])
    rows = torch.arange(len(TEXTS))
    starts = prompts.mask.long().argmax(1)
    alone = [_Alone(network.model, network.layers, prompts.ids[k, prompts.mask[k]]) for k in rows]
    furthest = 0.0
    for layer in range(len(network.layers)):
        for number, token in enumerate(PLACES):
            basis = bases[(layer + number) % 2]
            site = Site("residual", layer, token.text)
            given = subject.vectors(site, rows.roll(1))
            edit = Edit(site, partial(_swap, basis), (given,))
            ours = subject.run(rows, [edit]).logits[:, 0]
            places = (subject.positions[token.text][:, 0] - starts).tolist()
            for base in rows.tolist():
                vector = alone[base - 1].streams[layer][places[base - 1]]
                truth = alone[base].with_swap(layer, places[base], vector, basis)
                apart = float((ours[base] - truth).abs().max() / truth.abs().max())
                furthest = max(furthest, apart if math.isfinite(apart) else math.inf)
    return furthest


def _swap(basis: Tensor, old: Tensor, given: Tensor) -> Tensor:
    return old + (given - old) @ basis @ basis.T


class _Alone:
    """One prompt in a batch of one, on nothing but its ids; `streams` are its layers' outputs."""

    def __init__(self, model: PreTrainedModel, layers: Sequence[nn.Module], ids: Tensor) -> None:
        self._model, self._layers, self._ids = model, layers, ids
        self.streams: list[Tensor] = []
        handles = [layer.register_forward_hook(self._read) for layer in layers]
        self._run(*handles)

    def _read(self, _layer: nn.Module, _inputs: Any, output: Any) -> None:
        self.streams.append((output if isinstance(output, Tensor) else output[0])[0].clone())

    def with_swap(self, layer: int, place: int, given: Tensor, basis: Tensor) -> Tensor:
        """The logits [vocabulary] at its end."""

        def write(_layer: nn.Module, _inputs: Any, output: Any) -> Any:
            stream = (output if isinstance(output, Tensor) else output[0]).clone()
            stream[0, place] = _swap(basis, stream[0, place], given)
            return stream if isinstance(output, Tensor) else (stream, *output[1:])

        return self._run(self._layers[layer].register_forward_hook(write))

    def _run(self, *handles: Any) -> Tensor:
        try:
            return self._model(input_ids=self._ids[None]).logits[0, -1]
        finally:
            for handle in handles:
                handle.remove()
