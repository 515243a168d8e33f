"""Networks that change from step to step as subjects: everything is run anew, and gradients flow
into their weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from causalspec.dsl.diagnostics import InternalError
from causalspec.runtime.engine.batches import Run
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.subjects import Edit, EditedInputs, Outcome, run_one_by_one
from causalspec.runtime.engine.vector_subject import by_output, run_vectors
from causalspec.runtime.inputs.task_network import Presentation
from causalspec.runtime.inputs.text_network import TextPresentation
from causalspec.runtime.inputs.vector_network import VectorPresentation
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, eq=False)
class LiveSubject(ABC):
    """A `Subject` of which nothing is kept."""

    network: Network
    shown: Presentation

    @property
    def device(self) -> torch.device:
        """Where vectors and logits are."""
        return self.network.device

    @property
    def predictions(self) -> Tensor:
        """As in `Subject`."""
        return self.run(torch.arange(self.shown.count), ()).logits.argmax(-1)

    @property
    def sites(self) -> tuple[Site, ...]:
        """None."""
        return ()

    def width(self, site: Site) -> int:
        """As in `Subject`."""
        return tap_of(self.network, site).width

    @abstractmethod
    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """As in `Subject`."""

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """As in `Subject`."""
        return self.run(inputs, (), (site,)).vectors[site]

    def run_together(self, parts: Sequence[EditedInputs]) -> Tensor:
        """As in `Subject`."""
        return run_one_by_one(self, parts)

    def prepare(self, parts: Sequence[EditedInputs]) -> None:
        """Nothing is recorded of a network that changes."""
        del parts

    @abstractmethod
    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """As in `Subject`."""


@dataclass(frozen=True, eq=False)
class LiveText(LiveSubject):
    """A network with prompts."""

    shown: TextPresentation

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """As in `Subject`."""
        return (self.shown.positions.positions[site.token][inputs] >= 0).sum(1)

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """As in `Subject`."""
        run = Run(inputs, tuple(edits), tuple(reads))
        return plain_run(self.network, self.shown.prompts, self.shown.positions.positions, run)


@dataclass(frozen=True, eq=False)
class LiveVectors(LiveSubject):
    """A network with vectors."""

    shown: VectorPresentation

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """As in `Subject`."""
        return torch.ones_like(inputs)

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """As in `Subject`."""
        logits, vectors = run_vectors(self.network, self.shown.vectors[inputs], edits, reads)
        model = self.shown.task.model
        sizes = tuple(model.by_name[name].domain.size for name in model.outputs)
        return Outcome(by_output(logits, sizes), vectors)


def live_subject(network: Network, shown: Presentation) -> LiveSubject:
    """The subject of a network that is trained."""
    match shown:
        case TextPresentation():
            return LiveText(network, shown)
        case VectorPresentation():
            return LiveVectors(network, shown)
        case _:
            raise InternalError(f"`{network.name}` is of a kind that is not trained")
