"""Train the ReLU network that `hierarchical_equality.causal` is about, and save it as a folder.

    python specs/hierarchical_equality/train.py models/equality

Three hidden layers of width 16, as in Geiger et al. 2023. It is trained on fresh random vectors,
never on the spec's ten symbols, so that it has to learn what equality is. Takes half a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from causalspec import load_specification
from causalspec.compiler.data.encodings import encode_columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork

SPEC = Path(__file__).with_name("hierarchical_equality.causal")
SYMBOLS, DIMENSIONS = 10, 4


def main() -> None:
    """Train and save; prints the share of the spec's 10,000 inputs that are answered rightly."""
    parser = argparse.ArgumentParser(description="train the equality network")
    parser.add_argument("folder", type=Path, help="where the network is saved")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    network = train(options.seed, options.steps)
    vectors, answers = every_input()
    with torch.no_grad():
        right = (network(vectors).logits.argmax(-1) == answers).double().mean()
    network.save_pretrained(options.folder)
    print(f"{options.folder}: {right:.2%} of the spec's inputs answered rightly")


def train(seed: int, steps: int, batch: int = 1024) -> FeedForwardNetwork:
    """Adam, each pair equal in half of the rows, so that either answer is as likely."""
    torch.manual_seed(seed)
    network = FeedForwardNetwork(FeedForwardConfig(input_size=4 * DIMENSIONS))
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(steps):
        symbols = torch.rand(batch, 4, DIMENSIONS) * 2 - 1
        left, right = torch.rand(2, batch) < 0.5
        symbols[left, 1] = symbols[left, 0]
        symbols[right, 3] = symbols[right, 2]
        logits = network(symbols.flatten(1)).logits
        loss = functional.cross_entropy(logits, (left == right).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def every_input() -> tuple[torch.Tensor, torch.Tensor]:
    """All settings of the spec's inputs as vectors [10000, 16], and their answers [10000]."""
    specification, _ = load_specification(SPEC)
    assert specification is not None
    task = specification.tasks["SameRelation"]
    assert task.encoding is not None
    grid = np.indices((SYMBOLS,) * 4).reshape(4, -1)
    columns = dict(zip(task.model.inputs, grid, strict=True))
    vectors = encode_columns(task.encoding, task.model, columns)
    answers = solve_columns(task.model, columns)["same"]
    return torch.from_numpy(vectors), torch.from_numpy(answers.astype(np.int64))


if __name__ == "__main__":
    main()
