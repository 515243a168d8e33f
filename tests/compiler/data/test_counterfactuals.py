"""Counterfactual data: every label re-derived by the interpreter, every promise counted."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from causalspec.compiler.data.counterfactuals import (
    MOST_ROWS,
    InterchangePairs,
    generate,
    generate_all,
    try_out,
)
from causalspec.compiler.domains import Numbers, Symbols, Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import All, Expression, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import SpecError
from tests.helpers.cases import (
    ANSWER,
    BOTH_EQUALITIES,
    LEFT_BOUNDARY,
    NAME_DIRECTLY,
    NOISY,
    ORDINAL,
    POSITION_THEN_NAME,
    THERMOSTAT,
    arithmetic,
    compare,
    output,
    var,
)
from tests.helpers.cases import (
    given as input_of,
)
from tests.helpers.columns_of import as_settings
from tests.helpers.compiled import unmet
from tests.helpers.designs import design, swap

RESULT_CHANGED = compare("result.answer", "!=", "base.answer")
BOTH_DIFFER = All(
    (
        compare("base.first", "!=", "source.first"),
        compare("base.second", "!=", "source.second"),
    )
)
SWAP_ABOVE = design(
    LEFT_BOUNDARY,
    swap("above"),
    balance=("balance result.answer", Reference("result.answer"), ANSWER),
    splits=(("train", 600), ("validation", 21), ("test", 100)),
    disjoint=("lower", "upper"),
)
ONE_OR_BOTH = design(
    BOTH_EQUALITIES,
    swap("left"),
    swap("right"),
    swap("left", "right", sources=(0, 1)),
    balance=("balance result.same", Reference("result.same"), Truths()),
    splits=(("train", 1000), ("test", 31)),
    sources=("s1", "s2"),
    seed=7,
)
SWAP_POSITION = design(
    POSITION_THEN_NAME,
    swap("position"),
    keep=(("keep where base.first != source.first and …", BOTH_DIFFER),),
    balance=("balance result.answer != base.answer", RESULT_CHANGED, Truths()),
    splits=(("train", 300), ("test", 40)),
    disjoint=("first", "second"),
)
DESIGNS = (SWAP_ABOVE, ONE_OR_BOTH, SWAP_POSITION)
by_model = pytest.mark.parametrize(
    "experiment", DESIGNS, ids=lambda experiment: experiment.model.name
)


def row_of(columns: Mapping[str, object], row: int) -> dict[str, int]:
    return as_settings({name: column[row : row + 1] for name, column in columns.items()})[0]  # type: ignore[index]


def check_labels(pairs: InterchangePairs) -> None:
    """Hold every output of every row against the interpreter."""
    model = pairs.model
    for row in range(len(pairs)):
        base = row_of(pairs.base, row)
        sources = [row_of(source, row) for source in pairs.sources]
        kind = pairs.design.kinds[pairs.kinds[row]]
        result = interpret.interchange(model, base, sources, kind)
        expected = {name: result[name] for name in model.outputs}
        assert row_of(pairs.label, row) == expected
        solution = interpret.solve(model, base)
        assert row_of(pairs.base_outputs, row) == {n: solution[n] for n in model.outputs}
        for source, outputs in zip(sources, pairs.source_outputs, strict=True):
            solution = interpret.solve(model, source)
            assert row_of(outputs, row) == {n: solution[n] for n in model.outputs}
            assert interpret.satisfies(model, source)
        assert interpret.satisfies(model, base)
        used = [k in kind.used_sources for k in range(len(sources))]
        assert pairs.source_used[row].tolist() == used


def fingerprint(pairs: InterchangePairs) -> str:
    digest = hashlib.sha256()
    sides = (pairs.base, *pairs.sources, pairs.label, pairs.base_outputs, *pairs.source_outputs)
    for side in sides:
        for name, column in side.items():
            digest.update(name.encode())
            digest.update(column.astype("<i8").tobytes())
    digest.update(pairs.kinds.astype("<i8").tobytes())
    digest.update(pairs.source_used.tobytes())
    return digest.hexdigest()


@by_model
def test_every_label_is_the_interpreters(experiment: CounterfactualDesign) -> None:
    for pairs in generate_all(experiment).values():
        check_labels(pairs)


def test_labels_of_a_model_with_noise() -> None:
    pairs = generate(design(NOISY, *[swap(name) for name in NOISY.intermediates]), "train")
    assert set(pairs.base) == {*NOISY.inputs, *NOISY.noise}
    check_labels(pairs)


@by_model
def test_each_split_has_its_rows_and_is_what_generate_gives(
    experiment: CounterfactualDesign,
) -> None:
    everything = generate_all(experiment)
    assert {name: len(pairs) for name, pairs in everything.items()} == {
        split.name: split.rows for split in experiment.splits
    }
    for name, pairs in everything.items():
        assert fingerprint(pairs) == fingerprint(generate(experiment, name))


def test_the_bytes_are_pinned() -> None:
    """A change here changes everybody's data: it needs a new version and a note in the log."""
    assert [fingerprint(generate(experiment, "train")) for experiment in DESIGNS] == [
        "7b24978f6b7a2dafecc1a72f5e3d40dd1458181e5029d68963e33c32a3a974f5",
        "59bdbb8c826b3130eb3a4be199575c10c25911c37d508b33c995767a8d9df946",
        "4287a364e0002d9edcda952383e727fccbbc5bf6ec3cab92e329c60a5efd739d",
    ]


