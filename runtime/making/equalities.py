"""A plain network learns to answer by which pairs of vectors are equal.

It sees fresh random vectors in every step, never the symbols of a spec, so that it has to learn
what equality is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from causalspec.compiler import Task, encode_columns, solve_columns
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.untyped import from_array, seeded, step_down
from causalspec.runtime.watch import Unwatched, Watcher


@dataclass(frozen=True, slots=True)
class EqualityRecipe:
    """What is learned and how long. `rule` makes of the `variables`, BoolTensor [variables, rows],
    the right answers, BoolTensor [rows]; these are made of which pairs are equal, BoolTensor
    [pairs, rows], and are the equalities themselves by default. A vector has `dimensions` numbers.

    With `taught_at`, the network is also taught to keep each variable in neurons of its own in that
    hidden layer, by interchange intervention training (Geiger et al. 2022, "Inducing Causal
    Structure for Interpretable Neural Networks").
    """

    rule: Callable[[Tensor], Tensor]
    pairs: int
    dimensions: int = 4
    width: int = 16
    steps: int = 3_000
    batch: int = 1_024
    seed: int = 0
    taught_at: int | None = None
    variables: Callable[[Tensor], Tensor] = lambda equal: equal


def train_on_pairs(recipe: EqualityRecipe, watcher: Watcher | None = None) -> FeedForwardNetwork:
    """Three hidden layers; AdamW, each pair equal in half of the rows."""
    with seeded(recipe.seed):
        network = FeedForwardNetwork(
            FeedForwardConfig(
                input_size=2 * recipe.pairs * recipe.dimensions,
                hidden_size=recipe.width,
                hidden_layers=3,
            )
        )
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=recipe.steps)
        with (watcher or Unwatched()).work("training", recipe.steps) as advance:
            for step in range(recipe.steps):
                vectors, equal = _pairs(recipe)
                logits = network(vectors).logits
                variables = recipe.variables(equal)
                loss = functional.cross_entropy(logits, recipe.rule(variables).long())
                if recipe.taught_at is not None:
                    loss = loss + _interchange_loss(network, recipe, vectors, variables)
                step_down(optimizer, loss)
                schedule.step()
                advance(step + 1, f"loss {loss.item():.4f}")
    return network.eval()


def _pairs(recipe: EqualityRecipe) -> tuple[Tensor, Tensor]:
    """Random vectors [rows, numbers] and which of their pairs are equal, [pairs, rows]."""
    symbols = torch.rand(recipe.batch, 2 * recipe.pairs, recipe.dimensions) * 2 - 1
    equal = torch.rand(recipe.pairs, recipe.batch) < 0.5
    for number in range(recipe.pairs):
        chosen = equal[number]
        symbols[chosen, 2 * number + 1] = symbols[chosen, 2 * number]
    return symbols.flatten(1), equal


def _interchange_loss(
    network: FeedForwardNetwork, recipe: EqualityRecipe, vectors: Tensor, variables: Tensor
) -> Tensor:
    """The loss where some variables' neurons are taken from a run on other vectors: the right
    answer then is that to these variables' values there.
    """
    layer = recipe.taught_at or 0
    others, equal_there = _pairs(recipe)
    there = recipe.variables(equal_there)
    swapped = torch.rand(variables.shape) < 0.5
    owner = torch.arange(recipe.width) * len(variables) // recipe.width
    hidden = torch.where(
        swapped[owner].T, _run(network, others, 0, layer), _run(network, vectors, 0, layer)
    )
    right = recipe.rule(torch.where(swapped, there, variables))
    logits = network.output(_run(network, hidden, layer, len(network.hidden)))
    return functional.cross_entropy(logits, right.long())


def _run(network: FeedForwardNetwork, activation: Tensor, below: int, above: int) -> Tensor:
    """Hidden layer `above` computed from hidden layer `below` (0: the input itself)."""
    for layer in network.hidden[below:above]:
        activation = torch.relu(layer(activation))
    return activation


def shares_right(network: FeedForwardNetwork, task: Task) -> dict[str, float]:
    """For each right answer, the share of the task's inputs, all of them, that get it."""
    assert task.encoding is not None, "a plain network is shown vectors"
    (output,) = task.model.outputs
    sizes = [task.model.by_name[name].domain.size for name in task.model.inputs]
    grid = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1)
    columns = dict(zip(task.model.inputs, grid, strict=True))
    answers = solve_columns(task.model, columns, wanted=[output])[output]
    vectors: Tensor = from_array(encode_columns(task.encoding, task.model, columns))
    with torch.no_grad():
        said: Any = network(vectors).logits.argmax(-1).numpy()
    domain = task.model.by_name[output].domain
    return {
        domain.text(code): float((said == code)[answers == code].mean())
        for code in sorted(set(answers.tolist()))
    }
