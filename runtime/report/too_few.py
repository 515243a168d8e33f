"""What helps where a claim's pairs are too few to tell."""

from __future__ import annotations

import math
from collections.abc import Iterator

from causalspec.runtime.report.text import count_of
from causalspec.runtime.results.records import ClaimVerdict, PairCounts

_MOSTLY = 0.5
"""A share of pairs that are lost by one cause is that which is to be helped."""


def what_helps(verdict: ClaimVerdict) -> tuple[str, ...]:
    """What would make the pairs suffice for what they leave unknown: first what loses most of them,
    then how many are to be drawn. Nothing where no number would do, or none is wanted.
    """
    wanted = [line.enough for line in verdict.expectations if line.holds is None and line.enough]
    if not wanted or not verdict.score.total or not verdict.counts:
        return ()
    return tuple(_helps(verdict, max(wanted)))


def _helps(verdict: ClaimVerdict, enough: int) -> Iterator[str]:
    score = verdict.score
    scored = verdict.counts[-max(1, len(score.parts)) :]
    drawn, used = sum(count.drawn for count in scored), sum(count.used for count in scored)
    distinct = sum(count.used if count.distinct is None else count.distinct for count in scored)
    independent = score.counts_as()
    if used < _MOSTLY * drawn:
        yield (
            f"the network answers {used:,} of {drawn:,} pairs rightly: a prompt that it plays "
            "better leaves more, and `--keep-unanswered` scores all"
        )
    if distinct < _MOSTLY * used:
        yield (
            f"only {distinct:,} of {used:,} pairs differ for the network, and more rows repeat "
            "them: give the task more inputs, or leave fewer out by `keep where`"
        )
        return
    if independent < _MOSTLY * distinct:
        yield (
            f"{distinct:,} pairs count as {count_of(independent)} independent ones, since they "
            "share bases and sources: give the task more inputs to draw them from"
        )
    yield from (_rows(count, enough / independent) for count in scored)


def _rows(count: PairCounts, times: float) -> str:
    """A number of rows to write, rounded up to two figures."""
    wanted = max(count.drawn + 1, count.drawn * times)
    unit = 10 ** max(0, math.floor(math.log10(wanted)) - 1)
    rows = math.ceil(wanted / unit) * unit
    return f"write `split {count.split} {rows:_}` in `{count.design}`, now {count.drawn:,}"
