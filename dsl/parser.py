"""Text to tree: lex, read past mistakes, build, and hold the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from causalspec.dsl import syntax
from causalspec.dsl.build import Builder
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics, Fix, Related
from causalspec.dsl.limits import DEEPEST_NESTING, LARGEST_FILE, MOST_MISTAKES, MOST_TOKENS
from causalspec.dsl.recovery import read_tokens
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import comments_between, report_hidden_lines, tokenize

LANGUAGE = "1"
GUESSED = frozenset({"CS103", "CS105", "CS109", "CS110", "CS116"})
"""Mistakes past which reading goes on with what was most likely meant."""
SLOT_TOKENS = 10
"""A slot is read by a parser of its own: it takes as long as so many tokens."""
BYTE_ORDER_MARK = "\ufeff"


def parse(source: Source, diagnostics: Diagnostics) -> syntax.File:
    """The tree of a file.

    Whatever the text, this returns: what is wrong goes to `diagnostics`, with CS1xx and CS9xx
    codes, and is missing in the tree. A tree parsed without an error says all that the text says.
    """
    found = Diagnostics()
    file = _parse(source, found)
    if len(found) >= MOST_MISTAKES:
        _give_up(source, found)
    diagnostics.found.extend(found.found)
    return file


def parse_expression(source: Source, diagnostics: Diagnostics) -> syntax.Expression | None:
    """The expression that a whole text is, None with what is wrong reported."""
    read = _SlotParser(source, MOST_TOKENS, diagnostics)(0, len(source.text))
    if read is None:
        return None
    expression, name = read
    if name is not None:
        advice = "names are given to slots of prompts alone"
        diagnostics.error("CS103", "unexpected `as`", name.span, help=advice)
        return None
    if isinstance(expression, syntax.TextLoop):
        advice = "loops over texts are written in prompts alone"
        diagnostics.error("CS103", "unexpected `for`", expression.span, help=advice)
        return None
    return None if _is_deep(expression, diagnostics) else expression


def _parse(source: Source, diagnostics: Diagnostics) -> syntax.File:
    nothing = syntax.File(
        span=Span(source, 0, len(source.text)),
        source=source,
        language=None,
        declarations=(),
        comments=(),
    )
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_FILE:
        diagnostics.error(
            "CS901",
            f"the file has {size} bytes, more than {LARGEST_FILE}",
            Span(source, 0, 0),
        )
        return nothing
    start = 1 if source.text.startswith(BYTE_ORDER_MARK) else 0
    end = len(source.text)
    tokens = tokenize(source, start, end, diagnostics)
    if len(tokens) > MOST_TOKENS:
        _report_tokens(source, tokens[-1].start_pos or 0, diagnostics)
        return nothing
    comments = comments_between(source, tokens)
    report_hidden_lines(comments, diagnostics)
    tree, unread = read_tokens(source, tokens, "start", end, diagnostics)
    if tree is None:
        return nothing
    first = Span(source, tokens[0].start_pos or 0, end) if tokens else Span(source, end, end)
    slots = _SlotParser(source, MOST_TOKENS - len(tokens), diagnostics)
    builder = Builder(source, slots, diagnostics)
    statements: list[Any] = list(builder.transform(tree))
    declarations = [
        statement
        for statement in statements
        if not isinstance(statement, syntax.LanguageStatement | syntax.Allow)
    ]
    deep = [declaration for declaration in declarations if _is_deep(declaration, diagnostics)]
    return syntax.File(
        span=Span(source, 0, end),
        source=source,
        language=_language(first, statements, diagnostics),
        declarations=tuple(
            declaration
            for declaration in declarations
            if not any(declaration is left_out for left_out in deep)
        ),
        comments=comments,
        allowances=tuple(
            statement for statement in statements if isinstance(statement, syntax.Allow)
        ),
        unread=(
            *unread,
            *slots.unread,
            *(declaration.span for declaration in deep),
            *_guessed(diagnostics),
        ),
    )


def _guessed(diagnostics: Diagnostics) -> list[Span]:
    """What may mean something else than what is left of it in the tree."""
    return [
        mistake.span for mistake in diagnostics.found if mistake.code in GUESSED and not mistake.fix
    ]


class _SlotParser:
    """Parses what a template holds between braces, as an expression of the same source."""

    def __init__(self, source: Source, most_tokens: int, diagnostics: Diagnostics) -> None:
        self._source = source
        self._tokens_left = most_tokens
        self._diagnostics = diagnostics
        self.unread: list[Span] = []

    def __call__(
        self, start: int, end: int
    ) -> tuple[syntax.Expression | syntax.TextLoop, syntax.Name | None] | None:
        found = Diagnostics()
        if self._tokens_left < 0:
            return None
        tokens = tokenize(self._source, start, end, found)
        self._tokens_left -= len(tokens) + SLOT_TOKENS
        if self._tokens_left < 0:
            _report_tokens(self._source, start, self._diagnostics)
            return None
        tree, _ = read_tokens(self._source, tokens, "slot", end, found)
        self._diagnostics.found.extend(map(_about_loops, found.found))
        if tree is None or found.has_errors:
            self.unread.append(Span(self._source, start, end))
            return None
        builder = Builder(self._source, self, self._diagnostics)
        return builder.transform(tree)


def _about_loops(mistake: Diagnostic) -> Diagnostic:
    """A slot's mistake, with what a loop looks like where one is begun without its text."""
    if mistake.code != "CS104" or mistake.help is not None or mistake.span.text != "for":
        return mistake
    return replace(mistake, help='a loop repeats a quoted text: `{"{x[i]}" for i in 0..2 by ", "}`')


