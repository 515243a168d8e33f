"""Expectations of several seeds of the fit: the data stay, maps and sites are found anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from causalspec.compiler import Claim, Expectation
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.records import ClaimVerdict, ExpectationVerdict, SeedVerdict
from causalspec.runtime.sites.site import Site

OfSeed = Callable[[int, Claim], ClaimVerdict]
"""Given how many seeds on, and a claim with the expectations that are asked: its verdict."""


def over_seeds(
    claim: Claim, first: ClaimVerdict, seed: int, of_seed: OfSeed | None
) -> tuple[ExpectationVerdict, ...]:
    """The verdicts on a claim's expectations, those of several seeds judged over all of them; the
    first seed's maps, which `first` is about, are the claim's. Without `of_seed` nothing can be
    fitted, and what asks for several seeds is unknown.
    """
    found = {number: [verdict] for number, verdict in enumerate(first.expectations)}
    sites = [first.chosen]
    for number in range(1, claim.seeds if of_seed is not None else 1):
        asked = _asked(claim, number)
        assert of_seed is not None
        try:
            verdict = of_seed(number, of_number(claim, number))
            sites.append(verdict.chosen)
            for place, judged in zip(asked, verdict.expectations, strict=True):
                found[place].append(judged)
        except NotDetermined as failure:
            sites.append(())
            for place, expectation in asked.items():
                reason = f"no site has a map: {failure}"
                nothing = ExpectationVerdict(expectation.text, float("nan"), None, reason)
                found[place].append(nothing)
    return tuple(
        found[place][0]
        if expectation.seeds == 1
        else _judged(expectation, found[place], sites, seed)
        for place, expectation in enumerate(claim.expectations)
    )


def of_number(claim: Claim, number: int) -> Claim:
    """A claim with the expectations that are asked of the seed so many on."""
    return replace(claim, expectations=tuple(_asked(claim, number).values()))


def _asked(claim: Claim, number: int) -> dict[int, Expectation]:
    """Those expectations by their place, each of one seed."""
    return {
        place: replace(expectation, least=1, seeds=1)
        for place, expectation in enumerate(claim.expectations)
        if expectation.seeds > number
    }


def _judged(
    expectation: Expectation,
    verdicts: Sequence[ExpectationVerdict],
    sites: Sequence[tuple[Site, ...]],
    seed: int,
) -> ExpectationVerdict:
    by_seed = tuple(
        SeedVerdict(seed + number, verdict.value, verdict.holds, chosen)
        for number, (verdict, chosen) in enumerate(zip(verdicts, sites, strict=False))
    )
    holding = sum(verdict.holds is True for verdict in verdicts)
    failing = sum(verdict.holds is False for verdict in verdicts)
    first = verdicts[0]
    if holding >= expectation.least:
        return replace(first, holds=True, reason="", enough=None, by_seed=by_seed)
    if failing > expectation.seeds - expectation.least:
        return replace(first, holds=False, reason="", enough=None, by_seed=by_seed)
    if len(verdicts) < expectation.seeds:
        reason = f"maps of one seed are scored, and {expectation.seeds} are asked for"
        return replace(first, holds=None, reason=reason, enough=None, by_seed=by_seed)
    unknown = next(verdict for verdict in verdicts if verdict.holds is None)
    return replace(first, holds=None, reason=unknown.reason, enough=unknown.enough, by_seed=by_seed)
