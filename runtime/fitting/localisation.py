"""How a search among many sites is cut short: whole vectors are swapped, then fits are halved.

A variable can only lie where the whole vector of another input changes what the network says, so of
very many sites those that change little are dropped before anything is fitted. Every other is given
a short fit; the best of them by validation go on to a longer one, the best of those to a full one
(Jamieson and Talwalkar 2016, arXiv 1502.07943). Rotations of short fits start where the means of
values differ, since a few steps from a random start tell little. A full fit begins afresh, so that
the site which is chosen has the maps that a search in full would have given it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FEW = 8
"""So few sites are all fitted in full."""

MANY = 24
"""Of more sites than that, whole vectors are swapped first."""

WHOLE_VECTORS = 0
"""So many steps of a fit a site has had that is dropped on such a swap."""

SWAPPED = 32
"""So many bases of a data set tell what such a swap changes."""

_LEAST_STEPS = 10
_FINALISTS = 2
_LEAST_CHANGED = 0.1  # as a share of what is changed at the site where most is


@dataclass(frozen=True, slots=True)
class Round:
    """Fits of so many `steps`, of which the best `kept` go on."""

    steps: int
    kept: int


def rounds(sites: int, steps: int, stay: int | None = None) -> Iterator[Round]:
    """The rounds before the last sites are fitted in full; none where there are few sites, or where
    a full fit is hardly longer than a short one. Where only so many `stay` after swaps of whole
    vectors, those rounds that drop some of them.

    A twentieth of the steps for all, a quarter for a tenth of them: of 90 sites at 200 steps, 900
    and 450 and 400 steps in the place of 18,000.
    """
    left = sites if stay is None else stay
    for part in _rounds(sites, steps):
        if left > part.kept:
            yield part
            left = part.kept


def fits(
    sites: int, steps: int, *, halving: bool, stay: int | None = None
) -> Iterator[tuple[int, int]]:
    """How many fits of how many steps a search takes, the short ones first, where so many sites
    `stay` after swaps of whole vectors; all by default.
    """
    left = sites if stay is None else stay
    for part in rounds(sites, steps, stay) if halving else ():
        yield left, part.steps
        left = part.kept
    yield left, steps


def steps_of(sites: int, steps: int, stay: int | None = None) -> int:
    """How many steps the fits of such a search take."""
    return sum(count * each for count, each in fits(sites, steps, halving=True, stay=stay))


def staying(changed: Sequence[float]) -> list[int]:
    """Of sites, the numbers of those that go on by the share of answers that whole vectors of other
    inputs change at each: all that change at least a tenth as many as the one that changes most,
    and at least as many sites as a first round keeps.
    """
    order = sorted(range(len(changed)), key=lambda number: -changed[number])
    least = _LEAST_CHANGED * max(changed)
    enough = [number for number in order if changed[number] >= least]
    return sorted(max(enough, order[: _first_kept(len(changed))], key=len))


def _rounds(sites: int, steps: int) -> Iterator[Round]:
    if sites <= FEW:
        return
    short, middle = max(_LEAST_STEPS, steps // 20), steps // 4
    if 2 * short > steps:
        return
    if middle < 2 * short:
        yield Round(short, _FINALISTS)
        return
    yield Round(short, _first_kept(sites))
    yield Round(middle, _FINALISTS)


def _first_kept(sites: int) -> int:
    return max(_FINALISTS + 1, sites // 10)
