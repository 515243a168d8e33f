"""Interchanges put together: one after the other, with the runs of their intervened sources."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.runtime.engine.subjects import Interchanges


def joined(parts: Sequence[Interchanges]) -> Interchanges:
    """The rows of all parts, one part after the other; `parts` is not empty."""
    if len(parts) == 1:
        return parts[0]
    answers = max(one.labels.shape[1] for one in parts)
    inner: list[Interchanges] = []
    numbers: list[Tensor] = []
    start = 0
    for one in parts:
        if one.inner is None or one.inner_of is None:
            numbers.append(torch.full_like(one.origins, -1))
            continue
        inner.append(one.inner)
        numbers.append(torch.where(one.inner_of < 0, -1, one.inner_of + start))
        start += one.inner.rows
    return Interchanges(
        torch.cat([one.bases for one in parts]),
        torch.cat([one.origins for one in parts]),
        torch.cat([with_answers(one.labels, answers) for one in parts]),
        joined(inner) if inner else None,
        torch.cat(numbers) if inner else None,
    )


def with_answers(labels: Tensor, answers: int) -> Tensor:
    """Labels [rows, some] as [rows, answers]: -1 beyond the last."""
    return functional.pad(labels, (0, answers - labels.shape[1]), value=-1)
