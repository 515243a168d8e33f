"""The search of `specs/hierarchical_equality/windows.py`: windows are found where they are."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
import torch
from torch import nn

from causalspec.compiler import generate
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from tests.helpers.spec_files import loaded, spec_file

SHARP = 1_000.0
"""Two symbols' vectors differ by more than a thousandth."""


def program() -> ModuleType:
    place = spec_file("hierarchical_equality").with_name("windows.py")
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def set_by_hand() -> FeedForwardNetwork:
    """Layer 1: all differences within the pairs, those of the left one in neurons 0 to 7; layer 2:
    neuron 3 says that the left pair is equal, neuron 12 that the right one is; layer 3: neuron 0
    that the left alone is, neuron 1 that the right alone is.
    """
    network = FeedForwardNetwork(FeedForwardConfig(input_size=16, hidden_size=16))
    layers = [layer for layer in network.hidden if isinstance(layer, nn.Linear)]
    differences, equal, alone = (layer.weight for layer in layers)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for pair, neuron in enumerate((3, 12)):
            first, there = slice(8 * pair, 8 * pair + 4), slice(8 * pair + 4, 8 * pair + 8)
            for rows, sign in ((first, 1.0), (there, -1.0)):
                differences[rows, first] = sign * torch.eye(4)
                differences[rows, there] = -sign * torch.eye(4)
            equal[neuron, 8 * pair : 8 * pair + 8] = -SHARP
            layers[1].bias[neuron] = 1.0
            alone[pair, neuron], alone[1 - pair, neuron] = 1.0, -1.0
        network.output.weight[0, :2] = 1.0
        network.output.bias[1] = 0.5
    return network


@pytest.mark.parametrize(
    ("layer", "size", "starts", "least", "most"),
    [(0, 8, (0, 8), 1.0, 1.0), (1, 1, (3, 12), 1.0, 1.0), (2, 1, (0, 1), 0.5, 0.8)],
)
def test_the_best_windows(
    layer: int, size: int, starts: tuple[int, int], least: float, most: float
) -> None:
    """The third layer has no neurons of either equality: the best of all windows there falls
    short, the others are found and score 1.
    """
    windows = program()
    specification = loaded(spec_file("hierarchical_equality").with_name("dilemma.causal"))
    pairs = generate(specification.counterfactuals["Both"], "validation")
    on_pairs = windows.Windows(set_by_hand(), specification.tasks["SameRelation"], pairs)
    found = windows.best_windows(on_pairs, on_pairs, layer)
    assert least <= found["validation"] <= most
    if most == 1.0:
        assert (found["size"], found["starts"]) == (size, starts)
