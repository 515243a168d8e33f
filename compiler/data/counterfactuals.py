"""Counterfactual data sets: a `counterfactuals` declaration turned into columns.

Bases and sources are sampled independently among the admitted inputs of a split; labels come from
the model under the interchange intervention (Geiger et al., "Causal Abstractions of Neural
Networks", 2021), never from anywhere else. The same design, version and seed give the same bytes.
All work is bounded: what cannot be met ends with a diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from causalspec.compiler.data.conditions import Labeller
from causalspec.compiler.data.covering import coverable
from causalspec.compiler.data.feasibility import unmet
from causalspec.compiler.data.filling import Generator
from causalspec.compiler.data.pairs import BLOCK_ROWS, InterchangePairs, in_blocks
from causalspec.compiler.data.partitions import SplitValues, partition
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.strata import Coverable
from causalspec.compiler.data.summary import DataSummary
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import Diagnostic, SpecError, suggestion

__all__ = [
    "DataSummary",
    "InterchangePairs",
    "Trial",
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
    seed = design.seed if seed is None else seed
    number = _number_of(design, split)
    wanted = design.splits[number].rows if rows is None else rows
    return _Plan.of(design, seed).pairs(number, wanted)


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
    seed = design.seed if seed is None else seed
    number = _number_of(design, split)
    wanted = design.splits[number].rows if rows is None else rows
    _require_in_range(wanted, MOST_STREAMED_ROWS)
    generator = _Plan.of(design, seed).generator(number, wanted)

    def stretches() -> Iterator[InterchangePairs]:
        for k, stretch in enumerate(generator.stretches()):
            made = generator.empty(len(stretch))
            generator.fill(made, k)
            yield made

    yield from in_blocks(stretches(), chunk_rows)


def generate_all(
    design: CounterfactualDesign, *, seed: int | None = None
) -> Mapping[str, InterchangePairs]:
    """The labelled pairs of every split, by its name. Raises as `generate` does."""
    seed = design.seed if seed is None else seed
    plan = _Plan.of(design, seed)
    return {one.name: plan.pairs(k, one.rows) for k, one in enumerate(design.splits)}


@dataclass(frozen=True, slots=True)
class Trial:
    """The first rows of every split, in the order of the splits; or why they cannot be had."""

    pairs: tuple[InterchangePairs, ...]
    unmet: tuple[Diagnostic, ...]


def try_out(design: CounterfactualDesign, population: Population | None = None) -> Trial:
    """Generate a few rows of every split, each as if the split had no more. `population` are all
    inputs that the task admits, where they are known already.
    """
    most = TRIED_SOLVED_ROWS if design.distinctions or design.cover else TRIED_ROWS
    try:
        plan = _Plan.of(design, design.seed, population)
        pairs = [
            plan.pairs(number, min(split.rows, most)) for number, split in enumerate(design.splits)
        ]
    except SpecError as error:
        return Trial((), error.diagnostics)
    return Trial(tuple(pairs), ())


def _number_of(design: CounterfactualDesign, split: str) -> int:
    names = [one.name for one in design.splits]
    if split not in names:
        raise LookupError(f"`{design.name}` has no split `{split}`; {suggestion(split, names)}")
    return names.index(split)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is decided before any row is made: the values of the inputs that each split may use, the
    settings that it draws from, and the combinations that can be covered.
    """

    labeller: Labeller
    seed: int
    values: Sequence[SplitValues]
    populations: Sequence[Population]
    coverable: Coverable

    @staticmethod
    def of(design: CounterfactualDesign, seed: int, population: Population | None = None) -> _Plan:
        if design.model.cyclic:
            message = f"`{design.model.name}` is cyclic, so a label may have no value or several"
            advice = "counterfactual data needs a model with one solution for every input"
            raise SpecError([Diagnostic("CS517", message, design.span, advice)])
        labeller = Labeller(design)
        possible = coverable(design, seed)
        if not design.disjoint:
            values = tuple(SplitValues(split.name, ()) for split in design.splits)
            populations = [population or populate(design.model, {})] * len(values)
        else:
            values = partition(design, seed, partial(unmet, labeller, seed, possible))
            populations = [populate(design.model, one.allowed) for one in values]
        return _Plan(labeller, seed, values, populations, possible)

    def generator(self, number: int, rows: int) -> Generator:
        """Of so many rows of a split."""
        values, population = self.values[number], self.populations[number]
        return Generator(self.labeller, population, values, self.coverable, rows, self.seed)

    def pairs(self, number: int, rows: int) -> InterchangePairs:
        _require_in_range(rows, MOST_ROWS)
        generator = self.generator(number, rows)
        pairs = generator.empty(rows)
        for k, stretch in enumerate(generator.stretches()):
            generator.fill(pairs.select(slice(stretch.start, stretch.stop)), k)
        return pairs


def _require_in_range(rows: int, most: int) -> None:
    if not 0 <= rows <= most:
        raise ValueError(f"rows must be 0 to {most:,}, not {rows:,}")
