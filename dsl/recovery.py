"""Parsing past mistakes: each is reported once, and what stands after it is still read.

A file without a mistake is parsed by Lark at once. Else a recogniser walks over the tokens. A
mistake with one certain repair (a misspelt word, `=` for `==`, a missing bracket) is repaired, and
any other leaves out the statement that it is in. What is kept, Lark parses.
"""

from __future__ import annotations

from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from causalspec.dsl.brackets import closed_later, mend_brackets
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.grammar import END, parse_tokens
from causalspec.dsl.limits import DEEPEST_NESTING, MOST_MISTAKES, TALLEST_STACK
from causalspec.dsl.parse_state import ParseState
from causalspec.dsl.recogniser import Recogniser
from causalspec.dsl.repairs import repair, repair_arrow
from causalspec.dsl.reports import report, report_foreign, report_nested
from causalspec.dsl.resuming import resume
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import BLOCKS, DECLARATIONS, spellings


def read_tokens(
    source: Source, tokens: list[Token], start: str, end: int, diagnostics: Diagnostics
) -> tuple[Tree[Token] | None, list[Span]]:
    """The tree of all that could be read, None where too much is wrong or nested too deep; and what
    no node of it says: statements with mistakes, and what was skipped.
    """
    # Where a text ends that has no closing quotes is a guess, so what it says is one too.
    unread = [mistake.span for mistake in diagnostics.found if mistake.code == "CS102"]
    if len(diagnostics.found) >= MOST_MISTAKES or _nested_too_deep(source, tokens, diagnostics):
        return None, unread
    try:
        return parse_tokens(tokens, start), unread
    except UnexpectedToken:
        # What ends a slot is its brace, which messages then name; a file just ends.
        brace = "}" if start == "slot" and end < len(source.text) else ""
        ended = [*tokens, Token(END, brace, end, 1, 1, 1, 1, end)]
        state = ParseState(source, Recogniser(start), ended, diagnostics, unread=unread)
        readable = _read(state)
        return parse_tokens(state.kept, start) if readable else None, state.unread


def _nested_too_deep(source: Source, tokens: list[Token], diagnostics: Diagnostics) -> bool:
    depth = 0
    for token in tokens:
        depth = max(0, depth + (token in {"(", "[", "{"}) - (token in {")", "]", "}"}))
        if depth > DEEPEST_NESTING:
            diagnostics.error(
                "CS902",
                f"brackets are nested more than {DEEPEST_NESTING} deep",
                span_of(source, token),
            )
            return True
    return False


def _read(state: ParseState) -> bool:
    """Read to the end, past all mistakes; False where that is too much."""
    unreadable = [
        mistake.span.start
        for mistake in state.diagnostics.found
        if mistake.code in {"CS101", "CS109"} and mistake.fix is None
    ]
    while len(state.diagnostics.found) < MOST_MISTAKES:
        token = state.token
        if not state.accepts([token.type]):
            _recover(state, unreadable)
            if state.token.type == END and not state.kept and not state.accepts([END]):
                return False  # A slot of which nothing is left.
        elif token.type == END:
            return True
        else:
            state.push(token)
            state.index += 1
            if state.stacks[-1].height > TALLEST_STACK:
                state.diagnostics.error(
                    "CS902",
                    f"expressions are nested more than {DEEPEST_NESTING} deep",
                    state.span(token),
                )
                return False
    return False


def _recover(state: ParseState, unreadable: list[int]) -> None:
    """Report the next token, which cannot stand here, and get to where reading can go on."""
    if repair_arrow(state):
        return
    # What was reported as left out, or as foreign, stands before the wrong token, or is the token.
    low, high = state.previous_end, state.span(state.token).start
    if any(low <= start <= high for start in unreadable) or report_foreign(state):
        resume(state)
    elif (replacement := repair(state)) is not None:
        state.tokens[state.index : state.index + 1] = replacement
    elif _declares(state) and state.open and closed_later(state):
        report_nested(state)
        start = state.span(state.token)
        state.index += 1
        resume(state)
        state.unread.append(start.to(state.unread[-1]))
    elif not mend_brackets(state):
        report(state)
        resume(state)


def _declares(state: ParseState) -> bool:
    """Whether the next word starts a declaration, and no statement of the block that is open."""
    word = spellings().get(state.token.type)
    return word in DECLARATIONS and word not in BLOCKS.get(str(state.declaration), ())
