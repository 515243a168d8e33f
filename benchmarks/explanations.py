"""Does `verify --explain` name what a wrong hypothesis lacks? Ten networks each of two algorithms.

Networks are trained by interchange interventions to do And-Or or And-Or-And (explanations.causal,
arXiv 2507.08802), and each is verified against the other one. What is right follows from the two
models alone: within the inputs of one value of the rule the network's variables must determine the
hypothesis' (so that maps can exist), and no further kind of input may be added to these.

    python benchmarks/explanations.py [--seeds 10]

Two minutes a network on one core, of which `--explain` takes the smaller half.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from causalspec.compiler import CausalModel, check_source, load_specification, solve_columns
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source
from causalspec.runtime.explaining.explain import NAME
from causalspec.runtime.making.equalities import EqualityRecipe, shares_right, train_on_pairs
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.explanations import Explanation, read_explanations
from causalspec.runtime.scoring.verify import VerifySettings, verify

SPEC = Path(__file__).with_suffix(".causal")
PAIRS = (("a", "b"), ("c", "d"), ("e", "f"))
KINDS = tuple(product((False, True), repeat=3))
"""Inputs by which of the three pairs are equal."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a network is trained, and which claim says that it does the other."""

    model: str
    recipe: Callable[[int], EqualityRecipe]
    other: str
    claim_of_other: str


def and_or(seed: int) -> EqualityRecipe:
    """The middle pair, and either of the outer ones."""
    return EqualityRecipe(
        rule=lambda known: known[0] & known[1],
        variables=lambda equal: torch.stack([equal[1], equal[0] | equal[2]]),
        pairs=3,
        width=24,
        taught_at=3,
        seed=seed,
    )


def and_or_and(seed: int) -> EqualityRecipe:
    """The middle pair with the first, or the middle pair with the last."""
    return EqualityRecipe(
        rule=lambda known: known[0] | known[1],
        variables=lambda equal: torch.stack([equal[0] & equal[1], equal[1] & equal[2]]),
        pairs=3,
        width=24,
        taught_at=3,
        seed=seed,
    )


ALGORITHMS = (
    Algorithm("AndOrAnd", and_or_and, "AndOr", "ComputesAndOr"),
    Algorithm("AndOr", and_or, "AndOrAnd", "ComputesAndOrAnd"),
)


def main() -> None:
    """Train, verify and print, a line a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    specification, _ = load_specification(SPEC)
    assert specification is not None
    print(f"{'network':9} {'seed':>4} {'right':>6} {'IIA':>6} {'explained':>9} {'s':>4}  names it")
    named: dict[str, int] = {}
    for algorithm in ALGORITHMS:
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                network = train_on_pairs(algorithm.recipe(seed))
                untyped: Any = network
                untyped.save_pretrained(Path(folder) / "network")
                (task,) = specification.tasks.values()
                right = min(shares_right(network, task).values())
                loaded = load_task_network(str(Path(folder) / "network"), "cpu")
                settings = VerifySettings(
                    claims=(algorithm.claim_of_other,), seed=seed, explain=128
                )
                started = time.monotonic()
                found = verify(specification, loaded, Path(folder) / "results", settings)
                seconds = time.monotonic() - started
                [explained] = read_explanations(Path(folder) / "results")
            is_right = names_the_distinction(algorithm, explained)
            named[algorithm.model] = named.get(algorithm.model, 0) + is_right
            line = explained.rule.line if explained.rule else explained.reason
            share = explained.explained / len(explained.inputs)
            print(
                f"{algorithm.model:9} {seed:4} {right:6.3f} {found.verdicts[0].score.mean:6.3f} "
                f"{share:9.3f} {seconds:4.0f}  {'yes' if is_right else 'NO':3}  {line}",
                flush=True,
            )
    for model, count in named.items():
        print(f"networks that do {model}: named in {count} of {options.seeds}")


# What is right ------------------------------------------------------------------------------------


def names_the_distinction(algorithm: Algorithm, explained: Explanation) -> bool:
    """Whether the rule leaves out exactly the inputs that have to be left out: the rest is one of
    the largest sets that the network's algorithm carries the hypothesis on.
    """
    if explained.rule is None:
        return False
    text = SPEC.read_text(encoding="utf-8")
    head = f"model {algorithm.other} of DistributiveLaw {{\n"
    source = Source("pasted", text.replace(head, f"{head}  {explained.rule.line}\n"))
    pasted = check_source(source, None, Diagnostics())
    specification = pasted.specification
    assert specification is not None, pasted.diagnostics
    exceptional = _values(specification.models[algorithm.other], (NAME,))
    kept = {kind for kind, (is_so,) in exceptional.items() if not is_so}
    done = specification.models[algorithm.model]
    wanted = specification.models[algorithm.other]
    return kept in list(largest_sets(done, wanted))


def largest_sets(done: CausalModel, wanted: CausalModel) -> Iterator[set[tuple[bool, ...]]]:
    """The largest sets of kinds of inputs within which the variables of `done` determine those of
    `wanted`, by trying all.
    """
    of_done, of_wanted = (_values(model, model.intermediates) for model in (done, wanted))
    for size in range(len(KINDS), 0, -1):
        found = [
            set(kinds)
            for kinds in combinations(KINDS, size)
            if len({of_done[kind] for kind in kinds})
            == len({of_done[kind] + of_wanted[kind] for kind in kinds})
        ]
        if found:
            yield from found
            return


def _values(
    model: CausalModel, names: tuple[str, ...]
) -> Mapping[tuple[bool, ...], tuple[int, ...]]:
    """The variables of a model at one input of each kind, its two values 0 and 1."""
    columns = {}
    for place, (first, second) in enumerate(PAIRS):
        columns[first] = np.zeros(len(KINDS), np.int64)
        columns[second] = np.array([int(not kind[place]) for kind in KINDS])
    solved = solve_columns(model, columns, wanted=names)
    return {kind: tuple(int(solved[name][row]) for name in names) for row, kind in enumerate(KINDS)}


if __name__ == "__main__":
    main()
