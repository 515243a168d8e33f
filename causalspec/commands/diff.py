"""`causalspec diff`: what a change of a spec changes, for review and for CI."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from causalspec.commands.arguments import add_settings_argument
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.specs import load_compiled
from causalspec.compiler import Area, Change, review_changes
from causalspec.exit_codes import ExitCode

EXAMPLE = "git show HEAD:price.causal > old.causal; causalspec diff old.causal price.causal"

FORMAT_VERSION = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the spec before, beside its files")
    parser.add_argument("new", type=Path, metavar="NEW", help="the spec after")
    add_settings_argument(parser)
    parser.add_argument(
        "--format",
        choices=("text", "markdown", "json"),
        default="text",
        help="for people, for a comment on a pull request, or for machines (schemas/diff.json)",
    )


def run(options: argparse.Namespace) -> ExitCode:
    """0 where nothing but text changed, 6 where no hypothesis and no claim did, 1 where some did,
    4 where that stays open.
    """
    old = load_compiled(options.old, options.settings)
    new = load_compiled(options.new, options.settings)

    found = review_changes(old, new)
    status = _status({change.area for change in found})
    if options.format == "json":
        print_json(_as_json(found, status))
    elif options.format == "markdown":
        print_lines(_markdown(found, options.new.name))
    else:
        print_lines(_lines(found))
    return status


def _status(areas: set[Area]) -> ExitCode:
    if areas & {Area.INTERFACE, Area.MEANING, Area.CLAIMS}:
        return ExitCode.CLAIM_FAILED
    if Area.UNDECIDED in areas:
        return ExitCode.UNKNOWN
    if areas - {Area.TEXT}:
        return ExitCode.DATA_CHANGED
    return ExitCode.FINE


def _verdict(found: Sequence[Change]) -> str:
    """What a reviewer wants to know first."""
    if not found:
        return "nothing changed"
    areas = dict.fromkeys(str(change.area) for change in found)
    if list(areas) == [Area.TEXT]:
        return "only the text changed"
    told = [name for name in areas if name not in (Area.TEXT, Area.UNDECIDED)]
    if not told:
        return "whether something changed stays open"
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    rest = "; something stays open" if Area.UNDECIDED in areas else ""
    return f"changed: {listed}{rest}"


def _lines(found: Sequence[Change]) -> Iterator[str]:
    yield _verdict(found)
    for area, changes in groupby(found, attrgetter("area")):
        yield from ("", str(area))
        for change in changes:
            yield f"  {change.where}: {change.text}"
            yield from (f"    {line}" for line in change.details)


def _markdown(found: Sequence[Change], name: str) -> Iterator[str]:
    """A section an area. What a spec says stands in code, where Markdown reads nothing into it."""
    yield f"### {_code(name)}: {_verdict(found)}"
    for area, changes in groupby(found, attrgetter("area")):
        yield from ("", f"**{area}**", "")
        for change in changes:
            yield f"- {_code(change.where)}: {_escaped(change.text)}"
            yield from _fenced(change.details)


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """A block of code, between more backquotes than any line has in a row."""
    if not lines:
        return
    inside = (len(ticks) for line in lines for ticks in re.findall("`+", line))
    fence = "`" * max((3, *(count + 1 for count in inside)))
    is_texts = all(line.startswith(("- ", "+ ")) for line in lines)
    yield from ("", f"  {fence}{'diff' if is_texts else 'text'}")
    yield from (f"  {line}" for line in lines)
    yield f"  {fence}"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _escaped(text: str) -> str:
    """A sentence whose quotes are code already; outside of them, Markdown's marks are escaped."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\<>*_\[\]|#@])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _as_json(found: Sequence[Change], status: ExitCode) -> dict[str, object]:
    return {
        "format": FORMAT_VERSION,
        "verdict": _verdict(found),
        "status": int(status),
        "changes": [asdict(change) for change in found],
    }
