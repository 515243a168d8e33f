"""Libraries that only some forms need, imported when one of these is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.dsl.installation import install_command


def library(name: str, purpose: str, extra: str = "data") -> Any:
    """A module of an optional library. Raises `ToolFailure` that names the extra to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ToolFailure(
            f"{purpose} needs the library `{name.partition('.')[0]}`: {error}",
            f"`{install_command(extra)}` brings it",
        ) from error
