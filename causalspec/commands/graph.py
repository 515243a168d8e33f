"""`causalspec graph`: a model's causal graph as a picture, or its mechanisms as mathematics.

Nothing is proved first: a picture helps most where a hypothesis does not hold yet.
"""

from __future__ import annotations

import argparse

from causalspec.commands.arguments import (
    WrongUsageError,
    add_file_argument,
    add_spec_argument,
)
from causalspec.commands.output import write_output
from causalspec.commands.specs import load_compiled, named
from causalspec.compiler import CausalModel, Specification, graph, model_table
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec graph addition.causal CarryChain --to svg --out carry.svg"

_PICTURES = ("svg", "mermaid", "dot")
_TABLES = ("latex", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model or task; all by default")
    parser.add_argument(
        "--to",
        choices=(*_PICTURES, *_TABLES),
        default="mermaid",
        help="a picture, or a table of variables, values and mechanisms (default: mermaid)",
    )
    parser.add_argument(
        "--unfold",
        action="store_true",
        help="every member of a family, also where a picture would show more than 30 variables",
    )
    add_file_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Write one picture, or one after the other where a text can hold several."""
    specification = load_compiled(options.spec, options.settings)
    tasks = {name: task.model for name, task in specification.tasks.items()}
    models = tasks | dict(specification.models)
    chosen = list(specification.models.values()) or list(tasks.values())
    if options.model is not None:
        chosen = [named(models, options.model, f"there is no model `{options.model}`")]
    if options.unfold and options.to not in _PICTURES:
        raise WrongUsageError(f"`--unfold` is for pictures, not for `--to {options.to}`")
    if not chosen:
        raise WrongUsageError(f"{options.spec} declares no model")
    if options.to == "svg" and len(chosen) != 1:
        raise WrongUsageError(f"name the model to draw: {', '.join(models)}")
    text = "\n".join(_written(specification, model, options) for model in chosen)
    write_output(options.out, text)
    return ExitCode.FINE


def _written(specification: Specification, model: CausalModel, options: argparse.Namespace) -> str:
    tables = {"latex": model_table.latex_table, "markdown": model_table.markdown_table}
    if options.to in tables:
        return tables[options.to](model)
    draw = {"svg": graph.svg, "mermaid": graph.mermaid, "dot": graph.dot}[options.to]
    return draw(model, _under_test(specification, model), unfold=options.unfold)


def _under_test(specification: Specification, model: CausalModel) -> set[str]:
    """The variables that a claim about the model swaps; without a claim, those of any data."""
    designs = [
        design
        for design in specification.counterfactuals.values()
        if design.model.name == model.name
    ]
    claimed = {
        design
        for claim in specification.claims.values()
        if claim.model.name == model.name
        for design, _ in claim.data
    }
    return {
        variable
        for design in designs
        if design.name in claimed or not claimed
        for kind in design.kinds
        for variable in kind.variables
    }
