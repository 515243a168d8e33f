"""The measured part of docs/methods.md: every method at every component, on one planted network.

Its weights are set by hand (tests/helpers/planted_decoder.py), so for each component a place is
known that holds a variable, and one that does not. Each method is fitted at both and scored on
pairs held out; half of the pairs keep their answer, so .5 is what no swap scores.

    python benchmarks/methods.py [--write]

`--write` puts the table into docs/methods.md and the picture into docs/methods.svg. Some minutes on
one core; needs causalspec[run] alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from loading import shared_with_tests
from transformers.utils import logging

from causalspec.compiler.compile import check_file
from causalspec.compiler.vocabulary import METHODS
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.report.pictures import ColumnGroup, heat_map
from causalspec.runtime.report.text import short_figure
from causalspec.runtime.scoring.alignments import align
from causalspec.runtime.scoring.verify import VerifySettings
from causalspec.runtime.untyped import save_tensors

planted = shared_with_tests("planted_decoder")

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs" / "methods.md", ROOT / "docs" / "methods.svg"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->"

PAIRS, HELD_OUT, SEED = 128, 64, 0
FIT = FitSettings(steps=100, batch=32, learning_rate=0.1)


@dataclass(frozen=True, slots=True)
class Component:
    """Where a component holds a variable and where it does not, how many numbers its vector has,
    and along which of them the variable lies: the features of its dictionary.
    """

    name: str
    variable: str
    known: str
    other: str
    width: int
    numbers: tuple[Mapping[int, float], ...]


def stream(number: int) -> tuple[Mapping[int, float], ...]:
    """A number of the residual stream, which lies in two columns, as a feature for each sign."""
    return tuple({2 * number: sign, 2 * number + 1: -sign} for sign in (1.0, -1.0))


def signs(*places: int) -> tuple[Mapping[int, float], ...]:
    """Columns by themselves, as a feature for each sign."""
    return tuple({place: sign} for place in places for sign in (1.0, -1.0))


LAST = "token last"
TOGETHER = "token slot(first).first .. slot(second).last together"
COMPONENTS = (
    Component("embedding", "which", f"embedding {LAST}", "embedding token first", 32,
              stream(planted.SIDE)),
    Component("residual", "differs", f"residual layers 0 {LAST}", "residual layers 0 token first",
              32, stream(planted.DIFFERS)),
    Component("attention_output", "marked", f"attention_output layers 0 {LAST}",
              f"attention_output layers 1 {LAST}", 32, stream(planted.MARKED)),
    Component("mlp_output", "differs", f"mlp_output layers 0 {LAST}",
              "mlp_output layers 0 token first", 32, stream(planted.DIFFERS)),
    Component("mlp_activation", "differs", f"mlp_activation layers 0 {LAST}",
              "mlp_activation layers 0 token slot(second).last", 16, signs(0, 1)),
    Component("head", "marked", f"head[0] layers 0 {LAST}", f"head[3] layers 0 {LAST}", 8,
              signs(0)),
    Component("query", "which", f"query[1] layers 0 {LAST}", f"query[3] layers 0 {LAST}", 8,
              signs(0)),
    Component("key", "mark", f"key[0] layers 0 {TOGETHER}", f"key[3] layers 0 {TOGETHER}", 8,
              signs(0)),
    Component("value", "letter", "value layers 0 token slot(first).last",
              "value layers 1 token slot(first).last", 32, signs(0, 8)),
    Component("neuron", "differs", f"neuron[5] layers 1 {LAST}", f"neuron[7] layers 1 {LAST}", 1,
              signs(0)),
    Component("module", "differs", f'module["transformer.h.0.mlp"] {LAST}',
              f'module["transformer.h.1.attn"] {LAST}', 32, stream(planted.DIFFERS)),
)  # fmt: skip


def methods_at(one: Component) -> dict[str, str]:
    """Every method as it is written for vectors of this width."""
    half = max(1, one.width // 2)
    features = ", ".join(map(str, range(len(one.numbers))))
    found = {
        "full_vector": "full_vector",
        "das": "das(dim = 1)",
        "boundless_das": f"boundless_das(dim = {half})",
        "mask": "mask(over = neurons)",
        "pca": "pca(dim = 1)",
        "mean_difference": "mean_difference",
        "probe": "probe",
        "lda": "lda",
        "kmeans": "kmeans",
        "dictionary": f'dictionary("{one.name}.safetensors", features = {{{features}}})',
        "factors": f"factors(dim = {min(4, one.width)})",
        "revnet": f"revnet(dim = {half}, blocks = 1)",
        "random_subspace": "random_subspace(dim = 1)",
    }
    assert set(found) == set(METHODS)
    return found


Cell = tuple[float | None, float | None]
"""What a method scores at the known place and at the other; None where it finds nothing to take."""


def main() -> int:
    """Measure all, print a line each, and write if asked."""
    parser = argparse.ArgumentParser(description="try every method at every component")
    parser.add_argument("--write", action="store_true", help=f"write into {PAGE.name}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    started = time.monotonic()
    cells: dict[tuple[str, str], Cell] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted.write_planted(folder / "network")
        network = load_task_network(str(folder / "network"), "cpu")
        for one in COMPONENTS:
            write_dictionary(folder / f"{one.name}.safetensors", one)
            for method, written in methods_at(one).items():
                places = (one.known, one.other)
                known, other = (score(folder, network, one, p, written) for p in places)
                cells[method, one.name] = (known, other)
                print(one.name, written, shown(known), shown(other), sep="\t", flush=True)
    minutes = (time.monotonic() - started) / 60
    if options.write:
        PICTURE.write_text(picture(cells), encoding="utf-8")
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        _, after = rest.split(END)
        page = before + BEGIN + section(cells, minutes) + END + after
        PAGE.write_text(page, encoding="utf-8")
    print(f"{minutes:.1f} minutes")
    return 0


def write_dictionary(path: Path, one: Component) -> None:
    """A dictionary whose features are the planted ones."""
    encoder = torch.zeros(one.width, len(one.numbers))
    for feature, columns in enumerate(one.numbers):
        for column, sign in columns.items():
            encoder[column, feature] = sign
    lengths = encoder.square().sum(0)
    none = {"b_enc": torch.zeros(len(one.numbers)), "b_dec": torch.zeros(one.width)}
    decoder = encoder.T.contiguous()
    save_tensors({"W_enc": encoder / lengths, "W_dec": decoder} | none, path)


def score(
    folder: Path, network: TaskNetwork, one: Component, place: str, method: str
) -> float | None:
    """Interchange intervention accuracy on the pairs held out, as `causalspec align` finds it."""
    text = f"""{planted.TASK}