def test_another_seed_gives_other_pairs() -> None:
    first, again, other = (generate(ONE_OR_BOTH, "train", seed=seed) for seed in (7, 7, 8))
    assert fingerprint(first) == fingerprint(again) == fingerprint(generate(ONE_OR_BOTH, "train"))
    assert fingerprint(first) != fingerprint(other)


def test_rows_of_the_design_can_be_overridden_but_the_values_stay() -> None:
    few, many = generate(SWAP_ABOVE, "test", rows=10), generate(SWAP_ABOVE, "test", rows=5000)
    assert (len(few), len(many)) == (10, 5000)
    stated = generate(SWAP_ABOVE, "test")
    allowed = {*many.base["lower"].tolist(), *many.base["upper"].tolist()}
    assert {*stated.base["lower"].tolist()} <= allowed
    assert len(generate(SWAP_ABOVE, "test", rows=0)) == 0


def test_an_unknown_split_gets_a_suggestion() -> None:
    with pytest.raises(LookupError, match="has no split `tset`; did you mean `test`"):
        generate(SWAP_ABOVE, "tset")


def test_kinds_are_mixed_evenly_or_by_weight() -> None:
    pairs = generate(ONE_OR_BOTH, "train")
    assert [(count.kind, count.rows) for count in pairs.summary.kind_counts] == [
        ("left", 334),
        ("right", 333),
        ("left, right", 333),
    ]
    weighted = design(BOTH_EQUALITIES, swap("left", weight=3), swap("right", weight=1))
    assert [count.rows for count in generate(weighted, "train").summary.kind_counts] == [150, 50]
    # Mixed, not one kind after the other.
    assert 60 < numpy.count_nonzero(numpy.diff(generate(weighted, "train").kinds.astype(int))) < 90


@by_model
def test_balance_is_exact_to_the_row(experiment: CounterfactualDesign) -> None:
    for pairs in generate_all(experiment).values():
        if experiment is SWAP_POSITION:
            values = pairs.label["answer"] != pairs.base_outputs["answer"]
        else:
            values = next(iter(pairs.label.values()))
        counts = numpy.bincount(values, minlength=2)
        assert counts.max() - counts.min() == len(pairs) % 2
        for kind in range(len(experiment.kinds)):
            counts = numpy.bincount(values[pairs.kinds == kind], minlength=2)
            assert counts.max() - counts.min() <= 1


@by_model
def test_splits_share_no_value(experiment: CounterfactualDesign) -> None:
    used: list[set[int]] = []
    for pairs in generate_all(experiment).values():
        values: set[int] = set()
        for held_out in experiment.disjoint:
            for side in (pairs.base, *pairs.sources):
                values.update(side[held_out.name].tolist())
        used.append(values)
    assert all(not a & b for i, a in enumerate(used) for b in used[:i])


@given(
    some.integers(4, 12),
    some.lists(some.integers(1, 40), min_size=1, max_size=3),
    some.integers(0, 2**63),
)
@settings(max_examples=25, deadline=None)
def test_every_seed_and_size_gives_disjoint_balanced_splits(
    names: int, rows: list[int], seed: int
) -> None:
    domain = Symbols(tuple(f"n{i}" for i in range(names)))
    model = other_name(domain)
    splits = tuple((f"s{i}", count) for i, count in enumerate(rows))
    experiment = design(
        model,
        swap("position"),
        balance=("balance result.answer != base.answer", RESULT_CHANGED, Truths()),
        splits=splits,
        disjoint=("first", "second"),
        seed=seed,
    )
    if 2 * len(rows) > names:
        with pytest.raises(SpecError) as caught:
            generate_all(experiment)
        assert [found.code for found in caught.value.diagnostics] == ["CS515"]
        return
    seen: set[int] = set()
    for pairs in generate_all(experiment).values():
        sides = (pairs.base, *pairs.sources)
        mine = {int(v) for s in sides for held_out in experiment.disjoint for v in s[held_out.name]}
        assert not seen & mine
        seen |= mine
        changed = int((~pairs.unchanged).sum())
        assert abs(2 * changed - len(pairs)) <= 1


