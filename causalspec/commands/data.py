"""`causalspec data`: counterfactual pairs as files, or a few of them to look at."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from causalspec import __version__
from causalspec.commands import audit
from causalspec.commands.arguments import (
    STANDARD_OUTPUT,
    WrongUsageError,
    add_cluster_argument,
    add_format_argument,
    add_spec_argument,
    count,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.pairs_shown import SolvedPair, print_pairs, reasons_as_json, sample
from causalspec.commands.specs import find_design, find_split, load_checked
from causalspec.compiler import (
    LINES,
    CounterfactualDesign,
    Elsewhere,
    Form,
    Order,
    Renderer,
    Specification,
    Task,
    Tokenize,
    WrittenSplit,
    flat_columns,
    records,
    stream_data,
    write_data,
)
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec data indirect_object.causal SwapPosition --split test --form parquet"

FORMS = ("jsonl", "csv", "parquet", "datasets", "safetensors")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a counterfactuals declaration")
    parser.add_argument("--split", help="one split; all by default")
    parser.add_argument("--rows", type=count, help="so many rows instead of the declared number")
    parser.add_argument("--seed", type=count, help="instead of the declared seed")
    parser.add_argument(
        "--show", type=count, metavar="N", help="print N pairs to compare, write nothing"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("data"), metavar="FOLDER",
        help="default: data; `-` writes the rows of one split to standard output, as JSON Lines or "
        "CSV, without a manifest",
    )  # fmt: skip
    parser.add_argument(
        "--form",
        "--file-format",
        choices=FORMS,
        default=FORMS[0],
        help="how rows are written: JSON Lines (default), CSV, Parquet, a folder for Hugging "
        "Face's `datasets.load_from_disk`, or tensors",
    )
    parser.add_argument(
        "--tokenizer",
        metavar="WHERE",
        help="with safetensors: write the prompts, too, as the ids of this tokenizer: a "
        "transformers folder, a tokenizer.json, a GGUF file, package:NAME, or a name on the hub",
    )
    parser.add_argument(
        "--slots",
        action="store_true",
        help="write where every slot of a prompt stands, too: its characters, and its tokens "
        "where there is a tokenizer",
    )
    add_cluster_argument(parser)
    add_format_argument(parser)
    audit.add_arguments(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Write every requested split with its manifest, show some pairs, or audit a file."""
    if options.tokenizer is not None and options.form != "safetensors":
        raise WrongUsageError("--tokenizer goes with --form safetensors")
    specification = load_checked(options.spec, options.settings)
    designs = _designs(specification, options)
    if options.cluster is not None and (audit.is_requested(options) or options.show is not None):
        raise WrongUsageError("--cluster makes rows that are written: leave it out")
    if audit.is_requested(options):
        return audit.run(options, specification, designs)
    if options.out == STANDARD_OUTPUT and options.show is None:
        return _stream(specification, designs, options)
    listed: list[dict[str, Any]] = []
    try:
        with _makers(specification, options) as made_by:
            for design in designs:
                splits = [part.name for part in design.splits if options.split in (None, part.name)]
                if options.show is not None:
                    listed += _show(specification, design, splits[0], options)
                else:
                    elsewhere = made_by(design)
                    listed += _write(specification, design, splits, options, elsewhere)
    except KeyboardInterrupt as interruption:
        interruption.add_note("what was not finished is not there")
        raise
    if options.format == "json":
        print_json(listed)
    return ExitCode.FINE


def _designs(
    specification: Specification, options: argparse.Namespace
) -> Sequence[CounterfactualDesign]:
    """The data sets that are meant, each with the split that is."""
    designs = list(specification.counterfactuals.values())
    if options.name is not None:
        designs = [find_design(specification, options.name)]
    if not designs:
        raise WrongUsageError(f"{options.spec} declares no counterfactuals")
    if options.split is not None:
        for design in designs:
            find_split(design, options.split)
    return designs


# Showing ------------------------------------------------------------------------------------------


