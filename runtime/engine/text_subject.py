"""A language model and its prompts as a subject: harvested once, run by the fast path if right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from causalspec.runtime.engine.batches import (
    Batching,
    Places,
    Run,
    in_batches,
    together_in_batches,
)
from causalspec.runtime.engine.edges import without_edges
from causalspec.runtime.engine.harvest import Harvest, harvest, no_notice, no_progress
from causalspec.runtime.engine.harvest_plan import HarvestRequest
from causalspec.runtime.engine.keeping import keeping, united
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.shortcuts import shortcuts
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.engine.subjects import (
    Edit,
    EditedInputs,
    Outcome,
    Prepared,
    inputs_of,
    run_one_by_one,
)
from causalspec.runtime.engine.suffix import (
    first_block,
    prepared_suffix,
    suffix_run,
    suffixes_run,
)
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import divided


@dataclass(frozen=True, eq=False)
class TextSubject:
    """A network with the prompts of one data set, harvested at some sites.

    `plain_because` is None where the fast path is in use, else why it is not. Where the harvest
    keeps the vectors at the sites alone, `anew` is what to keep of each batch while it is run.
    """

    network: Network
    prompts: TokenizedPrompts
    positions: Places
    kept: Harvest
    batching: Batching
    plain_because: str | None
    anew: HarvestRequest | None = None
    joins: bool = False
    """Whether rows may enter a run above the block where others have entered it."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The harvested sites."""
        return tuple(self.kept.vectors)

    @property
    def device(self) -> torch.device:
        """Where vectors and logits are."""
        return self.network.device

    @property
    def predictions(self) -> Tensor:
        """LongTensor [inputs, answers]: the tokens that each prompt left alone is answered with."""
        return self.kept.predictions

    def width(self, site: Site) -> int:
        """How many numbers the vector at a site has."""
        return tap_of(self.network, site).width

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """How many places the site has in each prompt."""
        return (self.positions[site.token][inputs] >= 0).sum(1)

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The vectors [rows, places, width] at a site, as the harvest kept them."""
        slots = self.kept.slot_of[inputs.to(self.kept.slot_of.device)]
        return self.kept.vectors[replace(site, receiver=None)][slots].to(self.device)

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """The logits [rows, answers, vocabulary] of what follows, by the fast path where it is
        right.
        """
        plain = partial(plain_run, self.network, self.prompts, self.positions)
        run = Run(inputs, tuple(edits), tuple(reads))

        def execute(part: Run) -> Outcome:
            direct = without_edges(self.network, part, plain)
            if not direct.edits or self.plain_because is not None:
                return plain(direct)
            if self.anew is not None:
                return _run_anew(self.network, self.anew, direct)
            return suffix_run(self.network, self.prompts, self.positions, self.kept, direct)

        outcome = in_batches(self.prompts, run, self.batching, execute)
        return replace(outcome, logits=self.prompts.allowing(inputs, outcome.logits))

    def run_together(self, parts: Sequence[EditedInputs]) -> Tensor:
        """The logits [rows of all parts, answers, vocabulary] of several runs in one batch, in as
        many as they have lowest blocks where rows can't join others on the way, or one by one where
        the fast path is not to be had.
        """
        if len(parts) == 1 or not self._starts_above(parts):
            return run_one_by_one(self, parts)
        runs = [Run(part.inputs, tuple(part.edits)) for part in parts]
        kept = partial(suffixes_run, self.network, self.prompts, self.positions, self.kept)

        def execute(runs: Sequence[Run]) -> Tensor:
            # More rows than positions: what has an entry for each row is then told by its size.
            if self.joins and sum(len(run.rows) for run in runs) > self.prompts.length:
                return kept(runs)
            by_block: dict[int, list[int]] = {}
            for number, run in enumerate(runs):
                by_block.setdefault(first_block(self.network, run), []).append(number)
            logits: dict[int, Tensor] = {}
            for numbers in by_block.values():
                alike = [runs[number] for number in numbers]
                found = divided(kept(alike), [len(run.rows) for run in alike])
                logits |= zip(numbers, found, strict=True)
            return torch.cat([logits[number] for number in range(len(runs))])

        logits = together_in_batches(self.prompts, runs, self.batching, execute)
        return self.prompts.allowing(inputs_of(parts), logits)

    def prepare(self, parts: Sequence[EditedInputs]) -> Prepared | None:
        """The same run as one that can be recorded; None where it is one of several batches, a full
        pass, from the beginning or along an edge, or where only some answers are allowed.
        """
        alone = self.batching is Batching.BY_LENGTH and self._lengths_differ(inputs_of(parts))
        if alone or not self._starts_above(parts) or self.prompts.menus is not None:
            return None
        runs = [Run(part.inputs, tuple(part.edits)) for part in parts]
        joins = self.joins and len(inputs_of(parts)) > self.prompts.length
        if not joins and len({first_block(self.network, run) for run in runs}) > 1:
            return None
        return prepared_suffix(self.network, self.prompts, self.positions, self.kept, runs)

    def _starts_above(self, parts: Sequence[EditedInputs]) -> bool:
        """Whether each part is one run from what the harvest kept."""
        edits = [edit for part in parts for edit in part.edits]
        edge = any(edit.site.receiver for edit in edits)
        unkept = self.plain_because is not None or self.anew is not None
        return not edge and not unkept and all(part.edits for part in parts)

    def _lengths_differ(self, inputs: Tensor) -> bool:
        lengths = self.prompts.mask[inputs].sum(1)
        return bool((lengths != lengths[0]).any())


def _run_anew(network: Network, request: HarvestRequest, run: Run) -> Outcome:
    """As `suffix_run`, from a harvest of the run's own prompts."""
    sites = tuple(dict.fromkeys([*(edit.site for edit in run.edits), *run.reads]))
    own = replace(request.of(run.rows), sites=sites)
    kept = harvest(network, own, chunk_rows=len(run.rows))
    rows = replace(run, rows=torch.arange(len(run.rows)))
    return suffix_run(network, own.prompts, own.places, kept, rows)


