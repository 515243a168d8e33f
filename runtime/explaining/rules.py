"""The shortest rule that tells exceptional inputs from the others, and how often it is wrong.

Rules are conditions joined by `and` and `or`, at most four of them. Every rule of one, two and
three is tried, and of four those that join two pairs, where these are few: no order of search
decides. A rule is chosen on one half of the inputs and judged on the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb

import numpy as np
from numpy.typing import NDArray

from causalspec.runtime.explaining.literals import Literal

FEWEST = 8
"""So many inputs of either sort there must be at least: half of them choose, half judge."""
WORTH = 0.03
"""By how much a further condition must raise the balanced accuracy to be worth its length."""
SIGNIFICANCE = 0.01
"""A rule is better than chance where Fisher's exact test on the held-out inputs says so."""
_MOST_LITERALS = 200
_MOST_PAIRS = 3_000
_ROWS = 4_096

Truth = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Term:
    """A rule or a part of one: its text, how many conditions and words it has, the word that joins
    it, and where it holds, BoolArray [inputs].
    """

    text: str
    conditions: int
    words: int
    joint: str
    holds: Truth = field(repr=False)


@dataclass(frozen=True, eq=False)
class FoundRule:
    """The rule that was chosen, with its balanced accuracy on the inputs held out: the mean share
    of exceptional and of other inputs that it is right about. Of these `held_out` inputs it is
    `wrong` about some, and `probability` is that of a rule as good by chance.
    """

    term: Term
    accuracy: float
    held_out: int
    wrong: int
    probability: float
    merit: float
    """Its balanced accuracy on the half that chose it, above a half, less what its length costs."""

    @property
    def is_better_than_chance(self) -> bool:
        """Whether it tells the inputs apart at all."""
        return self.probability < SIGNIFICANCE and self.accuracy > 0.5


class TooFewInputsError(Exception):
    """Of one sort there are fewer inputs than a rule can be learnt from."""


def learn_rule(found: Sequence[Literal], exceptional: Truth, seed: int = 0) -> FoundRule | None:
    """The rule for `exceptional` [inputs] that is best on a half of the inputs drawn by `seed`,
    each condition costing `WORTH`; None where nothing can be said of any input.

    Raises:
        TooFewInputsError: either sort has fewer than `FEWEST` inputs.
    """
    if min(int(exceptional.sum()), int((~exceptional).sum())) < FEWEST:
        raise TooFewInputsError
    learning = _half(exceptional, seed)
    best = _best(found, exceptional, learning)
    if best is None:
        return None
    gain, term = best
    said, right = term.holds[~learning], exceptional[~learning]
    accuracy = (float(said[right].mean()) + float((~said[~right]).mean())) / 2
    wrong = int((said != right).sum())
    chance = _by_chance(said, right)
    return FoundRule(term, accuracy, len(right), wrong, chance, _merit(gain, term))


