"""Labelled interchange pairs a second, beside pyvene's causal models, on one core.

Price tagging under the swap of `above`, hierarchical equality under that of `left`, three-digit
addition under that of the first carry. Both sides make base inputs, source inputs, the base's
answers and the answers under the swap from uniform admissible inputs, in one process and in turns;
processor time is counted, so that what else the machine does matters little. pyvene's side is its
fastest: `generate_counterfactual_dataset` without tensors, with a sampler that draws admissible
inputs itself. Our rows are streamed, as `causalspec data` writes them.

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
from causalspec.compiler.data.counterfactuals import generate_chunks
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import SpecError

SPEC = Path(__file__).parent / "pairs.causal"
ROUNDS = 7
OUR_ROWS = 2_000_000
PEER_ROWS = 20_000

Setting = dict[str, Any]


def main() -> None:
    """Print for each design both rates, and their ratio with its spread."""
    specification, diagnostics = load_specification(SPEC)
    if specification is None:
        raise SpecError(diagnostics)
    for name, design in specification.counterfactuals.items():
        mine, theirs = ours(design), PEERS[design.model.name]()
        rate(mine, OUR_ROWS)
        rate(theirs, PEER_ROWS)
        pairs = [(rate(mine, OUR_ROWS), rate(theirs, PEER_ROWS)) for _ in range(ROUNDS)]
        for label, values, unit in (
            ("causalspec", [one / 1e6 for one, _ in pairs], "million pairs/s"),
            ("pyvene 0.1.8", [other / 1e6 for _, other in pairs], "million pairs/s"),
            ("ratio", [one / other for one, other in pairs], "times"),
        ):
            low, middle, high = min(values), statistics.median(values), max(values)
            spread = f"{low:9.3f} {middle:9.3f} {high:9.3f}"
            print(f"{name:12} {label:12} {spread}  {unit} (min, median, max)", flush=True)


def rate(make: Callable[[], int], rows: int) -> float:
    """Rows a second of processor time of one run."""
    started = time.process_time()
    made = make()
    seconds = time.process_time() - started
    if made != rows:
        raise AssertionError(f"{made} rows instead of {rows}")
    return rows / seconds


def ours(design: CounterfactualDesign) -> Callable[[], int]:
    """Every row of a stream, looked at by nobody."""
    return lambda: sum(len(one) for one in generate_chunks(design, "train", rows=OUR_ROWS))


# The same hypotheses as pyvene models, as its users write them -----------------------------------


def peer(
    sampler: Callable[..., Setting],
    values: dict[str, list[Any]],
    mechanisms: dict[str, tuple[list[str], Callable[..., Any]]],
    swapped: str,
) -> Callable[[], int]:
    """pyvene's generation with a model whose other variables, the inputs, have no parents."""
    from pyvene import CausalModel

    free = [name for name in values if name not in mechanisms]
    model = CausalModel(
        variables=list(values),
        values=values,
        parents={name: mechanisms[name][0] if name in mechanisms else [] for name in values},
        functions={
            **{name: lambda: 0 for name in free},
            **{name: function for name, (_, function) in mechanisms.items()},
        },
    )

    def make() -> int:
        made = model.generate_counterfactual_dataset(
            PEER_ROWS,
            lambda intervention: 0,
            batch_size=1000,
            sampler=sampler,
            intervention_sampler=lambda: {swapped: True},
            return_tensors=False,
        )
        return len(made)

    return make


def price_tagging() -> Callable[[], int]:
    """The left boundary, prices in cents."""

    def admissible(**_: object) -> Setting:
        while True:
            lower, upper = random.randrange(1000), random.randrange(1000)
            if 250 <= upper - lower <= 750:
                return {"lower": lower, "upper": upper, "amount": random.randrange(1000)}

    values: dict[str, list[Any]] = {
        name: list(range(1000)) for name in ("lower", "upper", "amount")
    }
    return peer(
        admissible,
        {**values, "above": [False, True], "answer": ["Yes", "No"]},
        {
            "above": (["lower", "amount"], lambda lower, amount: lower <= amount),
            "answer": (
                ["above", "upper", "amount"],
                lambda above, upper, amount: "Yes" if above and amount <= upper else "No",
            ),
        },
        "above",
    )


def equality() -> Callable[[], int]:
    """Whether two pairs of symbols are both the same or both different."""
    names = ("a", "b", "c", "d")
    return peer(
        lambda **_: {name: random.randrange(10) for name in names},
        {name: list(range(10)) for name in names}
        | {name: [False, True] for name in ("left", "right", "same")},
        {
            "left": (["a", "b"], lambda a, b: a == b),
            "right": (["c", "d"], lambda c, d: c == d),
            "same": (["left", "right"], lambda left, right: left == right),
        },
        "left",
    )


def addition() -> Callable[[], int]:
    """Three digits, least significant first, with a carry out of each."""
    digits = list(range(10))
    inputs = [f"{side}{i}" for side in "xy" for i in range(3)]
    values: dict[str, list[Any]] = dict.fromkeys(inputs, digits)
    values |= {f"carry{i}": [0, 1] for i in range(1, 4)} | {f"z{i}": digits for i in range(4)}
    mechanisms: dict[str, tuple[list[str], Callable[..., Any]]] = {
        "carry1": (["x0", "y0"], lambda x, y: (x + y) // 10),
        "z0": (["x0", "y0"], lambda x, y: (x + y) % 10),
        "z3": (["carry3"], lambda carry: carry),
    }
    for i in (1, 2):
        parents = [f"x{i}", f"y{i}", f"carry{i}"]
        mechanisms[f"carry{i + 1}"] = (parents, lambda x, y, carry: (x + y + carry) // 10)
        mechanisms[f"z{i}"] = (parents, lambda x, y, carry: (x + y + carry) % 10)
    return peer(
        lambda **_: {name: random.randrange(10) for name in inputs}, values, mechanisms, "carry1"
    )


PEERS = {"LeftBoundary": price_tagging, "BothEqualities": equality, "CarryChain": addition}


if __name__ == "__main__":
    sys.exit(main())
