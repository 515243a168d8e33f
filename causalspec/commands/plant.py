"""`causalspec plant`: a network learns to hold a model's variables where a claim looks for them."""

from __future__ import annotations

import argparse

from causalspec.commands.arguments import WrongUsageError
from causalspec.commands.making import add_training_arguments, trained
from causalspec.commands.networks import require_libraries
from causalspec.commands.specs import load_checked, named
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec plant negation.causal WordsThenNegation --layers 3 --out models/negation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("model", metavar="MODEL", help="the hypothesis whose variables it holds")
    parser.add_argument(
        "--claim", metavar="NAME", help="where they lie (needed where the model has several claims)"
    )


def run(options: argparse.Namespace) -> ExitCode:
    """Train, write, and print how the network and the truth about it fare."""
    specification = load_checked(options.spec, options.settings)
    model = named(specification.models, options.model, f"there is no model `{options.model}`")
    claims = {
        claim.name: claim
        for claim in specification.claims.values()
        if claim.model.name == model.name
    }
    if not claims:
        raise WrongUsageError(
            f"no claim of {options.spec} is about `{model.name}`: its alignment says where to plant"
        )
    if options.claim is None and len(claims) > 1:
        raise WrongUsageError(f"name a claim with --claim: {', '.join(claims)}")
    missing = f"`{options.claim}` is not a claim about `{model.name}`"
    claim = named(claims, options.claim or next(iter(claims)), missing)

    require_libraries()
    from causalspec.runtime import Planted

    trained(specification, model, options, Planted(specification, (claim.name,), strict=True))
    return ExitCode.FINE
