"""The tables of docs/networks.md: which sites each family of transformers has.

Every decoder and every encoder with a masked-language head is built small and with random weights,
and its parts are found as they are in a real one.

    python benchmarks/sites.py [FAMILY…] [--write]

`--write` puts the tables into docs/networks.md, or renews the lines of the families named. All
families take some six minutes on two cores; needs causalspec[run] alone.
"""

from __future__ import annotations

import argparse
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from loading import shared_with_tests
from transformers.utils import logging

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network, wrap_network
from causalspec.runtime.sites.components import COMPONENTS

small_decoders = shared_with_tests("small_decoders")
byte_tokenizer = shared_with_tests("byte_tokenizer").byte_tokenizer

PAGE = Path(__file__).parents[1] / "docs" / "networks.md"
INSIDE = tuple(
    name for name in COMPONENTS if name not in ("embedding", "residual", "module", "hidden")
)
"""The sites inside blocks, which not every family has."""
TABLE = re.compile(r"(<!-- table: (decoders|encoders) -->\n).*?(<!-- end of table -->\n)", re.S)
HEADER = "\n| family | sites inside its blocks |\n|---|---|\n"

Rows = dict[str, str]


def main() -> None:
    """Find the sites of every family named, or of all; print a line each."""
    parser = argparse.ArgumentParser(description="which sites each family of transformers has")
    parser.add_argument("families", nargs="*", help="model types, by default all")
    parser.add_argument("--write", action="store_true", help=f"write them into {PAGE.name}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    rows: dict[str, Rows] = {"decoders": {}, "encoders": {}}
    for kind, known, small, network_kind in (
        ("decoders", small_decoders.families(), small_decoders.small_decoder, NetworkKind.DECODER),
        (
            "encoders",
            small_decoders.encoder_families(),
            small_decoders.small_encoder,
            NetworkKind.MASKED,
        ),
    ):
        for family in sorted(known):
            if options.families and family not in options.families:
                continue
            found = sites(family, small, network_kind)
            if found is not None:
                rows[kind][family] = found
                print(kind, family, found, sep="\t", flush=True)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(TABLE.sub(lambda found: _renewed(found, rows), page), encoding="utf-8")


def sites(family: str, small: Callable[[str], Any], kind: NetworkKind) -> str | None:
    """The sites inside the blocks of a small network of a family, for people to read; None where
    none can be built or verified.
    """
    try:
        model = small(family)
    except Exception:  # whatever transformers say of a configuration that is none
        return None
    try:
        return inside(wrap_network(family, model, byte_tokenizer(), kind))
    except ToolFailure:
        return None


def inside(network: Network) -> str:
    """The sites inside a network's blocks, for people to read."""
    every = len(network.layers)
    places = {name: len(COMPONENTS[name].places(network)) for name in INSIDE}
    there = [name for name, count in places.items() if count]
    lacking = [name for name in INSIDE if name not in there]
    if not there:
        return "none"
    told = "all" if not lacking else f"all but {_listed(lacking)}"
    if len(lacking) > len(there):
        told = _listed(there)
    some = [name for name in there if places[name] < every]
    if not some:
        return told
    return f"{told}; in some blocks only: {_listed(some) if some != there else 'all of these'}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _renewed(found: re.Match[str], rows: dict[str, Rows]) -> str:
    held = dict(re.findall(r"^\| ([\w.-]+) \| (.*) \|$", found[0], re.M))
    held.pop("family", None)
    lines = (f"| {family} | {told} |\n" for family, told in sorted((held | rows[found[2]]).items()))
    return f"{found[1]}{HEADER}{''.join(lines)}\n{found[3]}"


if __name__ == "__main__":
    main()
