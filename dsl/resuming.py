"""Skipping from a mistake to where reading can go on: a statement, a declaration, a bracket.

The part of the stack that then leads nowhere is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

from causalspec.dsl.automaton import END
from causalspec.dsl.parse_state import CLOSERS, ParseState
from causalspec.dsl.source import Span
from causalspec.dsl.words import DECLARATIONS, STATEMENTS, spellings

HEADERS = {
    "TASK": ("TASK", "NAME"),
    "MODEL": ("MODEL", "NAME", "OF", "NAME"),
    "COUNTERFACTUALS": ("COUNTERFACTUALS", "NAME", "OF", "NAME"),
    "ALIGN": ("ALIGN", "NAME", "OF", "NAME"),
    "CLAIM": ("CLAIM", "NAME"),
    "ABSTRACTION": ("ABSTRACTION", "NAME", "FROM", "NAME", "TO", "NAME"),
    "DERIVE": ("DERIVE", "NAME", "FROM", "NAME"),
}
"""What stands before the brace of a declaration whose own header cannot be read."""

NEAR = 16


def resume(state: ParseState) -> bool:
    """Skip from a mistake to a token that can be read once the stack is cut; False at no token.

    What is skipped is noted as unread, together with the statement that it belongs to.
    """
    start = _start_of_the_unread(state)
    resumed = _resume_inside_the_block(state) or _resume_later(state)
    state.unread.append(Span(state.source, start, state.token.start_pos or 0))
    return resumed


def _start_of_the_unread(state: ParseState) -> int:
    """The mistake's statement; or the mistake itself where all before it is complete.

    A statement is, where the mistake could stand after it and starts a line of its own.
    """
    complete = state.automaton.accepts(["RBRACE" if state.open else END])
    if complete and state.index:
        before = state.span(state.tokens[state.index - 1]).end
        wrong = state.token.start_pos or 0
        ended = not state.open and state.tokens[state.index - 1].type == "RBRACE"
        if "\n" in state.source.text[before:wrong] or ended:
            return wrong
    return state.statement_start(state.index)


def _resume_later(state: ParseState) -> bool:
    skipped: list[str] = []
    while True:
        token = state.token
        word = spellings().get(token.type)
        if token.type == END:
            return _resume_at(state, token.type)
        if word in DECLARATIONS:
            if _resume_at(state, token.type):
                return True
        elif word in STATEMENTS and "LBRACE" not in skipped:
            if _resume_at(state, token.type):
                return True
            skipped.clear()
        elif token.type in CLOSERS:
            skipped.append(token.type)
        elif token.type in CLOSERS.values():
            if skipped:
                _leave(skipped, token.type)
            elif _close(state, token.type):
                return True
        state.index += 1


def _leave(skipped: list[str], closer: str) -> None:
    """Take the skipped bracket that `closer` closes, and what is open inside it, as closed."""
    for depth in range(len(skipped) - 1, -1, -1):
        if CLOSERS[skipped[depth]] == closer:
            del skipped[depth:]
            return


def _close(state: ParseState, closer: str) -> bool:
    """Resume at a closing bracket, inside what it closes; or leave that behind with it."""
    matching = [place for place, one in enumerate(state.open) if CLOSERS[one.token.type] == closer]
    if not matching:
        return False
    opening = state.open[matching[-1]]
    for height in _heights(state, closer, opening.height):
        if state.automaton.accepts([closer], height):
            state.cut(height)
            return True
    del state.open[matching[-1] :]
    return False


def _resume_at(state: ParseState, kind: str) -> bool:
    """Cut the stack down to the nearest place between two statements that accepts `kind`."""
    accepts = state.automaton.accepts
    for height in _heights(state, kind, 1):
        between = accepts(["RBRACE"], height) or accepts([END], height)
        if between and accepts([kind], height):
            state.cut(height)
            return True
    return False


def _heights(state: ParseState, kind: str, lowest: int) -> Iterator[int]:
    """Heights to cut to before `kind`, the highest first.

    Near the top any will do, so that the statement with the mistake keeps what it already says.
    Further down only those where nothing is unfinished: to complete a long row of operators at
    each of them would take too long.
    """
    top = state.automaton.height
    for height in range(top, lowest - 1, -1):
        if top - height < NEAR or height == 1 or state.automaton.shifts(kind, height):
            yield height


def _resume_inside_the_block(state: ParseState) -> bool:
    """After a mistake in a declaration's header, go on with what its braces hold."""
    if state.open or state.declaration is None:
        return False
    header = HEADERS.get(state.declaration.type)
    if header is None or state.automaton.accepts([END]):
        return False
    index = state.index
    while (token := state.tokens[index]).type != "LBRACE":
        if token.type in {END, "RBRACE"} or spellings().get(token.type) in DECLARATIONS:
            return False
        index += 1
    state.cut(next(height for height in _heights(state, "TYPE", 1) if _ended(state, height)))
    at = state.declaration.start_pos or 0
    named = next(
        (one for one in state.tokens[: state.index] if one.type == "NAME" and _at(one) > at), None
    )
    for kind in header:
        if kind == "NAME" and named is not None:
            token, named = named, None
        else:
            token = Token(kind, spellings().get(kind, ""), at, 1, 1, 1, 1, at)
        state.automaton.push(token)
    state.index = index
    return True


def _at(token: Token) -> int:
    return token.start_pos or 0


def _ended(state: ParseState, height: int) -> bool:
    """Whether a stack of this height stands between two declarations."""
    return state.automaton.accepts([END], height) and state.automaton.accepts(["TYPE"], height)
