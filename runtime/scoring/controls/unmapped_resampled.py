"""Random halves of what is not mapped come from any third input, while all that is mapped is set.

All of the unmapped part from a third input would only be an interchange on another base. Where a
model's outputs read nothing but placed variables, these decide the answer: any part of the rest may
be any other input's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import torch

from causalspec.runtime.engine.edges import place_of
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.equivalents import others, read_beside
from causalspec.runtime.scoring.controls.every_token import (
    EveryToken,
    every_token,
    half_of_tokens,
)
from causalspec.runtime.scoring.controls.resampling import (
    check_resampled,
    check_rest,
    half_of_rest,
    resampled_answers,
)
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.sites.site import Site

EXPLANATION: str = (
    "random halves of what is not mapped at the lowest layer, at other tokens too, are any other "
    "input's, eight times: their mean"
)
FITS: bool = False

DRAWS = 8


def applies(selected: SelectedAlignment) -> bool:
    """Always; where it means nothing, the row says why."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs under the first draw of halves and third inputs."""
    return _each(store, selected, 1)[0]


def draws(store: FitStore, selected: SelectedAlignment) -> tuple[tuple[Observed, ...], ...]:
    """The test pairs under each draw.

    Raises:
        NotTested: the outputs read what is not placed, or all there is is mapped.
    """
    return _each(store, selected, DRAWS)


def _each(
    store: FitStore, selected: SelectedAlignment, count: int
) -> tuple[tuple[Observed, ...], ...]:
    _check(selected)
    beside = _Beside(store, selected)
    if beside.no_tokens:
        check_rest(selected)
    found: list[tuple[Observed, ...]] = []
    with store.watcher.work(selected.stage("unmapped_resampled"), count) as advance:
        for number in range(count):
            what = f"unmapped_resampled, draw {number + 1}"
            run = partial(_draw, selected, number, beside)
            found.append(selected.kept(store, what, run))
            advance(number + 1, "")
    return tuple(found)


@dataclass(eq=False)
class _Beside:
    """Every token of the test pairs, run when it is first asked for: a run that goes on may have
    all that it needs.
    """

    store: FitStore
    selected: SelectedAlignment

    @property
    def no_tokens(self) -> bool:
        return not any(here.site.token for here in self.selected.maps.placed)

    @cached_property
    def tokens(self) -> EveryToken | None:
        return None if self.no_tokens else every_token(self.store, self.selected)


def _check(selected: SelectedAlignment) -> None:
    check_resampled(selected)
    placed = selected.candidates.variables
    model = selected.test[0].pairs.model
    unplaced = read_beside(model, placed)
    if unplaced:
        names = ", ".join(f"`{name}`" for name in unplaced)
        raise NotTested(f"the outputs of `{model.name}` read {names}, which no placement swaps")


def _draw(selected: SelectedAlignment, number: int, beside: _Beside) -> tuple[Observed, ...]:
    seed = selected.settings.seed + 104_729 * (number + 1)
    generator = np.random.default_rng(seed)
    lowest, every = _lowest(selected), beside.tokens
    if every is None:
        check_rest(selected)
    found: list[Observed] = []
    for k, prepared in enumerate(selected.test):
        run, tokens = prepared, None
        if every is not None:
            run = every.splits[k]
            chance = torch.Generator().manual_seed(seed + k)
            tokens = partial(half_of_tokens, every.site, generator=chance)
        seen = resampled_answers(
            selected, run, others(run, generator), half_of_rest(seed), lowest, tokens
        )
        found.append(replace(seen, prepared=prepared))
    return tuple(found)


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
