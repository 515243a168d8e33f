"""A claim on some of its inputs alone: the rule for those whose absence lets the hypothesis hold.

Maps fitted to a wrong hypothesis are a compromise, under which inputs that it does explain swap
badly, too. So whether it holds on what a rule leaves is asked by fitting maps to the training pairs
left: shortly for every rule that is tried, in full for the one chosen. Rules are chosen on
validation pairs, and the one chosen is judged on test pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from causalspec.runtime.explaining.literals import Truth, Values, literals, values_of
from causalspec.runtime.explaining.rules import JudgedRule, Rule, best_rule
from causalspec.runtime.fitting.fit_store import FitStore, fit_and_score
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.encoded_splits import EncodedSplits, all_within
from causalspec.runtime.inputs.experiment import PreparedSplits, score_of
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed, observe
from causalspec.runtime.untyped import from_array

FEWEST_PAIRS = 30
"""So many pairs a rule must leave of every split, and so many at least must it do without."""
SHORT = 20
"""Rules are tried with fits of so many times fewer steps than the claim's, but of `LEAST` ones."""
LEAST = 50


class NoRuleError(Exception):
    """No rule is learnt; the message is a clause that says why."""


@dataclass(frozen=True, eq=False)
class NarrowedClaim:
    """A rule that does better than chance, what it leaves of the validation inputs, and the claim
    on the test pairs left: its `iia` under `maps` that were fitted to such pairs alone.
    """

    judged: JudgedRule
    maps: PlacedMaps = field(repr=False)
    iia: Score


def narrowed(
    store: FitStore, selected: SelectedAlignment, observed: Sequence[Observed]
) -> NarrowedClaim:
    """A claim that was `observed` on its test pairs, without the inputs that the best rule excepts.
    Its placements write nothing of their own.

    Raises:
        NoRuleError: there are too few pairs, or what the best rule leaves does no better.
    """
    pairs = min(
        sum(len(prepared.pairs) for prepared in split)
        for split in (selected.validation, selected.test)
    )
    if pairs < 2 * FEWEST_PAIRS:
        raise NoRuleError(
            f"a rule takes at least {2 * FEWEST_PAIRS} validation and as many test pairs, and "
            f"there are {pairs}: draw more"
        )
    asked = _Asked(store, selected)
    alone = strength(asked.seen)
    if alone is None:
        raise NoRuleError("no swap of the validation pairs is to change an answer")
    values = asked.values
    found = best_rule(
        literals(selected.experiment.claim.model, values), values, asked.judge, asked.hint, alone
    )
    if found is None:
        raise NoRuleError("no rule leaves inputs on which the hypothesis does better")
    return _confirmed(asked, found, observed)


def strength(observed: Sequence[Observed]) -> float | None:
    """How far IIA lies above its floor, the share of pairs whose label is the base's own answer: 0
    there, 1 at an IIA of 1; None where no swap is to change anything.
    """
    iia = float(np.mean([float(seen.agrees.float().mean()) for seen in observed]))
    return _above_floor(iia, observed)


def _above_floor(iia: float, observed: Sequence[Observed]) -> float | None:
    floor = float(np.mean([float((~seen.changes).float().mean()) for seen in observed]))
    return None if floor == 1.0 else (iia - floor) / (1.0 - floor)


def _confirmed(asked: _Asked, found: JudgedRule, observed: Sequence[Observed]) -> NarrowedClaim:
    """The rule with maps fitted in full, if the test pairs bear it out."""
    selected, text = asked.selected, found.rule.text
    test = asked.left(selected.test, found.rule)
    if _count(test) < FEWEST_PAIRS:
        raise NoRuleError(f"the best rule, `{text}`, leaves too few test pairs to judge it")
    maps = asked.maps(found.rule, selected.settings, "in full")
    assert maps is not None, "it was fitted before"
    seen = observe(test, maps)
    iia = score_of(test, [part.agrees for part in seen])
    least, before = _above_floor(iia.lower, seen), strength(observed)
    if least is None or before is None or least <= before:
        raise NoRuleError(
            f"no rule leaves inputs on which the hypothesis does better than chance; the best, "
            f"`{text}`, leaves {_count(test)} test pairs with an IIA of {iia.mean:.3f}"
        )
    return NarrowedClaim(found, maps, iia)


