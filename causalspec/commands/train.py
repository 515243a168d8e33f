"""`causalspec train`: a network learns a task from its inputs and right answers, nothing else."""

from __future__ import annotations

import argparse

from causalspec.commands.making import add_training_arguments, trained
from causalspec.commands.networks import require_libraries
from causalspec.commands.specs import load_checked, named
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec train greater_than.causal GreaterThan --layers 3 --out models/years"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("task", metavar="TASK", help="what is learned")


def run(options: argparse.Namespace) -> ExitCode:
    """Train, write, and print how the network fares."""
    specification = load_checked(options.spec, options.settings)
    task = named(specification.tasks, options.task, f"there is no task `{options.task}`")

    require_libraries()
    trained(specification, task.model, options)
    return ExitCode.FINE