def text_subjects(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    groups: Sequence[tuple[Site, ...]],
    is_base: Tensor,
    *,
    memory: MemoryBudget | None = None,
    progress: Callable[[int, int], None] = no_progress,
    notice: Callable[[str], None] = no_notice,
) -> Iterator[TextSubject]:
    """Subjects that together serve every one of `groups`, each the sites of fits that share
    batches: a single one, where its harvest fits in memory.

    Where that has no room, several serve some of the groups each and are to be dropped before the
    next is asked for, or keep less than a fit reads (`keeping`). Other arguments are as in
    `HarvestRequest`; `notice` hears of each such decision.

    Raises:
        ToolFailure: there is no room for what a single batch takes.
        NetworkError: as `shortcuts` raises it.
    """
    every = united(groups)
    whole = HarvestRequest(prompts, places, every, is_base)
    cuts = shortcuts(network, whole)
    if cuts.unpadded_because is not None:
        notice(f"prompts are run with others of their length only: {cuts.unpadded_because}")
    if cuts.plain_because is not None:
        notice(f"full forward passes are used: {cuts.plain_because}")
    whole = replace(whole, with_past=cuts.plain_because is None, batching=cuts.batching)
    remaining = groups
    while remaining:
        here = keeping(network, whole, remaining, memory or MemoryBudget(), notice)
        kept = harvest(
            network, here.request, storage=here.storage, progress=progress, notice=notice
        )
        anew = whole if whole.with_past and not here.request.with_past else None
        yield TextSubject(
            network, prompts, places, kept, cuts.batching, cuts.plain_because, anew, cuts.rows_join
        )
        remaining = remaining[len(here.groups) :]
