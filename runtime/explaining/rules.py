"""The short rule whose exceptions leave the most inputs on which a hypothesis holds.

Rules are conditions joined by `and` and `or`. Whether the hypothesis holds on what a rule leaves is
asked of the network, which is dear; so rules are asked in the order of what they could come to at
best, and only while that is more than the best rule so far has come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from causalspec.runtime.explaining.literals import Literal, Truth, Values

FEWEST = 8
"""So many inputs of either sort there must be at least."""
WORTH = 0.03
"""How many of the inputs a further condition must win back to be worth its length."""
MOST_CONDITIONS = 3
MOST_ASKED = 10
"""So many rules of each length are asked at most, those that the swaps seen so far speak for."""
MOST_JOINED = 40
"""So many conditions are joined to longer rules."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule or a part of one: its text, how many conditions and words it has, the word that joins
    it, and where it holds.
    """

    text: str
    conditions: int
    words: int
    joint: str
    holds: Callable[[Values], Truth] = field(repr=False)


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """A rule, the `share` of the inputs that it leaves, and the `strength` of the hypothesis on
    these: 1 where every swap does as it says, 0 where no more than without swapping.
    """

    rule: Rule
    share: float
    strength: float

    @property
    def merit(self) -> float:
        """What the rule is worth: strength times share, less what its length costs."""
        return self.strength * self.share - WORTH * self.rule.conditions


def of_literal(literal: Literal) -> Rule:
    """A rule of one condition."""
    return Rule(literal.text, 1, literal.words, "", literal.holds)


def joined(first: Rule, second: Rule, joint: str) -> Rule:
    """`first and second` or `first or second`, with parentheses where joints differ."""
    parts = [
        rule.text if rule.joint in ("", joint) else f"({rule.text})" for rule in (first, second)
    ]

    def holds(values: Values) -> Truth:
        one, other = first.holds(values), second.holds(values)
        return one & other if joint == "and" else one | other

    return Rule(
        f" {joint} ".join(parts),
        first.conditions + second.conditions,
        first.words + second.words,
        joint,
        holds,
    )


def best_rule(
    found: Sequence[Literal],
    values: Values,
    judge: Callable[[Rule], float | None],
    hint: Callable[[Truth], float],
    alone: float,
) -> JudgedRule | None:
    """The rule of the greatest merit that is found, None where no rule beats having none.

    `values` are those of the inputs, on all of which the hypothesis has the strength `alone`;
    `judge` gives its strength on what a rule leaves, None where that can't be said. Of many rules
    those are asked for which `hint`, given where they hold [inputs], is greatest.
    """
    best: JudgedRule | None = None
    known: set[bytes] = set()
    singles = _promising([of_literal(literal) for literal in found], values, hint, 0.0, known)
    candidates = singles[:MOST_ASKED]
    for length in range(1, MOST_CONDITIONS + 1):
        before = best
        # The greatest share first: what it comes to spares asking most of the others.
        for rule in sorted(candidates, key=lambda rule: _share(rule, values), reverse=True):
            share, least = _share(rule, values), best.merit if best else alone
            if share - WORTH * rule.conditions <= least:
                continue
            strength = judge(rule)
            if strength is not None and JudgedRule(rule, share, strength).merit > least:
                best = JudgedRule(rule, share, strength)
        if length > 1 and best is before:
            break
        joining = singles[:MOST_JOINED]
        longer = _extended(joining if length == 1 or best is None else [best.rule], joining)
        found_longer = _promising(longer, values, hint, best.merit if best else alone, known)
        candidates = found_longer[:MOST_ASKED]
    return best


def _promising(
    rules: Iterable[Rule],
    values: Values,
    hint: Callable[[Truth], float],
    least: float,
    known: set[bytes],
) -> list[Rule]:
    """Those that say what none before said and may come to more than `least`, the greatest hints
    first.
    """
    hinted: list[tuple[float, Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.words):
        holds = rule.holds(values)
        key = np.packbits(holds).tobytes()
        few = min(int(holds.sum()), int((~holds).sum()))
        if key in known or few < FEWEST:
            continue
        known.add(key)
        if float((~holds).mean()) - WORTH * rule.conditions > least:
            hinted.append((hint(holds), rule))
    hinted.sort(key=lambda entry: entry[0], reverse=True)
    return [rule for _, rule in hinted]


def _share(rule: Rule, values: Values) -> float:
    return float((~rule.holds(values)).mean())


def _extended(rules: Sequence[Rule], singles: Sequence[Rule]) -> Iterator[Rule]:
    for first in rules:
        for second in singles:
            if second is not first:
                for joint in ("and", "or"):
                    yield joined(first, second, joint)
