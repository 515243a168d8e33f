"""Which prompts are run together: all, padded to the longest, or those of one length at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from causalspec.runtime.untyped import as_list, distinct

if TYPE_CHECKING:
    from causalspec.runtime.engine.subjects import Edit
    from causalspec.runtime.inputs.tokens import TokenizedPrompts


class Batching(Enum):
    """How prompts of several lengths are run."""

    PADDED = "padded"
    BY_LENGTH = "by length"


def in_batches(
    prompts: TokenizedPrompts,
    rows: Tensor,
    edits: Sequence[Edit],
    batching: Batching,
    run: Callable[[Tensor, Sequence[Edit]], Tensor],
) -> Tensor:
    """`run` of the prompts numbered `rows` [rows], in as many batches as `batching` asks for.

    Each edit meets its own rows in every batch: what it replaces vectors by may differ by row, but
    a row's replacement depends on no other row's vector.
    """
    lengths = prompts.mask[rows].sum(1)
    different: list[int] = as_list(distinct(lengths)[0])
    if batching is Batching.PADDED or len(different) == 1:
        return run(rows, edits)
    parts: list[Tensor] = []
    chosen: list[Tensor] = []
    for length in different:
        here = (lengths == length).nonzero()[:, 0]
        parts.append(run(rows[here], [_for_rows(edit, here, len(rows)) for edit in edits]))
        chosen.append(here)
    return torch.cat(parts)[torch.cat(chosen).argsort().to(parts[0].device)]


def _for_rows(edit: Edit, here: Tensor, count: int) -> Edit:
    """The edit of `count` rows as one of the rows `here` alone."""
    # The other rows hold some vector of `here`: a map need not be defined on zeros.
    places = torch.zeros(count, dtype=torch.long)
    places[here] = torch.arange(len(here))

    def replaced(vectors: Tensor) -> Tensor:
        return edit.replace(vectors[places.to(vectors.device)])[here.to(vectors.device)]

    return type(edit)(edit.site, replaced)
