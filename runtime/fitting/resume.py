"""The state of fits between two steps, as plain values that a run folder keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import torch
from torch import Tensor, nn

from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.results.run_folder import Stage


def fingerprint(settings: Sequence[FitSettings]) -> str:
    """SHA-256 of the settings that steer the training of each map."""
    every = [asdict(of_fit) for of_fit in settings]
    return hashlib.sha256(json.dumps(every, sort_keys=True).encode()).hexdigest()


def capture(
    maps: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses: Sequence[Tensor],
    settings: Sequence[FitSettings],
) -> Stage:
    """A copy of all that the steps still to come depend on: the maps' tensors, the optimizer's (two
    moments and a step count a parameter), the losses [fits] of each step so far, and the settings'
    fingerprint, so that no other fits go on from it.
    """
    tensors = {f"maps.{name}": tensor for name, tensor in maps.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        for name, tensor in moments.items():
            tensors[f"optimizer.{number}.{name}"] = tensor
    tensors["losses"] = torch.stack(list(losses))
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return Stage(copies, {"settings": fingerprint(settings)})


def restore(
    state: Stage,
    maps: nn.Module,
    optimizer: torch.optim.Optimizer,
    settings: Sequence[FitSettings],
) -> list[Tensor]:
    """Put maps and optimizer where they were, and return the losses so far.

    Raises:
        ValueError: the state was captured under other settings.
    """
    if state.notes.get("settings") != fingerprint(settings):
        raise ValueError("the state is of a fit with other settings")
    device = next(maps.parameters()).device
    own = {
        name.removeprefix("maps."): tensor
        for name, tensor in state.tensors.items()
        if name.startswith("maps.")
    }
    maps.load_state_dict(own)
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in state.tensors.items():
        if name.startswith("optimizer."):
            _, number, moment = name.split(".")
            moments.setdefault(int(number), {})[moment] = tensor.clone()
    optimizer.load_state_dict(optimizer.state_dict() | {"state": moments})
    return list(state.tensors["losses"].to(device).unbind())
