"""At the site, all that lies outside the aligned part comes from an equivalent third input."""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.results.run_folder import Stage
from causalspec.runtime.scoring.controls.equivalents import (
    NO_EQUIVALENT,
    ThirdInputs,
    equivalents,
)
from causalspec.runtime.scoring.controls.resampling import (
    check_resampled,
    check_rest,
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
    check_rest(selected)
    finished = store.folder.find(selected.stage("site_resampled"))
    if finished is None:
        finished = Stage(_resampled(store, selected), {})
        store.folder.finish(selected.stage("site_resampled"), finished)
    found: list[Observed] = []
    left_out = 0
    for k, prepared in enumerate(selected.test):
        used, predicted = finished.tensors[f"rows.{k}"], finished.tensors[f"predicted.{k}"]
        left_out += len(prepared.pairs) - len(used)
        if len(used):
            found.append(Observed(prepared.take(used), None, predicted, selected.has_label))
    if not found:
        raise NotTested(NO_EQUIVALENT)
    if left_out:
        rows = sum(len(prepared.pairs) for prepared in selected.test)
        store.watcher.notice(
            f"site_resampled leaves out {left_out} of {rows} test pairs: no input that the "
            "hypothesis calls equivalent to the base was found"
        )
    return tuple(found)


def _resampled(store: FitStore, selected: SelectedAlignment) -> dict[str, Tensor]:
    """Of each data set the rows whose base has an equivalent, and what the network says there."""
    found: dict[str, Tensor] = {}
    for k, prepared in enumerate(selected.test):
        thirds = equivalents(store, selected, prepared, selected.settings.seed + 1_000 * (3 + k))
        used = (thirds.numbers >= 0).nonzero()[:, 0]
        found[f"rows.{k}"] = used
        found[f"predicted.{k}"] = torch.empty(0, dtype=torch.long)
        if len(used):
            theirs = ThirdInputs(thirds.subject, thirds.numbers[used])
            seen = resampled_answers(selected, prepared.take(used), theirs, None)
            found[f"predicted.{k}"] = seen.predicted
    return found
