"""Replicates in which nothing is to be found, cheap ones: every answer is looked up.

An untrained network is run once, on every swap of many inputs at ninety sites, subspaces drawn at
random. A replicate then draws a hypothesis that has nothing to do with it: on half of the pairs the
label is a coin of the source, on the others a coin of the base. Whatever the network answers, half
of all pairs agree. As in a search the site is chosen on validation pairs, and tested on others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from loading import ROOT, shared_with_tests
from numpy.typing import NDArray

from causalspec.compiler import (
    Expectation,
    Metric,
    compile_file,
    encode_columns,
    load_specification,
    wilson,
)
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.results.clusters import Clusters, Reuse, effective_pairs
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.power import MARGIN, power_of
from causalspec.runtime.untyped import from_array, seeded

simulated = shared_with_tests("interval_coverage")

SITES, INPUTS, LAYERS, WIDTH, DIMENSIONS = 90, 400, 3, 24, 8
PAIRS = 400
ONE_SIDED = 1.6448536269514722  # the 95 % point of the normal distribution
SPEC = ROOT / "specs" / "hierarchical_equality" / "hierarchical_equality.causal"


@cache
def answers() -> NDArray[np.bool_]:
    """Which of two classes the network answers to each swap, [sites, bases, sources]: the inputs
    are bases and sources in turn. Alone it answers either as often.
    """
    specification, _ = load_specification(SPEC)
    assert specification is not None
    (task,) = specification.tasks.values()
    assert task.encoding is not None
    chance = np.random.default_rng(0)
    columns = {
        name: chance.integers(0, task.model.by_name[name].domain.size, INPUTS, dtype=np.int32)
        for name in task.model.inputs
    }
    vectors = from_array(encode_columns(task.encoding, task.model, columns))
    with seeded(0), torch.no_grad():
        network = FeedForwardNetwork(
            FeedForwardConfig(
                input_size=vectors.shape[1], hidden_size=WIDTH, hidden_layers=LAYERS, classes=2
            )
        )
        found: list[NDArray[np.bool_]] = []
        held = [vectors]
        for layer in network.hidden:
            held.append(torch.relu(layer(held[-1])))
        towards = network.output.weight[1] - network.output.weight[0]
        middle = (held[-1] @ towards).median()
        for site in range(SITES):
            depth = 1 + site % LAYERS
            basis, _ = torch.linalg.qr(torch.randn(WIDTH, DIMENSIONS))
            inside = held[depth] @ basis @ basis.T
            swapped = ((held[depth] - inside)[:, None] + inside[None]).flatten(0, 1)
            for layer in network.hidden[depth:]:
                swapped = torch.relu(layer(swapped))
            found.append(((swapped @ towards) > middle).view(INPUTS, INPUTS).numpy())
    return np.stack(found)


def search(bases: int, sources: int, replicates: int) -> dict[str, float]:
    """Shares of replicates: in which the interval of the chosen site's test score covers the truth,
    one half, and that of a site drawn at random; in which the lower end of a 95 % and of a 90 %
    interval lies above it, a false find; and in which these do where the site is chosen on the
    very pairs that are tested.
    """
    known, chance = answers(), np.random.default_rng(1)
    counted = dict.fromkeys(
        ("covers", "covers_at_random", "above_95", "above_90", "same_95", "same_90"), 0
    )
    half = INPUTS // 2
    for _ in range(replicates):
        coins = chance.random((2, INPUTS)) < 0.5
        agreements: list[NDArray[np.bool_]] = []
        drawn: list[NDArray[np.int64]] = []
        for start in (0, half):  # validation and test share no input
            pool = start + chance.permutation(half)
            inputs = np.stack(
                [chance.choice(pool[:bases], PAIRS), chance.choice(pool[-sources:], PAIRS)], axis=1
            )
            by_source = chance.random(PAIRS) < 0.5
            labels = np.where(by_source, coins[0, inputs[:, 1]], coins[1, inputs[:, 0]])
            agreements.append(known[:, inputs[:, 0], inputs[:, 1]] == labels)
            drawn.append(inputs)
        validation, test = agreements
        chosen, best = (int(part.mean(1).argmax()) for part in (validation, test))
        share, pairs = _score(test[chosen], drawn[1])
        counted["covers"] += _covers(share, pairs)
        counted["above_95"] += wilson(share, pairs)[0] > 0.5
        counted["above_90"] += _lower(share, pairs, ONE_SIDED) > 0.5
        counted["covers_at_random"] += _covers(*_score(test[chance.integers(SITES)], drawn[1]))
        share, pairs = _score(test[best], drawn[1])
        counted["same_95"] += wilson(share, pairs)[0] > 0.5
        counted["same_90"] += _lower(share, pairs, ONE_SIDED) > 0.5
    return {name: count / replicates for name, count in counted.items()}


def _score(agrees: NDArray[np.bool_], inputs: NDArray[np.int64]) -> tuple[float, float]:
    distinct = float(len(np.unique(simulated.pair_numbers(inputs))))
    values = agrees.astype(np.float64)
    return float(values.mean()), effective_pairs(values, inputs, distinct)


def _covers(share: float, pairs: float) -> bool:
    low, high = wilson(share, pairs)
    return low <= 0.5 <= high


def _lower(share: float, pairs: float, quantile: float) -> float:
    """The lower end of Wilson's interval with another quantile."""
    square = quantile**2 / pairs
    spread = quantile * math.sqrt(share * (1 - share) / pairs + square / (4 * pairs))
    return (share + square / 2 - spread) / (1 + square)


