"""The table of docs/architectures.md: every causal decoder of transformers, tried out.

Each is built small and with random weights. Five prompts of different lengths get vectors swapped,
whole and in a subspace, at three positions after every layer; every answer is compared with that
of the same prompt run alone, unpadded, with the same swap made by a plain hook.

    python benchmarks/architectures.py [FAMILY…] [--write]

`--write` puts the table into docs/architectures.md, or renews the lines of the families named. All
families take some eight minutes on two cores; needs causalspec[run] alone.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import torch
from loading import shared_with_tests
from transformers.utils import logging

small_decoders = shared_with_tests("small_decoders")
decoders_tried = shared_with_tests("decoders_tried")
byte_tokenizer = shared_with_tests("byte_tokenizer").byte_tokenizer

PAGE = Path(__file__).parents[1] / "docs" / "architectures.md"
BEGIN, END = (
    "<!-- table: python benchmarks/architectures.py --write -->\n",
    "<!-- end of table -->\n",
)
WRONG = "silently wrong"


def main() -> int:
    """Try every family named, or all; print a line each and the table."""
    parser = argparse.ArgumentParser(description="try every causal decoder of transformers")
    parser.add_argument("families", nargs="*", help="model types, by default all")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    rows: list[tuple[str, str, str]] = []
    for family in options.families or sorted(small_decoders.families()):
        rows.append((family, *outcome(family)))
        print(*rows[-1], sep="\t", flush=True)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        held, after = rest.split(END)
        kept = {row[0]: row for row in rows_of(held)} if options.families else {}
        rows = sorted((kept | {row[0]: row for row in rows}).values())
        PAGE.write_text(before + BEGIN + table(rows) + END + after, encoding="utf-8")
    print(table(rows).split("|")[0])
    return int(any(way == WRONG for _, way, _ in rows))


def outcome(family: str) -> tuple[str, str]:
    """How a family is run, and why not otherwise."""
    try:
        model = small_decoders.small_decoder(family)
    except Exception as error:  # whatever transformers say of a configuration that is none
        return "not built", one_line(f"{type(error).__name__}: {error}")
    found = decoders_tried.tried(family, model, byte_tokenizer())
    if found.refused is not None:
        return found.way, one_line(found.refused)
    return (found.way if found.is_right else WRONG), one_line(found.because)


def one_line(text: str) -> str:
    """Fit for a cell of a table."""
    line = " ".join(text.replace("|", "/").split())
    return line if len(line) <= 160 else f"{line[:159]}…"


def rows_of(text: str) -> list[tuple[str, str, str]]:
    """The lines of a table that was made here."""
    cells = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(name, way, why) for name, way, why in cells[1:]]


def table(rows: list[tuple[str, str, str]]) -> str:
    """Counts, then a line for each family."""
    ways = Counter(way for _, way, _ in rows)
    unbuilt = ways.pop("not built", 0)
    counts = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
    lines = [
        f"\nWith transformers {version('transformers')}, of {len(rows) - unbuilt} families: "
        f"{counts}; "
        f"{unbuilt} more are not built small by these rules.\n",
        "\n| family | way | why not otherwise |\n|---|---|---|\n",
    ]
    return "".join(lines + [f"| {name} | {way} | {why} |\n" for name, way, why in rows]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
