"""`causalspec plan`: what verifying a spec's claims would take and could show."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    WrongUsageError,
    add_claims_argument,
    add_format_argument,
    add_spec_argument,
)
from causalspec.commands.networks import (
    add_fit_arguments,
    add_memory_arguments,
    add_where_arguments,
    named_network,
    require_libraries,
    run_settings,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.commands.specs import load_checked
from causalspec.compiler import Claim, Specification
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from causalspec.runtime import ClaimPlan, Watcher, Workload

DEFAULT_MARGIN = 0.05

EXAMPLE = "causalspec plan price_tagging.causal --margin 0.03"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    add_claims_argument(parser)
    parser.add_argument(
        "--margin",
        type=_margin,
        default=DEFAULT_MARGIN,
        help="how far above each bound the true value is taken to lie (default 0.05)",
    )
    add_where_arguments(parser, required=False)
    add_memory_arguments(parser)
    add_fit_arguments(parser)
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Print a plan a claim: 0, warnings included."""
    specification = load_checked(options.spec, options.settings)
    claims = chosen(specification, options.claim)
    workloads: Mapping[str, Workload] = {}
    if options.network is not None:
        require_libraries()
        from causalspec.progress import TerminalWatcher

        with TerminalWatcher() as watcher:
            workloads = workloads_of(specification, options, watcher)
    print_plans(specification, claims, options.margin, options.format, workloads)
    return ExitCode.FINE


def chosen(specification: Specification, names: Sequence[str]) -> Sequence[Claim]:
    """The named claims, or all. Raises `WrongUsageError` where there is none of such a name."""
    from causalspec.runtime import choose_claims

    if not specification.claims:
        raise WrongUsageError(f"{specification.source.name} makes no claim")
    try:
        return choose_claims(specification, names)
    except LookupError as error:
        raise WrongUsageError(error.args[0]) from error


def workloads_of(
    specification: Specification, options: argparse.Namespace, watcher: Watcher
) -> dict[str, Workload]:
    """What the named claims take on the network that the options name."""
    from causalspec.runtime import workloads

    network = named_network(options, watcher)
    settings = replace(
        run_settings(options, network),
        claims=tuple(options.claim),
        maps=getattr(options, "maps", None),
    )
    with watcher.work("timing steps", 1):
        found = list(workloads(specification, network, settings))
    return {workload.claim: workload for workload in found}


def print_plans(
    specification: Specification,
    claims: Sequence[Claim],
    margin: float,
    form: str,
    workloads: Mapping[str, Workload],
) -> None:
    """Print the plans of claims, with their workloads on a network, where they are known."""
    from causalspec.runtime import plan_of

    plans = [plan_of(specification, claim, margin) for claim in claims]
    if form == "json":
        print_json(
            {
                "format": 1,
                "margin": margin,
                "claims": [_value(plan, workloads.get(plan.claim)) for plan in plans],
            }
        )
    else:
        print_lines(line for plan in plans for line in _lines(plan, workloads.get(plan.claim)))


def _value(plan: ClaimPlan, workload: Workload | None) -> dict[str, object]:
    on_network = None if workload is None else asdict(workload) | {"seconds": workload.seconds}
    return {**asdict(plan), "warnings": plan.warnings, "on_network": on_network}


def _lines(plan: ClaimPlan, workload: Workload | None) -> Iterator[str]:
    yield plan.claim
    if workload is not None:
        yield f"  on this network: {workload.takes}"
    sites = "as many as the network has" if plan.candidates is None else f"{plan.candidates:,}"
    yield f"  sites: {sites} ({', '.join(plan.sites)})"
    fits = "one a site" if plan.fits is None else f"{plan.fits:,}"
    seeds = "" if plan.seeds == 1 else f", {plan.seeds} seeds" if plan.fits else " and seed"
    yield f"  fits: {fits}{seeds}, and those of controls"
    for split in plan.splits:
        yield (
            f"  {split.design}.{split.split}: {split.pairs:,} pairs, which count as "
            f"{split.distinct:,.0f} distinct ones, of {split.inputs:,} inputs"
        )
        if split.independent is not None:
            yield f"    about {split.independent:,.0f} independent ones, where they share inputs"
    for power in plan.powers:
        if power.probability is None:
            yield f"  {power.text}: {power.reason}"
            continue
        truth = ", ".join(f"{name} = {value:.3f}" for name, value in power.truth)
        enough = ", ".join(
            f"{'no number' if pairs is None else f'{pairs:,} pairs'} for {asked}"
            for asked, pairs in power.enough
        )
        told = f" ({enough})" if enough else ""
        where = f", with {truth}" if truth else ""
        yield f"  {power.text}: power {power.probability:.2f}{where}{told}"
    for warning in plan.warnings:
        yield f"  warning: {warning}"


def _margin(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not between 0 and 1")
    return value
