"""A network that reads vectors, and its inputs, as a subject: full passes with hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from causalspec.runtime.engine.placing import Change, change_tensors, edited, gathered, placed
from causalspec.runtime.engine.subjects import (
    Edit,
    EditedInputs,
    Outcome,
    Prepared,
    inputs_of,
)
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site

_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class VectorSubject:
    """A frozen network with its input vectors [inputs, numbers] and what it holds at some sites.

    `groups` are the sizes of its outputs: an output's classes lie side by side in the logits.
    """

    network: Network
    inputs: Tensor = field(repr=False)
    groups: tuple[int, ...]
    kept: dict[Site, Tensor] = field(repr=False)
    predictions: Tensor = field(repr=False)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites whose vectors are kept."""
        return tuple(self.kept)

    @property
    def device(self) -> torch.device:
        """Where vectors and logits are."""
        return self.network.device

    def width(self, site: Site) -> int:
        """How many numbers the vector at a site has."""
        return tap_of(self.network, site).width

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """One in every input."""
        return torch.ones_like(inputs)

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The vectors [rows, 1, width] at a site."""
        return self.kept[site][inputs.to(self.device)]

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """The logits [rows, outputs, classes]; classes that an output lacks have minus infinity."""
        logits, vectors = run_vectors(
            self.network, self.inputs[inputs.to(self.device)], edits, reads
        )
        return Outcome(by_output(logits, self.groups), vectors)

    def run_together(self, parts: Sequence[EditedInputs]) -> Tensor:
        """The same of several runs: all rows of a full pass, each with the edits of its part."""
        prepared = self.prepare(parts)
        return prepared.execute(prepared.tensors)

    def prepare(self, parts: Sequence[EditedInputs]) -> Prepared:
        """The same run as one that can be recorded."""
        changes: list[Change] = []
        start = 0
        for part in parts:
            first = torch.zeros(len(part.inputs), 1, dtype=torch.long)
            changes += [
                Change(tap_of(self.network, edit.site), edit, first, start) for edit in part.edits
            ]
            start += len(part.inputs)

        def execute(tensors: Mapping[str, Tensor]) -> Tensor:
            with taps_edited(edited(changes, tensors)):
                return by_output(_logits(self.network, tensors["inputs"]), self.groups)

        tensors = change_tensors(changes, self.device)
        inputs = self.inputs[inputs_of(parts).to(self.device)]
        return Prepared(tensors | {"inputs": inputs}, execute)


@torch.no_grad()
def vector_subject(
    network: Network, inputs: Tensor, groups: tuple[int, ...], sites: Sequence[Site]
) -> VectorSubject:
    """Run a network once on `inputs` [inputs, numbers], keeping what it holds at `sites`."""
    inputs = inputs.to(device=network.device, dtype=network.dtype)
    logits: list[Tensor] = []
    kept: dict[Site, list[Tensor]] = {site: [] for site in sites}
    for start in range(0, len(inputs), _CHUNK):
        found, vectors = run_vectors(network, inputs[start : start + _CHUNK], (), sites)
        logits.append(by_output(found, groups).argmax(-1).cpu())
        for site, held in vectors.items():
            kept[site].append(held)
    whole = {site: torch.cat(parts) for site, parts in kept.items()}
    return VectorSubject(network, inputs, groups, whole, torch.cat(logits))


def run_vectors(
    network: Network, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site]
) -> tuple[Tensor, dict[Site, Tensor]]:
    """The logits [rows, classes] and the vectors [rows, 1, width] at `reads` of one full pass."""
    first = torch.zeros(len(inputs), 1, dtype=torch.long)
    changes = [Change(tap_of(network, edit.site), edit, first) for edit in edits]
    found: dict[Site, Tensor] = {}

    def receive(number: int, tensor: Tensor) -> None:
        site = reads[number]
        found[site] = gathered(tensor, first, tap_of(network, site).columns)

    with (
        taps_edited(placed(changes, network.device)),
        taps_read([tap_of(network, site) for site in reads], receive),
    ):
        return _logits(network, inputs), found


def _logits(network: Network, inputs: Tensor) -> Tensor:
    output = network.model(inputs)
    return output if isinstance(output, Tensor) else output.logits


def by_output(logits: Tensor, groups: tuple[int, ...]) -> Tensor:
    """Logits [rows, classes] of all outputs side by side as [rows, outputs, classes]."""
    if len(groups) == 1:
        return logits[:, None]
    ends = [0, *accumulate(groups)]
    parts = [logits[:, first:last] for first, last in pairwise(ends)]
    most = max(groups)
    padded = [
        torch.nn.functional.pad(part, (0, most - part.shape[1]), value=-torch.inf) for part in parts
    ]
    return torch.stack(padded, dim=1)
