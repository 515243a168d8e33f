"""Data in chunks: the same bytes for every size of chunk, in memory that does not grow."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from causalspec.compiler.compile import load_specification
from causalspec.compiler.data import balance, counterfactuals
from causalspec.compiler.data.balance import STRETCH, Layout
from causalspec.compiler.data.counterfactuals import (
    MOST_STREAMED_ROWS,
    DataSummary,
    InterchangePairs,
    generate,
    generate_chunks,
)
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.strata import Strata
from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, StratifiedValue
from tests.compiler.data.test_counterfactuals import DESIGNS, check_labels, fingerprint
from tests.helpers.cases import BOTH_EQUALITIES, LEFT_BOUNDARY, NOISY
from tests.helpers.designs import design, span, swap
from tests.helpers.generated.models import models

SPEC = Path(__file__).parents[3] / "benchmarks" / "pairs.causal"
MIXED = design(
    BOTH_EQUALITIES,
    swap("left", weight=3),
    swap("right"),
    swap("left", "right", sources=(0, 1)),
    balance=("balance result.same", Reference("result.same"), Truths()),
    splits=(("train", 1000), ("test", 31)),
    sources=("s1", "s2"),
)
NOISE = design(NOISY, *[swap(name) for name in NOISY.intermediates])
PLAIN = design(LEFT_BOUNDARY, swap("above"))


def joined(experiment: CounterfactualDesign, rows: int, chunk_rows: int) -> InterchangePairs:
    chunks = list(generate_chunks(experiment, "train", rows=rows, chunk_rows=chunk_rows))
    sizes = [len(chunk) for chunk in chunks]
    assert sizes == [min(chunk_rows, rows - k * chunk_rows) for k in range(len(sizes))]
    return InterchangePairs.concatenated(chunks)


@pytest.mark.parametrize(
    "experiment", [*DESIGNS, MIXED, NOISE, PLAIN], ids=lambda experiment: experiment.model.name
)
@pytest.mark.parametrize("chunk_rows", [1, 7, 1000, 65_536])
def test_chunks_are_the_rows_of_the_whole(
    experiment: CounterfactualDesign, chunk_rows: int
) -> None:
    rows = 300 if chunk_rows == 1 else 2500
    assert fingerprint(joined(experiment, rows, chunk_rows)) == fingerprint(
        generate(experiment, "train", rows=rows)
    )


@pytest.mark.parametrize("experiment", [MIXED, PLAIN], ids=lambda experiment: experiment.model.name)
def test_chunks_cross_stretches(experiment: CounterfactualDesign) -> None:
    rows = 2 * STRETCH + 77
    whole = fingerprint(generate(experiment, "train", rows=rows))
    for chunk_rows in (1000, 65_536, STRETCH + 1, rows):
        assert fingerprint(joined(experiment, rows, chunk_rows)) == whole


@given(some.data())
@settings(max_examples=20, deadline=None)
def test_chunks_of_generated_designs_are_the_rows_of_the_whole(data: some.DataObject) -> None:
    model = data.draw(models())
    assume(model.intermediates)
    variables = some.lists(some.sampled_from(model.intermediates), min_size=1, unique=True)
    swapped = data.draw(some.lists(variables, min_size=1, max_size=3, unique_by=frozenset))
    kinds = [
        swap(
            *names,
            sources=tuple(data.draw(some.integers(0, 1)) for _ in names),
            weight=data.draw(some.integers(1, 3)),
        )
        for names in map(tuple, swapped)
    ]
    experiment = design(model, *kinds, sources=("s1", "s2"), seed=data.draw(some.integers(0, 99)))
    experiment = replace(experiment, cover=tuple(covered(model, name) for name in model.inputs[:1]))
    rows = data.draw(some.integers(1, 400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balance, "STRETCH", 64)
        patch.setattr(counterfactuals, "STRETCH", 64)
        whole = generate(experiment, "train", rows=rows)
        for chunk_rows in (1, 7, 1000, 65_536):
            assert fingerprint(joined(experiment, rows, chunk_rows)) == fingerprint(whole)
    counts = [found.rows for found in whole.summary.combination_counts if found.possible]
    assert max(counts) - min(counts) <= 1
    check_labels(whole.select(slice(20)))


def covered(model: CausalModel, name: str) -> StratifiedValue:
    value = Reference(f"base.{name}")
    return StratifiedValue(value, span(f"base.{name}"), domain=model.by_name[name].domain)


def test_no_rows_make_no_chunk() -> None:
    assert list(generate_chunks(PLAIN, "train", rows=0)) == []


def test_what_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="chunks must have at least one row, not 0"):
        next(generate_chunks(PLAIN, "train", chunk_rows=0))
    with pytest.raises(ValueError, match="rows must be 0 to 10,000,000,000"):
        next(generate_chunks(PLAIN, "train", rows=MOST_STREAMED_ROWS + 1))
    with pytest.raises(LookupError, match="has no split `tain`; did you mean `train`"):
        next(generate_chunks(PLAIN, "tain"))


def test_the_first_rows_of_a_plain_design_do_not_depend_on_how_many_are_asked_for() -> None:
    few = generate(PLAIN, "train", rows=100)
    many = generate(PLAIN, "train", rows=STRETCH + 100).select(slice(100))
    assert fingerprint(few) == fingerprint(many)


def test_ten_billion_rows_start_at_once() -> None:
    chunk = next(generate_chunks(MIXED, "train", rows=MOST_STREAMED_ROWS))
    counts = numpy.bincount(chunk.kinds, minlength=3)
    assert counts.sum() == 65_536
    assert abs(counts[0] - 0.6 * 65_536) < 600


def test_memory_does_not_grow_with_the_rows() -> None:
    specification, _ = load_specification(SPEC)
    assert specification is not None
    experiment = specification.counterfactuals["Balanced"]

    def peak(rows: int) -> int:
        tracemalloc.start()
        for _ in generate_chunks(experiment, "train", rows=rows):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(8 * STRETCH) < 1.1 * peak(2 * STRETCH)


def test_a_summary_of_chunks_is_that_of_the_whole() -> None:
    summary = DataSummary(MIXED)
    for chunk in generate_chunks(MIXED, "train", rows=1000, chunk_rows=77):
        summary.add(chunk)
    whole = generate(MIXED, "train", rows=1000)
    assert summary.rows == 1000
    assert summary.floor == whole.floor == float(whole.unchanged.mean())
    assert summary.coverage == whole.summary.coverage
    assert summary.kind_counts == whole.summary.kind_counts
    for covered in whole.summary.coverage:
        columns = [side[covered.name] for side in (whole.base, *whole.sources)]
        assert covered.seen == len(numpy.unique(numpy.concatenate(columns)))


@given(
    some.lists(some.integers(1, 9), min_size=1, max_size=4),
    some.integers(1, 40),
    some.integers(1, 700),
)
@settings(max_examples=60, deadline=None)
def test_stretches_hold_what_the_split_does(weights: list[int], values: int, rows: int) -> None:
    names = (("left",), ("right",), ("left", "right"), ("right", "left"))
    kinds = [swap(*name, weight=weight) for name, weight in zip(names, weights, strict=False)]
    domain = Numbers(1, values)
    experiment = design(
        BOTH_EQUALITIES, *kinds, balance=("balance base.a", Reference("base.a"), domain)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balance, "STRETCH", 64)
        strata = Strata.of(experiment)
        layout = Layout(strata, rows, Stream.of(3))
        total: Counter[tuple[int, int]] = Counter()
        for number in range(layout.stretches):
            cells = layout.stretch(number)
            size = min(64, rows - 64 * number)
            held = sorted(row for kind in cells for places in kind for row in places)
            assert held == list(range(size))
            for kind, row in enumerate(cells):
                for value, places in enumerate(row):
                    share = layout.counts[kind, value] * size / rows
                    assert abs(len(places) - share) < 2
                    total[kind, value] += len(places)
    assert all(total[cell] == count for cell, count in numpy.ndenumerate(layout.counts))
    of_values = layout.counts.sum(axis=0)
    assert of_values.max() - of_values.min() <= 1
