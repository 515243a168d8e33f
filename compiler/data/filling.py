"""The rows of one split, made stretch by stretch, each a function of its number alone: pairs of a
kind are drawn in order until every cell of the stretch is full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.balance import STRETCH, Layout
from causalspec.compiler.data.balance import Places as CellPlaces
from causalspec.compiler.data.conditions import LabelledPairs, Labeller, filters, source_names
from causalspec.compiler.data.enumerated_pairs import EnumeratedPairs
from causalspec.compiler.data.feasibility import (
    Tally,
    explain_rare,
    explain_rare_inputs,
    never,
    nothing_to_cover,
    prove_unmet,
    require_some,
)
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import (
    ATTEMPTS_A_ROW,
    MOST_ATTEMPTS,
    PairSampler,
    RequirementUnmetError,
)
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.data.strata import Coverable, Strata
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.wording import quoted
from causalspec.dsl.diagnostics import Diagnostic, SpecError

Places: TypeAlias = NDArray[np.intp] | slice

_CHUNK = 1 << 17  # the evaluator works through it in pieces that stay in cache
_SMALLEST_CHUNK = 1 << 10
_PROOF_AFTER = 1 << 16  # draws without a hit before impossibility is looked into
_RARE = 1000  # of so many draws less than one hit: too rare to sample


class Generator:
    """What is needed to make any stretch of a split of `rows` rows, whose inputs are drawn from a
    population.
    """

    def __init__(
        self,
        labeller: Labeller,
        population: Population,
        values: SplitValues,
        coverable: Coverable,
        rows: int,
        seed: int,
    ) -> None:
        design = labeller.design
        self._rows, self._split, self._seed = rows, values.split, seed
        self._stream = Stream.of(seed, design.name, values.split)
        require_some(design, population)
        strata = Strata.of(design, values, coverable)
        if not len(strata):
            raise SpecError([nothing_to_cover(design)])
        self.strata = strata
        self._layout = Layout(strata, rows, self._stream)
        self._fillers: list[Filler] = []
        for number in range(len(design.kinds)):
            own = self._stream.derive("solver", str(number))
            solver = PairSolver(design, number, population, values.allowed, own)
            self._fillers.append(Filler(number, self._layout, population, solver, labeller))

    def stretches(self) -> Iterator[range]:
        """The rows of each stretch, in order."""
        for number in range(self._layout.stretches):
            start = number * STRETCH
            yield range(start, min(start + STRETCH, self._rows))

    def empty(self, rows: int) -> InterchangePairs:
        """So many rows of the split, to be filled."""
        return InterchangePairs.empty(self.strata, self._split, self._seed, rows)

    def fill(self, table: InterchangePairs, number: int) -> None:
        """Make the rows of a stretch; `table` has as many."""
        own = self._stream.derive("stretch", str(number))
        for kind, (filler, cells) in enumerate(
            zip(self._fillers, self._layout.stretch(number), strict=True)
        ):
            filler.fill(table, cells, own.derive("kind", str(kind)))


class Filler:
    """Fills the rows of kind `number`, of which a split holds `layout.counts[number]`."""

    def __init__(
        self,
        number: int,
        layout: Layout,
        population: Population,
        solver: PairSolver,
        labeller: Labeller,
    ) -> None:
        self._strata = layout.strata
        self._design = layout.strata.design
        self._kind = self._design.kinds[number]
        self._number = number
        self._counts: list[int] = layout.counts[number].tolist()
        self._population = population
        self._solver = solver
        self._labeller = labeller
        self._conditional = bool(filters(self._design) or self._design.stratified)

    def fill(self, table: InterchangePairs, cells: CellPlaces, stream: Stream) -> None:
        """Draw pairs, in order, until the rows of each stratum are full. Pairs that are rare are
        chosen from a list of all where there is one; else, to tell rivals apart or to cover
        combinations, found by the solver.

        Raises `SpecError` with CS510 to CS518 for what cannot be met with bounded work.
        """
        for stratum, places in enumerate(cells):
            table.kinds[_slice(places, 0, len(places))] = self._number
            table.stratum[_slice(places, 0, len(places))] = stratum
        sampler = PairSampler(self._design, self._population, stream)
        rows = sum(len(places) for places in cells)
        filled = [0] * len(cells)
        tally = Tally()
        constructible = True
        while (done := sum(filled)) < rows:
            size = min(rows - done, _CHUNK)
            if self._conditional:
                # Cells that are still open are the rare ones, so expect no better than so far.
                expected = size * (tally.pairs + 1) // (done + 1)
                size = min(max(expected, _SMALLEST_CHUNK), _CHUNK)
            try:
                base, sources = sampler.take(size)
            except RequirementUnmetError as error:
                raise SpecError([explain_rare_inputs(self._design, error)]) from None
            pairs = self._labeller.label(self._kind, base, sources)
            if not self._conditional:
                _write(table, _slice(cells[0], done, done + size), None, (base, *sources), pairs)
                filled[0] += size
                continue
            numbers = self._strata.numbered(pairs, tally.add(pairs, size))
            chosen, places = _choose(numbers, cells, filled, tally)
            _write(table, places, chosen, (base, *sources), pairs)
            open_cells = [v for v, places in enumerate(cells) if filled[v] < len(places)]
            if not open_cells:
                break
            rarest = min(open_cells, key=lambda v: filled[v])
            if constructible and _RARE * filled[rarest] < tally.pairs >= _PROOF_AFTER:
                constructible = self._fill_rare(table, cells, filled, stream)
            elif tally.pairs > max(MOST_ATTEMPTS, ATTEMPTS_A_ROW * filled[rarest]):
                raise SpecError([explain_rare(self._kind, tally, self._strata, rarest, rows)])

    def _fill_rare(
        self, table: InterchangePairs, cells: CellPlaces, filled: list[int], stream: Stream
    ) -> bool:
        """Fill what is open without sampling; False where that is not possible for all of it."""
        for stratum, places in enumerate(cells):
            missing = len(places) - filled[stratum]
            if not missing:
                continue
            own = stream.derive("rare", str(stratum))
            found = self._listed(stratum, missing, own)
            if found is None:
                found = self._solved(stratum, missing, own)
            if found is None:
                return False
            base, *sources = found
            pairs = self._labeller.label(self._kind, base, sources)
            _write(table, _slice(places, filled[stratum], len(places)), None, found, pairs)
            filled[stratum] = len(places)
        return True

    @cached_property
    def _every(self) -> EnumeratedPairs | None:
        return EnumeratedPairs.of(self._design, self._kind, self._population)

    @cached_property
    def _members(self) -> Sequence[NDArray[np.intp]]:
        """Of each stratum, the pairs of `_every`."""
        assert self._every is not None
        pairs = self._every.labelled
        numbers = self._strata.numbered(pairs, pairs.admitted)
        return [np.flatnonzero(numbers == stratum) for stratum in range(len(self._strata))]

    def _listed(self, stratum: int, rows: int, stream: Stream) -> Sequence[Columns] | None:
        if self._every is None:
            return None
        members = self._members[stratum]
        if not len(members):
            reason = prove_unmet(self._every, self._kind, self._strata, [stratum])
            assert reason is not None
            raise SpecError([reason])
        return self._every.draw(members, stream, rows)

    def _solved(self, stratum: int, rows: int, stream: Stream) -> Sequence[Columns] | None:
        if not (self._design.distinctions or self._design.cover):
            return None
        codes = self._strata[stratum]
        found = self._solver.seeds(codes, self._counts[stratum])
        if found is False:
            raise SpecError([self._unsolvable(stratum)])
        return None if found is None else self._solver.spread(found, codes, rows, stream)

    def _unsolvable(self, stratum: int) -> Diagnostic:
        known = "proved by the solver"
        if self._design.stratified:
            return never(self._kind, self._strata, stratum, known)
        clause = filters(self._design)[-1]
        message = (
            f"no pair of kind `{self._kind.name}` meets {quoted(clause)} and all other clauses"
        )
        return Diagnostic("CS511", message, clause, known)


def _choose(
    numbers: NDArray[np.int32], cells: CellPlaces, filled: list[int], tally: Tally
) -> tuple[NDArray[np.intp], Places]:
    """The rows of a chunk that fill open cells, and their places; counts them in `filled`."""
    if len(cells) == 1:
        hits = np.flatnonzero(numbers == 0)
        tally.strata[0] = tally.strata.get(0, 0) + len(hits)
        hits = hits[: len(cells[0]) - filled[0]]
        places = _slice(cells[0], filled[0], filled[0] + len(hits))
        filled[0] += len(hits)
        return hits, places
    counts = np.bincount(numbers + 1, minlength=len(cells) + 1)[1:].tolist()
    order = None if len(counts) <= 4 else np.argsort(numbers.astype(np.int16), kind="stable")
    start = len(numbers) - sum(counts)
    chosen: list[NDArray[np.intp]] = []
    taken: list[NDArray[np.intp]] = []
    for stratum, count in enumerate(counts):
        if count:
            tally.strata[stratum] = tally.strata.get(stratum, 0) + count
        room = min(count, len(cells[stratum]) - filled[stratum])
        if room:
            hits = np.flatnonzero(numbers == stratum) if order is None else order[start:]
            chosen.append(hits[:room])
            places = cells[stratum][filled[stratum] : filled[stratum] + room]
            taken.append(np.asarray(places, dtype=np.intp))
            filled[stratum] += room
        start += count
    nothing = np.zeros(0, dtype=np.intp)
    return np.concatenate([nothing, *chosen]), np.concatenate([nothing, *taken])


def _slice(places: NDArray[np.intp] | range, start: int, stop: int) -> Places:
    """Some places, as a slice where they are consecutive."""
    if isinstance(places, range):
        return slice(places.start + start, places.start + stop)
    return places[start:stop]


def _write(
    table: InterchangePairs,
    places: Places,
    rows: NDArray[np.intp] | None,
    sides: Sequence[Columns],
    pairs: LabelledPairs,
) -> None:
    """Put the chosen rows of some pairs (None: all of them) in their places."""
    values = dict(pairs.outputs)
    for side, columns in zip(("base", *source_names(table.design)), sides, strict=True):
        values.update({f"{side}.{name}": column for name, column in columns.items()})
    for name, column in table.columns.items():
        column[places] = values[name] if rows is None else values[name].take(rows)
