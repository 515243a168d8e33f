"""`result.json`: a verification as JSON text, exactly, and the JSON Schema that it obeys.

Reading and writing walk the dataclasses of `results`, so a field added there is written, read and
in the schema at once. Derived figures (every property: means, bounds, `holds`) are written for
readers and recomputed on reading. Keys are sorted and numbers are finite: as in Protocol Buffers'
mapping to JSON, a number that is not finite is the string `NaN`, `Infinity` or `-Infinity`.
"""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, cast, get_args, get_origin, get_type_hints

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.results.records import Verification

FORMAT = 2
"""The version of the format; a change that an old reader would misread takes the next number."""

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_SURROGATES = re.compile("[\ud800-\udfff]")


class ResultsError(ToolFailure):
    """Results that can't be read or written; the message is one sentence for the user."""


def to_json(verification: Verification) -> str:
    """The verification as indented JSON with sorted keys, ending in a newline.

    The same verification gives the same text. Raises `TypeError` for a value that the annotations
    of `results` rule out.
    """
    return json_text({"format": FORMAT, **_object(verification)})


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
    return cast(Verification, _decoded(Verification, cast(object, content), ""))


def json_schema() -> str:
    """The JSON Schema (draft 2020-12) of `result.json`, as text."""
    definitions: dict[str, object] = {}
    _define(Verification, definitions)
    root = cast(dict[str, Any], definitions.pop(Verification.__name__))
    root["properties"]["format"] = {"const": FORMAT}
    root["required"] = sorted([*root["required"], "format"])
    return json_text(
        {"$schema": SCHEMA_DIALECT, "title": "causalspec result", "$defs": definitions, **root}
    )


def json_text(content: Mapping[str, object]) -> str:
    """Indented JSON with sorted keys and finite numbers, ending in a newline; valid UTF-8."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=2, sort_keys=True)
    # A file name that is not UTF-8 reaches a command line as lone surrogates.
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def json_value(value: object) -> object:
    """A dataclass of `results`, or a part of one, in terms of what `json.dumps` writes."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, tuple):
        return [json_value(item) for item in cast(tuple[object, ...], value)]
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    raise TypeError(f"results hold no {type(value).__name__}")


def _object(value: object) -> dict[str, object]:
    names = [*(field.name for field in _fields(type(value))), *_derived(type(value))]
    return {name: json_value(getattr(value, name)) for name in names}


def _fields(kind: type) -> tuple[Field[Any], ...]:
    return fields(cast(Any, kind))


def _derived(kind: type) -> Iterator[str]:
    return (name for name, member in vars(kind).items() if isinstance(member, property))


def _refuse_constant(name: str) -> object:
    raise ValueError(f"`{name}` is not a JSON number")


def _decoded(kind: Any, value: object, where: str) -> object:
    """`value` as the annotated type `kind`; `where` is its path, for messages."""
    if kind is float:
        if value in _NOT_FINITE:
            return float(cast(str, value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError as error:
                raise _unexpected("a smaller number", where) from error
        raise _unexpected("a number", where)
    if kind in (str, int, bool, types.NoneType):
        if type(value) is kind:
            return value
        raise _unexpected(_NAMES[kind], where)
    if get_origin(kind) is types.UnionType:
        inner = get_args(kind)[0]
        return None if value is None else _decoded(inner, value, where)
    if get_origin(kind) is tuple:
        return _decoded_tuple(get_args(kind), value, where)
    return _decoded_object(kind, value, where)


_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "an integer",
    bool: "true or false",
    types.NoneType: "null",
}


def _decoded_tuple(kinds: tuple[Any, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise _unexpected("an array", where)
    items = cast(list[object], value)
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(items)
    if len(items) != len(kinds):
        raise _unexpected(f"an array of {len(kinds)}", where)
    return tuple(
        _decoded(kind, item, f"{where}[{index}]")
        for index, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _decoded_object(kind: type, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise _unexpected("an object", where)
    items = cast(Mapping[str, object], value)
    hints = get_type_hints(kind)
    arguments: dict[str, object] = {}
    for field in _fields(kind):
        path = f"{where}.{field.name}" if where else field.name
        if field.name in items:
            arguments[field.name] = _decoded(hints[field.name], items[field.name], path)
        elif field.default is MISSING:
            raise ResultsError(f"the results lack `{path}`")
    try:
        return kind(**arguments)
    except ValueError as error:
        raise ResultsError(f"the results are wrong at `{where}`: {error}") from error


def _unexpected(what: str, where: str) -> ResultsError:
    return ResultsError(f"the results are wrong at `{where}`: expected {what}")


def _schema(kind: Any, definitions: dict[str, object]) -> dict[str, object]:
    if kind is float:
        return {"anyOf": [{"type": "number"}, {"enum": list(_NOT_FINITE)}]}
    if kind in _SCHEMA_TYPES:
        return {"type": _SCHEMA_TYPES[kind]}
    arguments = get_args(kind)
    if get_origin(kind) is types.UnionType:
        return {"anyOf": [_schema(inner, definitions) for inner in arguments]}
    if get_origin(kind) is not tuple:
        _define(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    items = [_schema(inner, definitions) for inner in arguments]
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}


_SCHEMA_TYPES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    types.NoneType: "null",
}


def _define(kind: type, definitions: dict[str, object]) -> None:
    """Add the schema of a dataclass, and of those that it holds, to `definitions`."""
    if kind.__name__ in definitions:
        return
    definitions[kind.__name__] = {}
    hints = get_type_hints(kind)
    properties = {one.name: _schema(hints[one.name], definitions) for one in _fields(kind)}
    for name in _derived(kind):
        returned = get_type_hints(vars(kind)[name].fget)["return"]
        properties[name] = _schema(returned, definitions)
    optional = {one.name for one in _fields(kind) if one.default is not MISSING}
    definitions[kind.__name__] = {
        "type": "object",
        "properties": properties,
        "required": sorted(set(properties) - optional),
        "description": (kind.__doc__ or "").strip().splitlines()[0],
    }
