"""Admissible settings, and pairs of them, drawn one after the other."""

from __future__ import annotations

from functools import reduce

import numpy as np

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.derived_models import on_sides
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.specification import CounterfactualDesign

MOST_ATTEMPTS = 10_000_000
"""So many draws are tried at least before a condition counts as unmet."""

ATTEMPTS_A_ROW = 10_000
"""After that, fewer rows than one in so many draws are too few."""

_CHUNK = 1 << 15


class RequirementUnmetError(Exception):
    """Too few of the draws meet the model's `require`."""

    def __init__(self, attempts: int, accepted: int) -> None:
        self.attempts = attempts
        self.accepted = accepted
        super().__init__(f"{accepted} of {attempts} draws meet the requirement")


class Sampler:
    """The admitted draws of a stream in order: row i is a function of population and stream alone,
    however many rows are taken at a time.
    """

    def __init__(self, population: Population, stream: Stream) -> None:
        self._in_vain = population.in_vain
        self._rejections = population.rejections
        self._blocks = [(block, stream.derive(*block.names)) for block in population.blocks]
        self._position = 0
        self._accepted = 0
        self._waiting: Columns = {}

    def take(self, count: int) -> Columns:
        """The next `count` settings. Raises `RequirementUnmetError` after bounded work."""
        if self._in_vain:
            raise RequirementUnmetError(self._in_vain, 0)
        if not self._rejections:
            return self._candidates(count)
        parts = [self._waiting] if self._waiting else []
        missing = count - _length(self._waiting)
        while missing > 0:
            rate = (self._accepted + 1) / (self._position + 1)
            rows = min(max(int(missing / rate * 1.05) + 64, 256), _CHUNK)
            chunk = self._candidates(rows)
            met = (condition.over(chunk, rows).astype(np.bool_) for condition in self._rejections)
            admitted = np.flatnonzero(reduce(np.logical_and, met))
            parts.append({name: column[admitted] for name, column in chunk.items()})
            self._accepted += len(admitted)
            missing -= len(admitted)
            if self._position > max(MOST_ATTEMPTS, ATTEMPTS_A_ROW * self._accepted):
                raise RequirementUnmetError(self._position, self._accepted)
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[-1]}
        self._waiting = {name: column[count:] for name, column in joined.items()}
        return {name: column[:count] for name, column in joined.items()}

    def _candidates(self, count: int) -> Columns:
        start = self._position
        self._position += count
        drawn = (block.draw(stream, start, count) for block, stream in self._blocks)
        return {name: column for columns in drawn for name, column in columns.items()}


class PairSampler:
    """Bases with as many sources as a design has, drawn independently of each other, in the names
    of `derived_models.interchanged`.
    """

    def __init__(
        self, design: CounterfactualDesign, population: Population, stream: Stream
    ) -> None:
        numbers = range(len(source_names(design)))
        self._base = Sampler(population, stream.derive("base"))
        self._sources = [Sampler(population, stream.derive("source", str(k))) for k in numbers]

    def take(self, count: int) -> Columns:
        """The next `count` pairs. Raises `RequirementUnmetError` after bounded work."""
        return on_sides(self._base.take(count), [side.take(count) for side in self._sources])


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))
