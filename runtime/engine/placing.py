"""Vectors at places in a tensor: picked out of what a tap hands over, and put back into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.sites.tap import Tap


def gathered(tensor: Tensor, positions: Tensor, columns: Tensor | None) -> Tensor:
    """The vectors [rows, places, width] of a tensor [rows, positions, numbers] at `positions`
    [rows, places]; where one is below 0 it is any vector of its row.
    """
    device = tensor.device
    if tensor.shape[1] == 1:
        # A copy: some architectures add to it in place.
        found = tensor.expand(-1, positions.shape[1], -1).clone()
    else:
        within = torch.arange(tensor.shape[0], device=device)[:, None]
        found = tensor[within, positions.clamp(0, tensor.shape[1] - 1).to(device)]
    return found if columns is None else found[..., columns.to(device)]


Change = tuple[Tap, Edit, Tensor]
"""An edit at its tap: each row's vectors at positions [rows, places] of the tap's tensor, below 0
where it has fewer.
"""


def change_tensors(changes: Sequence[Change], device: torch.device) -> dict[str, Tensor]:
    """All that `edited` reads of these changes, on a network's device: where the places are, which
    of them there are, the tap's own numbers, and what the edit is given.
    """
    tensors: dict[str, Tensor] = {}
    for number, (tap, edit, positions) in enumerate(changes):
        rows, ranks = (positions >= 0).nonzero(as_tuple=True)
        found = {"positions": positions, "rows": rows, "ranks": ranks, "at": positions[rows, ranks]}
        if tap.columns is not None:
            found["columns"] = tap.columns
        found |= {f"given.{place}": tensor for place, tensor in enumerate(edit.given)}
        tensors |= {f"edit.{number}.{name}": tensor.to(device) for name, tensor in found.items()}
    return tensors


def edited(
    changes: Sequence[Change], tensors: Mapping[str, Tensor]
) -> list[tuple[Tap, Callable[[Tensor], Tensor]]]:
    """The changes as edits of their taps' whole tensors [rows, positions, numbers]."""
    return [
        (tap, partial(_edited, f"edit.{number}", edit, tensors))
        for number, (tap, edit, _) in enumerate(changes)
    ]


def placed(
    changes: Sequence[Change], device: torch.device
) -> list[tuple[Tap, Callable[[Tensor], Tensor]]]:
    """The changes as edits of whole tensors, with all that they read."""
    return edited(changes, change_tensors(changes, device))


def _edited(name: str, edit: Edit, tensors: Mapping[str, Tensor], tensor: Tensor) -> Tensor:
    positions, columns = tensors[f"{name}.positions"], tensors.get(f"{name}.columns")
    given = (tensors[f"{name}.given.{place}"] for place in range(len(edit.given)))
    after = edit.replace(gathered(tensor, positions, columns), *given)
    if tensor.shape[1] == positions.shape[1] == 1 and columns is None:
        return after
    rows, at = tensors[f"{name}.rows"], tensors[f"{name}.at"]
    changed = after[rows, tensors[f"{name}.ranks"]]
    if columns is None:
        return tensor.index_put((rows, at), changed)
    return tensor.index_put((rows[:, None], at[:, None], columns[None]), changed)
