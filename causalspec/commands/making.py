"""What the commands that make networks have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from causalspec.commands.arguments import (
    add_format_argument,
    add_spec_argument,
    count,
    folder,
    positive,
    rate,
)
from causalspec.commands.output import print_json, print_lines
from causalspec.compiler import CausalModel, Specification
from causalspec.dsl.diagnostics import ToolFailure

if TYPE_CHECKING:
    from causalspec.runtime import MadeReport, Planted

ENOUGH = 0.95
"""Of a trained network's answers, and of the interchanges of what is planted, so many are right."""


def add_making_arguments(parser: argparse.ArgumentParser) -> None:
    """The spec, where the network is written, and the seed."""
    add_spec_argument(parser)
    parser.add_argument(
        "--out", type=folder, required=True, metavar="FOLDER", help="where the network is written"
    )
    parser.add_argument("--seed", type=count, default=0, help="of what is drawn (default 0)")
    add_format_argument(parser)


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Those, and the network's sizes and how it is trained: what is left out suits its kind."""
    add_making_arguments(parser)
    parser.add_argument("--layers", type=positive, help="how many there are")
    parser.add_argument("--width", type=positive, help="numbers of a layer")
    parser.add_argument("--heads", type=positive, help="attention heads of a decoder's layer")
    parser.add_argument("--digits", type=positive, help="so many digits at most are one token")
    parser.add_argument("--steps", type=positive, help="training steps")
    parser.add_argument("--batch", type=positive, help="exercises in a step")
    parser.add_argument("--learning-rate", type=rate, help="the highest one")


def trained(
    specification: Specification,
    model: CausalModel,
    options: argparse.Namespace,
    planted: Planted | None = None,
) -> None:
    """Train as the options ask, write the network, and say how it fares.

    Raises `ToolFailure` where too little was learned: the network is kept all the same.
    """
    from causalspec.progress import TerminalWatcher
    from causalspec.runtime import Training, check_made_destination, train, write_made

    prepare_torch()
    check_made_destination(options.out)
    training = Training(
        seed=options.seed,
        layers=options.layers,
        width=options.width,
        heads=options.heads,
        digits=options.digits,
        steps=options.steps,
        batch=options.batch,
        learning_rate=options.learning_rate,
    )
    try:
        made = train(specification.tasks[model.task], training, planted, TerminalWatcher())
        report = write_made(options.out, made, specification, model, options.seed)
    except KeyboardInterrupt as interruption:
        interruption.add_note("nothing was written, and the same command begins anew")
        raise
    print_made(report, options)
    shares = [report.right] if report.truth is None else [report.right, report.truth.iia.mean]
    if min(shares) < ENOUGH:
        raise ToolFailure(
            f"training did not converge: {min(shares):.2%} is below {ENOUGH:.0%}; the network is "
            f"kept in `{options.out}`",
            help="give it more `--steps`, another `--learning-rate`, or more `--width` or "
            "`--layers`: what stands at the last layer has none left to be combined in",
        )


def prepare_torch() -> None:
    """One thread, since these networks are too small to share out, and no progress but ours."""
    import torch
    from transformers.utils.logging import disable_progress_bar

    torch.set_num_threads(1)
    disable_progress_bar()


def print_made(report: MadeReport, options: argparse.Namespace) -> None:
    """Say how the network fares, for people or as JSON."""
    from causalspec.runtime import json_value

    if options.format == "json":
        print_json(json_value(report))
        return
    lines = [f"{report.folder}: {report.right:.2%} of new inputs answered rightly"]
    if report.truth is not None:
        lines.append(
            f"the true alignment: IIA {report.truth.iia.mean:.3f} on {report.truth.iia.total:,} "
            f"pairs; shuffled {report.truth.shuffled.mean:.3f}, no swap "
            f"{report.truth.no_swap.mean:.3f}"
        )
    print_lines(lines)
