"""What installed packages bring: the objects that rows of the vocabulary name."""

from __future__ import annotations

import importlib
from typing import Any

from causalspec.compiler.vocabulary import Entry
from causalspec.dsl.diagnostics import InternalError, ToolFailure


def implementation_of(entry: Entry) -> Any:
    """What carries out a row of somebody else's package.

    Raises `ToolFailure` where it cannot be imported or is not callable.
    """
    if entry.implementation is None:
        raise InternalError(f"nothing carries out `{entry.name}`")
    module, _, attribute = entry.implementation.partition(":")
    advice = "install its package again, or ask who wrote it"
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever somebody else's package does when it is imported
        told = f"{type(error).__name__}: {error}"
        raise ToolFailure(
            f"`{entry.name}` cannot be imported from `{entry.implementation}`: {told}", advice
        ) from error
    if not callable(found):
        raise ToolFailure(
            f"`{entry.implementation}`, named by `{entry.name}`, can't be called", advice
        )
    return found