counterfactuals Pairs of Steps {{
  swap {one.variable}
  balance result.answer != base.answer
  split train {PAIRS}, validation {HELD_OUT}
}}
align There of Steps {{ var {one.variable} at {place} by {method} }}
"""
    path = folder / "match.causal"
    path.write_text(text, encoding="utf-8")
    checked = check_file(path).specification
    assert checked is not None
    alignment, design = checked.alignments["There"], checked.counterfactuals["Pairs"]
    settings = VerifySettings(seed=SEED, fit=FIT)
    with tempfile.TemporaryDirectory() as out:
        try:
            found = align(checked, alignment, design, network, Path(out) / "results", settings)
        except ToolFailure:
            return None
    return found.best.validation.mean


def shown(value: float | None) -> str:
    """`.94`, `1.0`, or a dash."""
    return "–" if value is None else short_figure(value)


def section(cells: Mapping[tuple[str, str], Cell], minutes: float) -> str:
    """The page's part: what was measured, picture, table."""
    names = [one.name for one in COMPONENTS]
    places = "\n".join(
        f"- `{one.name}`: `{one.variable}` at `{one.known}`, and where it is not: `{one.other}`"
        for one in COMPONENTS
    )
    rows = [
        f"| `{method}` | "
        + " | ".join(" / ".join(map(shown, cells[method, name])) for name in names)
        + " |"
        for method in METHODS
    ]
    head = " | ".join(f"`{name}`" for name in names)
    rate, own = f"{FIT.learning_rate:g}", "those with published rates at theirs"
    return f"""\
## Measured where the place is known

Every method at every component of a decoder whose weights are set by hand
(`tests/helpers/planted_decoder.py` says which variable lies where), fitted where the variable is
and at a place without it, and scored by IIA on {HELD_OUT} pairs held out. Half of the pairs
keep their answer, so .50 is what no swap scores. A dash: the vectors there do not determine a map.
`make methods` makes table and picture: seed {SEED}, {PAIRS} training pairs, {FIT.steps} steps at
{rate} ({own}), {minutes:.1f} minutes on one core.

![What each method scores at each component](methods.svg)

| where it is / where it is not | {head} |
|---|{"---|" * len(names)}
{chr(10).join(rows)}

In `attention_output` another letter, which is mostly the same, and a louder copy of the prompt's
first word lie beside the variable. In `key` two tokens are taken together, at which the star has
opposite signs. The heads attend so sharply that hardly any gradient reaches `query` and `key`, so
that `das` does not find there what closed forms do. `boundless_das` and `revnet` are given half of
the vector to start with, `factors` four factors, and `dictionary` the planted directions.

{places}

"""


def picture(cells: Mapping[tuple[str, str], Cell]) -> str:
    """For each component what is scored where the variable is, and beside it where it is not."""
    return heat_map(
        "IIA of every method at every component, at the known place and elsewhere",
        [ColumnGroup(one.name, ("there", "not")) for one in COMPONENTS],
        {
            method: [value for one in COMPONENTS for value in cells[method, one.name]]
            for method in METHODS
        },
    )


if __name__ == "__main__":
    sys.exit(main())
