"""Counterfactual data sets: a `counterfactuals` declaration turned into columns.

Bases and sources are sampled independently among the admitted inputs of a split; labels come from
the model under the interchange intervention (Geiger et al., "Causal Abstractions of Neural
Networks", 2021), never from anywhere else. The same design, version and seed give the same bytes.
All work is bounded: what cannot be met ends with a diagnostic.

Before any row is made it is decided which strata can be covered, which values of the inputs each
split may use and how many rows each kind and stratum has, in which places. Rows are then made
stretch by stretch, each a function of its number alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.balance import STRETCH, Layout
from causalspec.compiler.data.conditions import PairKind
from causalspec.compiler.data.covering import possible_strata, unmet
from causalspec.compiler.data.feasibility import nothing_admitted, nothing_to_cover
from causalspec.compiler.data.filling import KindSampler
from causalspec.compiler.data.held_out_sources import HeldOutSources
from causalspec.compiler.data.pairs import BLOCK_ROWS, InterchangePairs, in_blocks
from causalspec.compiler.data.partitions import SplitValues, partition
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.data.strata import Strata
from causalspec.compiler.data.summary import DataSummary
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import Diagnostic, SpecError, suggestion

__all__ = [
    "DataSummary",
    "FirstRows",
    "InterchangePairs",
    "generate",
    "generate_all",
    "generate_chunks",
    "try_out",
]

MOST_ROWS = 100_000_000
"""More rows in one call of `generate` are refused: their columns would not fit in memory."""

MOST_STREAMED_ROWS = 10_000_000_000
"""More rows in one call of `generate_chunks` are refused."""

TRIED_ROWS = 256

TRIED_SOLVED_ROWS = 64
"""Of a design whose pairs may have to be found by the solver, which takes its time for each."""


def generate(
    design: CounterfactualDesign, split: str, *, rows: int | None = None, seed: int | None = None
) -> InterchangePairs:
    """The labelled pairs of one split.

    `rows` and `seed` override what the design states; the partition of a disjoint split stays that
    of the stated rows. Raises `SpecError` with CS510 to CS518 for a design that cannot be met,
    `LookupError` for a split that it does not have, `ValueError` for impossible `rows`.
    """
    number = _number_of(design, split)
    return _Plan.of(design, seed).split(number, rows, MOST_ROWS).whole()


def generate_chunks(
    design: CounterfactualDesign,
    split: str,
    *,
    rows: int | None = None,
    seed: int | None = None,
    chunk_rows: int = BLOCK_ROWS,
) -> Iterator[InterchangePairs]:
    """The rows that `generate` gives, in the same order, `chunk_rows` at a time and the rest last,
    in memory that does not grow with the number of rows.

    Rows are made in stretches of a fixed size, each from its number, the seed and the number of
    rows alone (see `balance`), so that neither chunks nor what was made before matter. Raises as
    `generate` does, as soon as it is iterated.
    """
    if chunk_rows < 1:
        raise ValueError(f"chunks must have at least one row, not {chunk_rows:,}")
    yield from in_blocks(split_rows(design, split, rows=rows, seed=seed).stretches(), chunk_rows)


def split_rows(
    design: CounterfactualDesign,
    split: str,
    *,
    rows: int | None = None,
    seed: int | None = None,
) -> SplitRows:
    """The rows of a split before any is made. Raises as `generate` does."""
    number = _number_of(design, split)
    return _Plan.of(design, seed).split(number, rows, MOST_STREAMED_ROWS)


def generate_all(
    design: CounterfactualDesign, *, seed: int | None = None
) -> Mapping[str, InterchangePairs]:
    """The labelled pairs of every split, by its name. Raises as `generate` does."""
    plan = _Plan.of(design, seed)
    return {
        split.name: plan.split(number, None, MOST_ROWS).whole()
        for number, split in enumerate(design.splits)
    }


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows of every split, in the order of the splits; or why they cannot be had."""

    pairs: tuple[InterchangePairs, ...]
    unmet: tuple[Diagnostic, ...]


def try_out(design: CounterfactualDesign, population: Population | None = None) -> FirstRows:
    """Generate a few rows of every split, each as if the split had no more. `population` are all
    inputs that the task admits, where they are known already.
    """
    most = TRIED_SOLVED_ROWS if design.distinctions or design.cover else TRIED_ROWS
    try:
        plan = _Plan.of(design, None, population)
        pairs = [
            plan.split(number, min(split.rows, most), MOST_ROWS).whole()
            for number, split in enumerate(design.splits)
        ]
    except SpecError as error:
        return FirstRows((), error.diagnostics)
    return FirstRows(tuple(pairs), ())


