"""Random halves of what is not mapped come from any third input, while all that is mapped is set.

All of the unmapped part from a third input would only be an interchange on another base. Where a
model's outputs read nothing but placed variables, these decide the answer: any part of the rest may
be any other input's.
"""

from __future__ import annotations

import numpy as np

from causalspec.runtime.engine.edges import place_of
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.equivalents import others, read_beside
from causalspec.runtime.scoring.controls.resampling import (
    check_resampled,
    half_of_rest,
    resampled_answers,
)
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.sites.site import Site

EXPLANATION: str = (
    "random halves of what is not mapped at the lowest site are any other input's, eight times: "
    "their mean"
)
FITS: bool = False

DRAWS = 8


def applies(selected: SelectedAlignment) -> bool:
    """Always; where it means nothing, the row says why."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs under the first draw of halves and third inputs."""
    _check(selected)
    return _kept(store, selected, 0)


def draws(store: FitStore, selected: SelectedAlignment) -> tuple[tuple[Observed, ...], ...]:
    """The test pairs under each draw.

    Raises:
        NotTested: the outputs read what is not placed, or all there is at the site is mapped.
    """
    _check(selected)
    found: list[tuple[Observed, ...]] = []
    with store.watcher.work(selected.stage("unmapped_resampled"), DRAWS) as advance:
        for number in range(DRAWS):
            found.append(_kept(store, selected, number))
            advance(number + 1, "")
    return tuple(found)


def _check(selected: SelectedAlignment) -> None:
    check_resampled(selected)
    placed = selected.candidates.variables
    model = selected.test[0].pairs.model
    unplaced = read_beside(model, placed)
    if unplaced:
        names = ", ".join(f"`{name}`" for name in unplaced)
        raise NotTested(f"the outputs of `{model.name}` read {names}, which no placement swaps")


def _kept(store: FitStore, selected: SelectedAlignment, number: int) -> tuple[Observed, ...]:
    what = f"unmapped_resampled, draw {number + 1}"
    return selected.kept(store, what, lambda: _draw(selected, number))


def _draw(selected: SelectedAlignment, number: int) -> tuple[Observed, ...]:
    seed = selected.settings.seed + 104_729 * (number + 1)
    generator = np.random.default_rng(seed)
    lowest = _lowest(selected)
    return tuple(
        resampled_answers(
            selected, prepared, others(prepared, generator), half_of_rest(seed), lowest
        )
        for prepared in selected.test
    )


def _lowest(selected: SelectedAlignment) -> set[Site]:
    """The sites that nothing mapped lies before: what is not mapped at a later one may carry what
    an earlier one holds.
    """
    sites = [here.site for here in selected.maps.placed]
    if len(sites) == 1 or any(site.path for site in sites):
        if len(sites) > 1:
            raise NotTested("the order of modules that are named by their paths is not known")
        return set(sites)
    first = min(map(_order, sites))
    return {site for site in sites if _order(site) == first}


def _order(site: Site) -> tuple[int, int]:
    return (site.layer or 0, 0) if site.component == "hidden" else place_of(site)
