"""Columns of a data set while it is filled: pairs are drawn in order until every cell is full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...dsl.diagnostics import Diagnostic, SpecError
from ..evaluators.columns import Column, Columns, storage_of
from ..specification import CounterfactualDesign
from .balance import KindCells
from .conditions import LabelledPairs, filters, label, quoted, source_names
from .feasibility import Tally, explain_rare, explain_rare_inputs, prove_unmet
from .pairs import InterchangePairs
from .populations import Population
from .randomness import Stream
from .samplers import ATTEMPTS_A_ROW, MOST_ATTEMPTS, RequirementUnmetError, Sampler
from .solved_pairs import SolvedPairs, solve_pairs

_CHUNK = 1 << 17  # the evaluator works through it in pieces that stay in cache
_SMALLEST_CHUNK = 1 << 10
_PROOF_AFTER = 1 << 16  # draws without a hit before impossibility is looked into
_RARE = 1000  # of so many draws less than one hit: too rare to sample where a solver may help

Places = NDArray[np.intp] | slice


class Table:
    """Every column of `rows` rows, at first without content."""

    def __init__(self, design: CounterfactualDesign, rows: int) -> None:
        model = design.model
        self.design = design
        drawn, outputs, count = (
            (*model.inputs, *model.noise),
            model.outputs,
            len(source_names(design)),
        )

        def empty(names: Sequence[str]) -> dict[str, Column]:
            return {name: np.empty(rows, storage_of(model.by_name[name].domain)) for name in names}

        self.base = empty(drawn)
        self.sources = [empty(drawn) for _ in range(count)]
        self.label = empty(outputs)
        self.base_outputs = empty(outputs)
        self.source_outputs = [empty(outputs) for _ in range(count)]
        self.kinds = np.empty(rows, dtype=np.int32)

    def pairs(self, split: str, seed: int) -> InterchangePairs:
        """The filled table as a value."""
        numbers = range(len(self.sources))
        used = np.array([[k in kind.sources for k in numbers] for kind in self.design.kinds])
        return InterchangePairs(
            self.design,
            split,
            seed,
            self.base,
            tuple(self.sources),
            self.kinds,
            self.label,
            self.base_outputs,
            tuple(self.source_outputs),
            used.reshape(-1, len(self.sources))[self.kinds],
        )

    def write(
        self,
        places: Places,
        rows: NDArray[np.intp] | None,
        base: Columns,
        sources: Sequence[Columns],
        pairs: LabelledPairs,
    ) -> None:
        """Put the chosen rows of a chunk (None: all of them) in their places."""
        outputs = zip(self.source_outputs, pairs.source_outputs, strict=True)
        parts = [
            (self.base, base),
            *zip(self.sources, sources, strict=True),
            (self.label, pairs.label),
            (self.base_outputs, pairs.base_outputs),
            *outputs,
        ]
        for columns, values in parts:
            for name, column in columns.items():
                column[places] = values[name] if rows is None else values[name].take(rows)


def fill(
    table: Table,
    number: int,
    cells: KindCells,
    population: Population,
    stream: Stream,
    allowed: Mapping[str, Column],
) -> None:
    """Draw pairs of kind `number`, in order, until each of its cells is full. Pairs that tell
    rivals apart but are rare are found by the solver.

    Raises `SpecError` with CS510 to CS514 for what cannot be met with bounded work.
    """
    design = table.design
    kind = design.kinds[number]
    base_sampler = Sampler(population, stream.derive("base"))
    samplers = [
        Sampler(population, stream.derive("source", str(k)))
        for k in range(len(source_names(design)))
    ]
    for places in cells.places:
        table.kinds[_slice(places, 0, len(places))] = number
    conditional = bool(filters(design)) or design.balance is not None
    filled = [0] * len(cells.places)
    tally = Tally()
    undecided = conditional
    solvable = bool(design.distinctions)
    while (done := sum(filled)) < cells.rows:
        size = min(cells.rows - done, _CHUNK)
        if conditional:
            # Cells that are still open are the rare ones, so expect no better than so far.
            expected = size * (tally.pairs + 1) // (done + 1)
            size = min(max(expected, _SMALLEST_CHUNK), _CHUNK)
        try:
            base = base_sampler.take(size)
            sources = [sampler.take(size) for sampler in samplers]
        except RequirementUnmetError as error:
            raise SpecError([explain_rare_inputs(design, error)]) from None
        pairs = label(design, kind, base, sources)
        if not conditional:
            table.write(_slice(cells.places[0], done, done + size), None, base, sources, pairs)
            filled[0] += size
            continue
        admitted = tally.add(pairs, size)
        rows, places = _choose(admitted, pairs.balanced, cells, filled, tally)
        table.write(places, rows, base, sources, pairs)
        open_cells = [v for v, places in enumerate(cells.places) if filled[v] < len(places)]
        if undecided and tally.pairs >= _PROOF_AFTER and any(not filled[v] for v in open_cells):
            undecided = False
            wanted = tuple(cells.values[v] for v in open_cells)
            reason = prove_unmet(design, kind, population, wanted)
            if reason is not None:
                raise SpecError([reason])
        rarest = min(open_cells, key=lambda v: filled[v], default=0)
        if open_cells and solvable and _RARE * filled[rarest] < tally.pairs >= _PROOF_AFTER:
            solvable = _fill_solved(
                table, number, cells, filled, population, stream.derive("solved"), allowed
            )
        if open_cells and tally.pairs > max(MOST_ATTEMPTS, ATTEMPTS_A_ROW * filled[rarest]):
            reason = explain_rare(design, kind, tally, cells.values[rarest], cells.rows)
            raise SpecError([reason])


def _fill_solved(
    table: Table,
    number: int,
    cells: KindCells,
    filled: list[int],
    population: Population,
    stream: Stream,
    allowed: Mapping[str, Column],
) -> bool:
    """Fill what is open with pairs that the solver finds; False where it cannot."""
    design = table.design
    kind = design.kinds[number]
    for v, places in enumerate(cells.places):
        rows = len(places) - filled[v]
        if not rows:
            continue
        value = cells.values[v] if design.balance is not None else None
        own = stream.derive(str(v))
        found = solve_pairs(design, kind, value, rows, population, allowed, own)
        if found is False:
            clause = filters(design)[-1]
            message = f"no pair of kind `{kind.name}` meets {quoted(clause)} and all other clauses"
            raise SpecError([Diagnostic("CS511", message, clause, "proved by the solver")])
        if not isinstance(found, SolvedPairs):
            return False
        pairs = label(design, kind, found.base, found.sources)
        where = _slice(places, filled[v], len(places))
        table.write(where, None, found.base, found.sources, pairs)
        filled[v] = len(places)
    return True


def _choose(
    admitted: NDArray[np.bool_],
    balanced: Column | None,
    cells: KindCells,
    filled: list[int],
    tally: Tally,
) -> tuple[NDArray[np.intp], Places]:
    """The rows of a chunk that fill open cells, and their places; counts them in `filled`."""
    if balanced is None:
        rows = np.flatnonzero(admitted)[: len(cells.places[0]) - filled[0]]
        places = _slice(cells.places[0], filled[0], filled[0] + len(rows))
        filled[0] += len(rows)
        return rows, places
    numbers = cells.number_of(balanced)
    numbers[~admitted] = -1
    counts = np.bincount(numbers + 1, minlength=len(cells.places) + 1)[1:].tolist()
    order = None if len(counts) <= 4 else np.argsort(numbers.astype(np.int16), kind="stable")
    start = len(numbers) - sum(counts)
    chosen: list[NDArray[np.intp]] = []
    taken: list[NDArray[np.intp]] = []
    for value, count in enumerate(counts):
        if count:
            code = cells.values[value]
            tally.values[code] = tally.values.get(code, 0) + count
        room = min(count, len(cells.places[value]) - filled[value])
        if room:
            hits = np.flatnonzero(numbers == value) if order is None else order[start:]
            chosen.append(hits[:room])
            places = cells.places[value][filled[value] : filled[value] + room]
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
