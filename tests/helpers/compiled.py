"""Specs in tests: compiled from text, or found wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import compile_file
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.specification import CounterfactualDesign, Specification
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics, SpecError
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.wording import well_put


def attempt(
    text: str, folder: Path | None = None, *, version: bool = True
) -> tuple[Specification | None, Diagnostics]:
    """What compiling a text comes to; without `version` the text says its own."""
    diagnostics = Diagnostics()
    file = parse(Source("test.causal", f"language 1\n{text}" if version else text), diagnostics)
    return compile_file(file, folder, diagnostics), diagnostics


def compiled(text: str, folder: Path | None = None) -> Specification:
    """The specification of a text without any finding."""
    specification, diagnostics = attempt(text, folder)
    assert [f"{diagnostic.code} {diagnostic.message}" for diagnostic in diagnostics] == []
    assert specification is not None
    return specification


def findings(text: str, folder: Path | None = None) -> list[str]:
    """What is found, one line each: `CS201 4:12 unknown name `x` (help)`."""
    specification, diagnostics = attempt(text, folder)
    assert specification is None or not diagnostics.has_errors
    well_put(diagnostics)
    lines: list[str] = []
    for diagnostic in diagnostics:
        line, column = diagnostic.span.source.position(diagnostic.span.start)
        advice = f" ({diagnostic.help})" if diagnostic.help else ""
        lines.append(f"{diagnostic.code} {line}:{column} {diagnostic.message}{advice}")
    return lines


def unmet(design: CounterfactualDesign, split: str = "train") -> Diagnostic:
    """Why a split of a design can't be had."""
    with pytest.raises(SpecError) as caught:
        generate(design, split)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic
