"""The face of a room: names that other rooms may import, each from its home when it is first used.

A face imports them for type checkers alone, and its table of homes is read off these imports, so
that each name is said once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path


def homes_of(face: str, file: str) -> Mapping[str, str]:
    """The module, within the room, of every name that the face in a file imports."""
    imported = re.compile(
        rf"^    from {re.escape(face)}\.(\S+) import \(?\s*(\w+) as", re.MULTILINE
    )
    return {name: home for home, name in imported.findall(Path(file).read_text("utf-8"))}


def offered(face: str, homes: Mapping[str, str], name: str) -> object:
    """What a face offers under a name. Raises `AttributeError` where it offers nothing."""
    if name not in homes:
        raise AttributeError(f"module {face!r} has no attribute {name!r}")
    home = import_module(f"{face}.{homes[name]}")
    try:
        return getattr(home, name)
    except AttributeError:  # a module itself, not imported so far
        return import_module(f"{home.__name__}.{name}")