def _show(
    specification: Specification,
    design: CounterfactualDesign,
    split: str,
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Print the first pairs as people compare them; for machines, give them as records."""
    shown = sample(design, split, options.show, options.rows, options.seed)
    solved = [SolvedPair(specification, shown.pairs, row) for row in range(len(shown.pairs))]
    if options.format == "text":
        print_pairs(shown, solved)
    columns = flat_columns(specification, design, slots=options.slots)
    rows = records(shown.pairs, columns)
    return [{**row, "why": reasons_as_json(pair)} for row, pair in zip(rows, solved, strict=True)]


# Writing ------------------------------------------------------------------------------------------


def _write(
    specification: Specification,
    design: CounterfactualDesign,
    splits: Sequence[str],
    options: argparse.Namespace,
    elsewhere: Elsewhere | None,
) -> list[dict[str, Any]]:
    """Write some splits of a design, and say what was written."""
    rows = {
        part.name: part.rows if options.rows is None else options.rows for part in design.splits
    }
    tokenize = _tokenizer(options.tokenizer, specification.tasks[design.model.task])
    with _progress(
        f"{design.name} as {options.form}", {name: rows[name] for name in splits}
    ) as advance:
        order = Order(
            specification,
            design,
            splits,
            options.rows,
            options.seed,
            options.slots,
            advance,
            elsewhere,
        )
        written = write_data(order, options.out, Form(options.form), __version__, tokenize)
    if options.format == "text":
        print_lines(map(_line, written))
    return [_record(design, part) for part in written]


def _stream(
    specification: Specification,
    designs: Sequence[CounterfactualDesign],
    options: argparse.Namespace,
) -> ExitCode:
    """Write the rows of one split to standard output."""
    offered = [
        (design, split.name)
        for design in designs
        for split in design.splits
        if options.split in (None, split.name)
    ]
    if len(offered) > 1:
        listed = ", ".join(f"{design.name}.{split}" for design, split in offered)
        raise WrongUsageError(
            f"--out - writes one split, named by NAME and --split; there are {listed}"
        )
    if options.form not in LINES:
        raise WrongUsageError(f"--out - writes lines, with --form {' or '.join(LINES)}")
    if options.format == "json":
        raise WrongUsageError("--out - writes the rows: leave out --format json")
    [(design, split)] = offered
    order = Order(specification, design, [split], options.rows, options.seed, options.slots)
    with _makers(specification, options) as made_by:
        shared = replace(order, elsewhere=made_by(design))
        stream_data(shared, Form(options.form), sys.stdout.buffer)
    return ExitCode.FINE


@contextmanager
def _makers(
    specification: Specification, options: argparse.Namespace
) -> Generator[Callable[[CounterfactualDesign], Elsewhere | None]]:
    """Who makes the rows of a design: this process, or those of a cluster."""
    if options.cluster is None:
        yield lambda _design: None
        return
    from causalspec.cluster.blocks import made_elsewhere
    from causalspec.cluster.connection import connected

    def notice(message: str) -> None:
        print_lines([f"note: {message}"], sys.stderr)

    with connected(options.cluster) as cluster:
        yield lambda design: made_elsewhere(cluster, specification, design, options, notice)


def renderer_of(
    specification: Specification, design: CounterfactualDesign, options: argparse.Namespace
) -> Renderer:
    """How rows are rendered as the options say, for a process that makes some of them."""
    tokenize = _tokenizer(options.tokenizer, specification.tasks[design.model.task])
    columns = flat_columns(specification, design, slots=options.slots)
    return Renderer(Form(options.form), columns, tokenize)


def _line(written: WrittenSplit) -> str:
    summary = written.summary
    kept = f", {summary.floor:.1%} keep the base's label" if summary.rows else ""
    distinct = ""
    if summary.distinct.exact and summary.distinct.count < summary.rows:
        distinct = f", {summary.distinct.count:,} of them distinct"
    return f"{written.rows}: {summary.rows:,} pairs{distinct}{kept}"


def _record(design: CounterfactualDesign, written: WrittenSplit) -> dict[str, Any]:
    summary = written.summary
    return {
        "design": design.name,
        "split": written.split,
        "rows": summary.rows,
        "distinct": {"pairs": summary.distinct.count, "exact": summary.distinct.exact},
        "floor": summary.floor if summary.rows else None,
        "file": str(written.rows),
        "manifest": str(written.manifest),
    }


def _tokenizer(where: str | None, task: Task) -> Tokenize | None:
    if where is None:
        return None
    from causalspec.runtime import BulkTokenizer, load_chats, load_tokenizer

    has_chat = any(prompt.turns for prompt in task.prompts.values())
    return BulkTokenizer(load_tokenizer(where), load_chats(where) if has_chat else None)


@contextmanager
def _progress(title: str, rows: dict[str, int]) -> Generator[Callable[[str, int], None] | None]:
    """A bar over the rows of all splits, on a terminal alone."""
    if not sys.stderr.isatty():
        yield None
        return
    from causalspec.progress import TerminalWatcher

    done = dict.fromkeys(rows, 0)
    with TerminalWatcher().work(title, sum(rows.values())) as advance:

        def told(split: str, made: int) -> None:
            done[split] = made
            advance(sum(done.values()), split)

        yield told
