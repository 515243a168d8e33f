"""`causalspec build`: a network whose weights are set, so that it is known what it holds where."""

from __future__ import annotations

import argparse

from causalspec.commands.arguments import positive
from causalspec.commands.making import add_making_arguments, prepare_torch, print_made
from causalspec.commands.networks import require_libraries
from causalspec.commands.specs import load_checked, named
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec build hierarchical_equality.causal BothEqualities --out models/built"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_making_arguments(parser)
    parser.add_argument("model", metavar="MODEL", help="the hypothesis that it is to compute")
    parser.add_argument(
        "--layers", type=positive, help="how many there are (default: as many as it takes)"
    )
    parser.add_argument(
        "--width", type=positive, help="numbers of a layer (default: more than it takes)"
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Build, write, and print how the network fares."""
    specification = load_checked(options.spec, options.settings)
    model = named(specification.models, options.model, f"there is no model `{options.model}`")

    require_libraries()
    from causalspec.runtime import build, check_made_destination, write_made

    prepare_torch()
    check_made_destination(options.out)
    made = build(specification, model, options.layers, options.width, options.seed)
    print_made(write_made(options.out, made, specification, model, options.seed), options)
    return ExitCode.FINE