def _language(first: Span, statements: list[Any], diagnostics: Diagnostics) -> syntax.Number | None:
    """The version of the language, which the first statement must give, once."""
    versions = [
        statement for statement in statements if isinstance(statement, syntax.LanguageStatement)
    ]
    if not versions:
        place = Span(first.source, first.start, first.start)
        diagnostics.error(
            "CS111",
            "the file does not say which version of the language it is written in",
            place,
            help=f"start it with `language {LANGUAGE}`",
            fix=Fix(place, f"language {LANGUAGE}\n\n", f"insert `language {LANGUAGE}`"),
        )
        return None
    version, *others = versions
    written = version.version.text
    if written != LANGUAGE:
        known = f"this causalspec reads `language {LANGUAGE}`"
        newer = written.isdigit() and int(written) > int(LANGUAGE)
        diagnostics.error(
            "CS112",
            f"unknown version `{written}` of the language",
            version.version.span,
            help=f"{known}: a newer one may read this file" if newer else known,
        )
    if version.span.start != first.start:
        diagnostics.error("CS113", "`language` must be the first statement of a file", version.span)
    for other in others:
        diagnostics.error(
            "CS113",
            "a file has only one `language` statement",
            other.span,
            related=[Related(version.span, "the first one")],
        )
    return version.version


def _is_deep(declaration: syntax.Declaration | syntax.Expression, diagnostics: Diagnostics) -> bool:
    """Report a node more than `DEEPEST_NESTING` nodes below the declaration, if there is one: what
    walks a tree may recurse, so trees handed out are shallow enough.
    """
    pending: list[tuple[Any, int]] = [(declaration, 0)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, syntax.Node):
            if depth > DEEPEST_NESTING:
                diagnostics.error(
                    "CS902",
                    f"expressions are nested more than {DEEPEST_NESTING} deep",
                    value.span,
                    help="operators written in a row nest, each in the next: name a part with "
                    "`let`",
                )
                return True
            names = syntax.field_names(type(value))
            pending.extend((getattr(value, name), depth + 1) for name in names)
        elif isinstance(value, tuple):
            pending.extend((item, depth) for item in cast("tuple[Any, ...]", value))
    return False


def _report_tokens(source: Source, offset: int, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "CS905",
        f"the file has more than {MOST_TOKENS} words and signs",
        Span(source, offset, offset),
        help="move lists of words and tables of facts into files beside the spec",
    )


def _give_up(source: Source, diagnostics: Diagnostics) -> None:
    """Keep the first mistakes alone, and say so."""
    diagnostics.found[:] = list(diagnostics)[:MOST_MISTAKES]
    last = diagnostics.found[-1].span
    diagnostics.error(
        "CS904",
        f"reading stops here after {MOST_MISTAKES} mistakes",
        Span(source, last.end, last.end),
    )
