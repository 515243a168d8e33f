"""Skipping from a mistake to where reading can go on: the next statement, declaration or brace.

The statement with the mistake is left out, so that nothing is concluded from half of it.
"""

from __future__ import annotations

from lark import Token

from causalspec.dsl.grammar import END
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


def resume(state: ParseState) -> None:
    """Leave out the statement with the mistake, and skip to a token that can be read after that.

    What is left out and skipped is noted as unread.
    """
    place = _start_of_the_unread(state)
    start = state.kept[place] if place < len(state.kept) else state.token
    if not _resume_inside_the_block(state, place):
        opened = [
            bracket.type
            for bracket in state.open
            if any(bracket is kept for kept in state.kept[place:])
        ]
        state.cut(place)
        _skip(state, opened)
        declares = spellings().get(state.token.type) in DECLARATIONS
        if state.token.type == END or (declares and not state.accepts([state.token.type])):
            _close_all(state)
    low, high = state.span(start).start, state.span(state.token).start
    state.unread.append(Span(state.source, low, max(low, high)))


def _start_of_the_unread(state: ParseState) -> int:
    """The mistake's statement; or the mistake itself where all before it is complete.

    A statement is, where all that is open could be closed there, and the mistake starts a line of
    its own.
    """
    here = len(state.kept)
    closers = [CLOSERS[opening.type] for opening in reversed(state.open)]
    if state.previous is not None and state.accepts(closers or [END]):
        between = state.source.text[state.previous_end : state.span(state.token).start]
        if "\n" in between or (not state.open and state.previous.type == "RBRACE"):
            return here
    return state.statement_start(here)


def _skip(state: ParseState, opened: list[str]) -> None:
    """Skip to a word that starts a statement or declaration, or to the brace that ends the block.

    `opened` are the kinds of the brackets that the statement left open. The words in a block that
    is skipped start nothing.
    """
    skipped = list[str]()
    while (kind := state.token.type) != END:
        word = spellings().get(kind)
        if kind in CLOSERS:
            skipped.append(kind)
        elif kind in CLOSERS.values():
            if not (_leave(skipped, kind) or _leave(opened, kind)) and state.accepts([kind]):
                return
        elif word in DECLARATIONS or (
            word in STATEMENTS and "LBRACE" not in skipped and state.accepts([kind])
        ):
            return
        state.index += 1


def _close_all(state: ParseState) -> None:
    """Where the mistake's block goes on to the next declaration, that may be its own fault."""
    at = state.token.start_pos
    for opening in reversed(state.open):
        closer = CLOSERS[opening.type]
        state.push(Token(closer, spellings()[closer], at, 1, 1, 1, 1, at))


def _leave(opened: list[str], closer: str) -> bool:
    """Take the bracket that `closer` closes, and what is open inside it, as closed."""
    for depth in range(len(opened) - 1, -1, -1):
        if CLOSERS[opened[depth]] == closer:
            del opened[depth:]
            return True
    return False


def _resume_inside_the_block(state: ParseState, place: int) -> bool:
    """After a mistake in a declaration's header, go on with what its braces hold."""
    leads = state.kept[place] if place < len(state.kept) else state.token
    header = HEADERS.get(leads.type)
    if state.open or header is None or leads is state.token:
        return False
    index = state.index
    while (token := state.tokens[index]).type != "LBRACE":
        if token.type in {END, "RBRACE"} or spellings().get(token.type) in DECLARATIONS:
            return False
        index += 1
    at = leads.start_pos or 0
    named = next(
        (
            token
            for token in state.tokens[: state.index]
            if token.type == "NAME" and _at(token) > at
        ),
        None,
    )
    state.cut(place)
    for kind in header:
        if kind == "NAME" and named is not None:
            token, named = named, None
        else:
            token = Token(kind, spellings().get(kind, ""), at, 1, 1, 1, 1, at)
        state.push(token)
    state.index = index
    return True


def _at(token: Token) -> int:
    return token.start_pos or 0
