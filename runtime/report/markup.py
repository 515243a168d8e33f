"""Escaping by construction: text becomes HTML or SVG only through `markup`.

A template is a `LiteralString`, so the type checker rejects one that was put together from what a
spec says; every argument that is not `Markup` already is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import LiteralString

from causalspec.runtime.report.text import visible


class Markup(str):
    """HTML or SVG that is safe to place in the report."""

    __slots__ = ()


def markup(template: LiteralString, **arguments: str | float) -> Markup:
    """`template` with each `{name}` filled in, escaped for text and for quoted attributes.

    Floats are coordinates: at most two places.
    """
    return Markup(template.format(**{name: _safe(one) for name, one in arguments.items()}))


def joined(parts: Iterable[Markup]) -> Markup:
    """The parts, one after the other."""
    return Markup("".join(parts))


def prose(text: str) -> Markup:
    """A sentence in which `backquotes` mark code, as in the messages of the checker."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backquote that closes nothing
        return markup("{text}", text=text)
    return joined(
        markup("<code>{part}</code>" if place % 2 else "{part}", part=part)
        for place, part in enumerate(parts)
    )


NOTHING = Markup("")


def _safe(value: str | float) -> str:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return html.escape(visible(value), quote=True)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
