"""Sources that are themselves intervened on, and noise that base and sources share."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.derived_models import interchanged
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.vectorize import interchange_columns
from causalspec.compiler.proofs.examine import examine
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from tests.compiler.data.test_counterfactuals import check_labels
from tests.helpers.columns_of import as_settings
from tests.helpers.compiled import attempt, compiled
from tests.helpers.generated.models import models

TEXT = """
task Sum {
  input a, b, c : 0..9
  output y : 0..27 = a + b + c
}

model Chain of Sum approximately {
  noise u : bool ~ weights { true => 1, false => 3 }
  var left = a + b
  var high = left > 9
  var flag = high and not u
  output y = (if flag then 10 else left % 10) + c
}

counterfactuals D of Chain {
  STATEMENTS
  split train 500, test 100
}
"""
NESTED = "swap flag from (s1 with high from (s2 with left from s3)), left from s4"


def of(statements: str) -> CounterfactualDesign:
    return compiled(TEXT.replace("STATEMENTS", statements)).counterfactuals["D"]


def refused(statements: str) -> list[Diagnostic]:
    specification, diagnostics = attempt(TEXT.replace("STATEMENTS", statements))
    assert specification is None
    return list(diagnostics)


def test_a_source_can_be_intervened_on() -> None:
    experiment = of("swap flag from (s1 with high from s2)")
    (kind,) = experiment.kinds
    assert experiment.source_names == ("s1", "s2")
    assert kind == SwapKind(("flag",), (0,), 1, ((0, SwapKind(("high",), (1,))),))
    assert (kind.name, kind.used_sources) == ("flag (with high)", (0, 1))
    pairs = generate(experiment, "train")
    check_labels(pairs)
    s1, s2 = pairs.sources
    flag = (s2["a"] + s2["b"] > 9) & (s1["u"] == 0)
    left = pairs.base["a"] + pairs.base["b"]
    assert (pairs.label["y"] == numpy.where(flag, 10, left % 10) + pairs.base["c"]).all()


def test_interventions_nest_and_mix_with_plain_ones() -> None:
    experiment = of(f"{NESTED}  swap left from s1  cover high, s1.flag  balance result.y > 9")
    assert [kind.name for kind in experiment.kinds] == [
        "flag (with high (with left)), left",
        "left",
    ]
    pairs = generate(experiment, "train")
    check_labels(pairs)
    assert pairs.source_used.tolist() == [
        [True] * 4 if kind == 0 else [True, False, False, False] for kind in pairs.kinds
    ]


def test_it_is_written_as_it_is_read() -> None:
    text = "language 1\n" + TEXT.replace(
        "STATEMENTS", f"{NESTED}\n  cover high, s1.flag\n  noise shared"
    )
    assert format_source(Source("d.causal", text)) == text
    squeezed = text.replace("(s1 with", "( s1  with").replace("s3))", "s3 ) )")
    assert format_source(Source("d.causal", squeezed)) == text


@given(some.data())
@settings(max_examples=40, deadline=None)
def test_evaluators_agree_on_nested_interventions(data: some.DataObject) -> None:
    model = data.draw(models())
    assume(model.intermediates)
    variables = some.sampled_from(model.intermediates)
    inner = SwapKind((data.draw(variables),), (data.draw(some.integers(1, 2)),))
    outer = data.draw(some.lists(variables, min_size=1, max_size=2, unique=True))
    kind = SwapKind(tuple(outer), (0,) * len(outer), 1, ((0, inner),))
    codes = {
        name: some.sampled_from(list(model.by_name[name].domain.codes()))
        for name in model.exogenous
    }
    rows = 8
    sides = [
        {
            name: numpy.array(data.draw(some.lists(values, min_size=rows, max_size=rows)))
            for name, values in codes.items()
        }
        for _ in range(4)
    ]
    base, *sources = sides
    columns = interchange_columns(model, base, sources, kind)
    pair = interchanged(model, kind)
    settings_of = [as_settings(side) for side in sides]
    for row, (own, *others) in enumerate(zip(*settings_of, strict=True)):
        expected = interpret.interchange(model, own, others, kind)
        assert {n: int(c[row]) for n, c in columns.items()} == {
            n: expected[n] for n in model.outputs
        }
        joint = {f"base.{n}": v for n, v in own.items()}
        for number in kind.used_sources:
            joint.update({f"source {number}.{n}": v for n, v in others[number].items()})
        solution = interpret.solve(pair, joint)
        assert {n: solution[f"result.{n}"] for n in expected} == expected


@pytest.mark.parametrize(
    ("statement", "message", "at"),
    [
        ("swap flag from (s1 with high from s1)", "the run of `s1` would depend on itself", "s1"),
        (
            "swap flag from (s1 with high from (s2 with left from s1))",
            "the run of `s1` would depend on itself",
            "s1",
        ),
        (
            "swap flag from (s1 with high from s2), left from s1",
            "`s1` would be two runs in one intervention",
            "s1",
        ),
        (
            "swap flag from (s1 with high from s2), left from (s1 with high from s3)",
            "`s1` would be two runs in one intervention",
            "s1",
        ),
    ],
)
def test_a_source_is_one_run(statement: str, message: str, at: str) -> None:
    (found,) = refused(statement)
    assert (found.code, found.message, found.span.text) == ("CS717", message, at)


def test_a_circle_through_two_sources_is_refused() -> None:
    found = refused("swap flag from (s1 with high from s2), left from (s2 with high from s1)")
    assert {diagnostic.code for diagnostic in found} == {"CS717"}


def test_the_same_variables_from_other_runs_are_another_intervention() -> None:
    experiment = of("swap flag  swap flag from (source with high from s2)")
    assert [kind.name for kind in experiment.kinds] == ["flag", "flag (with high)"]


# Noise -----------------------------------------------------------------------------------------


def test_noise_is_fresh_unless_it_is_shared() -> None:
    fresh, said, shared = (of(f"swap flag {way}") for way in ("", "noise fresh", "noise shared"))
    assert (fresh.shared_noise, said.shared_noise, shared.shared_noise) == (False, False, True)
    apart = generate(fresh, "train")
    assert (apart.base["u"] != apart.sources[0]["u"]).any()
    together = generate(shared, "train", rows=20_000)
    assert (together.base["u"] == together.sources[0]["u"]).all()
    assert abs(float(together.base["u"].mean()) - 0.25) < 0.02
    check_labels(together.select(slice(300)))
    for name in "abc":  # all else stays independent
        assert (together.base[name] != together.sources[0][name]).mean() > 0.8


def test_shared_noise_holds_where_pairs_are_filtered_balanced_and_rare() -> None:
    experiment = of(
        "swap flag from s1  swap left from s2  noise shared  keep where u_differs"
        "  balance result.y > base.y".replace("u_differs", "base.flag != s1.flag")
    )
    pairs = generate(experiment, "train")
    assert all((side["u"] == pairs.base["u"]).all() for side in pairs.sources)
    assert not pairs.base["u"].any()  # with noise on, the flag is never set on either side
    check_labels(pairs)
    rare = generate(of("swap flag  noise shared  cover a + b + c == 27 and source.y == 0"), "train")
    assert (rare.base["u"] == rare.sources[0]["u"]).all()
    check_labels(rare)


def test_solved_pairs_share_noise() -> None:
    text = TEXT.replace("0..9", "0..99_999").replace("0..27", "0..299_997")
    text = text.replace("STATEMENTS", "swap left  noise shared  cover a == source.b and source.u")
    pairs = generate(compiled(text).counterfactuals["D"], "train", rows=100)
    assert (pairs.base["u"] == pairs.sources[0]["u"]).all()
    assert int((pairs.base["a"] == pairs.sources[0]["b"]).sum()) >= 50
    check_labels(pairs)


def test_a_swap_that_only_fresh_noise_shows_is_refused_under_shared() -> None:
    text = """
task Coin {
  input a : bool
  output y : bool = a
}
model Flip of Coin approximately {
  noise u : bool
  var luck = u
  output y = luck != a
}
counterfactuals D of Flip { swap luck  noise WAY  split train 100 }
"""
    for way, codes in (("fresh", set[str]()), ("shared", {"CS501"})):
        specification, diagnostics = attempt(text.replace("WAY", way))
        assert specification is not None
        examine(specification, diagnostics)
        assert {
            diagnostic.code for diagnostic in diagnostics if diagnostic.code == "CS501"
        } == codes


def test_ways_that_do_not_exist_get_a_suggestion() -> None:
    (found,) = refused("swap flag  noise sharde")
    assert (found.code, found.help) == ("CS201", "did you mean `shared`?")
