"""Vectors at places in a tensor: picked out of what a tap hands over, and put back into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.sites.tap import Layout, Side, Tap


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


class Change(NamedTuple):
    """An edit at its tap: of each row the vectors at positions [rows, places] of the tap's tensor,
    below 0 where it has fewer. Its rows are those of the tensor from `start` on.
    """

    tap: Tap
    edit: Edit
    positions: Tensor
    start: int = 0

    @property
    def rows(self) -> slice:
        """Which of the tensor's rows are changed."""
        return slice(self.start, self.start + len(self.positions))


def change_tensors(changes: Sequence[Change], device: torch.device) -> dict[str, Tensor]:
    """All that `edited` reads of these changes, on a network's device: where the places are, which
    of them there are, the tap's own numbers, and what the edit is given.
    """
    tensors: dict[str, Tensor] = {}
    for number, (tap, edit, positions, _) in enumerate(changes):
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
    """The changes as edits of their taps' whole tensors [rows, positions, numbers]: all those of
    one tensor in one go.
    """
    of_tensor: dict[tuple[int, Side, Layout], list[tuple[str, Change]]] = {}
    for number, change in enumerate(changes):
        tap = change.tap
        alike = of_tensor.setdefault((id(tap.module), tap.side, tap.layout), [])
        alike.append((f"edit.{number}", change))
    return [(alike[0][1].tap, partial(_all_edited, alike, tensors)) for alike in of_tensor.values()]


def placed(
    changes: Sequence[Change], device: torch.device
) -> list[tuple[Tap, Callable[[Tensor], Tensor]]]:
    """The changes as edits of whole tensors, with all that they read."""
    return edited(changes, change_tensors(changes, device))


def _all_edited(
    changes: Sequence[tuple[str, Change]], tensors: Mapping[str, Tensor], tensor: Tensor
) -> Tensor:
    """A tensor with the changes made, each of its own rows, in the order given."""
    parts: list[Tensor] = []
    done = 0
    for start in sorted({change.start for _, change in changes}):
        of_rows = [(name, change) for name, change in changes if change.start == start]
        rows = of_rows[0][1].rows
        if rows.start > done:
            parts.append(tensor[done : rows.start])
        part = tensor if rows == slice(0, len(tensor)) else tensor[rows]
        for name, change in of_rows:
            part = _edited(name, change, tensors, part)
        parts.append(part)
        done = rows.stop
    if done < len(tensor):
        parts.append(tensor[done:])
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _edited(name: str, change: Change, tensors: Mapping[str, Tensor], tensor: Tensor) -> Tensor:
    edit = change.edit
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
