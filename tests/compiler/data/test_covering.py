"""`cover`: every combination that can exist, as often as any other, however rare."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy
import pytest

from causalspec.compiler.data.counterfactuals import DataSummary, generate, generate_chunks
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.specification import CounterfactualDesign
from tests.compiler.data.test_counterfactuals import check_labels
from tests.helpers.compiled import attempt, compiled, unmet

TASK = """
task Sum {
  input a, b, c : 0..9
  output y : 0..27 = a + b + c
}
model Left of Sum {
  var left = a + b
  var right = c
  output y = left + right
}
counterfactuals D of Left {
  STATEMENTS
  split train 1_001, test 100
}
"""
WIDE = """
task Wide {
  input a, b : 0..1_000_000
  output y : 0..2_000_000 = a + b
}
model Left of Wide {
  var left = a
  output y = left + b
}
counterfactuals D of Left {
  STATEMENTS
  split train 400, test 100
}
"""


def of(text: str, statements: str) -> CounterfactualDesign:
    return compiled(text.replace("STATEMENTS", statements)).counterfactuals["D"]


def rows_of(pairs: InterchangePairs) -> dict[tuple[str, ...], int]:
    return {
        combination.values: combination.rows
        for combination in pairs.summary.combination_counts
        if combination.possible
    }


def test_every_combination_is_as_frequent_as_any_other() -> None:
    pairs = generate(of(TASK, "swap left  cover left, c > 4"), "train")
    left = (pairs.base["a"] + pairs.base["b"]).tolist()
    counts = Counter(zip(left, (pairs.base["c"] > 4).tolist(), strict=True))
    assert set(counts) == set(product(range(19), (False, True)))
    assert max(counts.values()) - min(counts.values()) <= 1
    said = {(str(value), "true" if high else "false"): n for (value, high), n in counts.items()}
    assert rows_of(pairs) == said
    check_labels(pairs)


def test_sides_of_a_pair_can_be_covered_under_several_kinds() -> None:
    covered = "cover base.a > 4, source.c > 4, result.y % 2 == 0"
    experiment = of(TASK, f"swap left  swap right weight 2  {covered}")
    pairs = generate(experiment, "train")
    counts = rows_of(pairs)
    assert len(counts) == 8
    assert max(counts.values()) - min(counts.values()) <= 1
    for kind in range(2):
        numbers = numpy.bincount(pairs.stratum[pairs.kinds == kind], minlength=8)
        assert numbers.max() - numbers.min() <= 1
    assert [count.rows for count in pairs.summary.kind_counts] == [334, 667]


def test_balance_stays_exact_beside_it() -> None:
    experiment = of(TASK, "swap left  swap right  cover c % 3, a > 4  balance result.y % 2 == 0")
    for rows in (1001, 1000, 13, 7):
        pairs = generate(experiment, "train", rows=rows)
        even = int((pairs.label["y"] % 2 == 0).sum())
        assert abs(2 * even - rows) <= 1
        counts = rows_of(pairs)
        assert max(counts.values()) - min(counts.values()) <= 1
        assert sum(counts.values()) == rows


def test_several_balanced_values_are_even_in_all_their_combinations() -> None:
    experiment = of(TASK, "swap left  swap right  balance result.y % 2 == 0, base.c % 3")
    for rows in (1001, 13):
        pairs = generate(experiment, "train", rows=rows)
        both = zip(
            (pairs.label["y"] % 2 == 0).tolist(), (pairs.base["c"] % 3).tolist(), strict=True
        )
        counts = Counter(both)
        assert set(counts) == set(product((False, True), range(3)))
        assert max(counts.values()) - min(counts.values()) <= 1
    written = {stratum.values for stratum in pairs.summary.strata}
    assert ("(result.y % 2 == 0 = true, base.c % 3 = 2)",) in written


def test_a_balanced_combination_that_no_pair_has_is_named() -> None:
    found = unmet(of(TASK, "swap left  balance base.a > 4, base.a > 6"))
    assert (found.code, found.span.text) == ("CS513", "base.a > 4, base.a > 6")
    assert found.message == (
        "`base.a > 4, base.a > 6` is never `(base.a > 4 = false, base.a > 6 = true)` in a pair of "
        "kind `left`"
    )


def test_too_many_balanced_combinations_are_refused() -> None:
    _, (error,) = attempt(TASK.replace("STATEMENTS", "swap left  balance base.a, base.b"))
    assert (error.code, error.span.text) == ("CS703", "base.a, base.b")
    assert error.message == "`base.a, base.b` has 100 values, too many to balance"


def test_balanced_values_of_a_type_that_is_shared_out_keep_to_the_splits_own() -> None:
    text = TASK.replace("test 100", "test 100 disjoint by (a, b, c)")
    experiment = of(text, "swap left  balance base.a, base.b > source.b")
    pairs = generate(experiment, "test")
    values = set(pairs.base["a"].tolist())
    assert 1 < len(values) < 9
    counts = Counter(pairs.base["a"].tolist())
    assert max(counts.values()) - min(counts.values()) <= 2


def test_a_combination_that_no_pair_has_is_left_out_and_reported() -> None:
    pairs = generate(of(TASK, "swap left  cover left > 9, a > 0"), "train")
    held = [
        (combination.values, combination.possible)
        for combination in pairs.summary.combination_counts
    ]
    assert held == [
        (("false", "false"), True),
        (("false", "true"), True),
        (("true", "true"), True),
        (("true", "false"), False),
    ]
    assert sorted(rows_of(pairs).values()) == [333, 334, 334]


def test_a_combination_that_one_kind_never_has_is_named() -> None:
    experiment = of(TASK, "swap left  swap right  cover result.y - result.left == base.c")
    found = unmet(experiment)
    assert (found.code, found.span.text) == ("CS518", "result.y - result.left == base.c")
    assert found.message == (
        "no pair of kind `left` has `result.y - result.left == base.c` be `false`"
    )
    assert found.help is not None
    assert found.help.endswith("pairs of inputs that matter were tried")


def test_a_balanced_value_that_a_combination_never_has_is_named() -> None:
    experiment = of(TASK, "swap left  cover source.a + source.b + c == 0  balance result.y == 0")
    found = unmet(experiment)
    assert found.code == "CS513"
    assert found.message == (
        "`result.y == 0` is never `true` in a pair of kind `left` that has "
        "`source.a + source.b + c == 0` be `false`"
    )


def test_listed_rare_combinations_are_drawn_as_often_as_sampling_would() -> None:
    """One pair in a million has the first combination: it is drawn from the list of all."""
    experiment = of(TASK, "swap left  cover a == 7 and b == 7 and c == 7 and source.y == 27")
    pairs = generate(experiment, "train", rows=4000)
    rare = numpy.flatnonzero(pairs.stratum == 1)
    assert len(rare) == 2000
    assert {int(code) for name in "abc" for code in pairs.base[name][rare]} == {7}
    assert {int(code) for code in pairs.source_outputs[0]["y"][rare]} == {27}
    check_labels(pairs.select(rare[:50]))
    # What does not matter to the combination stays uniform.
    wide = generate(of(TASK, "swap left  cover a == 7 and source.y == 27"), "train", rows=40_000)
    free = wide.base["b"][wide.stratum == 1]
    assert numpy.abs(numpy.bincount(free, minlength=10) - 2000).max() < 300


def test_rare_combinations_of_large_domains_are_solved_for() -> None:
    pairs = generate(of(WIDE, "swap left  cover a == source.a + 1"), "train")
    assert int((pairs.base["a"] == pairs.sources[0]["a"] + 1).sum()) == 200
    assert rows_of(pairs) == {("false",): 200, ("true",): 200}
    check_labels(pairs)


def test_impossible_combinations_of_large_domains_are_proved_so() -> None:
    pairs = generate(of(WIDE, "swap left  cover a > 5, a + b < 3"), "train")
    assert [
        combination.values
        for combination in pairs.summary.combination_counts
        if not combination.possible
    ] == [("true", "true")]
    assert sorted(rows_of(pairs).values()) == [133, 133, 134]


def test_splits_that_are_disjoint_cover_their_own_values() -> None:
    text = TASK.replace("test 100", "test 100 disjoint by (a)")
    experiment = of(text, "swap left  cover a > 4")
    for split in ("train", "test"):
        counts = rows_of(generate(experiment, split))
        assert max(counts.values()) - min(counts.values()) <= 1
        assert len(counts) == 2


def test_chunks_count_to_the_same_summary() -> None:
    experiment = of(TASK, "swap left  cover left, c > 4  balance result.y % 2 == 0")
    summary = DataSummary(experiment)
    for chunk in generate_chunks(experiment, "train", chunk_rows=37):
        summary.add(chunk)
    assert summary.combination_counts == generate(experiment, "train").summary.combination_counts


@pytest.mark.parametrize(
    ("statements", "code", "message"),
    [
        ("swap left  cover lefft", "CS201", "unknown name `lefft`"),
        ("swap left  cover true", "CS703", "`true` is always the same"),
        (
            "swap left  cover y, left, a",
            "CS703",
            "`a` makes 5320 combinations, too many to cover",
        ),
        ("swap left  cover a  cover b", "CS203", "there is more than one `cover`"),
    ],
)
def test_what_cannot_be_covered(statements: str, code: str, message: str) -> None:
    _, (found,) = attempt(TASK.replace("STATEMENTS", statements))
    assert (found.code, found.message) == (code, message)
