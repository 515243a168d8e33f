"""Admissible settings, and pairs of them, drawn one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.derived_models import Admission, pair_of, source_prefix
from causalspec.compiler.evaluators.columns import ColumnExpression, Columns
from causalspec.compiler.expressions import All
from causalspec.compiler.specification import CounterfactualDesign, Derivation, SwapKind

MOST_ATTEMPTS = 10_000_000
"""So many draws are tried at least before a condition counts as unmet."""

ATTEMPTS_A_ROW = 10_000
"""After that, fewer rows than one in so many draws are too few."""

MOST_DRAWS = 1 << 14
"""So many draws of what a derived source has of its own are tried for a pair before none fits."""

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


class DrawUnmetError(RequirementUnmetError):
    """No draw of a derived source's own inputs fits the rest of it, in one pair at least: `base`
    has that pair's.
    """

    def __init__(self, derivation: Derivation, base: Mapping[str, int], attempts: int) -> None:
        super().__init__(attempts, 0)
        self.derivation = derivation
        self.base = base


class DerivedSampler:
    """What a derived source has of its own, inputs and noise, drawn as the task draws them given
    the rest: what `require` says of these alone is in their population, and a draw that does not
    fit the rest is drawn again.
    """

    def __init__(
        self,
        design: CounterfactualDesign,
        derivation: Derivation,
        population: Population,
        stream: Stream,
    ) -> None:
        self._derivation = derivation
        self._prefix = source_prefix(derivation.source)
        own = own_names(derivation, design)
        self._sampler = Sampler(population.of(own), stream) if own else None
        self._fits: ColumnExpression | None = None
        linking = Admission.of(derivation, population.model).linking
        if linking:
            pair = pair_of(design, SwapKind((), ()), [derivation.source])
            self._fits = ColumnExpression.of(All(linking), pair.by_name)

    def take(self, drawn: Columns, count: int) -> Columns:
        """Its own columns in the next `count` pairs, of which the runs before are drawn. Raises
        `RequirementUnmetError` after bounded work.
        """
        if self._sampler is None:
            return {}
        own = self._fresh(count)
        if self._fits is None:
            return own
        missing = np.flatnonzero(self._fits.over({**drawn, **own}, count) == 0)
        tried = 1
        while len(missing):
            # Several draws at once for each pair that is left, the first that fits being taken.
            each = min(MOST_DRAWS, max(1, _CHUNK // len(missing)))
            fresh = self._fresh(each * len(missing))
            given = {name: np.repeat(column[missing], each) for name, column in drawn.items()}
            fits = self._fits.over({**given, **fresh}, each * len(missing)).reshape(-1, each) != 0
            found = fits.any(axis=1)
            first = np.flatnonzero(found) * each + fits.argmax(axis=1)[found]
            for name, column in own.items():
                column[missing[found]] = fresh[name][first]
            missing = missing[~found]
            tried += each
            if len(missing) and tried > MOST_DRAWS:
                side = "base."
                base = {
                    name.removeprefix(side): int(column[missing[0]])
                    for name, column in drawn.items()
                    if name.startswith(side)
                }
                raise DrawUnmetError(self._derivation, base, tried)
        return own

    def _fresh(self, count: int) -> Columns:
        assert self._sampler is not None
        taken = self._sampler.take(count)
        return {f"{self._prefix}.{name}": column for name, column in taken.items()}


def own_names(derivation: Derivation, design: CounterfactualDesign) -> frozenset[str]:
    """The inputs and noise that a derived source does not take from other runs."""
    noise = () if design.shared_noise else design.model.noise
    return frozenset((*derivation.drawn, *noise))


class PairSampler:
    """Bases with as many sources as a design has, drawn independently of each other except for what
    is derived, in the names of `derived_models.interchanged`.
    """

    def __init__(
        self, design: CounterfactualDesign, population: Population, stream: Stream
    ) -> None:
        numbers = range(len(source_names(design)))
        made = {derivation.source for derivation in design.derivations}
        streams = [stream.derive("source", str(number)) for number in numbers]
        self._base = Sampler(population, stream.derive("base"))
        self._sources = {
            source_prefix(number): Sampler(population, streams[number])
            for number in numbers
            if number not in made
        }
        self._derived = [
            DerivedSampler(design, derivation, population, streams[derivation.source])
            for derivation in design.derivations
        ]

    def take(self, count: int) -> Columns:
        """The next `count` pairs: what is drawn of them. Raises `RequirementUnmetError` after
        bounded work.
        """
        runs = {"base": self._base, **self._sources}
        drawn = {
            f"{prefix}.{name}": column
            for prefix, sampler in runs.items()
            for name, column in sampler.take(count).items()
        }
        for derived in self._derived:
            drawn |= derived.take(drawn, count)
        return drawn


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))
