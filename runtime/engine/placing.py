"""Vectors at places in a tensor: picked out of what a tap hands over, and put back into it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit


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


def placed(edit: Edit, positions: Tensor, columns: Tensor | None) -> Callable[[Tensor], Tensor]:
    """An edit of vectors as an edit of whole tensors: each row's vectors at its `positions` [rows,
    places], below 0 where it has fewer, and there the numbers in `columns` alone.
    """

    def edited(tensor: Tensor) -> Tensor:
        before = gathered(tensor, positions, columns)
        after = edit.replace(before)
        if tensor.shape[1] == positions.shape[1] == 1 and columns is None:
            return after
        rows, ranks = (positions >= 0).nonzero(as_tuple=True)
        at = positions[rows, ranks].to(tensor.device)
        rows, ranks = rows.to(tensor.device), ranks.to(tensor.device)
        changed = after[rows, ranks]
        if columns is None:
            return tensor.index_put((rows, at), changed)
        within = columns.to(tensor.device)
        return tensor.index_put((rows[:, None], at[:, None], within[None]), changed)

    return edited
