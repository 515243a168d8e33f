"""The test pairs once more with the vectors of every token at the lowest layer that is mapped.

All tokens of the residual stream at one layer decide what is answered. Where a hypothesis says that
placed variables decide it alone, any other token's vector may be another input's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.compiler import Anchor, TokenPosition
from causalspec.dsl.diagnostics import SpecError
from causalspec.runtime.engine.subjects import Edit, Subject
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import PreparedSplits, present_splits
from causalspec.runtime.inputs.token_places import TokenChoice, together_name
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.sites.site import Site

EVERY = TokenPosition(Anchor.ALL)


@dataclass(frozen=True, eq=False)
class EveryToken:
    """The same rows as the test pairs', with the vectors at `site`, which has every token."""

    splits: PreparedSplits = field(repr=False)
    site: Site


def every_token(store: FitStore, selected: SelectedAlignment) -> EveryToken | None:
    """None where there are no tokens beside those that are mapped in the residual stream, or where
    a base and its sources differ in length, so that their tokens do not correspond.
    """
    placed = [here.site for here in selected.maps.placed]
    if not all(site.component == "residual" and site.token for site in placed):
        return None
    layer = min(site.layer or 0 for site in placed)
    site = Site("residual", layer, together_name(EVERY))
    choices = (*selected.candidates.choices, TokenChoice((EVERY,), together=True))
    experiment = replace(selected.experiment, keeps_unanswered=True)  # it is known which they are
    _, test = selected.pairs()
    try:
        harvester = present_splits(
            selected.network, experiment, [test], choices, experiment.claim.prompt
        )
    except SpecError:
        return None
    [splits] = next(harvester.prepared_splits([(*selected.sites, site)], store.watcher))
    return EveryToken(splits, site)


def half_of_tokens(
    every: Site, subject: Subject, bases: Tensor, thirds: Tensor, generator: torch.Generator
) -> Edit:
    """Each token's vector is, at even odds, the third input's, where that has as many tokens."""
    counts = subject.places(every, bases)
    vectors = subject.vectors(every, thirds)
    taken = torch.rand(vectors.shape[:2], generator=generator) < 0.5
    taken &= (subject.places(every, thirds) == counts).cpu()[:, None]
    return Edit(every, _taken, (taken.to(vectors.device), vectors))


def _taken(base: Tensor, taken: Tensor, third: Tensor) -> Tensor:
    return torch.where(taken[..., None], third.to(base), base)
