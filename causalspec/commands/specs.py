"""Specs as commands that compare need them: compiled, whether or not its hypotheses hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from causalspec.commands.output import wrong_usage

if TYPE_CHECKING:
    from causalspec.compiler import CausalModel, Specification


def load_compiled(path: Path) -> Specification:
    """The specification of a file that compiles. What evaluation would find wrong with it, such as
    a model that does not compute its task, is not looked into.

    Raises `SpecError` when the file has errors, `ToolFailure` where it cannot be read.
    """
    from causalspec.compiler import compile_file
    from causalspec.dsl.diagnostics import Diagnostics, SpecError
    from causalspec.dsl.parser import parse
    from causalspec.dsl.reading import read_source

    diagnostics = Diagnostics()
    source = read_source(path, str(path), diagnostics)
    specification = None
    if source is not None:
        specification = compile_file(parse(source, diagnostics), path.parent, diagnostics)
    if specification is None or diagnostics.has_errors:
        raise SpecError(diagnostics)
    return specification


def find_model(command: str, specification: Specification, name: str) -> CausalModel | None:
    """A model or a task by name; None with a message for one that is not there."""
    from causalspec.dsl.diagnostics import suggestion

    tasks = {one.name: one.model for one in specification.tasks.values()}
    models = {**tasks, **specification.models}
    if name in models:
        return models[name]
    others = {
        "a counterfactuals declaration": specification.counterfactuals,
        "an alignment": specification.alignments,
        "a claim": specification.claims,
    }
    kind = next((kind for kind, declared in others.items() if name in declared), None)
    if kind is not None:
        wrong_usage(command, f"`{name}` is {kind}, not a model; there are {', '.join(models)}")
        return None
    wrong_usage(command, f"there is no model `{name}`; {suggestion(name, models)}")
    return None


def model_values(model: CausalModel, setting: Mapping[str, int]) -> dict[str, str]:
    """Codes as people write them."""
    from causalspec.compiler import value_text

    return {name: value_text(model.by_name[name].domain, code) for name, code in setting.items()}