def _half(exceptional: Truth, seed: int) -> Truth:
    """Half of either sort, at random."""
    generator = np.random.default_rng(seed)
    learning = np.zeros(len(exceptional), np.bool_)
    for sort in (exceptional, ~exceptional):
        numbers = generator.permutation(np.flatnonzero(sort))
        learning[numbers[: len(numbers) // 2]] = True
    return learning


def _merit(gain: float, term: Term) -> float:
    return round(gain - WORTH * term.conditions, 9)


def _best(
    found: Sequence[Literal], exceptional: Truth, learning: Truth
) -> tuple[float, Term] | None:
    target = exceptional[learning]
    # What a rule adds to a balanced accuracy of a half by holding at an input.
    exceptions = int(target.sum())
    gains: NDArray[np.float64] = np.full(len(target), -0.5 / (len(target) - exceptions))
    gains[target] = 0.5 / exceptions
    singles = [Term(said.text, 1, said.words, "", said.holds) for said in found]
    if not singles:
        return None
    if len(singles) > _MOST_LITERALS:
        alone = [-abs(float(gains[term.holds[learning]].sum())) for term in singles]
        kept = sorted(range(len(singles)), key=lambda number: alone[number])[:_MOST_LITERALS]
        singles = [singles[number] for number in sorted(kept)]
    pairs = _distinct_pairs(singles)
    candidates = [_best_single(singles, gains, learning)]
    if pairs:
        candidates.append(_best_single(pairs, gains, learning))
        candidates.append(_best_joined(pairs, singles, gains, learning))
        if len(pairs) <= _MOST_PAIRS:
            candidates.append(_best_joined(pairs, pairs, gains, learning))

    def merit(scored: tuple[float, Term]) -> tuple[float, int, int]:
        gain, term = scored
        return (-_merit(gain, term), term.conditions, term.words)

    return min(candidates, key=merit)


def _distinct_pairs(singles: Sequence[Term]) -> list[Term]:
    """Both joints of every two conditions, of those that hold at the same inputs the shortest; none
    that a single condition says.
    """
    known = {term.holds.tobytes() for term in singles}
    made: dict[bytes, Term] = {}
    for number, first in enumerate(singles):
        for second in singles[:number]:
            for joint in ("and", "or"):
                holds = first.holds & second.holds if joint == "and" else first.holds | second.holds
                key = holds.tobytes()
                words = first.words + second.words
                if key in known or (key in made and made[key].words <= words):
                    continue
                if holds.any() and not holds.all():
                    made[key] = joined(second, first, joint)
    return list(made.values())


def joined(first: Term, second: Term, joint: str) -> Term:
    """`first and second` or `first or second`, with parentheses where joints differ."""
    parts = [
        term.text if term.joint in ("", joint) else f"({term.text})" for term in (first, second)
    ]
    holds = first.holds & second.holds if joint == "and" else first.holds | second.holds
    return Term(
        f" {joint} ".join(parts),
        first.conditions + second.conditions,
        first.words + second.words,
        joint,
        holds,
    )


def _best_single(
    terms: Sequence[Term], gains: NDArray[np.float64], learning: Truth
) -> tuple[float, Term]:
    matrix = np.stack([term.holds[learning] for term in terms])
    found = matrix @ gains
    best = np.flatnonzero(found >= found.max() - 1e-9)
    number = min(best.tolist(), key=lambda place: (terms[place].words, place))
    return float(found[number]), terms[number]


def _best_joined(
    left: Sequence[Term], right: Sequence[Term], gains: NDArray[np.float64], learning: Truth
) -> tuple[float, Term]:
    """The best of every `left` joined with every `right`, both ways."""
    others = np.stack([term.holds[learning] for term in right]).astype(np.float64)
    alone = others @ gains
    words = np.array([term.words for term in right])
    best: tuple[float, int, int, int, str] | None = None
    for start in range(0, len(left), _ROWS):
        part = left[start : start + _ROWS]
        matrix = np.stack([term.holds[learning] for term in part]) * gains
        both = matrix @ others.T
        either = matrix.sum(axis=1)[:, None] + alone - both
        length = np.array([term.words for term in part])[:, None] + words
        for joint, found in (("and", both), ("or", either)):
            top = float(found.max())
            among = np.where(found >= top - 1e-9, length, np.iinfo(np.int64).max)
            row, column = divmod(int(among.argmin()), len(right))
            one = (-round(top, 9), int(among[row, column]), start + row, column, joint)
            best = one if best is None else min(best, one)
    assert best is not None
    gain, _, row, column, joint = best
    return -gain, joined(left[row], right[column], joint)


def _by_chance(said: Truth, right: Truth) -> float:
    """The probability that so many inputs of both kinds meet by chance, or more: Fisher's exact
    test, one-sided.
    """
    count, positives, marked = len(right), int(right.sum()), int(said.sum())
    hits = int((said & right).sum())
    ways = sum(
        comb(positives, met) * comb(count - positives, marked - met)
        for met in range(hits, min(positives, marked) + 1)
    )
    return ways / comb(count, marked)
