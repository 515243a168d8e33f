"""The state of a fit between two steps, as plain values and on disk, never pickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from causalspec.compiler import whole_file
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings


@dataclass(frozen=True, eq=False)
class FitState:
    """All that the steps still to come depend on.

    `tensors` are the maps', the optimizer's (two moments and a step count a parameter) and the
    losses so far; `settings` is the settings' fingerprint, so that no other fit goes on from it.
    """

    tensors: dict[str, Tensor] = field(repr=False)
    settings: str


def fingerprint(settings: FitSettings) -> str:
    """SHA-256 of the settings that steer training."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()


def capture(
    maps: PlacedMaps,
    optimizer: torch.optim.Optimizer,
    losses: Sequence[Tensor],
    settings: FitSettings,
) -> FitState:
    """A copy of the state as it is between two steps."""
    tensors = {f"maps.{name}": tensor for name, tensor in maps.state_dict().items()}
    for number, moments in optimizer.state_dict()["state"].items():
        for name, tensor in moments.items():
            tensors[f"optimizer.{number}.{name}"] = tensor
    tensors["losses"] = torch.stack(list(losses))
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return FitState(copies, fingerprint(settings))


def restore(
    state: FitState,
    maps: PlacedMaps,
    optimizer: torch.optim.Optimizer,
    settings: FitSettings,
) -> list[Tensor]:
    """Put maps and optimizer where they were, and return the losses so far.

    Raises:
        ValueError: the state was captured under other settings.
    """
    if state.settings != fingerprint(settings):
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


def save_state(state: FitState, path: Path) -> None:
    """Write a safetensors file that is either whole or absent, whenever the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        save_file(state.tensors, partial, metadata={"settings": state.settings})


def load_state(path: Path) -> FitState:
    """Read what `save_state` wrote.

    Raises:
        ToolFailure: the file is not such a state.
    """
    try:
        file: Any = safe_open(path, framework="pt")
        with file as opened:
            metadata: dict[str, str] = opened.metadata() or {}
            names: list[str] = list(opened.keys())
            tensors: dict[str, Tensor] = {name: opened.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise ToolFailure(f"`{path}` is not the state of a fit: {error}") from error
    if "settings" not in metadata or "losses" not in tensors:
        raise ToolFailure(f"`{path}` is not the state of a fit")
    return FitState(tensors, metadata["settings"])
