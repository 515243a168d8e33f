"""The specs of the library: the corpus that tests of this room read, mutate and lay out anew."""

from __future__ import annotations

from pathlib import Path

SPECS = Path(__file__).parents[2] / "specs"
EXAMPLES = (
    "addition",
    "city_attributes",
    "hierarchical_equality",
    "indirect_object",
    "price_tagging",
    "thermostat",
)


def spec_text(name: str) -> str:
    return (SPECS / name / f"{name}.causal").read_text(encoding="utf-8")
