"""Counterfactual data sets: a `counterfactuals` declaration turned into columns.

Bases and sources are sampled independently among the admitted inputs of a split; labels come from
the model under the interchange intervention (Geiger et al., "Causal Abstractions of Neural
Networks", 2021), never from anywhere else. The same design, version and seed give the same bytes.
All work is bounded: what cannot be met ends with a diagnostic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ...dsl.diagnostics import Diagnostic, SpecError, closest
from ..specification import CounterfactualDesign
from .balance import lay_out
from .feasibility import require_some, unmet
from .filling import Table, fill
from .pairs import InterchangePairs
from .partitions import SplitValues, partition
from .populations import populate
from .randomness import Stream

__all__ = ["InterchangePairs", "diagnose", "generate", "generate_all"]

MOST_ROWS = 100_000_000
"""More rows in one call are refused: their columns would not fit in memory."""

_TRIED_ROWS = 256


def generate(
    design: CounterfactualDesign, split: str, *, rows: int | None = None, seed: int | None = None
) -> InterchangePairs:
    """The labelled pairs of one split.

    `rows` and `seed` override what the design states; the partition of a disjoint split stays that
    of the stated rows. Raises `SpecError` with CS510 to CS517 for a design that cannot be met,
    `LookupError` for a split that it does not have, `ValueError` for impossible `rows`.
    """
    seed = design.seed if seed is None else seed
    number = _number_of(design, split)
    wanted = design.splits[number].rows if rows is None else rows
    return _generate(design, number, _values(design, seed)[number], wanted, seed)


def generate_all(
    design: CounterfactualDesign, *, seed: int | None = None
) -> Mapping[str, InterchangePairs]:
    """The labelled pairs of every split, by its name. Raises as `generate` does."""
    seed = design.seed if seed is None else seed
    values = _values(design, seed)
    return {
        one.name: _generate(design, number, values[number], one.rows, seed)
        for number, one in enumerate(design.splits)
    }


def diagnose(design: CounterfactualDesign) -> tuple[Diagnostic, ...]:
    """Why the design cannot be met, found by generating a few rows of every split; empty where
    nothing stands in the way.
    """
    try:
        values = _values(design, design.seed)
        for number, split in enumerate(design.splits):
            _generate(design, number, values[number], min(split.rows, _TRIED_ROWS), design.seed)
    except SpecError as error:
        return error.diagnostics
    return ()


def _number_of(design: CounterfactualDesign, split: str) -> int:
    names = [one.name for one in design.splits]
    if split not in names:
        near = closest(split, names)
        hint = f"did you mean `{near}`?" if near else f"it has {', '.join(names)}"
        raise LookupError(f"`{design.name}` has no split `{split}`: {hint}")
    return names.index(split)


def _values(design: CounterfactualDesign, seed: int) -> Sequence[SplitValues]:
    """The values of the inputs that each split may use."""
    if design.model.cyclic:
        message = f"`{design.model.name}` is cyclic, so a label may have no value or several"
        advice = "counterfactual data needs a model with one solution for every input"
        raise SpecError([Diagnostic("CS517", message, design.span, advice)])
    if not design.disjoint:
        return tuple(SplitValues(split.name, ()) for split in design.splits)
    return partition(design, seed, partial(unmet, design, seed))


def _generate(
    design: CounterfactualDesign, number: int, values: SplitValues, rows: int, seed: int
) -> InterchangePairs:
    split = design.splits[number]
    if not 0 <= rows <= MOST_ROWS:
        raise ValueError(f"rows must be 0 to {MOST_ROWS:,}, not {rows:,}")
    population = populate(design.model, values.allowed)
    require_some(design, population)
    stream = Stream.of(seed, design.name, split.name)
    table = Table(design, rows)
    for kind, cells in enumerate(lay_out(design, values, rows, stream)):
        fill(table, kind, cells, population, stream.derive("kind", str(kind)), values.allowed)
    return table.pairs(split.name, seed)
