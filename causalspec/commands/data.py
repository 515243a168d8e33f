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
    if options.name is not None and options.name not in specification.counterfactuals:
        near = closest(options.name, specification.counterfactuals)
        hint = f"; did you mean `{near}`?" if near else ""
        return _usage(f"there is no counterfactuals declaration `{options.name}`{hint}")
    designs = [
        one for name, one in specification.counterfactuals.items() if options.name in (None, name)
    ]
    if not designs:
        return _usage(f"{options.spec} declares no counterfactuals")
    written: list[Record] = []
    for design in designs:
        splits = [one.name for one in design.splits if options.split in (None, one.name)]
        if not splits:
            near = closest(options.split, [one.name for one in design.splits])
            hint = f"; did you mean `{near}`?" if near else ""
            return _usage(f"`{design.name}` has no split `{options.split}`{hint}")
        for split in splits[:1] if options.show is not None else splits:
            rows = options.show if options.show is not None else options.rows
            pairs = generate(design, split, rows=rows, seed=options.seed)
            if options.show is not None:
                shown = list(records(specification, design, pairs))
                if options.format == "json":
                    print_json(shown)
                else:
                    print("\n\n".join(_readable(one) for one in shown))
                continue
            kind = FileFormat(options.file_format)
            files = write_data(specification, design, pairs, options.out, kind, __version__)
            written.append(
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
    if options.format == "json" and options.show is None:
        print_json(written)
    return ExitCode.FINE


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
