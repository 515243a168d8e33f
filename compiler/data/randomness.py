"""Seeded integers that are the same on every supported Python and NumPy.

NumPy promises the raw stream of a bit generator for ever, but not what `Generator`'s methods make
of it, so only `Philox.random_raw` is used and the rest is integer arithmetic stated here. Philox is
counter-based (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3"): the draw at a position
is a function of the key and the position alone, so data does not depend on the size of chunks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORDS_PER_COUNTER = 4
_FEW = 16  # so many single draws cost less than drawing the whole range again


@dataclass(frozen=True, slots=True)
class Stream:
    """An endless row of independent draws; two streams of different keys have nothing in common."""

    key: bytes

    @staticmethod
    def of(seed: int, *purpose: str) -> Stream:
        """The stream for a purpose, such as a design's name, a split's name and `"base"`."""
        return Stream(hashlib.sha256(str(seed).encode()).digest()).derive(*purpose)

    def derive(self, *purpose: str) -> Stream:
        """An independent stream. Names are hashed with their lengths, so none can imitate two."""
        digest = hashlib.sha256(self.key)
        for name in purpose:
            encoded = name.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "little"))
            digest.update(encoded)
        return Stream(digest.digest())

    def words(self, start: int, count: int) -> NDArray[np.uint64]:
        """The 64-bit words at positions `start .. start + count - 1`."""
        skipped = start % _WORDS_PER_COUNTER
        key = [int.from_bytes(self.key[i : i + 8], "little") for i in (0, 8)]
        generator = np.random.Philox(
            key=np.array(key, dtype=np.uint64),
            counter=np.array([start // _WORDS_PER_COUNTER, 0, 0, 0], dtype=np.uint64),
        )
        return generator.random_raw(skipped + count)[skipped:]

    def halves(self, start: int, count: int) -> NDArray[np.uint32]:
        """The 32-bit draws at positions `start .. start + count - 1`: two a word, the low first."""
        words = self.words(start // 2, (start + count + 1) // 2 - start // 2)
        pairs = words.astype("<u8", copy=False).view("<u4").astype(np.uint32, copy=False)
        return pairs[start % 2 : start % 2 + count]

    def below(self, bound: int, start: int, count: int) -> NDArray[np.uint32 | np.uint64]:
        """Unbiased integers `0 .. bound - 1` at the given positions; `1 <= bound <= 2**63`.

        Bounds up to 2**32 use Lemire's multiplication ("Fast Random Integer Generation in an
        Interval"); a rejected draw is replaced by that at the same position of a derived stream.
        """
        if not 1 <= bound <= 2**63:
            raise ValueError(f"bound must be 1 to 2**63, not {bound}")
        values, rejected = self._attempt(bound, start, count)
        stream = self
        while len(rejected):
            stream = stream.derive("again")
            few = len(rejected) <= _FEW
            parts = [(offset, 1) for offset in rejected.tolist()] if few else [(0, count)]
            left: list[NDArray[np.intp]] = []
            for first, size in parts:
                again, failed = stream._attempt(bound, start + first, size)
                mine = rejected[(rejected >= first) & (rejected < first + size)]
                values[mine] = again[mine - first]
                left.append(np.intersect1d(mine, first + failed, assume_unique=True))
            rejected = np.concatenate(left)
        return values

    def _attempt(
        self, bound: int, start: int, count: int
    ) -> tuple[NDArray[np.uint32 | np.uint64], NDArray[np.intp]]:
        """One draw at each position, and the offsets of those that would be biased."""
        if bound > 2**32:
            masked = self.words(start, count) & np.uint64((1 << (bound - 1).bit_length()) - 1)
            return masked, np.flatnonzero(masked >= np.uint64(bound))
        product = self.halves(start, count).astype(np.uint64)
        product *= np.uint64(bound)
        low = product.astype(np.uint32)
        product >>= np.uint64(32)
        values = product.astype(np.uint32)
        threshold = 2**32 % bound
        if threshold and count and int(low.min()) < threshold:
            return values, np.flatnonzero(low < threshold)
        return values, np.zeros(0, dtype=np.intp)

    def permutation(self, count: int) -> NDArray[np.intp]:
        """A permutation of `0 .. count - 1`."""
        return np.argsort(self._distinct_keys(count))

    def shuffled(self, counts: Sequence[int]) -> NDArray[np.int32]:
        """Every index `i` of `counts`, `counts[i]` times, in random order."""
        total = sum(counts)
        ends = np.cumsum(counts)[:-1]
        if not len(ends) or max(counts) == total:
            return np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        keys = self._distinct_keys(total)
        result = np.zeros(total, dtype=np.int32)
        if len(ends) <= _FEW:  # the rank of a key decides; order statistics need no full sort
            inner = ends[ends < total]
            firsts = np.partition(keys, inner)[inner]
            for first in firsts:
                result += keys >= first
        else:
            result[np.argsort(keys)] = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return result

    def _distinct_keys(self, count: int) -> NDArray[np.uint64]:
        """Random sort keys without ties: the position stands in the low bits."""
        bits = np.uint64(max(count - 1, 0).bit_length())
        keys = self.words(0, count)
        keys >>= bits
        keys <<= bits
        keys |= np.arange(count, dtype=np.uint64)
        return keys


def rows_by_number(numbers: NDArray[np.int32], count: int) -> list[NDArray[np.intp]]:
    """The rows that have each number below `count`, ascending; -1 is none of them."""
    narrow = numbers.astype(np.min_scalar_type(-count))  # 16 bits are sorted by radix
    order = np.argsort(narrow, kind="stable")
    ends = np.cumsum(np.bincount(numbers + 1, minlength=count + 1)).tolist()
    return [order[start:stop] for start, stop in pairwise(ends)]


def largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`total` shared out in proportion to `weights`, exactly; leftovers go to the largest
    remainders, ties to the earlier (Hamilton's method).
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must not all be zero")
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return tuple(shares)