def _number_of(design: CounterfactualDesign, split: str) -> int:
    names = [split_size.name for split_size in design.splits]
    if split not in names:
        raise LookupError(f"`{design.name}` has no split `{split}`; {suggestion(split, names)}")
    return names.index(split)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is decided before any row is made: the strata that can be covered, the values of the
    inputs that each split may use, and the settings that it draws from.
    """

    design: CounterfactualDesign
    kinds: Sequence[PairKind]
    seed: int
    strata: Strata
    values: Sequence[SplitValues]
    populations: Sequence[Population]

    @staticmethod
    def of(
        design: CounterfactualDesign, seed: int | None, population: Population | None = None
    ) -> _Plan:
        if design.model.cyclic:
            message = f"`{design.model.name}` is cyclic, so a label may have no value or several"
            advice = "counterfactual data needs a model with one solution for every input"
            raise SpecError([Diagnostic("CS517", message, design.span, advice)])
        seed = design.seed if seed is None else seed
        kinds = PairKind.all_of(design)
        strata = possible_strata(kinds, seed)
        if not design.disjoint:
            values = tuple(SplitValues(split.name, ()) for split in design.splits)
            populations = [population or populate(design.model, {})] * len(values)
        else:
            values = partition(design, seed, partial(unmet, kinds, seed, strata))
            populations = [populate(own.narrowed(design.model), own.allowed) for own in values]
        return _Plan(design, kinds, seed, strata, values, populations)

    def split(self, number: int, rows: int | None, most: int) -> SplitRows:
        """The rows of a split, as many as the design states where no number is given."""
        rows = self.design.splits[number].rows if rows is None else rows
        if not 0 <= rows <= most:
            raise ValueError(f"rows must be 0 to {most:,}, not {rows:,}")
        return SplitRows(self, self.values[number], self.populations[number], rows)


class SplitRows:
    """The rows of a split, to be made stretch by stretch; each is a function of its number alone,
    so that they may be made anywhere, in any order.
    """

    def __init__(self, plan: _Plan, values: SplitValues, population: Population, rows: int) -> None:
        self._seed, self._split, self._rows = plan.seed, values.split, rows
        if population.is_empty:
            raise SpecError([nothing_admitted(plan.design)])
        self._strata = plan.strata.of_split(values)
        if not len(self._strata):
            raise SpecError([nothing_to_cover(plan.design)])
        self._stream = Stream.of(plan.seed, plan.design.name, values.split)
        self._layout = Layout(self._strata, rows, self._stream)
        held_out = HeldOutSources(plan.design, values)
        self._samplers: list[KindSampler] = []
        for kind in plan.kinds:
            own = self._stream.derive("solver", str(kind.number))
            solver = PairSolver(kind, population, values, own)
            self._samplers.append(KindSampler(kind, self._layout, population, solver, held_out))

    def whole(self) -> InterchangePairs:
        """All rows at once."""
        pairs = self._empty(self._rows)
        for number in range(self._layout.stretches):
            self._fill(pairs.select(slice(number * STRETCH, (number + 1) * STRETCH)), number)
        return pairs

    @property
    def count(self) -> int:
        """How many stretches there are."""
        return self._layout.stretches

    def stretches(self) -> Iterator[InterchangePairs]:
        """The rows of each stretch, in order."""
        return map(self.stretch, range(self.count))

    def stretch(self, number: int) -> InterchangePairs:
        """The rows of a stretch."""
        pairs = self._empty(min(STRETCH, self._rows - number * STRETCH))
        self._fill(pairs, number)
        return pairs

    def received(
        self, columns: Columns, kinds: NDArray[np.int32], stratum: NDArray[np.int32]
    ) -> InterchangePairs:
        """A stretch that was made elsewhere."""
        made = self._empty(0)
        return replace(made, columns=columns, kinds=kinds, stratum=stratum)

    def _empty(self, rows: int) -> InterchangePairs:
        return InterchangePairs.empty(self._strata, self._split, self._seed, rows)

    def _fill(self, pairs: InterchangePairs, number: int) -> None:
        """Make the rows of a stretch."""
        own = self._stream.derive("stretch", str(number))
        cells = self._layout.stretch(number)
        for kind, (sampler, places) in enumerate(zip(self._samplers, cells, strict=True)):
            sampler.fill(pairs, places, own.derive("kind", str(kind)))
