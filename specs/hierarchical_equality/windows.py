"""Both equalities in neurons that lie side by side: all windows that do not overlap are tried.

    python specs/hierarchical_equality/windows.py models/equality-0

Geiger et al. 2023 (arXiv 2303.02536) compare a rotation with such a search. Windows have 1, 2, 4
or 8 neurons; in each hidden layer the two that score best on every fourth training pair are scored
on the validation pairs. Prints JSON. Takes a quarter of a minute.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from causalspec.compiler import (
    Columns,
    InterchangePairs,
    Task,
    encode_columns,
    generate,
    load_specification,
)
from causalspec.dsl.diagnostics import SpecError
from causalspec.runtime.networks.feed_forward import FeedForwardNetwork, load_feed_forward
from causalspec.runtime.networks.places import find_network
from causalspec.runtime.untyped import from_array

SPEC = Path(__file__).with_name("dilemma.causal")
SIZES = 1, 2, 4, 8


class Windows:
    """Pairs and what the network computes on them, for windows to be scored. As in a fit of maps,
    pairs are used whose base and sources are all answered rightly.
    """

    def __init__(self, network: FeedForwardNetwork, task: Task, pairs: InterchangePairs) -> None:
        self.network = network
        base, *sources = (self._layers(task, run) for run in (pairs.base, *pairs.sources))
        right = self._answers(base, 3) == from_array(pairs.base_outputs["same"])
        for layers, outputs in zip(sources, pairs.source_outputs, strict=True):
            right &= self._answers(layers, 3) == from_array(outputs["same"])
        kinds = from_array(pairs.kinds)[right].long()
        self.labels = from_array(pairs.label["same"])[right]
        self.base = base[:, right]
        # What each variable's neurons are set to: the source's where the row swaps it, else as is.
        self.set_to: dict[str, Tensor] = {}
        for variable in ("left", "right"):
            self.set_to[variable] = self.base.clone()
            for number, kind in enumerate(pairs.design.kinds):
                if variable in kind.variables:
                    source = sources[kind.sources[kind.variables.index(variable)]][:, right]
                    rows = kinds == number
                    self.set_to[variable][:, rows] = source[:, rows]

    def score(self, layer: int, size: int, starts: tuple[int, int]) -> float:
        """IIA with a window of `size` neurons of a layer, from 0, for either variable."""
        hidden = self.base.clone()
        for start, set_to in zip(starts, self.set_to.values(), strict=True):
            hidden[layer, :, start : start + size] = set_to[layer, :, start : start + size]
        return (self._answers(hidden, layer + 1) == self.labels).float().mean().item()

    def _layers(self, task: Task, columns: Columns) -> Tensor:
        """All hidden layers [layers, rows, width]."""
        assert task.encoding is not None
        activation: Tensor = from_array(encode_columns(task.encoding, task.model, columns))
        found: list[Tensor] = []
        for linear in self.network.hidden:
            activation = torch.relu(linear(activation))
            found.append(activation)
        return torch.stack(found)

    def _answers(self, hidden: Tensor, above: int) -> Tensor:
        """What the network says [rows], computed from hidden layer `above`, counted from 1."""
        activation = hidden[above - 1]
        for linear in self.network.hidden[above:]:
            activation = torch.relu(linear(activation))
        return self.network.output(activation).argmax(-1)


def best_windows(train: Windows, validation: Windows, layer: int) -> dict[str, object]:
    """The best of all windows in a layer, counted from 0, and what they score."""
    width = train.base.shape[-1]
    tried = [
        (size, (left, right))
        for size in SIZES
        for left in range(width - size + 1)
        for right in range(width - size + 1)
        if abs(left - right) >= size
    ]
    size, starts = max(tried, key=lambda each: train.score(layer, *each))
    return {
        "layer": layer + 1,
        "tried": len(tried),
        "size": size,
        "starts": starts,
        "train": train.score(layer, size, starts),
        "validation": validation.score(layer, size, starts),
    }


def main() -> None:
    """Search every layer of the network in a folder."""
    parser = argparse.ArgumentParser(description="both equalities in windows of neurons")
    parser.add_argument("folder", type=Path, help="the network")
    network = load_feed_forward(find_network(parser.parse_args().folder)).eval()
    specification, diagnostics = load_specification(SPEC)
    if specification is None:
        raise SpecError(diagnostics)
    design = specification.counterfactuals["Both"]
    with torch.no_grad():
        train, validation = (
            Windows(network, specification.tasks["SameRelation"], pairs)
            for pairs in (
                generate(design, "train").select(slice(None, None, 4)),
                generate(design, "validation"),
            )
        )
        sites = [best_windows(train, validation, layer) for layer in range(len(train.base))]
    print(json.dumps({"sites": sites}))


if __name__ == "__main__":
    main()
