"""`disjoint by` columns and expressions: no value that they have in one split is one of another."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from causalspec.compiler.data.counterfactuals import generate_all
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.specification import CounterfactualDesign
from tests.compiler.data.test_counterfactuals import check_labels
from tests.helpers.compiled import compiled, findings, unmet

ANIMALS = ("sparrow,bird", "eagle,bird", "trout,fish", "pike,fish", "oak,tree", "elm,tree",
           "ant,insect", "bee,insect")  # fmt: skip
TASK = """
table Noun "nouns.csv" key name { kind : words }
task Kinds {
  input left, right : Noun
  input a, b : 0..9
  let total = a + b
  let unread = a - b
  output alike : bool = left.kind == right.kind and total > 9
}
model Words of Kinds {
  var same = left.kind == right.kind
  output alike = same and total > 9
}
counterfactuals D of Words {
  swap same
  STATEMENTS
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nouns.csv").write_text("name,kind\n" + "\n".join(ANIMALS) + "\n")
    return tmp_path


def of(statements: str, folder: Path) -> CounterfactualDesign:
    return compiled(TASK.replace("STATEMENTS", statements), folder).counterfactuals["D"]


def values_of(pairs: InterchangePairs, *names: str) -> list[numpy.ndarray]:
    return [side[name].astype(int) for side in (pairs.base, *pairs.sources) for name in names]


def test_a_column_that_one_split_has_no_other_has(folder: Path) -> None:
    """Two inputs' columns have one type: a kind of bird on the left is none on the right."""
    experiment = of("split train 900, test 300 disjoint by (left.kind, right.kind)", folder)
    kinds = [row.partition(",")[2] for row in ANIMALS]
    train, test = (
        {kinds[code] for column in values_of(pairs, "left", "right") for code in column}
        for pairs in generate_all(experiment).values()
    )
    assert len(train) > len(test) >= 1
    assert train | test == set(kinds)
    assert not train & test


@pytest.mark.parametrize("written", ["a + b", "total"])
def test_an_expression_over_two_inputs(written: str, folder: Path) -> None:
    experiment = of(f"split train 900, test 300 disjoint by ({written})", folder)
    train, test = (
        {int(total) for side in (pairs.base, *pairs.sources) for total in side["a"] + side["b"]}
        for pairs in generate_all(experiment).values()
    )
    assert len(train) > 1
    assert len(test) > 1
    assert not train & test
    for pairs in generate_all(experiment).values():
        check_labels(pairs.select(slice(50)))


def test_a_column_beside_an_input_and_an_abbreviation_that_the_model_never_reads(
    folder: Path,
) -> None:
    experiment = of("split train 900, test 300 disjoint by (left, right.kind, unread)", folder)
    train, test = generate_all(experiment).values()
    for name in ("left", "right"):
        used = [set(numpy.concatenate(values_of(pairs, name)).tolist()) for pairs in (train, test)]
        assert not used[0] & used[1]
    apart = [
        {int(d) for side in (pairs.base, *pairs.sources) for d in side["a"] - side["b"]}
        for pairs in (train, test)
    ]
    assert not apart[0] & apart[1]


def test_rare_pairs_that_the_solver_finds_keep_to_their_split() -> None:
    text = """
task Wide {
  input a, b : 0..1_000_000
  output y : 0..2_000_000 = a + b
}
model Left of Wide {
  var left = a
  output y = left + b
}
counterfactuals D of Left {
  swap left
  cover a == source.a + 10
  split train 200, test 100 disjoint by (a % 10)
}
"""
    train, test = generate_all(compiled(text).counterfactuals["D"]).values()
    used = [
        {int(digit) for side in (pairs.base, *pairs.sources) for digit in side["a"] % 10}
        for pairs in (train, test)
    ]
    assert not used[0] & used[1]
    assert int((train.base["a"] == train.sources[0]["a"] + 10).sum()) == 100


def test_too_few_values_of_an_expression_are_told(folder: Path) -> None:
    found = unmet(of("split train 9, test 9 disjoint by (a > b)  balance base.a > base.b", folder))
    assert (found.code, found.message) == (
        "CS515",
        "`train` is impossible when the splits share no value of `a > b`",
    )


def test_what_cannot_be_held_out(folder: Path) -> None:
    def said(written: str) -> list[str]:
        return findings(
            TASK.replace("STATEMENTS", f"split train 9 disjoint by ({written})"), folder
        )

    by_inputs = "not an input: splits are disjoint by inputs and expressions of them"
    assert said("same") == [f"CS702 17:30 `same` is {by_inputs}"]
    assert said("same and a > 2") == [
        f"CS702 17:30 `same and a > 2` reads `same`, which is {by_inputs}"
    ]
    assert said("2 + 2") == ["CS703 17:30 `2 + 2` is always the same"]
    assert said("left.colour")[0].startswith("CS210 17:35 unknown column `colour`")
