"""A network that plays a task through its encoding: it reads a vector and answers with classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import Column, Columns, Task, encode_columns, solve_columns
from causalspec.runtime.engine.keeping import Needs, united
from causalspec.runtime.engine.memory import is_of_the_machine
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.engine.vector_subject import run_vectors, vector_subject
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.networks.network import Network, random_network
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.self_check import RUN_ERRORS, first_line
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import distinct, from_array, numbered_rows
from causalspec.runtime.watch import Watcher


@dataclass(frozen=True, eq=False)
class VectorNetwork(TaskNetwork):
    """A plain network of ReLU layers, or any other module; class k is an output's k-th value.

    The classes of several outputs lie side by side.
    """

    network: Network

    @property
    def layers(self) -> range:
        return range(1, len(self.network.layers) + 1)

    @property
    def settings(self) -> FitSettings:
        # A step costs next to nothing here, so there are many, on large batches.
        return FitSettings(steps=1000, batch=1024, learning_rate=3e-2, checkpoint_every=500)

    @property
    def threads(self) -> int:
        # Its operations are too small to share: handing them out costs more than doing them.
        return 1

    def untrained(self, seed: int) -> VectorNetwork:
        return replace(self, network=random_network(self.network, seed))

    def knowing(self, task: Task) -> VectorNetwork:
        if self.network.inputs is not None or task.encoding is None:
            return self
        width = sum(group.dimension for group in task.encoding.groups)
        return replace(self, network=self.network.taking(width))

    def present(
        self,
        task: Task,
        settings: Columns,
        choices: Sequence[TokenChoice],
        prompt: str | None,
    ) -> VectorPresentation:
        if task.encoding is None:
            raise NetworkError(
                f"`{task.name}` has no `encode`, so a network without tokens cannot be shown it"
            )
        vectors = from_array(encode_columns(task.encoding, task.model, settings))
        _check_sizes(self.network, task, vectors)
        right = _classes(task, solve_columns(task.model, settings, wanted=task.model.outputs))
        return VectorPresentation(self.network, task, vectors, right, settings)


@dataclass(frozen=True, eq=False)
class VectorPresentation(Presentation):
    """Inputs as vectors [inputs, numbers]."""

    network: Network = field(repr=False)
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
        return self._alike

    @cached_property
    def _alike(self) -> Tensor:
        return numbered_rows(self.vectors)

    @property
    def correct(self) -> Tensor:
        return self.right

    @property
    def token_names(self) -> Mapping[TokenChoice, tuple[str, ...]]:
        return {}

    def subjects(
        self, groups: Sequence[tuple[Site, ...]], is_base: Tensor, watcher: Watcher
    ) -> Iterator[Subject]:
        yield vector_subject(self.network, self.vectors, _sizes(self.task), united(groups))

    def needs(self, groups: Sequence[tuple[Site, ...]], is_base: Tensor) -> Needs:
        widths = {site: tap_of(self.network, site).width for site in united(groups)}
        kept = self.count * (self.vectors.shape[1] + sum(widths.values()))
        return Needs(len(distinct(self.alike)[0]), kept * self.network.dtype.itemsize, "in memory")

    def outputs(self, inputs: Tensor, answers: Mapping[str, Column]) -> Tensor:
        return _classes(self.task, answers)

    def forcing(self, inputs: Tensor, outputs: Tensor) -> tuple[VectorPresentation, Tensor]:
        return self, inputs

    def answer_text(self, place: int, output: int) -> str:
        domain = self.task.model.by_name[self.task.model.outputs[place]].domain
        return domain.text(domain.codes()[output])

    def said(self, outputs: Tensor) -> str:
        model = self.task.model
        domains = [model.by_name[name].domain for name in model.outputs]
        return ", ".join(
            domain.text(domain.codes()[int(number)])
            for domain, number in zip(domains, outputs, strict=True)
        )


def _sizes(task: Task) -> tuple[int, ...]:
    """How many classes each output has."""
    return tuple(task.model.by_name[name].domain.size for name in task.model.outputs)


def _classes(task: Task, columns: Mapping[str, Column]) -> Tensor:
    """The position of each code in its output's domain, [rows, outputs]."""
    found: list[Tensor] = []
    for name in task.model.outputs:
        values = task.model.by_name[name].domain.codes()
        found.append(from_array((columns[name].astype(np.int64) - values.start) // values.step))
    return torch.stack(found, dim=1)


@torch.no_grad()
def _check_sizes(network: Network, task: Task, vectors: Tensor) -> None:
    """The network is tried on one input: it must take the encoding, and have all the classes."""
    width, classes = vectors.shape[1], sum(_sizes(task))
    if network.inputs is not None and network.inputs != width:
        raise NetworkError(
            f"`{network.name}` takes {network.inputs} numbers, but `{task.name}` encodes {width}"
        )
    first = vectors[:1].to(device=network.device, dtype=network.dtype)
    try:
        logits, _ = run_vectors(network, first, (), ())
    except RUN_ERRORS as error:
        if is_of_the_machine(error):
            raise
        raise NetworkError(
            f"`{network.name}` does not run on the {width} numbers that `{task.name}` encodes: "
            f"{first_line(error)}"
        ) from error
    if tuple(logits.shape) != (1, classes):
        raise NetworkError(
            f"`{network.name}` gives {logits.shape[-1]} classes, but the outputs of `{task.name}` "
            f"have {classes} values"
        )