class _Asked:
    """The validation pairs under the claim's own maps, and any rule's answer from the network."""

    def __init__(self, store: FitStore, selected: SelectedAlignment) -> None:
        self.store, self.selected = store, selected
        self._values: dict[int, Values] = {}
        self.seen = observe(selected.validation, selected.maps)
        used = [
            _inputs(prepared.own_bases, prepared.rows.origins) for prepared in selected.validation
        ]
        encoded = selected.validation[0].encoded
        self.numbers: NDArray[np.int64] = np.unique(np.concatenate(used))
        self.values: Values = {
            name: column[self.numbers] for name, column in self._values_of(encoded).items()
        }
        self.hint = _hint(self.seen, self.numbers)

    def judge(self, rule: Rule) -> float | None:
        """The strength of the hypothesis on the validation pairs that a rule leaves, under maps
        that were shortly fitted to the training pairs it leaves.
        """
        selected = self.selected
        validation = self.left(selected.validation, rule)
        if min(_count(validation), _count(selected.validation) - _count(validation)) < FEWEST_PAIRS:
            return None
        steps = min(selected.settings.steps, max(LEAST, selected.settings.steps // SHORT))
        maps = self.maps(rule, replace(selected.settings, steps=steps), f"{steps} steps")
        if maps is None:
            return None
        return strength(observe(validation, maps))

    def maps(self, rule: Rule, settings: FitSettings, length: str) -> PlacedMaps | None:
        """Maps fitted to what a rule leaves, the claim's own where none may be fitted; None where
        that determines none.
        """
        selected = self.selected
        if selected.train is None or not selected.may_fit:
            return selected.maps
        train = self.left(selected.train, rule)
        if _count(train) < FEWEST_PAIRS:
            return None
        try:
            return fit_and_score(
                self.store,
                selected.stage(f"unless `{rule.text}`, {length}"),
                selected.candidates.variables,
                selected.candidates.placed(selected.sites),
                train,
                self.left(selected.validation, rule),
                settings,
            ).maps
        except NotDetermined:
            return None

    def left(self, splits: PreparedSplits, rule: Rule) -> PreparedSplits:
        """The pairs none of whose inputs is exceptional."""
        found: PreparedSplits = ()
        for prepared in splits:
            kept = from_array(~rule.holds(self._values_of(prepared.encoded)))
            rows = all_within(replace(prepared.rows, bases=prepared.own_bases), kept)
            if bool(rows.any()):
                found = (*found, prepared.take(rows.nonzero()[:, 0]))
        return found

    def _values_of(self, encoded: EncodedSplits) -> Values:
        """What rules read, of all inputs that are numbered there."""
        if id(encoded) not in self._values:
            model = encoded.splits[0].pairs.model
            self._values[id(encoded)] = values_of(model, encoded.settings)
        return self._values[id(encoded)]


def _inputs(bases: Tensor, origins: Tensor) -> NDArray[np.int64]:
    return np.concatenate([bases.numpy(), origins[origins >= 0].numpy()])


def _count(splits: PreparedSplits) -> int:
    return sum(len(prepared.pairs) for prepared in splits)


def _hint(observed: Sequence[Observed], numbers: NDArray[np.int64]) -> Callable[[Truth], float]:
    """How much of the variance of who agrees, within each kind of swap, is between pairs whose base
    is exceptional or not, and one of whose sources is or not; given where a rule holds, of the
    inputs with these ascending numbers.
    """
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Truth]] = []
    kinds: list[NDArray[np.int64]] = []
    offset = 0
    for seen in observed:
        prepared = seen.prepared
        origins = prepared.rows.origins.numpy()
        used = origins >= 0
        bases = np.searchsorted(numbers, prepared.own_bases.numpy())
        parts.append((bases, np.searchsorted(numbers, np.where(used, origins, numbers[0])), used))
        kinds.append(prepared.pairs.kinds.astype(np.int64) + offset)
        offset += len(prepared.pairs.design.kinds)
    kind = np.concatenate(kinds)
    right = np.concatenate([seen.agrees.numpy() for seen in observed]).astype(np.float64)
    rest = right - _means(kind, right)

    def hint(holds: Truth) -> float:
        cells = np.concatenate(
            [2 * holds[bases] + (holds[origins] & used).any(1) for bases, origins, used in parts]
        )
        return float((_means(4 * kind + cells, rest) ** 2).sum())

    return hint


def _means(cells: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each value the mean of those in its cell."""
    counts = np.bincount(cells)
    return (np.bincount(cells, values) / np.maximum(counts, 1))[cells]
