"""The power that a plan tells, beside verdicts on pairs drawn with the design's reuse of inputs."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from causalspec.compiler import pair_keys
from causalspec.compiler.data.counterfactuals import generate
from causalspec.runtime.results.clusters import Reuse, effective_pairs
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import Paired, PairedPart
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.linear import difference_asked
from causalspec.runtime.scoring.plan import plan_of
from causalspec.runtime.scoring.planned_reuse import (
    agreements,
    independent_pairs,
    numbered_inputs,
    reuse_of,
)
from causalspec.runtime.scoring.power import power_of, truth_of
from tests.compiler.front.test_scores import text
from tests.helpers.compiled import compiled

LONG = os.environ.get("CAUSALSPEC_LONG") == "1"
RUNS, WITHIN = (4_000, 0.05) if LONG else (400, 0.09)  # the latter with two standard errors more


def drawn_reuse(bases: int, sources: int, pairs: int) -> Reuse:
    chance = np.random.default_rng(pairs)
    inputs = np.stack([chance.integers(0, most, pairs) for most in (bases, sources)], axis=1)
    return Reuse(inputs, len(np.unique(inputs, axis=0)), math.inf)


@pytest.mark.parametrize("line", ["iia >= 0.8", "lower(iia) >= 0.75", "iia - iia(no_swap) >= 0.4"])
@pytest.mark.parametrize(
    ("bases", "sources", "pairs"),
    [(40, 400, 300), (60, 60, 500), (1000, 1000, 200), *(((30, 30, 1000),) if LONG else ())],
)
def test_the_power_of_a_plan_is_that_of_verdicts(line: str, bases: int, sources: int, pairs: int):
    specification = compiled(text(line))
    [expectation] = specification.claims["C"].expectations
    truth = truth_of(expectation)
    assert truth is not None
    reuse = drawn_reuse(bases, sources, pairs)
    planned = int(independent_pairs(reuse, sum(truth.values()) / len(truth)))
    told = power_of(expectation, planned).probability
    chance, holding = np.random.default_rng(1), 0
    asked = difference_asked(expectation)
    for _ in range(RUNS):
        agree = {metric: agreements(reuse.inputs, share, chance) for metric, share in truth.items()}
        scores = {
            metric: Score(
                int(rows.sum()), pairs, effective_pairs(rows, reuse.inputs, reuse.distinct)
            )
            for metric, rows in agree.items()
        }
        differences = {}
        if asked is not None:
            found = agree[asked.first] - agree[asked.second]
            effective = effective_pairs(found, reuse.inputs, reuse.distinct)
            part = PairedPart(found.mean(), (found**2).mean(), effective)
            differences[asked.first, asked.second] = Paired((part,))
        holding += judge(expectation, scores, None, differences).holds is True
    assert told == pytest.approx(holding / RUNS, abs=WITHIN)


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
    reuse = reuse_of(pairs, numbered_inputs(pairs), 50)
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
