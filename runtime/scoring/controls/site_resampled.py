"""At the site, all that lies outside the aligned part comes from an equivalent third input."""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.scoring.controls.equivalents import equivalents
from causalspec.runtime.scoring.controls.resampling import (
    check_resampled,
    resampled_answers,
)
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = (
    "at the site, all but the aligned part is taken from an input that the hypothesis calls "
    "equivalent to the base"
)
FITS: bool = False


def applies(selected: SelectedAlignment) -> bool:
    """Always; where it means nothing, the row says why."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs whose base has an equivalent; how many have none is told.

    Raises:
        NotTested: none has one, or nothing lies outside the aligned part.
    """
    check_resampled(selected)
    found: list[Observed] = []
    left_out = 0
    for number, prepared in enumerate(selected.test):
        thirds = equivalents(prepared, selected.settings.seed + 3 + number)
        thirds = _of_as_many_places(selected, prepared, thirds)
        kept = (thirds >= 0).nonzero()[:, 0]
        left_out += len(thirds) - len(kept)
        if not len(kept):
            continue
        part = prepared.take(kept)
        found.append(resampled_answers(selected, part, thirds[kept], None))
    if not found:
        raise NotTested(
            "no base has another input, among those of the test pairs, that the hypothesis calls "
            "equivalent to it"
        )
    if left_out:
        rows = sum(len(prepared.pairs) for prepared in selected.test)
        store.watcher.notice(
            f"site_resampled leaves out {left_out} of {rows} test pairs: no other input of these "
            "pairs is equivalent to the base"
        )
    return tuple(found)


def _of_as_many_places(
    selected: SelectedAlignment, prepared: PreparedSplit, thirds: Tensor
) -> Tensor:
    """The same inputs, but -1 where one has the site in more or fewer places than the base."""
    subject = prepared.subject
    there = thirds.clamp(min=0)
    for here in selected.maps.placed:
        same = subject.places(here.site, there) == subject.places(here.site, prepared.own_bases)
        thirds = torch.where(same.to(thirds.device), thirds, -1)
    return thirds
