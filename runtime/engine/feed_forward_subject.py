"""A plain network and its input vectors as a subject, through the same interface as a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit, Site
from causalspec.runtime.networks.feed_forward import FeedForwardNetwork


@dataclass(frozen=True, eq=False)
class FeedForwardSubject:
    """A frozen network with every hidden layer's activations [inputs, width] on one data set."""

    network: FeedForwardNetwork
    activations: tuple[Tensor, ...] = field(repr=False)  # of hidden layers 1, 2, …
    predictions: Tensor = field(repr=False)

    @property
    def width(self) -> int:
        """The size of every hidden layer."""
        return self.network.config.hidden_size

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of the hidden layers, from 1."""
        return tuple(range(1, len(self.activations) + 1))

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The activations [rows, width] of hidden layer `site.layer`, counted from 1."""
        return self._at(site.layer)[inputs.to(self.network.device)]

    def logits(self, inputs: Tensor, edits: Sequence[Edit]) -> Tensor:
        """The class logits [rows, classes], only the layers above the lowest edit run anew."""
        ordered = sorted(edits, key=lambda edit: edit.site)
        layer = ordered[0].site.layer if ordered else self.layers[-1]
        activation = self._at(layer)[inputs.to(self.network.device)]
        for edit in ordered:
            activation = self.network.between(activation, layer, edit.site.layer)
            layer = edit.site.layer
            activation = edit.replace(activation)
        return self.network.from_hidden(activation, layer)

    def _at(self, layer: int) -> Tensor:
        if layer not in self.layers:
            raise ValueError(f"hidden layer {layer} is not among 1 to {len(self.activations)}")
        return self.activations[layer - 1]


@torch.no_grad()
def feed_forward_subject(network: FeedForwardNetwork, vectors: Tensor) -> FeedForwardSubject:
    """Run `network` once on `vectors` [inputs, input_size], keeping every hidden layer."""
    network.eval().requires_grad_(False)
    activation = vectors.to(device=network.device, dtype=network.dtype)
    activations: list[Tensor] = []
    for layer in range(network.config.hidden_layers):
        activation = network.between(activation, layer, layer + 1)
        activations.append(activation)
    logits = network.from_hidden(activation, network.config.hidden_layers)
    return FeedForwardSubject(network, tuple(activations), logits.argmax(-1).cpu())
