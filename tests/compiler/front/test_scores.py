"""Scores of claims: metrics, bounds, controls, rivals, one kind of swap; and what is refused."""

from __future__ import annotations

import pytest

from causalspec.compiler.specification import Claim, Metric
from causalspec.compiler.vocabulary import BUILT_IN
from tests.helpers.compiled import attempt, compiled, findings

OF_RUNS = [row.name for row in BUILT_IN.metrics.values() if not row.observational]
"""Of what one feature reads: `test_observational_scores`."""

TASK = """
task Sum {
  input a, b, c : 0..9
  output total : 0..27 = a + b + c
  prompt main "{a} plus {b} plus {c} is"
}
model Chain of Sum {
  var left = a
  var right = b
  var both = left + right
  output total = both + c
}
model Other of Sum {
  var front = a
  output total = front + b + c
}
counterfactuals Pairs of Chain {
  swap left
  swap right from s1, left from s2
  split train 100, test 50
}
counterfactuals Both of Chain { swap both  split train 100, test 50 }
counterfactuals Nested of Chain {
  swap both from (s1 with left from s2)
  split train 100, test 50
}
"""


def text(expect: str, data: str = "Pairs.test", write: str = "") -> str:
    return (
        f"{TASK}align A of Chain {{ var left, right, both at residual token last by "
        f"das(dim = 2){write} }}\n"
        f"claim C {{ of Chain on {data} with A  expect {expect} }}\n"
    )


def claim(expect: str, data: str = "Pairs.test", write: str = "") -> Claim:
    return compiled(text(expect, data, write)).claims["C"]


def wrong(expect: str, data: str = "Pairs.test", write: str = "") -> list[str]:
    found = findings(text(expect, data, write))
    return [" ".join([finding.split()[0], *finding.split()[2:]]) for finding in found]


@pytest.mark.parametrize("name", [name for name in OF_RUNS if name != "train_iia"])
def test_every_metric_with_everything(name: str) -> None:
    metrics = {
        name: Metric(name),
        f"lower({name})": Metric(name, "lower"),
        f"upper({name})": Metric(name, "upper"),
        f"{name}(Other)": Metric(name, of="Other"),
        f"lower({name}(Other))": Metric(name, "lower", "Other"),
        **{
            f"{name}({control.name})": Metric(name, of=control.name)
            for control in BUILT_IN.controls.values()
            if BUILT_IN.metrics[name].needs_label or not control.answers_alone
        },
    }
    for written, metric in metrics.items():
        assert claim(f"{written} >= 0.5").metrics == (metric,)
        assert metric.text == written


def test_one_kind_of_swap() -> None:
    assert claim("iia(left) - iia(right, left) >= 0").metrics == (
        Metric("iia", kind=("left",)),
        Metric("iia", kind=("left", "right")),
    )
    (metric,) = claim("lower(iia(left, right)) >= 0").metrics
    assert metric == Metric("iia", "lower", kind=("left", "right"))
    assert metric.text == "lower(iia(left, right))"
    mean = claim("iia(both) >= 0", "mean(Pairs.test, Both.test)")
    assert mean.metrics == (Metric("iia", kind=("both",)),)


def test_members_of_families_are_kinds_too() -> None:
    text = """
    task Bits { input x[i in 0..2] : bool  output y : bool = all(x[i] for i in 0..2)
      prompt main "{x[0]} {x[1]} {x[2]}" }
    model And of Bits { var seen[i in 0..2] = x[i]
      output y = all(seen[i] for i in 0..2) }
    counterfactuals Pairs of And { swap seen[1]  split train 8, test 8 }
    align A of And { var seen[1] at residual token last by full_vector }
    claim C { of And on Pairs.test with A  expect iia(seen[1]) >= 0.9 }
    """
    assert compiled(text).claims["C"].metrics == (Metric("iia", kind=("seen[1]",)),)


