"""Trees that keep up with typing: what an edit leaves alone is not parsed again.

What stands around an edit is parsed in a text where the statements further off are blanks, so that
all of it stands where it stands. Where neither it nor the text before the edit has a mistake, the
outcome is what parsing the whole would give: both are sequences of statements, and the grammar
reads such a sequence in one way only. Where something is wrong, it is a good guess until the whole
is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from typing import Any

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.limits import LARGEST_FILE
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source, Span
from causalspec.language_server.moving import Replacement, moved, statements_of


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's tree and its mistakes. `exact` says that parsing the whole gives the same."""

    file: syntax.File
    mistakes: tuple[Diagnostic, ...]
    exact: bool


def read(source: Source) -> Reading:
    """Parse a whole text."""
    diagnostics = Diagnostics()
    return Reading(parse(source, diagnostics), tuple(diagnostics), exact=True)


def reread(before: Reading, source: Source) -> Reading | None:
    """The reading of a text from that of its last version; None where what an edit leaves alone
    becomes part of something else by it.
    """
    if len(source.text) > LARGEST_FILE // 4:
        return None
    old = before.file
    change = Replacement.between(old.source.text, source.text)
    touched = [Span(old.source, change.start, change.old_end)]
    touched += [mistake.span for mistake in before.mistakes]
    kept = [
        (moved(node, source, change.distance(node.span)), inside)
        for node, inside in _untouched(old, touched)
    ]
    comments = [
        moved(comment, source, change.distance(comment.span))
        for comment in old.comments
        if _is_apart(comment, comment, touched)
    ]
    text = source.text
    for node in (*comments, *(node for node, _ in kept)):
        start, end = node.span.start, node.span.end
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    fresh: Reading = moved(read(Source(source.name, text)), source, 0)
    top = _joined((*fresh.file.declarations, *fresh.file.allowances), kept)
    if top is None or _overlap([*fresh.file.comments, *(node for node, _ in kept)]):
        return None
    file = replace(
        fresh.file,
        declarations=tuple(node for node in top if not isinstance(node, syntax.Allow)),
        allowances=tuple(node for node in top if isinstance(node, syntax.Allow)),
        comments=_in_order((*fresh.file.comments, *comments)),
    )
    return Reading(file, fresh.mistakes, not before.mistakes and not fresh.mistakes)


def _untouched(file: syntax.File, touched: Sequence[Span]) -> list[tuple[Any, Any]]:
    """What is not parsed again: declarations and allowances and, of the other declarations, the
    statements, each of these with the kind of declaration that it stands in.
    """
    far = _far(_in_order((*file.declarations, *file.allowances)), touched)
    found: list[tuple[Any, Any]] = [(node, None) for node in far]
    known = {id(node) for node in far}
    for declaration in file.declarations:
        # Between the assignments of an abstraction there may be commas.
        if id(declaration) not in known and type(declaration) is not syntax.AbstractionDeclaration:
            statements = _far(statements_of(declaration), touched)
            found += [(node, type(declaration)) for node in statements]
    return found


def _far(nodes: tuple[syntax.Node, ...], touched: Sequence[Span]) -> list[syntax.Node]:
    """The nodes of a row that nothing touches, nor either of their neighbours."""
    neighbours = zip((*nodes[:1], *nodes), nodes, (*nodes[1:], *nodes[-1:]), strict=False)
    return [node for before, node, after in neighbours if _is_apart(before, after, touched)]


def _is_apart(first: syntax.Node, last: syntax.Node, touched: Sequence[Span]) -> bool:
    start, end = first.span.start, last.span.end
    return all(span.end < start or end < span.start for span in touched)


def _joined(
    fresh: Iterable[syntax.Node], kept: Sequence[tuple[Any, Any]]
) -> tuple[Any, ...] | None:
    """A file's nodes with what was kept at its place; None where it is in something else now."""
    top = [node for node, inside in kept if inside is None]
    left = sum(inside is not None for _, inside in kept)
    for declaration in fresh:
        start, end = declaration.span.start, declaration.span.end
        statements = [
            node
            for node, inside in kept
            if inside is type(declaration) and start < node.span.start and node.span.end < end
        ]
        if statements:
            left -= len(statements)
            header: Any = declaration
            declaration = replace(header, body=_in_order((*header.body, *statements)))
            if _overlap([*declaration.body, *filter(None, [header.documentation])]):
                return None
        top.append(declaration)
    return None if left or _overlap(top) else _in_order(top)


def _in_order(nodes: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(nodes, key=attrgetter("span.start")))


def _overlap(nodes: Iterable[Any]) -> bool:
    return any(node.span.end > after.span.start for node, after in pairwise(_in_order(nodes)))
