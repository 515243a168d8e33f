"""What is known of one version of a text, as it stands in the next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, cast

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.source import Source, Span


def moved(value: Any, source: Source, distance: int) -> Any:
    """The same node, finding or reading in another text, all of it so many characters further."""
    # Whole files are moved with each keystroke, so kinds are told apart by one look-up, and no
    # argument is checked and copied as `replace` would.
    kind: Any = value.__class__
    if kind is Span:
        return Span(source, value.start + distance, value.end + distance)
    if kind is tuple:
        return tuple([moved(part, source, distance) for part in value])
    if kind is Source:
        return source
    names = _FIELDS[kind]
    if names is None:
        return value
    copy: Any = object.__new__(kind)
    for name in names:
        _set(copy, name, moved(getattr(value, name), source, distance))
    return copy


_set = object.__setattr__


class _Fields(dict[type, tuple[str, ...] | None]):
    """The names of the fields of each kind of dataclass; None for what is not one."""

    def __missing__(self, kind: type) -> tuple[str, ...] | None:
        self[kind] = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
        return self[kind]


_FIELDS = _Fields()


def nodes_in(root: syntax.Node) -> Iterator[syntax.Node]:
    """A node and every node inside it, in no order that matters."""
    waiting: list[Any] = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, tuple):
            waiting += value
        elif isinstance(value, syntax.Node):
            yield value
            waiting += [getattr(value, name) for name in _FIELDS[type(value)] or ()]


def statements_of(declaration: syntax.Declaration) -> tuple[syntax.Node, ...]:
    """What stands in a declaration's braces, one after the other."""
    body: object = getattr(declaration, "body", ())  # a function's is an expression
    return cast(tuple[syntax.Node, ...], body) if isinstance(body, tuple) else ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """The characters `start` up to `old_end` of a text gave way to others; what stood behind them
    is `shift` further on.
    """

    start: int
    old_end: int
    shift: int

    @staticmethod
    def between(old: str, new: str) -> Replacement:
        """The smallest stretch that was replaced."""
        start = _same(old, new)
        rest = _same(old[start:][::-1], new[start:][::-1])
        return Replacement(start, len(old) - rest, len(new) - len(old))

    def touches(self, span: Span) -> bool:
        """Whether any of a span was replaced, or something put into it."""
        return self.start < span.end and span.start < self.old_end

    def distance(self, span: Span) -> int:
        """How much further on a span is that was not touched."""
        return self.shift if span.start >= self.old_end else 0

    def diagnostic(self, found: Diagnostic, source: Source) -> Diagnostic | None:
        """A finding about the old text in the new one, without the places around it, which may be
        gone; None where its own was touched.
        """
        if self.touches(found.span):
            return None
        plain = replace(found, related=(), fix=None)
        return moved(plain, source, self.distance(found.span))


def _same(old: str, new: str) -> int:
    """How many characters two texts begin with, found by halves: comparing slices is quick."""
    shorter = min(len(old), len(new))
    return bisect_left(range(shorter), True, key=lambda k: old[: k + 1] != new[: k + 1])
