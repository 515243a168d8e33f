"""`causalspec data`: counterfactual pairs as files, or a few of them to look at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..exit_codes import ExitCode
from .numbers import count
from .output import add_format_argument, add_spec_argument, load_checked, print_json

if TYPE_CHECKING:
    from causalspec.compiler.data.dataset import Record

SUMMARY = "generate the counterfactual data that a spec declares"
EXAMPLE = "causalspec data indirect_object.causal SwapPosition --split test --out data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a counterfactuals declaration")
    parser.add_argument("--split", help="one split; all by default")
    parser.add_argument("--rows", type=count, help="so many rows instead of the declared number")
    parser.add_argument("--seed", type=count, help="instead of the declared seed")
    parser.add_argument("--show", type=count, metavar="N", help="print N pairs, write nothing")
    parser.add_argument("--out", type=Path, default=Path("data"), metavar="FOLDER")
    parser.add_argument("--file-format", choices=("jsonl", "csv"), default="jsonl")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Write every asked-for split with its manifest, or show some pairs."""
    from causalspec.compiler.data.counterfactuals import generate
    from causalspec.compiler.data.dataset import FileFormat, records, write_data
    from causalspec.dsl.diagnostics import closest

    specification = load_checked(options.spec)
    known = specification.counterfactuals
    if options.name is not None and options.name not in known:
        hint = _hint(closest(options.name, known))
        return _usage(f"there is no counterfactuals declaration `{options.name}`{hint}")
    if not known:
        return _usage(f"{options.spec} declares no counterfactuals")
    designs = [one for name, one in known.items() if options.name in (None, name)]
    for design in designs:
        splits = [one.name for one in design.splits]
        if options.split is not None and options.split not in splits:
            hint = _hint(closest(options.split, splits))
            return _usage(f"`{design.name}` has no split `{options.split}`{hint}")
    listed: list[Record] = []
    for design in designs:
        splits = [one.name for one in design.splits if options.split in (None, one.name)]
        if options.show is not None:
            pairs = generate(design, splits[0], rows=options.show, seed=options.seed)
            shown = list(records(specification, design, pairs))
            listed += shown
            if options.format == "text":
                print("\n\n".join(_readable(one) for one in shown))
            continue
        for split in splits:
            pairs = generate(design, split, rows=options.rows, seed=options.seed)
            kind = FileFormat(options.file_format)
            files = write_data(specification, design, pairs, options.out, kind, __version__)
            listed.append(
                {
                    "design": design.name,
                    "split": split,
                    "rows": len(pairs),
                    "floor": pairs.floor if len(pairs) else None,
                    "file": str(files.rows),
                    "manifest": str(files.manifest),
                }
            )
            if options.format == "text":
                kept = f", {pairs.floor:.1%} keep the base's label" if len(pairs) else ""
                print(f"{files.rows}: {len(pairs):,} pairs{kept}")
    if options.format == "json":
        print_json(listed)
    return ExitCode.FINE


def _hint(near: str | None) -> str:
    return f"; did you mean `{near}`?" if near else ""


def _usage(message: str) -> ExitCode:
    print(f"causalspec data: {message}", file=sys.stderr)
    return ExitCode.WRONG_USAGE


def _readable(record: Record) -> str:
    """One pair as people compare it: base and sources in a column each, then the labels."""
    sources = {name: record["sources"][name] for name in record["sources_used"]}
    columns = {"base": record["base"], **sources}
    outputs = {"base": record["base_outputs"], **record["source_outputs"]}
    lines = [f"swap {record['kind']}"]
    prompts = next(iter(record.get("prompts", {}).values()), None)
    for name, values in columns.items():
        shown = prompts[name] if prompts else ", ".join(f"{k} = {v}" for k, v in values.items())
        answer = ", ".join(str(value) for value in outputs[name].values())
        lines.append(f"  {name:8} {shown.rstrip()}  =>  {answer}")
    lines.append(f"  {'label':8} {', '.join(str(value) for value in record['label'].values())}")
    return "\n".join(lines)
