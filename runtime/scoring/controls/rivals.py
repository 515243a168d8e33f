"""Rivals: other models of the task, their variables fitted at the same sites as hard."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler import CausalModel, rival_design
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import Untestable
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed


def rival_explanation(rival: CausalModel) -> str:
    """What is done with a rival, in a few words."""
    return (
        f"the rival's {', '.join(rival.intermediates)}, fitted at the same site with as many "
        "dimensions on pairs drawn in the same way"
    )


def observed_rival(
    store: FitStore, selected: SelectedAlignment, rival: CausalModel
) -> tuple[tuple[Observed, ...], int]:
    """Another model's variables at the same sites, on pairs of their own, and how many were drawn.

    Nothing is observed where the network answers none of them. The first placement's site has all
    of the rival's variables where the claim has several: which goes where the rival does not say.
    """
    designs = [rival_design(design, rival) for design in selected.experiment.designs]
    experiment = selected.experiment.about(designs)
    drawn = experiment.draw("train") if selected.train is not None else None
    test = experiment.draw_test()
    count = sum(len(pairs) for pairs in test)
    first = selected.candidates.offers[0]
    placements = [replace(first.placements[0], variable=name) for name in rival.intermediates]
    offer = replace(first, placements=tuple(placements))
    offered = Candidates(rival.intermediates, (offer,))
    theirs = replace(selected, experiment=experiment, candidates=offered, sites=selected.sites[:1])
    try:
        train, test_lots = theirs.harvested(store, drawn, test)
    except Untestable:
        return (), count
    return theirs.observed(store, rival.name, train=train, test=test_lots), count
