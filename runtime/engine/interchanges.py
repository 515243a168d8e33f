"""Interchanges put together: one after the other, with the runs of their intervened sources."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.runtime.engine.right_answers import as_wide
from causalspec.runtime.engine.subjects import Interchanges


def joined(parts: Sequence[Interchanges]) -> Interchanges:
    """The rows of all parts, one part after the other; `parts` is not empty."""
    if len(parts) == 1:
        return parts[0]
    forced: list[Tensor] = []
    if any(part.forced is not None for part in parts):
        forced = as_wide(
            [part.bases[:, None] if part.forced is None else part.forced for part in parts]
        )
    inner: list[Interchanges] = []
    numbers: list[Tensor] = []
    start = 0
    for part in parts:
        if part.inner is None or part.inner_of is None:
            numbers.append(torch.full_like(part.origins, -1))
            continue
        inner.append(part.inner)
        numbers.append(torch.where(part.inner_of < 0, -1, part.inner_of + start))
        start += part.inner.rows
    return Interchanges(
        torch.cat([part.bases for part in parts]),
        torch.cat([part.origins for part in parts]),
        torch.cat(as_wide([part.labels for part in parts])),
        joined(inner) if inner else None,
        torch.cat(numbers) if inner else None,
        torch.cat(forced) if forced else None,
    )
