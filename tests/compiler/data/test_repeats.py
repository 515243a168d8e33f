"""Pairs that repeat are counted: in data sets of any length, and as what they tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_source
from causalspec.compiler.data import repeats
from causalspec.compiler.data.counterfactuals import DataSummary, generate, generate_chunks
from causalspec.compiler.data.repeats import effective_number, pair_keys
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source

SPEC = """\
language 1

task Sum {
  input a, b : 0..2
  output total : 0..4 = a + b
}

model Parts of Sum {
  var left = a
  var right = b
  output total = left + right
}

counterfactuals Both of Parts {
  swap left from s1
  swap left from s1, right from s2
  split test 400, all 60_000
}
"""


def specification(text: str = SPEC) -> Specification:
    checked = check_source(Source("sum.causal", text), None, Diagnostics())
    assert not checked.diagnostics.has_errors, list(checked.diagnostics)
    assert checked.specification is not None
    return checked.specification


def by_hand(split: str, **more: int) -> set[tuple[object, ...]]:
    """Each row's kind, base and the sources that it uses."""
    pairs = generate(specification().counterfactuals["Both"], split, **more)
    base = list(zip(pairs.base["a"].tolist(), pairs.base["b"].tolist(), strict=True))
    first, second = (
        list(zip(source["a"].tolist(), source["b"].tolist(), strict=True))
        for source in pairs.sources
    )
    return {
        (kind, base[row], first[row], second[row] if kind == 1 else None)
        for row, kind in enumerate(pairs.kinds.tolist())
    }


@pytest.mark.parametrize(("split", "rows"), [("test", 400), ("test", 3), ("all", 60_000)])
def test_pairs_are_counted_by_what_they_use(split: str, rows: int) -> None:
    pairs = generate(specification().counterfactuals["Both"], split, rows=rows)
    expected = len(by_hand(split, rows=rows))
    assert len(np.unique(pair_keys(pairs))) == expected
    assert (pairs.summary.distinct.count, pairs.summary.distinct.exact) == (expected, True)
    if rows == 60_000:  # 3² bases and 3² sources, and 3² more where a second one is used
        assert expected == 81 + 729


def test_pairs_of_many_inputs_are_told_apart() -> None:
    text = SPEC.replace("a, b : 0..2", "a, b, c, d : -10_000..10_000 step 5")
    text = text.replace("0..4 = a + b", "-20_000..20_000 step 5 = a + b")
    design = specification(text).counterfactuals["Both"]
    pairs = generate(design, "test", rows=5_000)
    keys = pair_keys(pairs.select(np.concatenate([np.arange(5_000), np.arange(0, 5_000, 2)])))
    assert len(np.unique(keys)) == 5_000  # of some 10^43
    assert np.array_equal(keys[:5_000:2], keys[5_000:])


def test_no_rows_are_no_pairs() -> None:
    pairs = generate(specification().counterfactuals["Both"], "test", rows=0)
    assert (pairs.summary.distinct.count, pairs.summary.distinct.exact) == (0, True)


def test_chunks_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    design = specification().counterfactuals["Both"]
    for most, expected in ((1 << 20, (810, True)), (810, (810, True)), (800, (800, False))):
        monkeypatch.setattr(repeats, "MOST_DISTINCT", most)
        summary = DataSummary(design)
        for chunk in generate_chunks(design, "all", chunk_rows=777):
            summary.add(chunk)
        assert (summary.distinct.count, summary.distinct.exact) == expected


def test_the_manifest_and_the_command_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "sum.causal"
    spec.write_text(SPEC, encoding="utf-8")
    main(["data", str(spec), "Both", "--split", "test", "--out", str(tmp_path / "data")])
    distinct = len(by_hand("test"))
    manifest = json.loads((tmp_path / "data" / "Both.test.manifest.json").read_text("utf-8"))
    assert manifest["distinct"] == {"pairs": distinct, "exact": True}
    assert f": 400 pairs, {distinct} of them distinct, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pairs", "cells", "expected"),
    [
        ([], [], 0.0),
        ([5, 6, 7], [0, 0, 0], 3.0),
        ([5, 6, 7], [0, 1, 9], 3.0),
        ([5, 5, 5, 6], [0, 0, 0, 0], 2.0),  # within a cell each distinct pair counts once
        ([5] * 4 + [6, 7, 8, 9], [0] * 4 + [1] * 4, 64 / (16 / 1 + 16 / 4)),
        ([5, 5], [0, 1], 2 * 2 / (1 + 1)),
    ],
)
def test_what_rows_tell(pairs: list[int], cells: list[int], expected: float) -> None:
    assert effective_number(np.array(pairs, np.int64), np.array(cells, np.int64)) == expected


def test_rows_never_tell_more_than_their_distinct_pairs_do() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        rows = int(random.integers(1, 60))
        cells = random.integers(0, int(random.integers(1, 5)), rows)
        # A pair belongs to one cell: its kind and stratum follow from it.
        pairs = cells * 100 + random.integers(0, int(random.integers(1, 30)), rows)
        effective = effective_number(pairs, cells)
        assert 1 <= effective <= len(np.unique(pairs)) + 1e-9


def warnings(split: str) -> list[tuple[str, str]]:
    text = SPEC.replace("split test 400, all 60_000", f"split {split}")
    checked = check_source(Source("sum.causal", text), None, Diagnostics())
    return [(diagnostic.code, diagnostic.message) for diagnostic in checked.diagnostics]


def test_check_warns_of_splits_that_repeat_few_pairs() -> None:
    assert warnings("test 500, train 60_000") == []
    distinct = len(by_hand("all", rows=16_384))
    message = f"only {distinct} of 16,384 pairs tried of `Both.all` are distinct"
    assert warnings("train 10, all 60_000") == [("CS541", message)]
    distinct = len(by_hand("test", rows=2_000))
    message = f"only {distinct} of 2,000 pairs of `Both.test` are distinct"
    assert warnings("test 2_000") == [("CS541", message)]
