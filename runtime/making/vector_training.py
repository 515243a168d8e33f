"""A plain network learns an encoded task from its vectors and right answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from causalspec.compiler import Sampler, Stream, Task, populate
from causalspec.runtime.engine.vector_subject import by_output
from causalspec.runtime.inputs.vector_network import VectorNetwork
from causalspec.runtime.making.pace import Pace
from causalspec.runtime.making.planting import InterchangeLessons, Planted
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.network import wrap_module
from causalspec.runtime.untyped import seeded, step_down
from causalspec.runtime.watch import Unwatched, Watcher


@dataclass(frozen=True, slots=True)
class VectorRecipe:
    """Sizes of a network of ReLU layers, and how it is trained: by AdamW, its rate rising and
    falling once. Interchanges, where there are any, are taught from the first step on.
    """

    steps: int = 3_000
    batch: int = 512
    layers: int = 3
    width: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    seed: int = 0


def train_vectors(
    task: Task,
    recipe: VectorRecipe,
    planted: Planted | None = None,
    watcher: Watcher | None = None,
) -> tuple[FeedForwardNetwork, InterchangeLessons | None]:
    """A network trained on the task's inputs as it draws them, and on the interchanges of what is
    `planted`; the same one for the same arguments and machine.
    """
    assert task.encoding is not None
    watcher = watcher or Unwatched()
    sizes = [task.model.by_name[name].domain.size for name in task.model.outputs]
    with seeded(recipe.seed):
        network = FeedForwardNetwork(
            FeedForwardConfig(
                input_size=sum(group.dimension for group in task.encoding.groups),
                hidden_size=recipe.width,
                hidden_layers=recipe.layers,
                classes=sum(sizes),
            )
        )
    lessons: InterchangeLessons | None = None
    shown = VectorNetwork(wrap_module("the network that is trained", network))
    if planted is not None:
        lessons = InterchangeLessons(shown.knowing(task), planted, recipe.seed)
        for notice in lessons.notices:
            watcher.notice(notice)
    network.requires_grad_(True)
    stream = Stream.of(recipe.seed, "exercises", "training").derive(task.name)
    sampler = Sampler(populate(task.model, {}), stream)
    optimizer = torch.optim.AdamW(
        network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.steps
    )
    with watcher.work("training", recipe.steps) as advance:
        pace = Pace(watcher, advance, recipe.steps)
        for step in range(recipe.steps):
            batch = shown.present(task, sampler.take(recipe.batch), (), None)
            logits = by_output(network(batch.vectors).logits, tuple(sizes))
            loss = functional.cross_entropy(logits.flatten(0, 1), batch.correct.flatten())
            if lessons is not None:
                loss = loss + lessons.loss(recipe.batch)
            step_down(optimizer, loss)
            schedule.step()
            pace.advance(step + 1, loss.item())
    return network.eval(), lessons
