"""A GPT-2 whose weights are set so that it computes a model's mechanisms at the last token.

Its first block's heads fetch each slot's token to the last one by position; from there on a block
computes what its mechanisms make of what the blocks before it left in the residual stream. Every
variable's value is a corner of a simplex in a subspace of its own, and all these subspaces are
turned at random. Corners have length 1, so that a layer norm only multiplies by a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from transformers import GPT2Config, GPT2LMHeadModel

from causalspec.compiler import CausalModel, Task
from causalspec.runtime.making.circuit import (
    Array,
    Circuit,
    Lookup,
    Reading,
    neuron_of,
    require_room,
)
from causalspec.runtime.making.plain_prompt import PlainPrompt, circuit_behind, plain_prompt
from causalspec.runtime.making.training import TrainedDecoder
from causalspec.runtime.making.truth import TrueSite
from causalspec.runtime.untyped import from_array

_ATTENTION = 40.0  # the score of the token that a head attends to; that of all others is 0
_SURE = 16.0  # the logit of the right answer; no other is above 0

_EMBEDDED = 2.0  # what the squares of a token's numbers add up to before the first block


def simplex(size: int) -> Array:
    """The corners [size, size - 1] of a regular simplex: each has length 1, their sum is 0."""
    centred = np.eye(size) - 1 / size
    left, sizes, _ = np.linalg.svd(centred)
    corners: Array = left[:, : size - 1] * sizes[: size - 1]
    return corners / np.linalg.norm(corners, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class _Code:
    """How a value lies in the stream: `corners` [values, width] of length 1."""

    corners: Array = field(repr=False)

    @property
    def reading(self) -> Reading:
        """How it is read from a vector of the stream."""
        size = len(self.corners)
        return Reading(self.corners * (size - 1) / size, np.full(size, 1 / size))

    def directions(self) -> Array:
        """An orthonormal basis [width, values - 1] of what the value moves."""
        left, _, _ = np.linalg.svd(self.corners.T, full_matrices=False)
        return left[:, : len(self.corners) - 1]


def built_decoder(
    task: Task, model: CausalModel, layers: int | None, width: int | None, seed: int
) -> tuple[TrainedDecoder, tuple[TrueSite, ...]]:
    """The decoder with its tokenizer, and where it holds each variable. By default it has as many
    layers, and is as wide, as the mechanisms take.

    Raises `ToolFailure` where the model cannot be built, or not in a network of that size.
    """
    prompt = plain_prompt(task)
    circuit = circuit_behind(prompt, task, model)
    needed = circuit.depth
    told = f"`{model.name}` takes {needed} layers, one for each mechanism of a chain"
    require_room(needed, layers, told, "--layers")
    layers = layers or needed
    sizes = _sizes(prompt, circuit)
    heads = max(1, len(circuit.given))
    largest = max((size - 1 for size in circuit.given.values()), default=1)
    # One direction more: a layer norm takes the mean away.
    most = heads * max(largest, -(-(sum(sizes.values()) - len(sizes) + 1) // heads))
    told = (
        f"`{model.name}` takes {most} numbers of the residual stream, directions of its own for "
        "each token, position and variable"
    )
    require_room(most, width, told, "--width")
    width = -(-(width or most) // heads) * heads
    codes = _codes(sizes, width, seed)
    decoder = _Assembly(prompt, task, circuit, codes, layers, heads).decoder()
    found = [
        TrueSite(
            name,
            f"residual layers {layers - 1 - circuit.heights[name]}",
            "last",
            from_array(codes[name].directions()),
        )
        for name in circuit.held
    ]
    return TrainedDecoder(decoder, prompt.tokenizer), tuple(found)


_TOKENS, _POSITIONS = "<tokens>", "<positions>"


def _sizes(prompt: PlainPrompt, circuit: Circuit) -> dict[str, int]:
    return {
        _TOKENS: len(prompt.tokenizer),
        _POSITIONS: max(2, prompt.length),
        **circuit.given,
        **{lookup.name: lookup.size for lookup in circuit.lookups},
    }


def _codes(sizes: Mapping[str, int], width: int, seed: int) -> dict[str, _Code]:
    """Subspaces that are orthogonal to each other and to the mean, turned at random."""
    ends = [0, *accumulate(size - 1 for size in sizes.values())]
    drawn = np.random.default_rng(seed).standard_normal((width, ends[-1]))
    turned, _ = np.linalg.qr(drawn - drawn.mean(0))
    return {
        name: _Code(simplex(size) @ turned[:, first:last].T)
        for (name, size), (first, last) in zip(sizes.items(), pairwise(ends), strict=True)
    }


@dataclass(frozen=True, eq=False)
class _Assembly:
    """What a decoder is put together from."""

    prompt: PlainPrompt
    task: Task
    circuit: Circuit
    codes: Mapping[str, _Code]
    layers: int
    heads: int

    def decoder(self) -> Any:
        """The network, in evaluation mode."""
        width = self.codes[_TOKENS].corners.shape[1]
        tokenizer: Any = self.prompt.tokenizer
        parts = [self._computed(layer) for layer in range(self.layers)]
        model: Any = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=len(tokenizer),
                n_positions=4 * self.prompt.length,  # with room for padding
                n_embd=width,
                n_layer=self.layers,
                n_head=self.heads,
                n_inner=max(1, *(sum(len(lookup.cases) for lookup in part) for part in parts)),
                activation_function="relu",
                layer_norm_epsilon=1e-12,
                tie_word_embeddings=False,
                pad_token_id=tokenizer.pad_token_id,
                bos_token_id=None,
                eos_token_id=None,
            )
        )
        model.requires_grad_(False).eval()
        for weight in model.parameters():
            weight.zero_()
        model.transformer.wte.weight.copy_(from_array(self.codes[_TOKENS].corners))
        places = self.codes[_POSITIONS].corners
        model.transformer.wpe.weight[: len(places)].copy_(from_array(places))
        squares = _EMBEDDED
        for block, lookups in zip(model.transformer.h, parts, strict=True):
            _normed(block.ln_1, squares, width)
            if squares == _EMBEDDED:
                self._fetch(block.attn)
                squares += len(self.circuit.given)
            _normed(block.ln_2, squares, width)
            self._compute(block.mlp, lookups)
            squares += len(lookups)
        _normed(model.transformer.ln_f, squares, width)
        self._answer(model.lm_head)
        return model

    def _computed(self, layer: int) -> list[Lookup]:
        """The lookups of a layer."""
        return [
            lookup
            for lookup in self.circuit.lookups
            if self.layers - 1 - self.circuit.heights[lookup.name] == layer
        ]

    def _fetch(self, attention: Any) -> None:
        """A head for each slot: it attends to the slot's position, and hands on its token as the
        value that it stands for.
        """
        width = self.codes[_TOKENS].corners.shape[1]
        size = width // self.heads
        _, key, value = attention.c_attn.weight.split(width, 1)
        tokens, positions = (self.codes[shown].reading for shown in (_TOKENS, _POSITIONS))
        scale = (_ATTENTION * size**0.5) ** 0.5  # scores are divided by the root of a head's size
        for head, name in enumerate(self.circuit.given):
            at = head * size
            attention.c_attn.bias[at] = scale  # every query is the same
            place = self.prompt.positions[name]
            key[:, at].copy_(from_array(scale * positions.weight[place]))
            attention.c_attn.bias[width + at] = scale * float(positions.bias[place])
            corners = simplex(self.circuit.given[name])
            ids = list(self.prompt.tokens[name])
            part = slice(at, at + corners.shape[1])
            value[:, part].copy_(from_array(tokens.weight[ids].T @ corners))
            bias = tokens.bias[ids] @ corners
            attention.c_attn.bias[2 * width + at : 2 * width + at + len(bias)] = from_array(bias)
            turned = np.linalg.pinv(corners) @ self.codes[name].corners
            attention.c_proj.weight[part].copy_(from_array(turned))

    def _compute(self, mlp: Any, lookups: list[Lookup]) -> None:
        """A neuron for each case: it is 1 where all tests come out, else 0."""
        neuron = 0
        readings = {name: code.reading for name, code in self.codes.items()}
        for lookup in lookups:
            corners = self.codes[lookup.name].corners
            mlp.c_proj.bias.add_(from_array(corners[lookup.usual]).float())
            for case in lookup.cases:
                weight, bias = neuron_of(case, lookup, readings)
                mlp.c_fc.weight[:, neuron].copy_(from_array(weight))
                mlp.c_fc.bias[neuron] = bias
                written = corners[case.place] - corners[lookup.usual]
                mlp.c_proj.weight[neuron].copy_(from_array(written))
                neuron += 1

    def _answer(self, unembedding: Any) -> None:
        (output,) = self.circuit.model.outputs
        corners = self.codes[output].corners
        for place, token in enumerate(self.prompt.answers):
            unembedding.weight[token].add_(from_array(_SURE * corners[place]).float())


def _normed(norm: Any, squares: float, width: int) -> None:
    """Let a layer norm leave vectors as they are whose squares add up to `squares`."""
    norm.weight.fill_((squares / width) ** 0.5)
