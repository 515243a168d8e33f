"""Does `verify --explain` name what a wrong hypothesis lacks? Ten networks each of two algorithms.

Networks are trained by interchange interventions to do And-Or or And-Or-And (explanations.causal,
arXiv 2507.08802), and each is verified against the other one. What is right follows from the two
models alone, by trying all readings of the network's variables as the hypothesis': among the inputs
that the rule does not except some reading makes every swap do as the hypothesis says, and no
further kind of input can be added to them.

    python benchmarks/explanations.py [--seeds 10]

A minute and a half a network on one core; what `--explain` takes of it is printed: seconds on the
clock, and those that the processor was busy.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import product
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
from causalspec.runtime.watch import Advance, Unwatched

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


class Stopwatch(Unwatched):
    """Knows when an explanation was begun, on the clock and by the processor's time."""

    def __init__(self) -> None:
        self.began: tuple[float, float] | None = None

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        if self.began is None and "swaps of" in title:
            self.began = time.monotonic(), time.process_time()
        return super().work(title, total)

    def seconds(self) -> tuple[float, float]:
        """How much has gone by since."""
        assert self.began is not None
        return time.monotonic() - self.began[0], time.process_time() - self.began[1]


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
                settings = VerifySettings((algorithm.claim_of_other,), seed, explain=128)
                watch = Stopwatch()
                found = verify(specification, loaded, Path(folder) / "results", settings, watch)
                seconds, busy = watch.seconds()
                [explained] = read_explanations(Path(folder) / "results")
            is_right = names_the_distinction(algorithm, explained)
            named[algorithm.model] = named.get(algorithm.model, 0) + is_right
            line = explained.rule.line if explained.rule else explained.reason
            share = explained.explained / len(explained.inputs)
            print(
                f"{algorithm.model:9} {seed:4} {right:6.3f} {found.verdicts[0].score.mean:6.3f} "
                f"{share:9.3f} {seconds:4.0f} {busy:4.0f}  {'yes' if is_right else 'NO':3}  {line}",
                flush=True,
            )
    for model, count in named.items():
        print(f"networks that do {model}: named in {count} of {options.seeds}")


# What is right ------------------------------------------------------------------------------------


def names_the_distinction(algorithm: Algorithm, explained: Explanation) -> bool:
    """Whether the rule excepts what has to be excepted and no more."""
    if explained.rule is None:
        return False
    text = SPEC.read_text(encoding="utf-8")
    head = f"model {algorithm.other} of DistributiveLaw {{\n"
    source = Source("pasted", text.replace(head, f"{head}  {explained.rule.line}\n"))
    pasted = check_source(source, None, Diagnostics()).specification
    assert pasted is not None, explained.rule.line
    done, wanted = pasted.models[algorithm.model], pasted.models[algorithm.other]
    exceptional = _values(wanted, (NAME,))
    kept = {kind for kind, (is_so,) in exceptional.items() if not is_so}
    others = set(KINDS) - kept
    return _carries(done, wanted, kept) and not any(
        _carries(done, wanted, kept | {other}) for other in others
    )


def _carries(done: CausalModel, wanted: CausalModel, kinds: set[tuple[bool, ...]]) -> bool:
    """Whether the variables of `done` can be read as those of `wanted` so that every swap between
    inputs of these kinds gives the answer that `wanted` gives.
    """
    inside = _values(done, done.intermediates)
    right = _values(wanted, wanted.intermediates)
    values = list(product((0, 1), repeat=2))
    answers = dict(zip(values, _answers(wanted), strict=True))
    states = sorted({inside[kind] for kind in kinds})
    swaps = ((True, False), (False, True), (True, True))

    def answer(base: tuple[int, ...], source: tuple[int, ...], swap: tuple[bool, ...]) -> int:
        first, second = (source[k] if swap[k] else base[k] for k in range(2))
        return answers[first, second]

    for reading in product(values, repeat=len(states)):
        read = dict(zip(states, reading, strict=True))
        if all(
            answer(right[base], right[source], swap)
            == answer(read[inside[base]], read[inside[source]], swap)
            for base in kinds
            for source in kinds
            for swap in swaps
        ):
            return True
    return False


def _answers(model: CausalModel) -> list[int]:
    """What the model answers at each setting of its two variables."""
    grid = np.array(list(product((0, 1), repeat=2)))
    given = {name: grid[:, place] for place, name in enumerate(model.intermediates)}
    inputs = {name: np.zeros(len(grid), np.int64) for name in model.inputs}
    [output] = model.outputs
    return solve_columns(model, inputs, given, wanted=[output])[output].tolist()


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
