"""Sparse autoencoders trained on a network's vectors, in the form that `dictionary` reads.

TopK autoencoders (Gao et al. 2024, arXiv 2406.04093): of the features of a vector only the largest
few are kept, so that there is no penalty to weigh against the reconstruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from causalspec.runtime.maps.dictionary_file import activations
from causalspec.runtime.untyped import step_down

_BATCH = 256
_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """What a dictionary's file holds, and the share of the vectors' variance left unexplained."""

    weights: Mapping[str, Tensor]
    unexplained: float

    def features(self, vectors: Tensor) -> Tensor:
        """The features [rows, features] of vectors [rows, width]."""
        kept = int(self.weights["k"])
        return activations(vectors, self.weights["W_enc"], self.weights["b_enc"], None, kept)

    def in_order(self, order: Tensor) -> Autoencoder:
        """The same with its features put in another order."""
        moved = {
            name: self.weights[name].index_select(dimension, order).contiguous()
            for name, dimension in (("W_enc", 1), ("b_enc", 0), ("W_dec", 0))
        }
        return Autoencoder({**self.weights, **moved}, self.unexplained)


def train_autoencoder(
    vectors: Tensor, features: int, active: int, steps: int, seed: int = 0
) -> Autoencoder:
    """An autoencoder of vectors [rows, width], of whose `features` so many are `active` at once.

    Decoder rows keep length 1 in the vectors' common scale; the encoder starts as their transpose.
    """
    generator = torch.Generator().manual_seed(seed)
    mean, scale = vectors.mean(0), vectors.std()
    centred = (vectors - mean) / scale
    decoder = normalize(torch.randn(features, vectors.shape[1], generator=generator), dim=1)
    encoder, bias = decoder.t().contiguous(), torch.zeros(features)
    parameters = [tensor.requires_grad_() for tensor in (encoder, bias, decoder)]
    optimizer = torch.optim.Adam(parameters, _RATE)
    for _ in range(steps):
        rows = centred[torch.randint(len(centred), (_BATCH,), generator=generator)]
        loss = (activations(rows, encoder, bias, None, active) @ decoder - rows).square().mean()
        step_down(optimizer, loss)
        with torch.no_grad():
            decoder.copy_(normalize(decoder, dim=1))
    with torch.no_grad():
        rest = activations(centred, encoder, bias, None, active) @ decoder - centred
        weights = {  # in the vectors' own units, their mean folded into the bias
            "W_enc": encoder / scale,
            "b_enc": bias - mean @ encoder / scale,
            "W_dec": decoder * scale,
            "b_dec": mean,
            "k": torch.tensor(active),
        }
    unexplained = float(rest.square().sum() / centred.square().sum())
    return Autoencoder({name: tensor.contiguous() for name, tensor in weights.items()}, unexplained)
