"""Pairs that a data set holds more than once: a network answers them alike, so they count once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.evaluators.columns import Column

if TYPE_CHECKING:
    from causalspec.compiler.data.pairs import InterchangePairs

MOST_DISTINCT = 1 << 20
"""So many distinct pairs are told apart; of more it is known that there are at least so many."""

Keys = NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def pair_keys(pairs: InterchangePairs) -> Keys:
    """Each row's key [rows], the same for two rows that have the same kind of swap, base inputs and
    inputs of the sources that the kind uses.

    Where all of these have at most 2⁶⁴ settings, different pairs have different keys. Else keys are
    hashes (SplitMix64's finalizer; Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", 2014): two of a million pairs share one with a probability below one in a million.
    """
    keys: Keys = np.zeros(len(pairs), np.uint64)
    word, settings = pairs.kinds.astype(np.uint64), len(pairs.design.kinds)
    for codes, column in _columns(pairs):
        if settings * len(codes) > 1 << 64:
            keys = _hashed(keys ^ word)
            word, settings = np.zeros(len(pairs), np.uint64), 1
        word *= np.uint64(len(codes))
        word += column
        settings *= len(codes)
    return _hashed(keys ^ word)


def _columns(pairs: InterchangePairs) -> Iterator[tuple[range, Keys]]:
    """What makes a pair: each input's codes, and its values [rows] counted from 0."""
    domains = [(name, pairs.model.by_name[name].domain.codes()) for name in pairs.model.inputs]
    for name, codes in domains:
        yield codes, _places(pairs.base[name], codes)
    for number, source in enumerate(pairs.sources):
        used = pairs.source_used[:, number].astype(np.uint64)
        for name, codes in domains:
            yield codes, _places(source[name], codes) * used


def _places(column: Column, codes: range) -> Keys:
    places = column.astype(np.int64)
    if codes.start:
        places -= codes.start
    if codes.step != 1:
        places //= codes.step
    return places.view(np.uint64)


def _hashed(keys: Keys) -> Keys:
    keys = (keys ^ (keys >> np.uint64(30))) * _FIRST
    keys = (keys ^ (keys >> np.uint64(27))) * _SECOND
    return keys ^ (keys >> np.uint64(31))


class DistinctPairs:
    """How many distinct pairs have been seen, chunk by chunk, in bounded memory and time."""

    def __init__(self) -> None:
        self._known: Keys = np.zeros(0, np.uint64)
        self._waiting: list[Keys] = []
        self._rows_waiting = 0
        self._exact = True

    def add(self, pairs: InterchangePairs) -> None:
        """Count the rows of a chunk."""
        if not self._exact:
            return
        self._waiting.append(pair_keys(pairs))
        self._rows_waiting += len(pairs)
        # Merged when as many wait as are known, so that each key is sorted a few times only.
        if self._rows_waiting >= max(MOST_DISTINCT // 4, len(self._known)):
            self._merge()

    @property
    def count(self) -> int:
        """How many there are; at least so many where it is not `exact`."""
        self._merge()
        return len(self._known)

    @property
    def exact(self) -> bool:
        """Whether `count` is all of them."""
        self._merge()
        return self._exact

    def _merge(self) -> None:
        if not self._rows_waiting:
            return
        keys = np.sort(np.concatenate([self._known, *self._waiting]))
        found = keys[np.append(True, keys[1:] != keys[:-1])]  # quicker than `np.unique`
        self._exact = len(found) <= MOST_DISTINCT
        self._known = found[:MOST_DISTINCT]
        self._waiting, self._rows_waiting = [], 0


def effective_number(pairs: NDArray[np.int64], cells: NDArray[np.int64]) -> float:
    """How many pairs, no two alike, would tell as much as these rows do; `pairs` [rows] numbers
    what each row is, `cells` [rows] the kind and stratum that it was drawn for.

    A cell keeps its share of the rows, since `balance` and `cover` ask for it, and within it
    repeated pairs count once: rows² / Σ (rows of a cell)² / (its distinct pairs), the effective
    sample size of so weighted pairs (Kish, "Survey Sampling", 1965). It is the number of distinct
    pairs where there is one cell, and never above it.
    """
    if not len(pairs):
        return 0.0
    _, cell_of_row = np.unique(cells, return_inverse=True)
    rows = np.bincount(cell_of_row)
    distinct = np.unique(np.stack([cell_of_row, pairs]), axis=1)[0]
    return float(rows.sum() ** 2 / (rows**2 / np.bincount(distinct)).sum())