# Power --------------------------------------------------------------------------------------------


def power(text: str, setting: Any, replicates: int) -> dict[str, float]:
    """How often an expectation holds where the truth lies `MARGIN` above its bound, and what the
    plan of these pairs says: as it is made, knowing nothing of what a base and a source decide, and
    told that.
    """
    expectation = _expectation(text)
    inputs = simulated.drawn_inputs(setting, np.random.default_rng(setting.pairs))
    distinct = float(len(np.unique(simulated.pair_numbers(inputs))))
    reuse = Reuse(inputs, distinct, math.inf)
    plan = power_of(expectation, [lambda _: reuse])
    told = power_of(expectation, [lambda _: reuse], parts=(setting.of_base, setting.of_source))
    chance, held, rows = np.random.default_rng(2), 0, len(inputs)
    drawn = [simulated.agreements(setting, inputs, chance) for _ in range(replicates)]
    effective = Clusters.of(reuse).effective(np.stack(drawn, axis=1))
    for agrees, counts_as in zip(drawn, effective.tolist(), strict=True):
        score = Score(int(agrees.sum()), rows, counts_as, rows)
        held += judge(expectation, {IIA: score}).holds is True
    return {
        "held": held / replicates,
        "planned": plan.probability or 0.0,
        "told": told.probability or 0.0,
        "pairs": told.pairs,
    }


def _expectation(text: str) -> Expectation:
    """An `expect` line as the compiler reads it."""
    source = (Path(__file__).parent / "claims.causal").read_text(encoding="utf-8")
    head, found, _ = source.partition("  expect iia >= 0.85\n")
    assert found
    diagnostics = Diagnostics()
    file = parse(Source("expected", f"{head}  expect {text}\n}}\n"), diagnostics)
    specification = compile_file(file, Path(), diagnostics)
    assert specification is not None
    return specification.claims["Right"].expectations[0]


IIA = Metric("iia")
BOUND = 0.85
SETTINGS = tuple(
    simulated.Setting(pairs, bases, sources, BOUND + MARGIN, of_base, of_source)
    for pairs, bases, sources, of_base, of_source in (
        (100, 100_000, 100_000, 0.0, 0.0),
        (400, 100_000, 100_000, 0.0, 0.0),
        (400, 100, 100, 0.1, 0.1),
        (400, 100, 100, 0.3, 0.3),
        (300, 40, 400, 0.1, 0.1),
        (1000, 100, 1000, 0.3, 0.0),
    )
)

MEASURED: dict[str, Callable[[int], dict[str, float]]] = {
    **{
        f"search {bases} {sources}": partial(search, bases, sources)
        for bases, sources in ((200, 200), (60, 60), (20, 200))
    },
    **{
        f"power of {text}: {setting.pairs} {setting.bases} {setting.sources} {setting.of_base} "
        f"{setting.of_source}": partial(power, text, setting)
        for text in ("iia >= 0.85", "lower(iia) >= 0.85")
        for setting in SETTINGS
    },
}
