"""Inputs without repetition: each arrangement as likely as any other, and none that repeats."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations, product
from math import perm
from pathlib import Path

import numpy
import pytest

from causalspec.compiler.compile import check_file
from causalspec.compiler.data.arrangements import Arranged
from causalspec.compiler.data.blocks import every
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import Sampler
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evidence import NoWitness, Witness
from causalspec.compiler.expressions import Compare, ComparisonOperator, Constant, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.sampling.rungs import Query, outcomes
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from tests.helpers.columns_of import as_settings
from tests.helpers.compiled import compiled, findings

ROWS = 120_000

FOUR_OF_SIX = """
type Name = {Ann, Ben, Cleo, Dan, Eve, Fay}
task Meeting {
  input distinct who[i in 0..3] : Name
  input late : 0..3
  require late != 1 or who[0] != Ann
  output answer : Name = match late { 0 => who[0]  1 => who[1]  2 => who[2]  else => who[3] }
}
model Copy of Meeting {
  var first = who[0]
  output answer = match late { 0 => first  1 => who[1]  2 => who[2]  else => who[3] }
}
counterfactuals Swaps of Copy {
  swap first
  %s
  split train 3_000, test 1_000 %s
}
"""

DECK = """
task Deck {
  input distinct card[i in 0..14] : 0..14
  input chosen : 0..14
  require card[3] != chosen
  output top : 0..14 = card[0]
}
model Copy of Deck {
  var seen = card[0]
  output top = seen
}
counterfactuals Swaps of Copy {
  swap seen
  %s
  split train 2_000
}
"""


SMALL_DECK = DECK.replace("14", "6")


def chi_square(counts: Mapping[object, int], cells: int, rows: int = ROWS) -> float:
    """Pearson's statistic of counts against as many for each of so many cells, as standard
    deviations from its mean: some two at most, for a fair draw.
    """
    expected = rows / cells
    seen = sum((count - expected) ** 2 / expected for count in counts.values())
    statistic = seen + (cells - len(counts)) * expected
    return (statistic - (cells - 1)) / (2 * (cells - 1)) ** 0.5


def rows_of(columns: Columns) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in columns.values()), strict=True))


def drawn(model: CausalModel, rows: int = ROWS) -> Columns:
    return Sampler(populate(model, {}), Stream.of(7, "test")).take(rows)


@pytest.mark.parametrize(("names", "values"), [(2, 2), (3, 3), (3, 5), (4, 6), (5, 5), (1, 9)])
def test_all_arrangements_are_equally_likely(names: int, values: int) -> None:
    block = Arranged(tuple(map(str, range(names))), numpy.arange(values, dtype=numpy.int8))
    counts = Counter(rows_of(block.draw(Stream.of(1, "test"), 0, ROWS)))
    assert set(counts) <= set(permutations(range(values), names))
    assert abs(chi_square(counts, block.settings)) < 4


@pytest.mark.parametrize(("names", "values"), [(15, 15), (25, 25), (40, 200), (3, 3_000_000)])
def test_of_many_each_pair_of_places_is_fair(names: int, values: int) -> None:
    codes = range(100, 100 + 7 * values, 7)
    block = Arranged(tuple(map(str, range(names))), codes)
    columns = list(block.draw(Stream.of(2, "test"), 0, ROWS).values())
    places = numpy.sort(numpy.stack(columns), axis=0)
    assert (numpy.diff(places, axis=0) > 0).all()
    assert (places[0] >= 100).all()
    assert (places[-1] <= codes[-1]).all()
    assert ((places - 100) % 7 == 0).all()
    for column in columns:
        assert abs(chi_square(Counter((column % 7000 // 700).tolist()), 10)) < 5 or values < 1000
    if values <= 25:
        for left, right in [(0, 1), (0, names - 1), (names - 2, names - 1)]:
            counts = Counter(zip(columns[left].tolist(), columns[right].tolist(), strict=True))
            assert abs(chi_square(counts, values * (values - 1))) < 4


def test_the_list_of_arrangements_is_lexicographic() -> None:
    block = Arranged(("a", "b", "c"), range(5))
    assert rows_of(every(block)) == list(permutations(range(5), 3))
    assert block.settings == perm(5, 3)


@pytest.mark.parametrize("names", [4, 30])
def test_a_row_is_a_function_of_its_number(names: int) -> None:
    block = Arranged(tuple(map(str, range(names))), range(50))
    stream = Stream.of(3, "test")
    whole = rows_of(block.draw(stream, 0, 1_000))
    parts = [
        row for start in range(0, 1_000, 137) for row in rows_of(block.draw(stream, start, 137))
    ]
    assert whole == parts[:1_000]


def test_a_condition_beside_it_is_met_and_all_that_is_left_is_equally_likely() -> None:
    model = compiled(FOUR_OF_SIX % ("", "")).tasks["Meeting"].model
    population = populate(model, {})
    assert population.is_listed
    expected = {
        (*who, late)
        for who in permutations(range(6), 4)
        for late in range(4)
        if late != 1 or who[0] != 0
    }
    counts = Counter(rows_of({name: drawn(model)[name] for name in model.inputs}))
    assert set(counts) == expected
    assert abs(chi_square(counts, len(expected))) < 4
    for codes in product(range(6), repeat=4):
        setting = {f"who[{i}]": code for i, code in enumerate(codes)} | {"late": 0}
        assert interpret.satisfies(model, setting) == ((*codes, 0) in expected)


def test_a_deck_is_shuffled_without_a_list() -> None:
    model = compiled(DECK % "").tasks["Deck"].model
    population = populate(model, {})
    assert (population.sampled, population.in_vain, len(population.rejections)) == (0, 0, 1)
    columns = drawn(model)
    pairs = Counter(zip(columns["card[3]"].tolist(), columns["chosen"].tolist(), strict=True))
    assert set(pairs) == set(permutations(range(15), 2))
    assert abs(chi_square(pairs, 210)) < 4
    for setting in as_settings({name: column[:200] for name, column in columns.items()}):
        assert interpret.satisfies(model, setting)


def test_splits_share_out_the_values() -> None:
    design = compiled(
        FOUR_OF_SIX.replace("Eve, Fay", "Eve, Fay, Gil, Hal") % ("", "disjoint by (who)")
    ).counterfactuals["Swaps"]
    seen: dict[str, set[int]] = {}
    for split in ("train", "test"):
        pairs = generate(design, split)
        names = [name for name in design.model.inputs if name != "late"]
        for side in (pairs.base, *pairs.sources):
            rows = numpy.stack([side[name] for name in names])
            assert (numpy.diff(numpy.sort(rows, axis=0), axis=0) > 0).all()
            seen.setdefault(split, set()).update(rows.ravel().tolist())
    assert seen["train"].isdisjoint(seen["test"])
    assert seen["train"] | seen["test"] == set(range(8))


def test_splits_share_out_the_values_of_one_member() -> None:
    design = compiled(FOUR_OF_SIX % ("", "disjoint by (who[0])")).counterfactuals["Swaps"]
    train, test = (generate(design, split) for split in ("train", "test"))
    firsts = [set(pairs.base["who[0]"].tolist()) for pairs in (train, test)]
    assert firsts[0].isdisjoint(firsts[1])
    for setting in as_settings(train.base)[:500]:
        assert interpret.satisfies(design.model, setting)


@pytest.mark.parametrize(
    "clause",
    [
        "balance result.top != base.top",
        "keep where base.card[14] == source.chosen",
        "cover base.top",
    ],
)
def test_what_is_asked_of_pairs_is_met(clause: str) -> None:
    design = compiled(DECK % clause).counterfactuals["Swaps"]
    pairs = generate(design, "train")
    for side in (pairs.base, *pairs.sources):
        assert all(interpret.satisfies(design.model, setting) for setting in as_settings(side))


def test_pairs_that_the_solver_finds_are_shuffled_too() -> None:
    equal = " and ".join(f"base.card[{i}] == source.card[{i}]" for i in range(3))
    text = SMALL_DECK % f"keep where {equal} cover base.card[0] == 3, source.card[6] == 2"
    design = compiled(text).counterfactuals["Swaps"]
    pairs = generate(design, "train", rows=200)
    for side in (pairs.base, *pairs.sources):
        assert all(interpret.satisfies(design.model, setting) for setting in as_settings(side))
    assert len(set(rows_of(pairs.base))) > 150


def test_questions_know_what_differs() -> None:
    model = compiled(SMALL_DECK % "").models["Copy"]
    both = Compare(ComparisonOperator.EQUAL, Reference("card[0]"), Reference("card[6]"))
    assert isinstance(smallest_witness(model, both), NoWitness)
    last = Compare(ComparisonOperator.EQUAL, Reference("card[6]"), Constant(0))
    found = smallest_witness(model, last)
    assert isinstance(found, Witness)
    assert interpret.satisfies(model, {name: found.setting[name] for name in model.inputs})
    assert found.setting["card[6]"] == 0


def shares_of(query: Query, *names: str) -> dict[tuple[int | None, ...], Fraction]:
    return {
        tuple(outcome.values.get(name) for name in names): outcome.probability
        for outcome in outcomes(query, names)
    }


def test_the_exact_distribution_has_no_repetition() -> None:
    model = compiled(FOUR_OF_SIX % ("", "")).models["Copy"]
    shares = shares_of(Query(model, {}, {}), "who[0]", "who[1]")
    settings = list(interpret.settings(model))
    counts = Counter((setting["who[0]"], setting["who[1]"]) for setting in settings)
    assert shares == {pair: Fraction(count, len(settings)) for pair, count in counts.items()}
    known = shares_of(Query(model, {"who[2]": 0}, {}), "who[0]")
    assert (0,) not in known
    assert sum(known.values()) == 1


def checked(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "spec.causal"
    file.write_text(f"language 1\n{text}", encoding="utf-8")
    found = check_file(file)
    lines = [f"{diagnostic.code} {diagnostic.message}" for diagnostic in found.diagnostics]
    return lines + [examination.question for examination in found.examinations]


def test_the_distribution_is_told(tmp_path: Path) -> None:
    assert "`Swaps` draws each input that `Meeting` admits equally often" in checked(
        tmp_path, FOUR_OF_SIX % ("balance result.answer != base.answer", "")
    )


def test_an_example_that_repeats(tmp_path: Path) -> None:
    example = "example { who[0] = Ann  who[1] = Ben  who[2] = Cleo  who[3] = Ben  late = 0 } gives { answer = Ann }"
    text = FOUR_OF_SIX.replace("  output answer : Name", f"  {example}\n  output answer : Name")
    assert checked(tmp_path, text % ("balance result.answer != base.answer", ""))[0] == (
        "CS321 `who[1]` and `who[3]` are `distinct`, but this example gives them the same value"
    )


TASK = """
type Name = {Ann, Ben, Cleo}
task T {
  %s
  output o : bool = true
}
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("input distinct who[i in 0..2] : Name", []),
        ("input distinct who, other : Name", []),
        ("input distinct who[i in 0..1], other : Name ~ uniform", []),
        ("input distinct, other : Name", []),
        ("input distinct distinct[i in 0..1] : Name", []),
        ("input distinct who : Name", ["CS331 5:9 `who` is alone: there is nothing that it could repeat (write `distinct` before a family or several inputs, as in `input distinct who[i in 0..3] : …`)"]),
        ("input distinct who[i in 0..3] : Name", ["CS333 5:9 4 inputs cannot be `distinct`: their type has 3 values (declare fewer inputs, or a type with more values)"]),
        ("input distinct a[i in 1..2] : 0..i", ["CS332 5:33 `a[1]` is numbers 0..1, but `a[2]` is numbers 0..2 (what is `distinct` has one type: write `require` with `!=` for inputs of several)"]),
        ("input distinct a, b : bool ~ bernoulli(0.2)", ["CS330 5:30 `a`, `b` cannot be both `distinct` and weighted (leave the weights out: every choice without repetition is as likely as any other)"]),
    ],
)  # fmt: skip
def test_what_is_declared(line: str, found: list[str]) -> None:
    assert findings(TASK % line) == found


def test_the_layout() -> None:
    untidy = (
        "language 1\ntask T { input  distinct who [i in 0 .. 1] :0..9\noutput o : bool = true }\n"
    )
    tidy = format_source(Source("a.causal", untidy))
    assert "  input distinct who[i in 0..1] : 0..9\n" in tidy
    assert format_source(Source("a.causal", tidy)) == tidy
