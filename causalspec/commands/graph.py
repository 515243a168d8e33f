"""`causalspec graph`: a model's causal graph as a picture, or its mechanisms as mathematics."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..exit_codes import ExitCode
from .output import add_spec_argument, load_checked

SUMMARY = "draw a model's causal graph, or write its mechanisms as LaTeX"
EXAMPLE = "causalspec graph addition.causal CarryChain --to svg --out carry.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model or task; all by default")
    parser.add_argument(
        "--to", choices=("svg", "mermaid", "dot", "latex"), default="mermaid", help="what to write"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")
