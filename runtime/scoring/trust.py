"""What keeps a claim that meets its expectations from holding, and how natural its edits are.

A claim is vacuous where its maps score no more than those of an untrained network that was searched
and fitted as hard; and its score is not to be relied on where it is far below that on the pairs
that the maps were fitted to.
"""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.compiler import Claim
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMap
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits
from causalspec.runtime.report.text import figure
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import PairedDifference
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed, observe
from causalspec.runtime.untyped import as_list, distinct

MOST_APART = 0.1
"""By how much the score on `train` may exceed that on test where a claim does not say."""

TRAIN_IIA = "train_iia"

MOST_VECTORS = 2_000


def vacuous(claim: Claim, above_untrained: PairedDifference | None) -> str:
    """Why a claim says nothing of what its network has learned; empty where it does. A claim that
    only bounds its scores from above does not say that anything is found.
    """
    asks = any(expectation.operator not in ("<", "<=") for expectation in claim.expectations)
    if above_untrained is None or above_untrained.lower > 0 or not asks:
        return ""
    return (
        f"iia - iia(random_network) is {figure(above_untrained.mean)} on the same pairs, and its "
        f"95 % interval reaches down to {figure(above_untrained.lower)}: an untrained network, "
        "searched and fitted as hard, may do as well"
    )


def train_observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """What the network does under the claim's maps on pairs that they were fitted to, as many at
    most as there are test pairs; nothing where none were.
    """
    if selected.train is None or not selected.may_fit:
        return ()
    most = sum(len(prepared.pairs) for prepared in selected.test)
    parts = tuple(_first(prepared, most) for prepared in selected.train)
    return selected.kept(
        store, TRAIN_IIA, lambda: observe(parts, selected.maps), selected.maps, parts
    )


def _first(prepared: PreparedSplit, most: int) -> PreparedSplit:
    rows = prepared.rows.rows
    return prepared if rows <= most else prepared.take(torch.arange(most))


def parted(claim: Claim, train: Score | None, test: Score) -> str:
    """Why the scores on `train` and test part by too much; empty where they do not, or where the
    claim says itself how far they may.
    """
    if train is None or not train.total or not test.total:
        return ""
    if any(metric.name == TRAIN_IIA for metric in claim.metrics):
        return ""
    apart = round(train.mean - test.mean, 9)
    if apart <= MOST_APART:
        return ""
    return (
        f"the maps score {figure(train.mean)} on pairs that they were fitted to and "
        f"{figure(test.mean)} on test: {figure(apart)} apart, where {MOST_APART:g} is allowed "
        "unless the claim says how much, as in `expect train_iia - iia <= 0.2`"
    )


def distances(selected: SelectedAlignment) -> tuple[float | None, ...]:
    """For each placed map how many times as far edited vectors lie from the nearest
    natural one as natural ones do, in medians; None where too few inputs are at hand.
    """
    return tuple(_distance(here, selected.test) for here in selected.maps.placed)


@torch.no_grad()
def _distance(here: PlacedMap, splits: PreparedSplits) -> float | None:
    """Natural vectors are split at random into two halves. Each of one half, and each vector edited
    among its inputs alone, has its nearest in the other (Euclidean distance): neither can be its
    own neighbour.
    """
    subject, alike = splits[0].subject, splits[0].presentation.alike
    inputs = distinct(torch.cat([split.own_bases for split in splits] + _origins(splits)))[0]
    first_of = {int(alike[number]): number for number in reversed(as_list(inputs))}
    generator = torch.Generator().manual_seed(0)  # the same for every run
    numbers = torch.tensor(sorted(first_of.values()))
    numbers = numbers[torch.randperm(len(numbers), generator=generator)][:MOST_VECTORS]
    natural, held_out = numbers[::2], numbers[1::2]
    known = {int(alike[number]) for number in as_list(held_out)}
    edited = [vectors for split in splits if len(vectors := _edited(here, split, known))]
    if len(held_out) < 2 or not edited:
        return None
    there = subject.vectors(here.site, natural)[:, 0].double()
    others = subject.vectors(here.site, held_out)[:, 0].double()
    usual = torch.cdist(others, there).amin(1).median()
    if not float(usual):
        return None
    found = torch.cdist(torch.cat(edited)[:MOST_VECTORS].double(), there).amin(1).median()
    return float(found / usual)


def _origins(splits: PreparedSplits) -> list[Tensor]:
    return [split.rows.origins[split.rows.origins >= 0] for split in splits]


def _edited(here: PlacedMap, split: PreparedSplit, known: set[int]) -> Tensor:
    """The vectors [rows, width] that the swaps of a site write at its first place, of the pairs
    whose inputs are all among the `known`, a number for each that the network can tell.
    """
    alike, rows, subject = split.presentation.alike, split.rows, split.subject
    members = list(here.members)
    among = torch.tensor([int(number) in known for number in as_list(alike)])
    origins = torch.where(rows.origins >= 0, rows.origins, split.own_bases[:, None])[:, members]
    kept = among[split.own_bases] & among[origins].all(1)
    kept &= (rows.origins[:, members] >= 0).any(1)
    chosen = kept.nonzero()[:, 0]
    if not len(chosen):
        return torch.empty(0)
    bases = subject.vectors(here.site, split.own_bases[chosen])[:, 0]
    sources = torch.stack(
        [subject.vectors(here.site, column)[:, 0] for column in origins[chosen].T], dim=1
    )
    swapped = (rows.origins[chosen][:, members] >= 0).to(bases)
    return here.map.swap(bases, sources, swapped)
