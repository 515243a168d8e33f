"""Which prompts are run together: all, padded to the longest, or those of one length at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Edit, Outcome
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import as_list, distinct, divided

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

    Each edit meets its own rows in every batch, and is given what belongs to them.
    """
    lengths = prompts.mask[run.rows].sum(1)
    different: list[int] = as_list(distinct(lengths)[0])
    if batching is Batching.PADDED or len(different) == 1:
        return execute(run)
    parts: list[Outcome] = []
    chosen: list[Tensor] = []
    for length in different:
        here = (lengths == length).nonzero()[:, 0]
        edits = tuple(for_rows(edit, here) for edit in run.edits)
        parts.append(execute(Run(run.rows[here], edits, run.reads)))
        chosen.append(here)
    order = torch.cat(chosen).argsort().to(parts[0].logits.device)
    return Outcome(
        torch.cat([outcome.logits for outcome in parts])[order],
        {
            site: torch.cat([outcome.vectors[site] for outcome in parts])[order]
            for site in run.reads
        },
    )


def together_in_batches(
    prompts: TokenizedPrompts,
    runs: Sequence[Run],
    batching: Batching,
    execute: Callable[[Sequence[Run]], Tensor],
) -> Tensor:
    """The logits [rows of all runs, answers, outputs] of several runs as one, in as many batches as
    `batching` asks for.
    """
    lengths = prompts.mask[torch.cat([run.rows for run in runs])].sum(1)
    different: list[int] = as_list(distinct(lengths)[0])
    if batching is Batching.PADDED or len(different) == 1:
        return execute(runs)
    logits: list[Tensor] = []
    chosen: list[Tensor] = []
    for length in different:
        chosen.append((lengths == length).nonzero()[:, 0])
        alike: list[Run] = []
        for run, of_run in zip(
            runs, divided(lengths, [len(run.rows) for run in runs]), strict=True
        ):
            here = (of_run == length).nonzero()[:, 0]
            if len(here):
                edits = tuple(for_rows(edit, here) for edit in run.edits)
                alike.append(Run(run.rows[here], edits))
        logits.append(execute(alike))
    return torch.cat(logits)[torch.cat(chosen).argsort().to(logits[0].device)]


def for_rows(edit: Edit, rows: Tensor | slice) -> Edit:
    """The edit of some rows as one of a few of them."""
    return replace(
        edit,
        given=tuple(
            tensor[rows if isinstance(rows, slice) else rows.to(tensor.device)]
            for tensor in edit.given
        ),
    )
