"""A language model and its prompts as a subject: harvested once, run by the fast path if right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from causalspec.runtime.engine.alone import (
    few_rows,
    few_sites,
    how_to_batch,
    rotation,
    share_apart,
    tolerance,
)
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
from causalspec.runtime.engine.memory import device_failed
from causalspec.runtime.engine.plain_path import plain_run
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
from causalspec.runtime.networks.self_check import RUN_ERRORS, first_line
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
    """
    every = united(groups)
    batching, padding = how_to_batch(network, prompts, places, every)
    if padding is not None:
        notice(f"prompts are run with others of their length only: {padding}")
    whole = HarvestRequest(prompts, places, every, is_base, batching=batching)
    because = why_not_suffix(network, whole)
    if because is not None:
        notice(f"full forward passes are used: {because}")
    whole = replace(whole, with_past=because is None)
    joins = because is None and rows_may_join(network, whole)
    remaining = groups
    while remaining:
        here = keeping(network, whole, remaining, memory or MemoryBudget(), notice)
        kept = harvest(
            network, here.request, storage=here.storage, progress=progress, notice=notice
        )
        anew = whole if whole.with_past and not here.request.with_past else None
        yield TextSubject(network, prompts, places, kept, batching, because, anew, joins)
        remaining = remaining[len(here.groups) :]


def why_not_suffix(network: Network, request: HarvestRequest) -> str | None:
    """Compare the fast path with full passes on a few prompts: None where they agree.

    Of each component that is edited, an edge's receiver say, the lowest and the middle site are
    tried with every token, on the shortest
    and the longest prompts, with an edit that changes every number of the vector.
    """
    rows = few_rows(request.prompts)
    sites = tuple(few_sites([site.receiver or site for site in request.sites]))
    few = replace(request.of(rows), sites=sites)
    try:
        if not network.reads_ahead:
            kinds: Any = DynamicCache(config=network.model.config).layers
            if any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in kinds):
                return "some layers keep a state instead of keys and values"
        with torch.no_grad():
            apart = _largest_difference(network, few)
    except RUN_ERRORS as error:
        if device_failed(error):
            raise
        return f"the network cannot start above its lowest layer ({first_line(error)})"
    if apart > tolerance(network):
        return (
            f"starting above the lowest layer changes its outputs (by {apart:.1e} of the largest)"
        )
    return None


def rows_may_join(network: Network, request: HarvestRequest) -> bool:
    """Whether rows that enter at a higher block than others come to what they come to alone, as
    `why_not_suffix` tries it. They do not where a block is given what can't be told to be a row's.
    """
    rows = few_rows(request.prompts)
    sites = [site.receiver or site for site in request.sites]
    ordered = sorted(dict.fromkeys(sites), key=lambda site: tap_of(network, site).enters)
    ends = ordered[0], ordered[-1]
    if len({tap_of(network, site).enters for site in ends}) == 1:
        return True
    few = replace(request.of(rows), sites=ends)
    every = torch.arange(len(rows)).repeat(1 + request.prompts.length // len(rows))
    runs = [Run(every, (rotation(ends[1]),)), Run(every, (rotation(ends[0]),))]
    try:
        with torch.no_grad():
            kept = harvest(network, few)
            fast = partial(suffix_run, network, few.prompts, few.places, kept)
            alone = [in_batches(few.prompts, run, few.batching, fast).logits for run in runs]
            joined = partial(suffixes_run, network, few.prompts, few.places, kept)
            together = together_in_batches(few.prompts, runs, few.batching, joined)
    except RUN_ERRORS as error:
        if device_failed(error):
            raise
        return False
    return share_apart(together, torch.cat(alone)) <= tolerance(network)


def _largest_difference(network: Network, request: HarvestRequest) -> float:
    kept = harvest(network, request)
    rows = torch.arange(request.prompts.rows)
    fast = partial(suffix_run, network, request.prompts, request.places, kept)
    plain = partial(plain_run, network, request.prompts, request.places)
    apart = 0.0
    for site in request.sites:
        run = Run(rows, (rotation(site),))
        some, others = (
            in_batches(request.prompts, run, request.batching, path).logits
            for path in (fast, plain)
        )
        apart = max(apart, share_apart(some, others))
    return apart