def test_sources_that_are_intervened_on() -> None:
    assert claim("iia >= 0.9", "Nested.test").data == (("Nested", "test"),)
    found = findings(text("iia >= 0.9", "Nested.test").replace("var left, right,", "var right,"))
    assert [finding.split(" ", 2)[2] for finding in found] == [
        "`Nested` swaps `left`, which `A` does not place (add `var left at …` to the alignment)"
    ]


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("iaa >= 0.9", "CS712 unknown metric `iaa` (did you mean `iia`?)"),
        ("log_ods(Other) >= 0.9", "CS712 unknown metric `log_ods` (did you mean `log_odds`?)"),
        ("lower(log_ods) >= 0.9", "CS712 unknown metric `log_ods` (did you mean `log_odds`?)"),
        (
            "lower(lower(iia)) >= 0.9",
            "CS712 `lower` is the bound of one score (write `lower(iia)` or "
            "`lower(iia(random_network))`)",
        ),
        (
            "iia(random_subspce) >= 0.9",
            "CS201 unknown control or rival `random_subspce` (did you mean `random_subspace`?)",
        ),
        ("iia(lft) >= 0.9", "CS201 unknown control or rival `lft` (did you mean `left`?)"),
        ("iia(left, rihgt) >= 0.9", "CS201 unknown variable `rihgt` (did you mean `right`?)"),
        ("iia(Chain) >= 0.9", "CS713 `Chain` is the claim's own model, not a rival"),
        ("iia(Sum) >= 0.9", "CS202 `Sum` is a task, not a model"),
        (
            "iia() >= 0.9",
            "CS712 `iia()` names no control or rival (write `iia`, `iia(random_network)` or "
            "`iia(OtherModel)`)",
        ),
        (
            "iia(right) >= 0.9",
            "CS734 no kind of swap in the claim's data swaps exactly `right` (there is "
            "`iia(left)`, `iia(right, left)`)",
        ),
        (
            "iia(left, left) >= 0.9",
            "CS734 no kind of swap in the claim's data swaps exactly `left` and `left` (there is "
            "`iia(left)`, `iia(right, left)`)",
        ),
        (
            "kl(left) >= 0.9",
            "CS734 `kl` is not asked of one kind of swap (of one kind can be asked: `iia`)",
        ),
    ],
)
def test_scores_that_there_are_not(expect: str, told: str) -> None:
    assert wrong(expect) == [told]


@pytest.mark.parametrize("name", OF_RUNS)
@pytest.mark.parametrize("write", ["zero", "mean(Pairs.train)", "steer(1, 2)", "value(1)"])
def test_scores_of_what_is_no_value(name: str, write: str) -> None:
    needs = BUILT_IN.metrics[name].needs_label and not write.startswith("value")
    told = (
        f"CS733 `{name}` needs the answer that the model predicts, but `{write.split('(')[0]}` is "
        "not a value of `left` (ask `log_odds`, `logit_difference` or `kl`, which are held against "
        "the base's own run)"
    )
    assert wrong(f"{name} >= 0.5", write=f" writing {write}") == ([told] if needs else [])


def test_what_is_written_elsewhere_takes_no_label_away() -> None:
    text_ = text("iia >= 0.5", "Both.test").replace(
        "var left, right, both at residual token last by das(dim = 2)",
        "var left at residual token last by full_vector writing zero\n"
        "var both at residual token last by full_vector",
    )
    assert findings(text_) == []


def test_the_score_on_train_is_of_the_claims_own_maps_alone() -> None:
    assert claim("train_iia - iia <= 0.05").metrics == (Metric("train_iia"), Metric("iia"))
    _, diagnostics = attempt(text("train_iia(random_network) <= 0.5"))
    assert [diagnostic.code for diagnostic in diagnostics] == ["CS745"]


@pytest.mark.parametrize("control", ["site_resampled", "unmapped_resampled"])
@pytest.mark.parametrize("metric", ["kl", "log_odds", "logit_difference"])
def test_of_resampled_controls_only_answers_are_known(metric: str, control: str) -> None:
    _, diagnostics = attempt(text(f"{metric}({control}) >= 0"))
    assert [diagnostic.code for diagnostic in diagnostics] == ["CS746"]
