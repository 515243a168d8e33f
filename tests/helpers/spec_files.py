"""The specs of the library, as files, texts and specifications."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from causalspec.compiler.compile import load_specification
from causalspec.compiler.specification import Specification

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
LIBRARY = sorted(SPECS.glob("*/*.causal"))
EXAMPLES = (
    "addition",
    "city_attributes",
    "hierarchical_equality",
    "indirect_object",
    "price_tagging",
    "thermostat",
)
"""The specs that tests of the language read, mutate and lay out anew."""

each_spec = pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)


def spec_file(name: str) -> Path:
    return SPECS / name / f"{name}.causal"


def spec_text(name: str) -> str:
    return spec_file(name).read_text(encoding="utf-8")


@cache
def loaded(path: Path) -> Specification:
    """The specification of a file without a mistake."""
    specification, diagnostics = load_specification(path)
    assert specification is not None, list(diagnostics)
    return specification
