"""Set the weights of the ReLU network that `equality_at_two_sites.causal` is about, by hand.

    python specs/equality_at_two_sites/build.py models/equality_at_two_sites

Four hidden layers of width 16. The first takes the pairs' differences, the second decides the left
pair, the third the right one, and the fourth compares the two decisions: so it is known which layer
each equality is a variable of, and as how many dimensions.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from causalspec import load_specification
from causalspec.runtime.making.equalities import shares_right
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork

SPEC = Path(__file__).with_name("equality_at_two_sites.causal")
DIMENSIONS = 4
WIDTH = 4 * DIMENSIONS
SHARPNESS = 4.0  # differences that add up to more than 1/4 are none between equal symbols


def main() -> None:
    """Build and save; prints the share of the spec's 10,000 inputs that are answered rightly."""
    parser = argparse.ArgumentParser(description="set an equality network by hand")
    parser.add_argument("folder", type=Path, help="where the network is saved")
    options = parser.parse_args()
    network: Any = built()
    network.save_pretrained(options.folder)
    specification, diagnostics = load_specification(SPEC)
    assert specification is not None, diagnostics
    right = shares_right(network, specification.tasks["SameRelation"])
    told = ", ".join(f"{share:.2%} of those with `{answer}`" for answer, share in right.items())
    print(f"{options.folder}: of the spec's inputs answered rightly: {told}")


def built() -> FeedForwardNetwork:
    """Neurons 0 to 7 start with the left pair, 8 to 15 with the right one."""
    network = FeedForwardNetwork(
        FeedForwardConfig(input_size=WIDTH, hidden_size=WIDTH, hidden_layers=4)
    )
    left, right = slice(0, WIDTH // 2), slice(WIDTH // 2, WIDTH)
    one = torch.eye(DIMENSIONS)
    difference = torch.cat([torch.cat([one, -one], 1), torch.cat([-one, one], 1)])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, second, third, fourth = network.hidden
        first.weight[left, left] = difference
        first.weight[right, right] = difference
        second.weight[0, left] = -SHARPNESS  # 1 where a = b, else 0
        second.bias[0] = 1
        second.weight[right, right] = torch.eye(WIDTH // 2)  # kept for the next layer
        third.weight[0, 0] = 1
        third.weight[1, right] = -SHARPNESS  # 1 where c = d, else 0
        third.bias[1] = 1
        fourth.weight[0, :2] = torch.tensor([1.0, -1.0])
        fourth.weight[1, :2] = torch.tensor([-1.0, 1.0])
        network.output.weight[0, :2] = 10  # unequal decisions speak for `false`
        network.output.bias[1] = 5
    return network.eval()


if __name__ == "__main__":
    main()
