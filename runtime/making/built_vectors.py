"""A plain ReLU network whose weights are set so that it computes a model's mechanisms.

Its first hidden layer tells each input's values apart; in every layer after it a neuron is 1 where
one case of a mechanism is true, and else 0. Every such neuron is there several times, each time
larger or smaller by a factor drawn at random, at places drawn at random: so a variable lies along
directions that no single neuron is. All other neurons are drawn at random and read by none of
these: they tell inputs apart, too, and nothing follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from causalspec.compiler import CausalModel, Task, encode_columns
from causalspec.runtime.making.circuit import (
    Array,
    Circuit,
    Lookup,
    Reading,
    circuit_of,
    neuron_of,
    require_room,
)
from causalspec.runtime.making.truth import TrueSite
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.untyped import from_array

_DIRECTIONS = 512
_SHARE = 1 / 4  # of a layer, for all that it holds: what is read of it is a small part of it
_SURE = 8.0  # by how much the logit of the right answer is above that of each other


@dataclass(frozen=True, eq=False)
class _Neurons:
    """Neurons of a layer: `weight` [neurons, numbers below] and `bias` [neurons]; how each variable
    is read from them.
    """

    weight: Array = field(repr=False)
    bias: Array = field(repr=False)
    readings: Mapping[str, Reading]


def built_network(
    task: Task, model: CausalModel, layers: int | None, width: int | None, seed: int
) -> tuple[FeedForwardNetwork, tuple[TrueSite, ...]]:
    """The network, and where it holds each variable. By default it has as many hidden layers as
    the mechanisms take, and twice the neurons.

    Raises `ToolFailure` where the model cannot be built, or not in a network of that size.
    """
    assert task.encoding is not None
    circuit = circuit_of(
        model,
        {
            group.input: task.model.by_name[group.input].domain.size
            for group in task.encoding.groups
        },
    )
    needed = circuit.depth + 1
    told = (
        f"`{model.name}` takes {needed} hidden layers, one to tell its inputs apart and one for "
        "each mechanism of a chain"
    )
    require_room(needed, layers, told, "--layers")
    layers = layers or needed
    below = [_inputs(task, circuit)]
    for level in range(2, layers + 1):
        below.append(_lookups(circuit, below[-1].readings, level, layers))
    most = max(len(layer.bias) for layer in below)
    told = (
        f"`{model.name}` takes {most} neurons of one layer, a neuron for each case that a "
        "mechanism tells apart"
    )
    require_room(most, width, told, "--width")
    return _assembled(circuit, below, width or -(-4 * most // 8) * 8, np.random.default_rng(seed))


def _inputs(task: Task, circuit: Circuit) -> _Neurons:
    """Every input's vectors are projected to numbers; neurons bend between two neighbours each, so
    that some sum of them is 1 at one value and 0 at all others.
    """
    assert task.encoding is not None
    rows: list[Array] = []
    biases: list[Array] = []
    bends: dict[str, Array] = {}
    total, start = sum(group.dimension for group in task.encoding.groups), 0
    for group in task.encoding.groups:
        if group.input in circuit.given and group.input not in bends:
            points, direction = _projected(_vectors(task, group.input, start, group.dimension))
            knots = np.sort(points)[:-1]
            weight = np.zeros((len(knots), total))
            weight[:, start : start + group.dimension] = direction
            rows.append(weight)
            biases.append(-knots)
            bends[group.input] = points
        start += group.dimension
    count, at = sum(map(len, biases)), 0
    readings: dict[str, Reading] = {}
    for (name, points), bias in zip(bends.items(), biases, strict=True):
        # The first value is where no neuron has begun; one more begins with each that follows.
        features = np.maximum(points[:, None] + bias, 0)
        first = int(points.argmin())
        wanted: Array = np.eye(len(points))
        constant = wanted[first]
        others = [place for place in range(len(points)) if place != first]
        weight = np.zeros((len(points), count))
        inverse: Array = np.linalg.inv(features[others])
        weight[:, at : at + len(bias)] = (inverse @ (wanted[others] - constant)).T
        readings[name] = Reading(weight, constant)
        at += len(bias)
    return _Neurons(np.concatenate(rows), np.concatenate(biases), readings)


def _vectors(task: Task, name: str, start: int, dimension: int) -> Array:
    """What each value of an input is encoded as, [values, dimension]."""
    assert task.encoding is not None
    codes = task.model.by_name[name].domain.codes()
    columns = {
        group.input: np.full(len(codes), task.model.by_name[group.input].domain.codes().start)
        for group in task.encoding.groups
    }
    columns[name] = np.asarray(codes)
    vectors = encode_columns(task.encoding, task.model, columns)
    return vectors[:, start : start + dimension].astype(np.float64)


def _projected(vectors: Array) -> tuple[Array, Array]:
    """Numbers [values] and the direction [dimension] along which vectors are these numbers, from 0
    to 1 but for a constant; of some directions the one that keeps neighbours furthest apart.
    """
    drawn = np.random.default_rng(0).standard_normal((_DIRECTIONS, vectors.shape[1]))
    points = vectors @ drawn.T
    spread = np.ptp(points, axis=0)
    gaps = np.diff(np.sort(points, axis=0), axis=0).min(axis=0, initial=np.inf)
    best = int((gaps / np.maximum(spread, 1e-30)).argmax())
    return points[:, best] / spread[best], drawn[best] / spread[best]


def _lookups(circuit: Circuit, below: Mapping[str, Reading], level: int, top: int) -> _Neurons:
    """The neurons of a hidden layer above the first, of those variables that are computed there and
    of those that later ones read.
    """
    lookups = [lookup for lookup in circuit.lookups if top - circuit.heights[lookup.name] == level]
    rows: list[tuple[Array, float]] = []
    owners: list[tuple[Lookup, list[int]]] = []
    for lookup in lookups:
        owners.append((lookup, [case.place for case in lookup.cases]))
        rows += [neuron_of(case, lookup, below) for case in lookup.cases]
    kept = [name for name in below if _is_read_above(circuit, name, level, top)]
    for name in kept:
        rows += zip(below[name].weight[1:], below[name].bias[1:].tolist(), strict=True)
    count, at = len(rows), 0
    readings: dict[str, Reading] = {}
    for lookup, places in owners:
        readings[lookup.name] = _one_hot(lookup.size, lookup.usual, places, at, count)
        at += len(places)
    for name in kept:
        size = len(below[name].bias)
        readings[name] = _one_hot(size, 0, list(range(1, size)), at, count)
        at += size - 1
    return _Neurons(
        np.stack([weight for weight, _ in rows]), np.array([bias for _, bias in rows]), readings
    )


def _is_read_above(circuit: Circuit, name: str, level: int, top: int) -> bool:
    if name in circuit.model.outputs:
        return True
    readers = [lookup.name for lookup in circuit.lookups if name in lookup.parents]
    return any(top - circuit.heights[reader] > level for reader in readers)


def _one_hot(size: int, usual: int, places: Sequence[int], at: int, count: int) -> Reading:
    """The reading of a variable whose cases are neurons `at` and on: where none is 1, it has its
    usual value.
    """
    weight, bias = np.zeros((size, count)), np.zeros(size)
    for number, place in enumerate(places):
        weight[place, at + number] = 1
        weight[usual, at + number] = -1
    bias[usual] = 1
    return Reading(weight, bias)


def _owners(needed: int, width: int, share: float) -> NDArray[np.signedinteger[Any]]:
    """Which of the `needed` neurons each of a layer is, all of them equally often and together a
    `share` of the layer where they fit into it; -1 for those that nothing reads.
    """
    copies = max(1, int(share * width) // needed)
    owners = np.full(width, -1)
    owners[: copies * needed] = np.arange(copies * needed) % needed
    return owners


def _spanned(weight: Array) -> Array:
    """An orthonormal basis [neurons, dimensions] of all that `weight` [values, neurons] reads."""
    left, sizes, _ = np.linalg.svd(weight.T, full_matrices=False)
    return left[:, sizes > 1e-9 * sizes[0]]


def _assembled(
    circuit: Circuit, layers: Sequence[_Neurons], width: int, generator: np.random.Generator
) -> tuple[FeedForwardNetwork, tuple[TrueSite, ...]]:
    outputs = circuit.model.outputs
    last = layers[-1].readings
    network = FeedForwardNetwork(
        FeedForwardConfig(
            input_size=layers[0].weight.shape[1],
            hidden_size=width,
            hidden_layers=len(layers),
            classes=sum(len(last[name].bias) for name in outputs),
        )
    )
    found: list[TrueSite] = []
    mixed = np.eye(layers[0].weight.shape[1])  # from the layer below to what its neurons would be
    with torch.no_grad():
        for number, layer in enumerate(layers):
            needed, below = layer.weight.shape[0], mixed.shape[1]
            owner = generator.permutation(_owners(needed, width, _SHARE if number else 1))
            factor = generator.uniform(0.5, 1.5, width)
            weight = generator.standard_normal((width, below)) / below**0.5
            bias = generator.uniform(0, 1, width)
            is_owned = owner >= 0
            weight[is_owned] = (layer.weight @ mixed)[owner[is_owned]]
            bias[is_owned] = layer.bias[owner[is_owned]]
            linear: Any = network.hidden[number]
            linear.weight.copy_(from_array(factor[:, None] * weight))
            linear.bias.copy_(from_array(factor * bias))
            spread = np.zeros((needed, width))
            spread[owner[is_owned], np.flatnonzero(is_owned)] = factor[is_owned]
            mixed = spread / (spread**2).sum(1, keepdims=True)
            for name in circuit.held:
                if len(layers) - circuit.heights[name] == number + 1:
                    reading = layer.readings[name]
                    basis = _spanned(reading.weight @ mixed)
                    found.append(
                        TrueSite(name, f"hidden layers {number + 1}", "", from_array(basis))
                    )
        weight = np.concatenate([last[name].weight for name in outputs]) @ mixed
        network.output.weight.copy_(from_array(_SURE * weight))
        network.output.bias.copy_(
            from_array(_SURE * np.concatenate([last[name].bias for name in outputs]))
        )
    return network.eval(), tuple(found)
