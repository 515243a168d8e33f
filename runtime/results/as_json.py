"""`result.json`: a verification as JSON text, exactly, and the JSON Schema that it obeys.

Reading and the schema follow the annotations of `results`, so a field added there is written, read
and in the schema at once. Derived figures (means, bounds, `holds`) are written for readers and
recomputed on reading. Keys are sorted and numbers are finite: as in Protocol Buffers' mapping to
JSON, a number that is not finite is the string `NaN`, `Infinity` or `-Infinity`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

import msgspec

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.results.estimates import Measurement, Score
from causalspec.runtime.results.records import ClaimVerdict, Verification

FORMAT = 2
"""The version of the format; a change that an old reader would misread takes the next number."""

_DERIVED: Mapping[type, Mapping[str, Any]] = {
    Score: {"mean": float, "lower": float, "upper": float},
    Measurement: {"lower": float, "upper": float},
    ClaimVerdict: {"holds": bool | None},
    Verification: {"holds": bool | None},
}
_NUMBER = {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
_SURROGATES = re.compile("[\ud800-\udfff]")


class ResultsError(ToolFailure):
    """Results that can't be read or written; the message is one sentence for the user."""


def to_json(verification: Verification) -> str:
    """The verification as indented JSON with sorted keys, ending in a newline.

    The same verification gives the same text.
    """
    return json_text({"format": FORMAT, **json_value(verification)})


def from_json(text: str) -> Verification:
    """The verification that `to_json` wrote; derived figures and unknown keys are ignored.

    Raises `ResultsError`, naming the place, for anything else.
    """
    try:
        content = cast(object, json.loads(text, parse_constant=_refuse_constant))
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"the results are not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ResultsError("the results are not a JSON object")
    found = cast(Mapping[str, object], content).get("format")
    if found != FORMAT or isinstance(found, bool):
        raise ResultsError(
            f"the results have format {json.dumps(found)}, this version reads {FORMAT}",
            help="verify the spec again: results of another format are not converted",
        )
    try:
        # Not strict: a number may be the string that stands for one.
        return msgspec.convert(content, Verification, strict=False)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        place = f" at `{where}" if where else ""
        message = f"the results are wrong{place}: {what[0].lower()}{what[1:]}"
        raise ResultsError(message) from error


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of `result.json`, as text."""
    root = schema_of(Verification, "causalspec result")
    root["properties"]["format"] = {"const": FORMAT}
    root["required"].append("format")
    return json_text(with_numbers(root))


def schema_of(kind: type, title: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `json_value` makes of a dataclass; `with_numbers`
    lets its numbers be what JSON writes for those that are not finite.
    """
    definitions: dict[str, Any] = msgspec.json.schema(kind)["$defs"]
    for derived_of, derived in _DERIVED.items():
        definition = definitions.get(derived_of.__name__)
        if definition is not None:
            properties = {name: msgspec.json.schema(of) for name, of in derived.items()}
            definition["properties"] |= properties
            definition["required"] += derived
    root = definitions.pop(kind.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**root, **head, "$defs": definitions}


def json_text(content: Mapping[str, object]) -> str:
    """Indented JSON with sorted keys and finite numbers, ending in a newline; valid UTF-8."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=2, sort_keys=True)
    # A file name that is not UTF-8 reaches a command line as lone surrogates.
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def json_value(value: Any) -> Any:
    """A dataclass of `results`, or a part of one, in terms of what `json.dumps` writes."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, tuple):
        return [json_value(item) for item in cast(tuple[object, ...], value)]
    if is_dataclass(value):
        names = [*(field.name for field in fields(value)), *_DERIVED.get(type(value), ())]
        return {name: json_value(getattr(value, name)) for name in names}
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"`{name}` is not a JSON number")


def with_numbers(schema: Any) -> Any:
    """The schema with every number allowed to be one that is not finite."""
    if schema == {"type": "number"}:
        return _NUMBER
    if isinstance(schema, dict):
        items = cast(dict[str, object], schema).items()
        return {name: with_numbers(inner) for name, inner in items}
    if isinstance(schema, list):
        return [with_numbers(inner) for inner in cast(list[object], schema)]
    return schema
