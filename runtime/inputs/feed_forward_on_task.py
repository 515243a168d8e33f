"""A plain network that plays a task through its encoding: it answers with a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from causalspec.compiler.data.encodings import encode_columns
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.specification import Task, TokenPosition, TokenRange
from causalspec.runtime.engine.feed_forward_subject import feed_forward_subject
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.networks.feed_forward import FeedForwardNetwork, random_feed_forward
from causalspec.runtime.networks.network import NetworkError
from causalspec.runtime.networks.weights import content_hash
from causalspec.runtime.untyped import from_array, numbered_rows
from causalspec.runtime.watch import Watcher


@dataclass(frozen=True, eq=False)
class FeedForwardOnTask(TaskNetwork):
    """A network of ReLU layers; class k is the k-th value of the task's output."""

    network: FeedForwardNetwork
    location: str

    @property
    def name(self) -> str:
        return self.location

    @property
    def site(self) -> str:
        return "hidden"

    @property
    def layers(self) -> range:
        return range(1, self.network.config.hidden_layers + 1)

    @property
    def settings(self) -> FitSettings:
        # A step costs next to nothing here, so there are many, on large batches.
        return FitSettings(steps=1000, batch=1024, learning_rate=3e-2, checkpoint_every=500)

    @property
    def threads(self) -> int:
        # Its operations are too small to share: handing them out costs more than doing them.
        return 1

    @property
    def device(self) -> str:
        return str(self.network.device)

    def content_hash(self) -> str:
        return content_hash(self.network)

    def untrained(self, seed: int) -> FeedForwardOnTask:
        return FeedForwardOnTask(random_feed_forward(self.network, seed), self.location)

    def present(
        self,
        task: Task,
        settings: Columns,
        tokens: Sequence[TokenPosition | TokenRange],
        prompt: str | None,
    ) -> FeedForwardPresentation:
        if task.encoding is None:
            raise NetworkError(
                f"`{task.name}` has no `encode`, so a plain network cannot be shown it"
            )
        vectors = encode_columns(task.encoding, task.model, settings)
        _check_sizes(self, task, vectors.shape[1])
        output = task.model.outputs[0]
        right = solve_columns(task.model, settings, wanted=[output])[output]
        return FeedForwardPresentation(
            self.network, task, from_array(vectors), _classes(task, right), settings
        )


@dataclass(frozen=True, eq=False)
class FeedForwardPresentation(Presentation):
    """Inputs as vectors [inputs, input_size]."""

    network: FeedForwardNetwork = field(repr=False)
    task: Task = field(repr=False)
    vectors: Tensor = field(repr=False)
    right: Tensor = field(repr=False)
    settings: Columns = field(repr=False)

    @property
    def count(self) -> int:
        return len(self.vectors)

    def text(self, number: int) -> str:
        variables = self.task.model.by_name
        return ", ".join(
            f"{name} = {variables[name].domain.text(int(column[number]))}"
            for name, column in self.settings.items()
        )

    @property
    def alike(self) -> Tensor:
        return numbered_rows(self.vectors)

    @property
    def correct(self) -> Tensor:
        return self.right

    @property
    def tokens(self) -> tuple[TokenPosition | None, ...]:
        return (None,)

    def subjects(
        self, layers: Sequence[int], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        yield feed_forward_subject(self.network, self.vectors)

    def outputs(self, inputs: Tensor, answers: Tensor) -> Tensor:
        return _classes(self.task, answers.numpy())

    def said(self, output: int) -> str:
        domain = self.task.model.by_name[self.task.model.outputs[0]].domain
        return domain.text(domain.codes()[output])


def _classes(task: Task, codes: Column) -> Tensor:
    """The position of each code in the output's domain."""
    values = task.model.by_name[task.model.outputs[0]].domain.codes()
    places = (codes.astype(np.int64) - values.start) // values.step
    return from_array(places)


def _check_sizes(network: FeedForwardOnTask, task: Task, width: int) -> None:
    config = network.network.config
    values = task.model.by_name[task.model.outputs[0]].domain.size
    if (config.input_size, config.classes) != (width, values):
        raise NetworkError(
            f"`{network.location}` takes {config.input_size} numbers and gives {config.classes} "
            f"classes, but `{task.name}` encodes {width} and has {values} answers"
        )