def other_name(domain: Symbols) -> CausalModel:
    """The indirect object over any number of names."""
    position = var("position", ORDINAL, Reference("repeated"))
    answer = POSITION_THEN_NAME.by_name["answer"].mechanism
    assert answer is not None
    return CausalModel(
        "PositionThenName",
        "IndirectObject",
        (
            input_of("first", domain),
            input_of("second", domain),
            input_of("repeated", ORDINAL),
            position,
            output("answer", domain, answer),
        ),
        compare("first", "!=", "second"),
    )


def test_filters_hold_for_every_row() -> None:
    pairs = generate(SWAP_POSITION, "train")
    assert (pairs.base["first"] != pairs.sources[0]["first"]).all()
    assert (pairs.base["second"] != pairs.sources[0]["second"]).all()


def test_inputs_are_uniform_over_what_is_admitted() -> None:
    pairs = generate(design(LEFT_BOUNDARY, swap("above"), splits=(("all", 200_000),)), "all")
    width = (pairs.base["upper"] - pairs.base["lower"]).astype(int)
    assert (width.min(), width.max()) == (250, 750)
    # 1000 - w of the brackets have width w: the mean is exact.
    exact = sum((1000 - w) * w for w in range(250, 751)) / sum(1000 - w for w in range(250, 751))
    assert abs(width.mean() - exact) < 1.0
    assert abs(pairs.base["amount"].mean() - 499.5) < 3.0


def test_weights_are_kept_to() -> None:
    coin = dataclasses.replace(input_of("coin", Truths()), weights=(9, 1))
    never = dataclasses.replace(input_of("die", Numbers(1, 3)), weights=(1, 0, 2))
    model = CausalModel(
        "M",
        "T",
        (coin, never, var("v", Truths(), Reference("coin")), output("o", Truths(), Reference("v"))),
    )
    base = generate(design(model, swap("v"), splits=(("all", 100_000),)), "all").base
    assert abs(int(base["coin"].sum()) - 10_000) < 600
    counts = numpy.bincount(base["die"], minlength=4).tolist()
    assert counts[:3] == [0, 100_000 - counts[3], 0]
    assert abs(counts[3] - 66_667) < 900


def copying(domain: Numbers, *inputs: str, requirement: Expression | None = None) -> CausalModel:
    """A model whose output is its first input."""
    first = inputs[0]
    variables = (
        *(input_of(name, domain) for name in inputs),
        var("v", domain, Reference(first)),
        output("o", domain, Reference("v")),
    )
    return CausalModel("M", "T", variables, requirement)


def test_requirements_too_large_to_list_are_met_by_rejection() -> None:
    alike = compare(arithmetic("x", "%", 97), "==", arithmetic("y", "%", 97))
    model = copying(Numbers(0, 99_999), "x", "y", requirement=alike)
    experiment = design(model, swap("v"), splits=(("all", 500),))
    base = generate(experiment, "all").base
    assert (base["x"] % 97 == base["y"] % 97).all()
    # The first rows do not depend on how many are asked for.
    assert base["x"][:50].tolist() == generate(experiment, "all", rows=50).base["x"].tolist()


def test_an_input_that_follows_from_others_costs_no_enumeration() -> None:
    total = compare(arithmetic("x", "+", "y"), "==", "z")
    # A thousand values each: too many to list, and one in two thousand is admitted.
    admitted = All((total, compare("y", "!=", 4)))
    model = copying(Numbers(0, 1999, 2), "x", "y", "z", requirement=admitted)
    base = generate(design(model, swap("v"), splits=(("all", 50_000),)), "all").base
    assert (base["x"] + base["y"] == base["z"]).all()
    assert not (base["y"] == 4).any()
    assert int(base["z"].max()) <= 1998
    # All admitted (x, y) are as likely: those with x = 2 k are 1000 - k, less one for y = 4.
    assert abs((base["x"] < 1000).mean() - 0.75) < 0.01


def test_a_requirement_too_rare_to_sample_is_constructed() -> None:
    model = copying(Numbers(0, 2**31 - 1), "x", "y", requirement=compare("x", "==", "y"))
    pairs = generate(design(model, swap("v")), "train")
    assert all((side["x"] == side["y"]).all() for side in (pairs.base, *pairs.sources))


def test_more_balanced_values_than_rows() -> None:
    wide = Numbers(0, 2**15 - 1)
    clause = ("balance result.o", Reference("result.o"), wide)
    one_each = design(copying(wide, "x"), swap("v"), balance=clause, splits=(("all", 100),))
    assert len(set(generate(one_each, "all").label["o"].tolist())) == 100


def test_select_takes_rows_of_every_column() -> None:
    pairs = generate(ONE_OR_BOTH, "train")
    some_rows = pairs.select(numpy.array([5, 3]))
    assert len(some_rows) == 2
    assert some_rows.base["a"].tolist() == pairs.base["a"][[5, 3]].tolist()
    assert some_rows.source_used.tolist() == pairs.source_used[[5, 3]].tolist()
    assert fingerprint(pairs.select(slice(None))) == fingerprint(pairs)


