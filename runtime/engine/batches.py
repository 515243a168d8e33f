"""Which prompts are run together: all, padded to the longest, or those of one length at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit, Outcome
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import as_list, distinct

Places = Mapping[str, Tensor]
"""Where each token, as a site names it, lies: LongTensor [prompts, places], -1 where it is not."""


class Batching(Enum):
    """How prompts of several lengths are run."""

    PADDED = "padded"
    BY_LENGTH = "by length"


@dataclass(frozen=True, eq=False)
class Run:
    """Prompts by their numbers [rows], what is done to them on the way, and what is read."""

    rows: Tensor
    edits: tuple[Edit, ...] = field(default=(), repr=False)
    reads: tuple[Site, ...] = ()


def in_batches(
    prompts: TokenizedPrompts, run: Run, batching: Batching, execute: Callable[[Run], Outcome]
) -> Outcome:
    """A run in as many batches as `batching` asks for.

    Each edit meets its own rows in every batch: what it replaces vectors by may differ by row, but
    a row's replacement depends on no other row's vector.
    """
    lengths = prompts.mask[run.rows].sum(1)
    different: list[int] = as_list(distinct(lengths)[0])
    if batching is Batching.PADDED or len(different) == 1:
        return execute(run)
    parts: list[Outcome] = []
    chosen: list[Tensor] = []
    for length in different:
        here = (lengths == length).nonzero()[:, 0]
        edits = tuple(_for_rows(edit, here, len(run.rows)) for edit in run.edits)
        parts.append(execute(Run(run.rows[here], edits, run.reads)))
        chosen.append(here)
    order = torch.cat(chosen).argsort().to(parts[0].logits.device)
    return Outcome(
        torch.cat([one.logits for one in parts])[order],
        {site: torch.cat([one.vectors[site] for one in parts])[order] for site in run.reads},
    )


def _for_rows(edit: Edit, here: Tensor, count: int) -> Edit:
    """The edit of `count` rows as one of the rows `here` alone."""
    # The other rows hold some vector of `here`: a map need not be defined on zeros.
    places = torch.zeros(count, dtype=torch.long)
    places[here] = torch.arange(len(here))

    def replaced(vectors: Tensor) -> Tensor:
        return edit.replace(vectors[places.to(vectors.device)])[here.to(vectors.device)]

    return Edit(edit.site, replaced)
