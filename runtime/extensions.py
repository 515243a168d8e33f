"""What installed packages bring: what rows of the vocabulary name, and what that gives."""

from __future__ import annotations

import importlib
from typing import Any, TypeVar

from causalspec.compiler import Entry
from causalspec.dsl.diagnostics import InternalError, ToolFailure

_Given = TypeVar("_Given")

_ADVICE = "install its package again, or ask who wrote it"


def implementation_of(entry: Entry) -> Any:
    """What carries out a row of somebody else's package.

    Raises `ToolFailure` where it cannot be imported or is not callable.
    """
    if entry.implementation is None:
        raise InternalError(f"nothing carries out `{entry.name}`")
    module, _, attribute = entry.implementation.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever somebody else's package does when it is imported
        raise ToolFailure(
            f"`{entry.name}` cannot be imported from `{entry.implementation}`: {_told(error)}",
            _ADVICE,
        ) from error
    if not callable(found):
        raise ToolFailure(
            f"`{entry.implementation}`, named by `{entry.name}`, can't be called", _ADVICE
        )
    return found


def given_by(entry: Entry, kind: type[_Given], *arguments: object) -> _Given:
    """What a row's implementation gives when it is called.

    Raises `ToolFailure` where it cannot be had, raises anything, or gives something else than a
    `kind`.
    """
    implementation = implementation_of(entry)
    try:
        given: object = implementation(*arguments)
    except ToolFailure:
        raise
    except Exception as error:  # whatever somebody else's package does when it is called
        raise ToolFailure(
            f"`{entry.implementation}`, named by `{entry.name}`, fails: {_told(error)}", _ADVICE
        ) from error
    if not isinstance(given, kind):
        raise ToolFailure(
            f"`{entry.implementation}`, named by `{entry.name}`, gives a `{type(given).__name__}` "
            f"instead of a `{kind.__name__}`",
            _ADVICE,
        )
    return given


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
