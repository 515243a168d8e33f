"""Specs as commands need them, and what is declared in them by name."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, TypeVar

from causalspec.commands.arguments import WrongUsageError
from causalspec.commands.output import print_diagnostics
from causalspec.compiler import (
    Alignment,
    CausalModel,
    Compilation,
    CounterfactualDesign,
    Specification,
    SplitSize,
    load_specification,
    open_file,
    value_text,
)
from causalspec.dsl.diagnostics import Diagnostics, SpecError, suggestion
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source

Declared = TypeVar("Declared")


SetParameters: TypeAlias = Sequence[tuple[str, Fraction]]
"""What `--set` says, in its order."""


def load_checked(path: Path, settings: SetParameters = ()) -> Specification:
    """The specification of a file without errors; warnings go to standard error.

    Raises `SpecError` when the file has errors, `WrongUsageError` where it has no such parameter.
    """
    specification, diagnostics = load_specification(path, settings_by_name(settings))
    if specification is None or diagnostics.has_errors:
        raise SpecError(diagnostics)
    ensure_parameters(specification, settings)
    print_diagnostics(diagnostics, sys.stderr)
    return specification


def load_compiled(path: Path, settings: SetParameters = ()) -> Specification:
    """The specification of a file that compiles. What evaluation would find wrong with it, such as
    a model that does not compute its task, is not looked into.

    Raises `SpecError` when the file has errors, `ToolFailure` where it cannot be read,
    `WrongUsageError` where it has no such parameter.
    """
    return load_open(path, settings)[0]


def load_open(path: Path, settings: SetParameters = ()) -> tuple[Specification, Compilation]:
    """The same, and what is known of the file's names, for expressions said beside it."""
    diagnostics = Diagnostics()
    source = read_source(path, str(path), diagnostics)
    if source is not None:
        file, values = parse(source, diagnostics), settings_by_name(settings)
        specification, known = open_file(file, path.parent, diagnostics, settings=values)
        if specification is not None and not diagnostics.has_errors:
            ensure_parameters(specification, settings)
            return specification, known
    raise SpecError(diagnostics)


def settings_by_name(settings: SetParameters) -> dict[str, Fraction]:
    """What `--set` says by name. Raises `WrongUsageError` where one is set twice."""
    values: dict[str, Fraction] = {}
    for name, value in settings:
        if name in values:
            raise WrongUsageError(f"--set sets `{name}` twice")
        values[name] = value
    return values


def ensure_parameters(specification: Specification, settings: SetParameters) -> None:
    """Raise `WrongUsageError` where `--set` names a parameter that no task has."""
    known = parameters_of(specification)
    for name, _ in settings:
        if not known:
            raise WrongUsageError(f"--set {name}: no task of the spec has parameters")
        named(known, name, f"--set: no task has a parameter `{name}`")


def parameters_of(specification: Specification) -> dict[str, None]:
    """The names of all parameters that can be set: `digits`, and `Addition.digits`."""
    tasks = specification.tasks.values()
    known = {name: None for task in tasks for name in task.parameters}
    for task in tasks:
        known |= {f"{task.name}.{name}": None for name in task.parameters if "(" not in task.name}
    return known


def named(declared: Mapping[str, Declared], name: str, missing: str) -> Declared:
    """What has a name. Raises `WrongUsageError`: what is missing, with what there is instead."""
    if name not in declared:
        raise WrongUsageError(f"{missing}; {suggestion(name, declared)}")
    return declared[name]


def find_model(specification: Specification, name: str) -> CausalModel:
    """A model or a task by name. Raises `WrongUsageError` where there is none."""
    tasks = {task.name: task.model for task in specification.tasks.values()}
    models = {**tasks, **specification.models}
    others = {
        "a counterfactuals declaration": specification.counterfactuals,
        "an alignment": specification.alignments,
        "a claim": specification.claims,
    }
    for kind, declared in others.items():
        if name in declared and name not in models:
            raise WrongUsageError(f"`{name}` is {kind}, not a model; there are {', '.join(models)}")
    return named(models, name, f"there is no model `{name}`")


def find_design(specification: Specification, name: str) -> CounterfactualDesign:
    """A counterfactuals declaration by name. Raises `WrongUsageError` where there is none."""
    missing = f"there is no counterfactuals declaration `{name}`"
    return named(specification.counterfactuals, name, missing)


def find_split(design: CounterfactualDesign, name: str) -> SplitSize:
    """A split of a data set by name. Raises `WrongUsageError` where there is none."""
    splits = {split.name: split for split in design.splits}
    return named(splits, name, f"`{design.name}` has no split `{name}`")


def find_alignment(specification: Specification, name: str) -> Alignment:
    """An alignment by name. Raises `WrongUsageError` where there is none."""
    return named(specification.alignments, name, f"there is no alignment `{name}`")


def ensure_prompt(specification: Specification, model: CausalModel, name: str | None) -> None:
    """Raise `WrongUsageError` where a prompt is named that the model's task has not."""
    task = specification.tasks[model.task]
    if name is not None:
        named(task.prompts, name, f"`{task.name}` has no prompt `{name}`")


def model_values(model: CausalModel, setting: Mapping[str, int]) -> dict[str, str]:
    """Codes as people write them."""
    return {name: value_text(model.by_name[name].domain, code) for name, code in setting.items()}
