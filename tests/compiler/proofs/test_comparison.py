"""Comparing two models: outputs, interventions, variables, and how often they agree."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Exhaustive, Proved, Sampled
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.agreement import Share, agreement
from causalspec.compiler.proofs.comparison import Difference, compare, shares_of
from causalspec.compiler.proofs.correspondences import Link
from causalspec.compiler.proofs.interchanges import Interchange
from causalspec.compiler.proofs.relations import Relation
from causalspec.compiler.proofs.wilson import wilson
from causalspec.compiler.specification import SwapKind
from tests.helpers.cases import (
    ADDITION,
    CARRY_CHAIN,
    LEFT_AND_RIGHT_BOUNDARY,
    LEFT_BOUNDARY,
    MIDPOINT_DISTANCE,
    NO_CARRY,
    PRICE_TAGGING,
)
from tests.helpers.columns_of import LONG
from tests.helpers.compiled import compiled

SUM = """
task Sum {
  input a, b : 0..9
  output total : 0..18 = a + b
}
model Fine of Sum {
  var left = a
  var right = b
  output total = left + right
}
model Odd of Sum {
  var left = a
  var right = b
  output total =
    if left == 3 and right == 4 and a != 3 and b != 4 then 0 else left + right
}
model Parity of Sum approximately {
  var odd = a % 2
  var away = 9 - b
  output total = odd + 9 - away
}
abstraction Kept from Fine to Parity { odd = left % 2  away = 9 - right }
"""
MODELS = compiled(SUM).models


def test_models_that_are_the_same() -> None:
    found = compare(LEFT_BOUNDARY, LEFT_AND_RIGHT_BOUNDARY)
    assert (found.outputs.holds, found.outputs.evidence) == (True, Proved())
    assert found.under_interventions is not None
    assert (found.under_interventions.holds, found.shared) == (True, ("above",))
    (same,) = found.correspondences
    assert (same.left, same.link, same.right) == ("above", Link.EQUAL, "above")
    assert found.shares == ()


def test_models_without_a_shared_variable() -> None:
    found = compare(LEFT_BOUNDARY, MIDPOINT_DISTANCE)
    assert found.outputs.holds
    assert found.under_interventions is None


def test_a_task_is_compared_like_a_model() -> None:
    assert compare(PRICE_TAGGING, MIDPOINT_DISTANCE).outputs.holds


def test_the_smallest_input_at_which_models_differ() -> None:
    found = compare(CARRY_CHAIN, NO_CARRY).outputs
    assert found.holds is False
    assert isinstance(found.difference, Difference)
    inputs = {"x[0]": 0, "x[1]": 1, "y[0]": 0, "y[1]": 9}
    assert found.difference.inputs == inputs
    assert found.difference.left == (
        {name: interpret.solve(ADDITION, inputs)[name] for name in ADDITION.outputs},
    )


def test_a_difference_that_only_two_sources_show() -> None:
    found = compare(MODELS["Fine"], MODELS["Odd"])
    assert found.outputs.holds
    answer = found.under_interventions
    assert answer is not None and answer.holds is False
    difference = answer.difference
    assert isinstance(difference, Interchange)
    assert difference.base == {"a": 0, "b": 0}
    assert difference.sources == {"left": {"a": 3, "b": 0}, "right": {"a": 0, "b": 4}}
    assert (difference.fine_outputs, difference.coarse_outputs) == ({"total": 7}, {"total": 0})


def test_a_value_that_no_source_has_shows_nothing() -> None:
    """`left` is declared wider than it gets: setting it to 12 by hand would tell them apart."""
    models = compiled("""
    task Sum {
      input a, b : 0..9
      output total : 0..18 = a + b
    }
    model Fine of Sum {
      var left : 0..12 = a
      output total = min(left, 9) + b
    }
    model Odd of Sum {
      var left : 0..12 = a
      output total = if left > 9 then 0 else min(left, 9) + b
    }
    """).models
    found = compare(models["Fine"], models["Odd"])
    assert found.under_interventions is not None
    assert found.under_interventions.holds


def test_variables_that_correspond() -> None:
    found = compare(MODELS["Fine"], MODELS["Parity"]).correspondences
    assert [(pair.left, pair.link, pair.right) for pair in found] == [
        ("left", Link.FINER, "odd"),
        ("right", Link.RECODED, "away"),
    ]
    assert found[1].values == tuple((code, 9 - code) for code in range(10))


def test_shares_are_exact_where_pairs_are_few() -> None:
    models = compiled(
        SUM[: SUM.index("model Parity")]
        .replace("0..9", "0..4")
        .replace("0..18", "0..8")
        .replace("b != 4", "b != 2")
    ).models
    fine, coarse = models["Fine"], models["Odd"]
    relation = Relation.of(fine, coarse, {"left": Reference("left")})
    kind = SwapKind(("left",), (0,))
    agreeing = sum(
        interpret.interchange(fine, base, (source,), kind)["total"]
        == interpret.interchange(coarse, base, (source,), kind)["total"]
        for base, source in product(interpret.settings(fine), repeat=2)
    )
    assert agreeing == 605
    assert agreement(relation, "left") == Share("left", agreeing, 625, Exhaustive(625))


def test_shares_of_many_pairs_have_an_interval() -> None:
    relation = Relation.of(LEFT_BOUNDARY, LEFT_AND_RIGHT_BOUNDARY, {"above": Reference("above")})
    share = agreement(relation, "above")
    assert share is not None
    assert share.evidence == Sampled(1 << 18, 0)
    assert share.interval == (pytest.approx(0.99998, abs=1e-5), 1.0)


def test_shares_of_a_declared_abstraction() -> None:
    shares = list(shares_of(compiled(SUM).abstractions["Kept"]))
    assert [(share.swapped, share.agreeing, share.of) for share in shares] == [
        (None, 20, 100),
        ("odd", 2_000, 10_000),
        ("away", 2_000, 10_000),
        ("odd, away", 200_000, 1_000_000),
    ]


def test_a_share_counts_inputs_as_often_as_they_are_drawn() -> None:
    models = compiled("""
    task T {
      input a : 0..2 ~ weights { 0 => 1  1 => 2  2 => 5 }
      input b : bool
      output y : 0..2 = a
    }
    model Fine of T {
      var v = a
      output y = v
    }
    model Coarse of T approximately {
      var v = min(a, 1)
      output y = v
    }
    """).models
    relation = Relation.of(models["Fine"], models["Coarse"], {"v": Reference("v")})
    assert agreement(relation) == Share(None, 6, 16, Exhaustive(6))
    share = agreement(relation, "v")
    assert share == Share("v", 6 * 16, 16 * 16, Exhaustive(36))
    assert share is not None and share.interval == (3 / 8, 3 / 8)


def test_the_interval_is_wilsons() -> None:
    assert wilson(0.7, 10) == (pytest.approx(0.3968, abs=1e-4), pytest.approx(0.8922, abs=1e-4))
    assert wilson(0.0, 10)[0] == 0


def test_cyclic_models_are_compared_by_their_equilibria() -> None:
    models = compiled("""
    task Room {
      input outside : {Cold, Mild}
      output heating : bool = outside == Cold
    }
    model Settles of Room cyclic {
      var warm = outside == Mild or heater
      var heater = outside == Cold and (warm or outside == Cold)
      output heating = heater and warm
    }
    model Either of Room cyclic approximately {
      var heater : bool = heater
      output heating = heater
    }
    """).models
    assert compare(models["Settles"], models["Settles"]).outputs.holds
    found = compare(models["Settles"], models["Either"]).outputs
    assert found.holds is False
    assert isinstance(found.difference, Difference)
    assert found.difference.right == ({"heating": 0}, {"heating": 1})


@settings(
    max_examples=300 if LONG else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(some.data())
def test_generated_models_compare_as_enumeration_says(data: some.DataObject) -> None:
    """Two boolean circuits: every subset, every base, every source, by the interpreter."""
    text = "task T { input a, b : bool  output y : bool = a != b }\n"
    operators = ("and", "or", "==", "!=")
    for name in ("First", "Second"):
        p, q, y = (data.draw(some.sampled_from(operators)) for _ in range(3))
        left = data.draw(some.sampled_from(("p", "a", "(not p)")))
        text += (
            f"model {name} of T approximately {{ var p = a {p} b  var q = {left} {q} b\n"
            f"  output y = (p {y} q) != (a {p} a) }}\n"
        )
    first, second = compiled(text).models.values()
    answer = compare(first, second).under_interventions
    assert answer is not None
    assert answer.holds == _same_under_interchanges(first, second, ("p", "q"))


def _same_under_interchanges(
    first: CausalModel, second: CausalModel, names: tuple[str, ...]
) -> bool:
    inputs = list(interpret.settings(first))
    subsets = [(), *((name,) for name in names), names]
    for subset in subsets:
        kind = SwapKind(subset, tuple(range(len(subset))))
        for base, *sources in product(inputs, repeat=1 + len(subset)):
            results = [interpret.interchange(m, base, sources, kind)["y"] for m in (first, second)]
            if results[0] != results[1]:
                return False
    return True
