"""The rows of one kind of swap: sampled where they are common, listed where they are few, solved
for where they are rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.balance import Layout, Places
from causalspec.compiler.data.conditions import LabelledPairs, PairKind
from causalspec.compiler.data.enumerated_pairs import EnumeratedPairs
from causalspec.compiler.data.feasibility import (
    FilterCounts,
    never,
    proved_unmet,
    too_rare,
    too_rare_inputs,
)
from causalspec.compiler.data.held_out_sources import HeldOutSources
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream, rows_by_number
from causalspec.compiler.data.samplers import (
    ATTEMPTS_A_ROW,
    MOST_ATTEMPTS,
    PairSampler,
    RequirementUnmetError,
)
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.evaluators.columns import Columns
from causalspec.dsl.diagnostics import SpecError

_CHUNK = 1 << 17  # the evaluator works through it in pieces that stay in cache
_SMALLEST_CHUNK = 1 << 10
_PROOF_AFTER = 1 << 16  # draws without a hit before impossibility is looked into
_RARE = 1000  # of so many draws less than one hit: too rare to sample

_Index: TypeAlias = NDArray[np.intp] | slice


class KindSampler:
    """Fills the rows of a kind, of which a split holds as many as its layout says."""

    def __init__(
        self,
        kind: PairKind,
        layout: Layout,
        population: Population,
        solver: PairSolver,
        held_out: HeldOutSources,
    ) -> None:
        self._kind = kind
        self._layout = layout
        self._population = population
        self._solver = solver
        self._held_out = held_out

    def fill(self, table: InterchangePairs, cells: Sequence[Places], stream: Stream) -> None:
        """Draw pairs, in order, until the rows of each stratum are full. Pairs that are rare are
        chosen from a list of all where there is one; else, to tell rivals apart or to cover
        combinations, found by the solver.

        Raises `SpecError` with CS510 to CS518, CS550, CS551 or CS555 for what cannot be met with
        bounded work.
        """
        kind, rows = self._kind, sum(map(len, cells))
        for stratum, places in enumerate(cells):
            table.kinds[_index(places)] = kind.number
            table.stratum[_index(places)] = stratum
        sampler = PairSampler(kind.design, self._population, stream)
        counts = FilterCounts(kind.swap, self._layout.strata)
        filled = [0] * len(cells)
        constructible = True
        while (done := sum(filled)) < rows:
            size = min(rows - done, _CHUNK)
            if kind.is_conditional:
                # Cells that are still open are the rare ones, so expect no better than so far.
                expected = size * (counts.pairs + 1) // (done + 1)
                size = min(max(expected, _SMALLEST_CHUNK), _CHUNK)
            try:
                drawn = sampler.take(size)
            except RequirementUnmetError as error:
                raise SpecError([too_rare_inputs(kind.design, error)]) from None
            pairs = self._label(drawn)
            if not kind.is_conditional:
                _write(table, _index(cells[0], done, done + size), slice(None), pairs)
                filled[0] += size
                continue
            _write(table, *_chosen(counts.add(pairs), cells, filled), pairs)
            still_open = [k for k, places in enumerate(cells) if filled[k] < len(places)]
            if not still_open:
                return
            rarest = min(still_open, key=lambda stratum: filled[stratum])
            if constructible and _RARE * filled[rarest] < counts.pairs >= _PROOF_AFTER:
                constructible = all(
                    self._fill_rare(table, stratum, cells[stratum], filled, stream)
                    for stratum in still_open
                )
            elif counts.pairs > max(MOST_ATTEMPTS, ATTEMPTS_A_ROW * filled[rarest]):
                raise SpecError([too_rare(counts, rarest, rows)])

    def _fill_rare(
        self,
        table: InterchangePairs,
        stratum: int,
        places: Places,
        filled: list[int],
        stream: Stream,
    ) -> bool:
        """Fill the rest of a stratum without sampling; False where that is not possible."""
        missing = len(places) - filled[stratum]
        drawn = self._rare(stratum, missing, stream.derive("rare", str(stratum)))
        if drawn is None:
            return False
        _write(table, _index(places, filled[stratum]), slice(None), self._label(drawn))
        filled[stratum] = len(places)
        return True

    def _label(self, drawn: Columns) -> LabelledPairs:
        """The labels of some pairs, whose derived sources are in the split."""
        pairs = self._kind.label(drawn)
        self._held_out.refuse_others(pairs)
        return pairs

    def _rare(self, stratum: int, rows: int, stream: Stream) -> Columns | None:
        """So many pairs of a stratum from the list of all, else by the solver."""
        kind, strata = self._kind, self._layout.strata
        if self._every is not None:
            members = self._members[stratum]
            if len(members):
                return self._every.draw(members, stream, rows)
            counts = FilterCounts(kind.swap, strata)
            counts.add(self._every.labelled)
            reason = proved_unmet(counts, [stratum])
            assert reason is not None
            raise SpecError([reason])
        if not (kind.design.distinctions or kind.design.cover):
            return None
        codes = strata[stratum]
        seeds = self._solver.seeds(codes, int(self._layout.counts[kind.number, stratum]))
        if seeds.proved_empty:
            raise SpecError([never(kind.swap, strata, stratum, "proved by the solver")])
        return self._solver.spread(codes, rows, stream) if seeds.pairs else None

    @cached_property
    def _every(self) -> EnumeratedPairs | None:
        return EnumeratedPairs.of(self._kind, self._population)

    @cached_property
    def _members(self) -> Sequence[NDArray[np.intp]]:
        """Of each stratum, the pairs of `_every`."""
        assert self._every is not None
        strata = self._layout.strata
        return rows_by_number(strata.numbered(self._every.labelled), len(strata))


def _chosen(
    numbers: NDArray[np.int32], cells: Sequence[Places], filled: list[int]
) -> tuple[_Index, _Index]:
    """The places that some pairs fill in cells that are open, counted in `filled`, and which pairs
    these are.
    """
    places: list[Places] = []
    rows: list[NDArray[np.intp]] = []
    for stratum, hits in enumerate(rows_by_number(numbers, len(cells))):
        start = filled[stratum]
        taken = hits[: len(cells[stratum]) - start]
        filled[stratum] += len(taken)
        rows.append(taken)
        places.append(cells[stratum][start : filled[stratum]])
    if len(places) == 1:
        return _index(places[0]), rows[0]
    return np.concatenate([np.asarray(some, np.intp) for some in places]), np.concatenate(rows)


def _index(places: Places, start: int = 0, stop: int | None = None) -> _Index:
    """Some places, as a slice where they are consecutive."""
    part = places[start:stop]
    return slice(part.start, part.stop) if isinstance(part, range) else part


def _write(table: InterchangePairs, places: _Index, rows: _Index, pairs: LabelledPairs) -> None:
    """Put some of the pairs in their places."""
    for name, column in table.columns.items():
        column[places] = pairs.columns[name][rows]
