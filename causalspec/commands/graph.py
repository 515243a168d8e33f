"""`causalspec graph`: a model's causal graph as a picture, or its mechanisms as mathematics."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..exit_codes import ExitCode
from .output import add_spec_argument, load_checked, replace_text

if TYPE_CHECKING:
    from causalspec.compiler.model import CausalModel

SUMMARY = "draw a model's causal graph, or write its mechanisms as LaTeX"
EXAMPLE = "causalspec graph addition.causal CarryChain --to svg --out carry.svg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_spec_argument(parser)
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model or task; all by default")
    parser.add_argument(
        "--to", choices=("svg", "mermaid", "dot", "latex"), default="mermaid", help="what to write"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="instead of standard output")


def run(options: argparse.Namespace) -> ExitCode:
    """Write one picture, or one after the other where a text can hold several."""
    from causalspec.compiler.views import graph
    from causalspec.dsl.diagnostics import closest

    specification = load_checked(options.spec)
    tasks = {name: task.model for name, task in specification.tasks.items()}
    models = tasks | dict(specification.models)
    if options.model is not None and options.model not in models:
        near = closest(options.model, models)
        hint = f"; did you mean `{near}`?" if near else ""
        print(f"causalspec graph: there is no model `{options.model}`{hint}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    chosen = [models[options.model]] if options.model else list(specification.models.values())
    if options.to == "svg" and len(chosen) != 1:
        names = ", ".join(models)
        print(f"causalspec graph: name the model to draw: {names}", file=sys.stderr)
        return ExitCode.WRONG_USAGE
    write = {"svg": graph.svg, "mermaid": graph.mermaid, "dot": graph.dot, "latex": _latex}
    text = "\n".join(write[options.to](model) for model in chosen)
    if options.out is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        replace_text(options.out, text)
    return ExitCode.FINE


def _latex(model: CausalModel) -> str:
    """Each mechanism on a line, in an environment that lines up what defines what."""
    from causalspec.compiler.views.symbolic import mechanism_latex

    computed = [one.name for one in model.variables if one.mechanism is not None]
    lines = [mechanism_latex(model, name) for name in computed]
    return "\\begin{gather*}\n" + " \\\\\n".join(lines) + "\n\\end{gather*}\n"
