"""Labelled interchange pairs a second, beside pyvene's causal models, on price tagging.

Both make base inputs, source inputs, the base's answers and the answers under the swap of `above`
from uniform admissible inputs, on one core, in one process and in turns, so that whatever slows
the machine slows both. pyvene's side is its fastest: `generate_counterfactual_dataset` without
tensors, with a sampler that draws admissible inputs itself.

    pip install pyvene==0.1.8
    python benchmarks/pairs.py
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from causalspec.compiler.compile import load_specification
from causalspec.compiler.data.counterfactuals import generate
from causalspec.dsl.diagnostics import SpecError

SPEC = Path(__file__).parent / "pairs.causal"
ROUNDS = 7
OUR_ROWS = 2_000_000
PEER_ROWS = 20_000


def peer() -> Callable[[], Any]:
    """The same hypothesis as a pyvene model, as its users write one."""
    from pyvene import CausalModel

    inputs = ["lower", "upper", "amount"]
    prices = list(range(1000))
    model = CausalModel(
        variables=[*inputs, "above", "answer"],
        values={**dict.fromkeys(inputs, prices), "above": [False, True], "answer": ["Yes", "No"]},
        parents={
            **{name: [] for name in inputs},
            "above": ["lower", "amount"],
            "answer": ["above", "upper", "amount"],
        },
        functions={
            **dict.fromkeys(inputs, lambda: 0),
            "above": lambda lower, amount: lower <= amount,
            "answer": lambda above, upper, amount: "Yes" if above and amount <= upper else "No",
        },
    )

    def admissible(**_: object) -> dict[str, int]:
        while True:
            lower, upper = random.randrange(1000), random.randrange(1000)
            if 250 <= upper - lower <= 750:
                return {"lower": lower, "upper": upper, "amount": random.randrange(1000)}

    def make() -> Any:
        return model.generate_counterfactual_dataset(
            PEER_ROWS,
            lambda intervention: 0,
            batch_size=1000,
            sampler=admissible,
            intervention_sampler=lambda: {"above": True},
            return_tensors=False,
        )

    return make


def rate(make: Callable[[], Any], rows: int) -> float:
    """Rows a second of one run."""
    started = time.perf_counter()
    made = make()
    seconds = time.perf_counter() - started
    if len(made) != rows:
        raise AssertionError(f"{len(made)} rows instead of {rows}")
    return rows / seconds


def main() -> None:
    """Print both rates, and their ratio with its spread."""
    specification, diagnostics = load_specification(SPEC)
    if specification is None:
        raise SpecError(diagnostics)
    for name, design in specification.counterfactuals.items():
        rows = OUR_ROWS

        def ours(design: Any = design) -> Any:
            return generate(design, "train", rows=OUR_ROWS)

        theirs = peer()
        rate(ours, rows)
        rate(theirs, PEER_ROWS)
        pairs = [(rate(ours, rows), rate(theirs, PEER_ROWS)) for _ in range(ROUNDS)]
        ratios = [mine / other for mine, other in pairs]
        for label, values, unit in (
            ("causalspec", [mine / 1e6 for mine, _ in pairs], "million pairs/s"),
            ("pyvene 0.1.8", [other / 1e6 for _, other in pairs], "million pairs/s"),
            ("ratio", ratios, "times"),
        ):
            low, middle, high = min(values), statistics.median(values), max(values)
            spread = f"{low:9.3f} {middle:9.3f} {high:9.3f}"
            print(f"{name:12} {label:12} {spread}  {unit} (min, median, max)")


if __name__ == "__main__":
    sys.exit(main())
