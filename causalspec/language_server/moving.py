"""Nodes and findings of one version of a text, as nodes and findings of the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.source import Source, Span

Node = TypeVar("Node", bound=syntax.Node)


def moved(node: Node, source: Source, distance: int) -> Node:
    """The same node in another text, all of it so many characters further on."""
    return _moved(node, source, distance)


def _moved(value: Any, source: Source, distance: int) -> Any:
    # Whole files are moved with each keystroke, so kinds are told apart by one look-up, and no
    # argument is checked and copied as `replace` would.
    kind: Any = value.__class__
    if kind is Span:
        return Span(source, value.start + distance, value.end + distance)
    if kind is tuple:
        return tuple([_moved(one, source, distance) for one in value])
    names = _FIELDS[kind]
    if names is None:
        return value
    copy: Any = object.__new__(kind)
    for name in names:
        _set(copy, name, _moved(getattr(value, name), source, distance))
    return copy


_set = object.__setattr__


class _Fields(dict[type, tuple[str, ...] | None]):
    """The names of the fields of each kind of node; None for what is not a node."""

    def __missing__(self, kind: Any) -> tuple[str, ...] | None:
        is_node = issubclass(kind, syntax.Node)
        self[kind] = tuple(one.name for one in fields(kind)) if is_node else None
        return self[kind]


_FIELDS = _Fields()


def nodes_in(root: syntax.Node) -> Iterator[syntax.Node]:
    """A node and every node inside it, in no order that matters."""
    waiting: list[Any] = [root]
    while waiting:
        value = waiting.pop()
        names = _FIELDS[value.__class__]
        if names is not None:
            yield value
            waiting += [getattr(value, name) for name in names]
        elif isinstance(value, tuple):
            waiting += value


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
        low, high = 0, min(len(old), len(new))
        while low < high:  # the longest common start, by halves: comparing slices is quick
            middle = (low + high + 1) // 2
            low, high = (middle, high) if old[:middle] == new[:middle] else (low, middle - 1)
        before = low
        low, high = 0, min(len(old), len(new)) - before
        while low < high:
            middle = (low + high + 1) // 2
            same = old[len(old) - middle :] == new[len(new) - middle :]
            low, high = (middle, high) if same else (low, middle - 1)
        return Replacement(before, len(old) - low, len(new) - len(old))

    def span(self, span: Span, source: Source) -> Span | None:
        """Where a span of the old text is in the new one; None where it was touched."""
        if span.end <= self.start:
            return Span(source, span.start, span.end)
        if span.start >= self.old_end:
            return Span(source, span.start + self.shift, span.end + self.shift)
        return None

    def diagnostic(self, one: Diagnostic, old: Source, new: Source) -> Diagnostic | None:
        """A finding about the old text in the new one, without the places around it, which may be
        gone; None where its own was touched, or is in another file.
        """
        span = self.span(one.span, new) if one.span.source is old else None
        return None if span is None else replace(one, span=span, related=(), fix=None)
