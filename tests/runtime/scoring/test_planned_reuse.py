"""The power that a plan tells, beside verdicts on pairs drawn with the design's reuse of inputs."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest

from causalspec.compiler import Metric, generate, pair_keys
from causalspec.runtime.results.clusters import Reuse, effective_pairs
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import Paired, PairedPart
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.linear import difference_asked
from causalspec.runtime.scoring.plan import plan_of
from causalspec.runtime.scoring.planned_reuse import WITHIN, PlannedPairs, independent_pairs
from causalspec.runtime.scoring.power import power_of, truth_of
from tests.compiler.front.test_scores import text
from tests.helpers.compiled import compiled
from tests.helpers.interval_coverage import Setting, agreements, drawn_inputs

LONG = os.environ.get("CAUSALSPEC_LONG") == "1"
RUNS, APART = (4_000, 0.05) if LONG else (400, 0.09)  # the latter with two standard errors more


LINES = (
    "iia >= 0.8",
    "lower(iia) >= 0.75",
    "iia - iia(no_swap) >= 0.4",
    *(("lower(iia) >= 0.85", "iia <= 0.6", "iia - iia(no_swap) >= 0") if LONG else ()),
)
PLANNED = (
    (40, 400, 300),
    (60, 60, 500),
    (1000, 1000, 200),
    *(((30, 30, 1000), (100, 100, 400), (100_000, 100_000, 400), (15, 200, 60)) if LONG else ()),
)


def drawn_reuse(bases: int, sources: int, pairs: int) -> Reuse:
    setting = Setting(pairs, bases, sources, 0.0, 0.0, 0.0)
    inputs = drawn_inputs(setting, np.random.default_rng(pairs))
    return Reuse(inputs, len(np.unique(inputs, axis=0)), math.inf)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(("bases", "sources", "pairs"), PLANNED)
def test_the_power_of_a_plan_is_that_of_verdicts(line: str, bases: int, sources: int, pairs: int):
    """A single plan beside verdicts on the very pairs that it is of."""
    [expectation] = compiled(text(line)).claims["C"].expectations
    truth = truth_of(expectation)
    assert truth is not None
    reuse = drawn_reuse(bases, sources, pairs)
    told = power_of(expectation, [lambda _: reuse]).probability
    asked = difference_asked(expectation)
    chance, holding = np.random.default_rng(1), 0
    setting = Setting(pairs, bases, sources, 0.0, WITHIN, WITHIN)
    inputs, distinct = reuse.inputs, reuse.distinct
    for _ in range(RUNS):
        agree = {
            metric: agreements(replace(setting, truth=share), inputs, chance)
            for metric, share in truth.items()
        }
        scores = {
            metric: Score(int(rows.sum()), pairs, effective_pairs(rows, inputs, distinct))
            for metric, rows in agree.items()
        }
        differences: dict[tuple[Metric, Metric], Paired] = {}
        if asked is not None:
            found = agree[asked.first] - agree[asked.second]
            effective = effective_pairs(found, inputs, distinct)
            part = PairedPart(found.mean(), (found**2).mean(), effective)
            differences[asked.first, asked.second] = Paired((part,))
        holding += judge(expectation, scores, None, differences).holds is True
    assert told == pytest.approx(holding / RUNS, abs=APART)


def test_pairs_that_share_nothing_count_whole():
    alone = Reuse(np.arange(400).reshape(200, 2), 200, math.inf)
    assert independent_pairs(alone, 0.8) == 200
    few = drawn_reuse(20, 20, 1000)
    assert 100 < independent_pairs(few, 0.8) < 500
    everything = Reuse(few.inputs, few.distinct, 20)  # the inputs are all that there are
    assert independent_pairs(everything, 0.8) == few.distinct


def test_the_reuse_is_that_of_the_design():
    specification = compiled(text("iia >= 0.8"))
    design = specification.counterfactuals["Pairs"]
    pairs = generate(design, "test")
    planned = PlannedPairs.of(pairs)
    reuse = planned.reuse()
    assert reuse.population == 1000  # three digits
    bases = {tuple(int(pairs.base[name][k]) for name in "abc") for k in range(len(pairs))}
    assert len(np.unique(reuse.inputs[:, 0])) == len(bases)
    same = np.unique(np.column_stack([reuse.inputs, pairs.kinds]), axis=0)
    assert len(same) == len(np.unique(pair_keys(pairs)))
    [claim] = specification.claims.values()
    plan = plan_of(specification, claim)
    [split] = [split for split in plan.splits if split.split == "test"]
    assert split.independent is not None
    assert split.independent <= split.distinct <= split.pairs
    assert plan.powers[0].pairs <= split.distinct


def test_a_metric_of_some_pairs_is_planned_on_those():
    pairs = generate(compiled(text("iia >= 0.8")).counterfactuals["Pairs"], "test")
    planned = PlannedPairs.of(pairs)

    def count(metric: Metric) -> int:
        return len(planned.reuse(metric).inputs)

    of_left = count(Metric("iia", kind=("left",)))
    assert 0 < of_left < 50
    assert of_left + count(Metric("iia", kind=("left", "right"))) == 50
    changed = sum(pairs.label["total"] != pairs.base_outputs["total"])
    assert (count(Metric("cause")), count(Metric("isolate"))) == (changed, 50 - changed)
    assert count(Metric("iia", "lower")) == 50
