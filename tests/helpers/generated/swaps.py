"""Small specs, as text, whose swaps lead where the hypothesis says nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, Specification, SwapKind
from tests.helpers.compiled import compiled, findings

Setting = Mapping[str, int]

PARTS = ("a + b", "a * b", "abs(a - b)", "(a + b) % 3", "max(a, b)", "2 * a", "a", "b + 1", "c")
JOINED = ("p + q", "2 * p - q", "p * q", "abs(p - q)", "p + q + c", "max(p, 2 * q)", "p - q")
READ = (
    "r",
    "if c == 0 then r else p",
    "if p == 0 then 5 else r + 1",
    "(r + p) % 4",
    "first(r + i == p for i in 0..9)",
    "match r in -1..2 { true => first(p == i for i in 0..3)  false => q }",
    "count(r == i or q == i for i in 0..3)",
    "first(q <= i and (i > 1 or r == i) for i in 0..9)",
)
SWAPS = (
    "swap p",
    "swap q",
    "swap r",
    "swap p from s1, q from s2",
    "swap p from s1, r from (s2 with q from s1)",
)


@dataclass(frozen=True)
class SwappedSpec:
    """A text with three models of one formula: `M`; `Same`, written in another way; and `Wide`,
    whose `r` has a type that it never leaves.
    """

    text: str

    def specification(self, keep: str = "") -> Specification:
        """Compiled, each design with a filter."""
        return compiled(self.text.replace("KEEP", keep))


def swapped_spec(seed: int) -> SwappedSpec | None:
    """From a seed: types are as narrow as inputs allow, so that swaps can leave them. None where an
    input gives the output no value, or where something never varies.
    """
    chance = random.Random(seed)
    p, q = chance.sample(PARTS, 2)
    r, o = chance.choice(JOINED), chance.choice(READ)
    top = chance.choice((2, 3))
    loose = _text(p, q, r, "-99..99", o, "-99..99", top).replace("KEEP", "")
    model = compiled(loose).models["M"]
    solutions = [interpret.solve(model, setting) for setting in interpret.settings(model)]
    if any("o" not in solution for solution in solutions):
        return None
    types = [f"{min(values)}..{max(values)}" for values in _values(solutions, "r", "o")]
    text = _text(p, q, r, types[0], o, types[1], top)
    return None if findings(text.replace("KEEP", "")) else SwappedSpec(text)


def _values(solutions: Sequence[Setting], *names: str) -> list[list[int]]:
    return [[solution[name] for solution in solutions] for name in names]


def _text(p: str, q: str, r: str, r_type: str, o: str, o_type: str, top: int) -> str:
    def model(name: str, narrow: str, written: str) -> str:
        return (
            f"model {name} of T approximately {{\n  var p = {p}\n  var q = {q}\n"
            f"  var r : {narrow} = {written}\n  output o = {o}\n}}\n"
        )

    designs = "".join(
        f"counterfactuals C{k} of M {{ {swap} KEEP split train 60 }}\n"
        for k, swap in enumerate(SWAPS)
    )
    lowest = o_type.partition("..")[0]
    return (
        f"task T {{\n  input a, b : 0..{top}\n  input c : 0..1\n"
        f"  output o : {o_type} = {lowest}\n}}\n"
        + model("M", r_type, r)
        + model("Same", r_type, f"0 + ({r})")
        + model("Wide", "-99..99", r)
        + "abstraction ToSame from M to Same { p = p  q = q  r = r }\n"
        + designs
    )


def every_pair(
    design: CounterfactualDesign, chance: random.Random, most: int
) -> list[tuple[Setting, tuple[Setting, ...]]]:
    """Each base with each choice of sources, or a sample of so many."""
    settings = list(interpret.settings(design.model))
    sources = max(1, len(design.source_names))
    if len(settings) ** (1 + sources) <= most:
        return [(base, others) for base, *rest in product(settings, repeat=1 + sources)
                for others in [tuple(rest)]]  # fmt: skip
    return [
        (chance.choice(settings), tuple(chance.choice(settings) for _ in range(sources)))
        for _ in range(most)
    ]


def label(
    model: CausalModel, base: Setting, sources: Sequence[Setting], kind: SwapKind
) -> int | None:
    """What the oracle says of a pair."""
    return interpret.interchange(model, base, sources, kind).get("o")


def write(folder: Path, spec: SwappedSpec, keep: str) -> Path:
    """The spec as a file."""
    file = folder / "swaps.causal"
    file.write_text("language 1\n" + spec.text.replace("KEEP", keep), encoding="utf-8")
    return file