def test_floor_and_coverage_are_counted() -> None:
    pairs = generate(SWAP_POSITION, "train")
    assert pairs.floor == 0.5
    coverage = {covered.name: (covered.seen, covered.size) for covered in pairs.summary.coverage}
    assert coverage["repeated"] == (2, 2)
    assert coverage["first"][1] == 5


# What cannot be met ---------------------------------------------------------------------------


def keeping(model: CausalModel, text: str, *conditions: Expression) -> CounterfactualDesign:
    return design(
        model,
        swap(model.intermediates[0]),
        keep=tuple((text, condition) for condition in conditions),
    )


NEVER = keeping(
    POSITION_THEN_NAME,
    "keep where base.first == base.second",
    compare("base.first", "==", "base.second"),
)
WIDE = copying(Numbers(0, 2**31 - 1), "x")
EQUAL = compare("base.x", "==", "source.x")
UNMET = {
    "a requirement that nothing meets": (
        design(
            dataclasses.replace(POSITION_THEN_NAME, requirement=compare("first", "!=", "first")),
            swap("position"),
        ),
        "CS324 no input meets the `require` of `IndirectObject`",
        "counterfactuals Design",
        "every setting was tried",
    ),
    "a filter that no pair meets": (
        NEVER,
        "CS511 no pair of kind `position` meets `keep where base.first == base.second`",
        "keep where base.first == base.second",
        "all 20 pairs of inputs that matter were tried",
    ),
    "filters that exclude each other": (
        keeping(
            POSITION_THEN_NAME,
            "keep where …",
            compare("base.first", "==", "source.first"),
            compare("base.first", "!=", "source.first"),
        ),
        "CS511 no pair of kind `position` meets `keep where …` and the filters before it",
        "keep where …",
        None,
    ),
    # Swapping a name leaves the answer alone where source and base have the same.
    "a balanced value that never occurs": (
        design(
            NAME_DIRECTLY,
            swap("name"),
            keep=(
                (
                    "keep where source.answer == base.answer",
                    compare("source.answer", "==", "base.answer"),
                ),
            ),
            balance=("balance result.answer != base.answer", RESULT_CHANGED, Truths()),
        ),
        "CS513 `balance result.answer != base.answer` is never `true` in a pair of kind `name`",
        "balance result.answer != base.answer",
        None,
    ),
    "a filter too rare to sample": (
        keeping(WIDE, "keep where base.x == source.x", EQUAL),
        "CS512 too few pairs meet `keep where base.x == source.x`",
        "keep where base.x == source.x",
        r".* sampled pairs of kind `v` did .*200 rows of it are wanted",
    ),
    "a balanced value too rare to sample": (
        design(WIDE, swap("v"), balance=("balance base.x == source.x", EQUAL, Truths())),
        "CS514 too few pairs have `balance base.x == source.x` be `true`",
        "balance base.x == source.x",
        None,
    ),
    "too few values for disjoint splits": (
        dataclasses.replace(
            SWAP_POSITION,
            splits=design(POSITION_THEN_NAME, splits=(("train", 10), ("b", 10), ("c", 10))).splits,
        ),
        "CS515 `train` is impossible when the splits share no value of `first`, `second`",
        "train 10",
        None,
    ),
    "a type too large to share out": (
        design(copying(Numbers(0, 10_000_000), "x"), swap("v"), disjoint=("x",)),
        "CS516 the splits cannot be disjoint by a type of 10,000,001 values",
        "counterfactuals Design",
        None,
    ),
    "a cyclic model": (
        design(THERMOSTAT, swap(THERMOSTAT.intermediates[0])),
        f"CS517 `{THERMOSTAT.name}` is cyclic, so a label may have no value or several",
        "counterfactuals Design",
        None,
    ),
}


@pytest.mark.parametrize("what", UNMET)
def test_what_cannot_be_met(what: str) -> None:
    experiment, message, at, advice = UNMET[what]
    found = unmet(experiment)
    assert (f"{found.code} {found.message}", found.span.text) == (message, at)
    if advice is not None:
        assert re.fullmatch(advice, found.help or "")


def test_a_diagnosis_says_what_generating_would() -> None:
    assert try_out(SWAP_ABOVE).unmet == ()
    with pytest.raises(SpecError) as caught:
        generate(NEVER, "train")
    assert try_out(NEVER).unmet == caught.value.diagnostics


@pytest.mark.parametrize("rows", [-1, MOST_ROWS + 1])
def test_rows_out_of_range_are_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="rows must be 0 to 100,000,000"):
        generate(SWAP_ABOVE, "train", rows=rows)
