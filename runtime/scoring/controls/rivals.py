"""Rivals: other models of the task, their variables fitted at the same sites as hard."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler import CausalModel, rival_design
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.inputs.experiment import Untestable
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed


def rival_explanation(rival: CausalModel) -> str:
    """What is done with a rival, in a few words."""
    return (
        f"the rival's {', '.join(rival.intermediates)}, fitted at the same site with as many "
        "dimensions on pairs drawn in the same way"
    )


def observed_rival(
    workshop: Workshop, finalist: Finalist, rival: CausalModel
) -> tuple[tuple[Observed, ...], int]:
    """Another model's variables at the same sites, on pairs of their own, and how many were drawn.

    Nothing is observed where the network answers none of them. The first placement's site has all
    of the rival's variables where the claim has several: which goes where the rival does not say.
    """
    designs = [rival_design(one, rival) for one in finalist.asked.designs]
    asked = finalist.asked.about(designs)
    drawn = asked.draw("train") if finalist.train is not None else None
    test = asked.draw_test()
    count = sum(len(one) for one in test)
    first, method = finalist.candidates.offers[0], finalist.candidates.offers[0].methods[0]
    offer = replace(
        first, variables=rival.intermediates, methods=tuple(method for _ in rival.intermediates)
    )
    offered = Candidates(rival.intermediates, (offer,))
    theirs = replace(finalist, asked=asked, candidates=offered, sites=finalist.sites[:1])
    try:
        train, test_lots = theirs.harvested(workshop, drawn, test)
    except Untestable:
        return (), count
    return theirs.observed(workshop, rival.name, train=train, test=test_lots), count
