"""Rows of one kind: pairs are drawn in order until every cell of a stretch is full."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...dsl.diagnostics import Diagnostic, SpecError
from ..evaluators.columns import Column
from ..specification import CounterfactualDesign
from .balance import Layout, Values
from .balance import Places as CellPlaces
from .conditions import filters, label, quoted, source_names
from .feasibility import Tally, explain_rare, explain_rare_inputs, prove_unmet
from .populations import Population
from .randomness import Stream
from .samplers import ATTEMPTS_A_ROW, MOST_ATTEMPTS, RequirementUnmetError, Sampler
from .solved_pairs import PairSolver
from .table import Places, Table

_CHUNK = 1 << 17  # the evaluator works through it in pieces that stay in cache
_SMALLEST_CHUNK = 1 << 10
_PROOF_AFTER = 1 << 16  # draws without a hit before impossibility is looked into
_RARE = 1000  # of so many draws less than one hit: too rare to sample where a solver may help


class Filler:
    """Fills the rows of kind `number`, of which a split holds `layout.counts[number]`."""

    def __init__(
        self,
        design: CounterfactualDesign,
        number: int,
        layout: Layout,
        population: Population,
        solver: PairSolver,
    ) -> None:
        self._design = design
        self._kind = design.kinds[number]
        self._number = number
        self._values = layout.values
        self._counts: list[int] = layout.counts[number].tolist()
        self._population = population
        self._solver = solver
        self._conditional = bool(filters(design)) or design.balance is not None
        self._undecided = self._conditional
        self._solvable = bool(design.distinctions)

    def fill(self, table: Table, cells: CellPlaces, stream: Stream) -> None:
        """Draw pairs, in order, until each value's rows are full. Pairs that tell rivals apart but
        are rare are found by the solver.

        Raises `SpecError` with CS510 to CS514 for what cannot be met with bounded work.
        """
        design, kind = self._design, self._kind
        base_sampler = Sampler(self._population, stream.derive("base"))
        samplers = [
            Sampler(self._population, stream.derive("source", str(k)))
            for k in range(len(source_names(design)))
        ]
        for places in cells:
            table.kinds[_slice(places, 0, len(places))] = self._number
        rows = sum(len(places) for places in cells)
        filled = [0] * len(cells)
        tally = Tally()
        solvable = self._solvable
        while (done := sum(filled)) < rows:
            size = min(rows - done, _CHUNK)
            if self._conditional:
                # Cells that are still open are the rare ones, so expect no better than so far.
                expected = size * (tally.pairs + 1) // (done + 1)
                size = min(max(expected, _SMALLEST_CHUNK), _CHUNK)
            try:
                base = base_sampler.take(size)
                sources = [sampler.take(size) for sampler in samplers]
            except RequirementUnmetError as error:
                raise SpecError([explain_rare_inputs(design, error)]) from None
            pairs = label(design, kind, base, sources)
            if not self._conditional:
                table.write(_slice(cells[0], done, done + size), None, base, sources, pairs)
                filled[0] += size
                continue
            admitted = tally.add(pairs, size)
            rows_, places = _choose(admitted, pairs.balanced, self._values, cells, filled, tally)
            table.write(places, rows_, base, sources, pairs)
            open_cells = [v for v, places in enumerate(cells) if filled[v] < len(places)]
            if not open_cells:
                break
            rarest = min(open_cells, key=lambda v: filled[v])
            if not filled[rarest] and tally.pairs >= _PROOF_AFTER:
                self._refuse_impossible(tuple(self._values.codes[v] for v in open_cells))
            if solvable and _RARE * filled[rarest] < tally.pairs >= _PROOF_AFTER:
                solvable = self._fill_solved(table, cells, filled, stream.derive("solved"))
            elif tally.pairs > max(MOST_ATTEMPTS, ATTEMPTS_A_ROW * filled[rarest]):
                value = self._values.codes[rarest]
                raise SpecError([explain_rare(design, kind, tally, value, rows)])

    def _refuse_impossible(self, wanted: tuple[int, ...]) -> None:
        """Raise `SpecError` for values that no pair has, where that is certain; asked once."""
        if not self._undecided:
            return
        self._undecided = False
        reason = prove_unmet(self._design, self._kind, self._population, wanted)
        if reason is not None:
            raise SpecError([reason])

    def _fill_solved(
        self, table: Table, cells: CellPlaces, filled: list[int], stream: Stream
    ) -> bool:
        """Fill what is open with pairs that the solver finds; False where it cannot."""
        for v, places in enumerate(cells):
            rows = len(places) - filled[v]
            if not rows:
                continue
            value = self._values.codes[v] if self._design.balance is not None else None
            found = self._solver.seeds(value, self._counts[v])
            if found is False:
                clause = filters(self._design)[-1]
                message = (
                    f"no pair of kind `{self._kind.name}` meets {quoted(clause)} and all other "
                    "clauses"
                )
                raise SpecError([Diagnostic("CS511", message, clause, "proved by the solver")])
            if found is None:
                self._solvable = False
                return False
            base, *sources = self._solver.spread(found, value, rows, stream.derive(str(v)))
            pairs = label(self._design, self._kind, base, sources)
            table.write(_slice(places, filled[v], len(places)), None, base, sources, pairs)
            filled[v] = len(places)
        return True


def _choose(
    admitted: NDArray[np.bool_],
    balanced: Column | None,
    values: Values,
    cells: CellPlaces,
    filled: list[int],
    tally: Tally,
) -> tuple[NDArray[np.intp], Places]:
    """The rows of a chunk that fill open cells, and their places; counts them in `filled`."""
    if balanced is None:
        rows = np.flatnonzero(admitted)[: len(cells[0]) - filled[0]]
        places = _slice(cells[0], filled[0], filled[0] + len(rows))
        filled[0] += len(rows)
        return rows, places
    numbers = values.number_of(balanced)
    numbers[~admitted] = -1
    counts = np.bincount(numbers + 1, minlength=len(cells) + 1)[1:].tolist()
    order = None if len(counts) <= 4 else np.argsort(numbers.astype(np.int16), kind="stable")
    start = len(numbers) - sum(counts)
    chosen: list[NDArray[np.intp]] = []
    taken: list[NDArray[np.intp]] = []
    for value, count in enumerate(counts):
        if count:
            code = values.codes[value]
            tally.values[code] = tally.values.get(code, 0) + count
        room = min(count, len(cells[value]) - filled[value])
        if room:
            hits = np.flatnonzero(numbers == value) if order is None else order[start:]
            chosen.append(hits[:room])
            places = cells[value][filled[value] : filled[value] + room]
            taken.append(np.asarray(places, dtype=np.intp))
            filled[value] += room
        start += count
    nothing = np.zeros(0, dtype=np.intp)
    return np.concatenate([nothing, *chosen]), np.concatenate([nothing, *taken])


def _slice(places: NDArray[np.intp] | range, start: int, stop: int) -> Places:
    """Some places, as a slice where they are consecutive."""
    if isinstance(places, range):
        return slice(places.start + start, places.start + stop)
    return places[start:stop]
