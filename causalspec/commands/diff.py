"""`causalspec diff`: what a change of a spec changes, for review and for CI."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..exit_codes import ExitCode
from .output import add_format_argument, print_json
from .specs import load_compiled

if TYPE_CHECKING:
    from causalspec.compiler.proofs.changes import Change

SUMMARY = "say what changed between two versions of a spec: meaning, interface, data or text"
EXAMPLE = "git show HEAD:price.causal > old.causal; causalspec diff old.causal price.causal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the spec before, beside its files")
    parser.add_argument("new", type=Path, metavar="NEW", help="the spec after")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """0 where both mean the same, 1 where something changed, 4 where that stays open."""
    old, new = load_compiled(options.old), load_compiled(options.new)

    from causalspec.compiler.proofs.changes import Area, changes

    found = sorted(changes(old, new), key=lambda one: list(Area).index(one.area))
    text_changed = old.source.text != new.source.text
    files = sorted(
        name for name in {*old.files, *new.files} if old.files.get(name) != new.files.get(name)
    )
    if options.format == "json":
        print_json(
            {
                "changes": [
                    {"area": str(one.area), "where": one.where, "text": one.text} for one in found
                ],
                "files": files,
                "text": text_changed,
            }
        )
    else:
        _print(found, files, text_changed=text_changed)
    if any(one.area is not Area.UNDECIDED for one in found) or files:
        return ExitCode.CLAIM_FAILED
    return ExitCode.UNKNOWN if found else ExitCode.FINE


def _print(found: list[Change], files: list[str], *, text_changed: bool) -> None:
    for one in found:
        print(f"{one.area}: {one.where}: {one.text}")
    for name in files:
        print(f"data: the file `{name}` changed")
    if not found and not files:
        print("only the text changed" if text_changed else "nothing changed")
