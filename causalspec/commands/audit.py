"""`causalspec data SPEC NAME --audit FILE`: labels that somebody wrote, derived anew."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from causalspec.commands.arguments import WrongUsageError, assignment
from causalspec.commands.output import aligned, print_json, print_lines
from causalspec.compiler import (
    Audit,
    ColumnMap,
    CounterfactualDesign,
    Specification,
    WrongRow,
    audit,
    open_rows,
    read_column_map,
    with_abbreviations,
)
from causalspec.exit_codes import ExitCode

LISTED = 20
"""So many wrong rows are printed unless `--show` says otherwise."""
MOST_UNREAD = 8
"""So many columns that nothing reads are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of an audit."""
    group = parser.add_argument_group("audit")
    group.add_argument(
        "--audit", type=Path, metavar="FILE", help="derive every label of a .jsonl, .csv, .tsv or "
        ".parquet file anew and list the wrong ones"
    )  # fmt: skip
    group.add_argument(
        "--columns", type=Path, metavar="MAP",
        help="a TOML or JSON file that says which column of FILE is what",
    )  # fmt: skip
    group.add_argument(
        "--column", action="append", default=[],
        type=partial(assignment, example="base.amount=base_price"), metavar="NAME=COLUMN",
        help="the same for one column, as in base.amount=base_price",
    )  # fmt: skip
    group.add_argument(
        "--by", action="append", metavar="NAME",
        help="count by this variable, as in base.region (repeated: by each combination)",
    )  # fmt: skip


def is_requested(options: argparse.Namespace) -> bool:
    """Whether any option of an audit is given."""
    return any((options.audit, options.columns, options.column, options.by))


def run(
    options: argparse.Namespace,
    specification: Specification,
    designs: Sequence[CounterfactualDesign],
) -> ExitCode:
    """Audit a file against a design: 1 where a label is wrong, 4 where there are no rows."""
    if options.audit is None:
        raise WrongUsageError(
            "--columns, --column and --by say how to read the FILE of --audit FILE"
        )
    if len(designs) > 1:
        names = ", ".join(design.name for design in designs)
        raise WrongUsageError(f"name the declaration that the labels are to follow from: {names}")
    as_json = options.format == "json"
    most = options.show if options.show is not None or as_json else LISTED
    file = open_rows(options.audit)
    task = specification.tasks[designs[0].model.task]
    design = with_abbreviations(designs[0], task.model)
    try:
        found = audit(design, file, _column_map(options), options.by, most=most)
    except LookupError as error:
        raise WrongUsageError(f"--by: {error.args[0]}") from error
    if as_json:
        print_json(_as_json(options.audit, found))
    else:
        print_lines(_lines(options.audit, found, options.by is not None))
    if not found.rows:
        return ExitCode.UNKNOWN
    return ExitCode.CLAIM_FAILED if found.wrong else ExitCode.FINE


def _column_map(options: argparse.Namespace) -> ColumnMap:
    told = ColumnMap() if options.columns is None else read_column_map(options.columns)
    return ColumnMap({**told.columns, **dict(options.column)}, told.values)


# Text ------------------------------------------------------------------------------------------


def _lines(path: Path, found: Audit, always_counted: bool) -> Iterator[str]:
    model = found.design.model.name
    if not found.rows:
        yield f"{path}: no rows"
        return
    if found.wrong:
        are = "is" if found.wrong == 1 else "are"
        share = _percent(found.share)
        yield f"{path}: {found.wrong:,} of {found.rows:,} rows {are} wrong ({share})"
        yield f"a network that computes `{model}` exactly scores {1 - found.share:.3f} on this data"
    else:
        yield f"{path}: all {found.rows:,} rows say what follows from `{model}`"
    if found.outside:
        have = "row has" if found.outside == 1 else "rows have"
        yield f"{found.outside:,} {have} a base or source that the task's `require` does not admit"
    if found.layout.guessed:
        read = (f"{name} = {column}" for name, column in found.layout.guessed.items())
        yield f"read as: {', '.join(read)}"
    if found.layout.unread:
        shown = found.layout.unread[:MOST_UNREAD]
        more = len(found.layout.unread) - len(shown)
        yield f"not read: {', '.join(shown)}{f' and {more} more' if more else ''}"
    if found.by and (found.wrong or always_counted):
        yield ""
        yield from _strata(found)
    if found.wrong_rows:
        yield ""
        yield from (line for row in found.wrong_rows for line in _wrong_row(row))
    if found.wrong > len(found.wrong_rows):
        yield f"… {found.wrong - len(found.wrong_rows):,} more (--show N lists N)"


def _strata(found: Audit) -> Iterator[str]:
    rows = [
        (*values, f"{errors.rows:,}", f"{errors.wrong:,}", _percent(errors.wrong / errors.rows))
        for values, errors in sorted(found.strata.items())
    ]
    yield from aligned([(*found.by, "rows", "wrong", ""), *rows], left=len(found.by))


def _wrong_row(row: WrongRow) -> Iterator[str]:
    said = "; ".join(
        f"{name} is {value}, should be {row.derived[name]}" for name, value in row.stated.items()
    )
    yield f"line {row.line}: {said}"
    yield f"  swap {row.kind}; {_sides(row.given)}"


def _sides(given: Mapping[str, str]) -> str:
    sides: dict[str, list[str]] = {}
    for name, value in given.items():
        side, _, variable = name.partition(".")
        sides.setdefault(side, []).append(f"{variable} = {value}")
    return "; ".join(f"{side} {', '.join(values)}" for side, values in sides.items())


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


# JSON ------------------------------------------------------------------------------------------


def _as_json(path: Path, found: Audit) -> dict[str, Any]:
    return {
        "file": str(path),
        "design": found.design.name,
        "model": found.design.model.name,
        "rows": found.rows,
        "wrong": found.wrong,
        "share": found.share if found.rows else None,
        "outside_require": found.outside,
        "columns": dict(found.layout.columns),
        "not_read": list(found.layout.unread),
        "strata": [{"values": dict(zip(found.by, values, strict=True)), **asdict(errors)}
                   for values, errors in sorted(found.strata.items())],
        "wrong_rows": [asdict(row) for row in found.wrong_rows],
    }  # fmt: skip
