"""Train the ReLU network that `hierarchical_equality.causal` is about, and save it as a folder.

    python specs/hierarchical_equality/train.py models/equality

Three hidden layers of width 16, as in Geiger et al. 2023; the inputs are the spec's own encoding,
so the network and the counterfactual data speak of the same vectors. Takes about a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from causalspec.compiler.data.encodings import encode_columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.runtime.feed_forward import FeedForwardConfig, FeedForwardNetwork
from torch.nn import functional

from causalspec import load_specification

SPEC = Path(__file__).with_name("hierarchical_equality.causal")
SYMBOLS = 10


def main() -> None:
    """Train and save; prints the share of all 10,000 inputs that are answered rightly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the network is saved")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6000)
    options = parser.parse_args()
    vectors, answers = every_input()
    network = train(vectors, answers, options.seed, options.steps)
    with torch.no_grad():
        right = (network(vectors).logits.argmax(-1) == answers).double().mean()
    network.save_pretrained(options.folder)
    print(f"{options.folder}: {right:.2%} of all inputs answered rightly")


def every_input() -> tuple[torch.Tensor, torch.Tensor]:
    """All 10,000 settings as vectors [rows, 16], and their answers [rows]."""
    specification, _ = load_specification(SPEC)
    assert specification is not None
    task = specification.tasks["SameRelation"]
    assert task.encoding is not None
    grid = np.indices((SYMBOLS,) * 4).reshape(4, -1)
    columns = dict(zip(task.model.inputs, grid, strict=True))
    vectors = encode_columns(task.encoding, task.model, columns)
    answers = solve_columns(task.model, columns)["same"]
    return torch.from_numpy(vectors), torch.from_numpy(answers.astype(np.int64))


def train(
    vectors: torch.Tensor, answers: torch.Tensor, seed: int, steps: int
) -> FeedForwardNetwork:
    """Adam on batches in which either answer, and each equality, is as likely as not."""
    torch.manual_seed(seed)
    network = FeedForwardNetwork(FeedForwardConfig(input_size=vectors.shape[1]))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    grid = np.indices((SYMBOLS,) * 4).reshape(4, -1)
    kinds = torch.from_numpy(2 * (grid[0] == grid[1]) + (grid[2] == grid[3]))
    weights = 1.0 / torch.bincount(kinds)[kinds].double()
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        rows = torch.multinomial(weights, 1024, replacement=True, generator=generator)
        loss = functional.cross_entropy(network(vectors[rows]).logits, answers[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


if __name__ == "__main__":
    main()
