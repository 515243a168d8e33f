"""The published forms of findings: the schema of `--format json`, and that of SARIF."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

SARIF: Any = json.loads(Path(__file__).with_name("sarif-2.1.0.json").read_text(encoding="utf-8"))


def validate_sarif(log: Any) -> None:
    validator: Any = jsonschema.Draft4Validator(SARIF)
    validator.validate(log)


def validate(told: Any, name: str = "check") -> None:
    """Hold the JSON of a command against the schema that is published for it."""
    schema = json.loads(files("causalspec.schemas").joinpath(f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told, schema)
