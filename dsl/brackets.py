"""Brackets that do not pair: which one is wrong, missing or too many, and reading on past it."""

from __future__ import annotations

from lark import Token

from causalspec.dsl.diagnostics import Fix, Related
from causalspec.dsl.grammar import END
from causalspec.dsl.parse_state import CLOSERS, ParseState
from causalspec.dsl.source import Span
from causalspec.dsl.words import BLOCKS, found, joining_words, spellings


def mend_brackets(state: ParseState) -> bool:
    """Report and mend what is wrong with brackets at the next token; False where nothing is."""
    return _replace_the_wrong_one(state) or _close_what_is_open(state) or _drop_a_stray_one(state)


def closed_later(state: ParseState) -> bool:
    """Whether the text after the next token closes all open braces, so that none is missing."""
    depth = sum(opening.type == "LBRACE" for opening in state.open)
    for token in state.tokens[state.index + 1 :]:
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        if depth == 0:
            return True
    return False


def _replace_the_wrong_one(state: ParseState) -> bool:
    """Where a bracket closes one of another kind, take it for the right one."""
    token = state.token
    if len(state.open) < 2 or token.type not in CLOSERS.values():
        return False
    innermost = state.open[-1]
    right = CLOSERS[innermost.type]
    opened = {CLOSERS[opening.type] for opening in state.open}
    if not state.accepts([right]) or (
        token.type in opened and not (token.type == "RBRACE" and closed_later(state))
    ):
        return False
    written, span = spellings()[right], state.span(token)
    fix = None if _opened_wrongly(state) else Fix(span, written, f"write `{written}`")
    if fix is None:
        state.unread.append(span)
    state.diagnostics.error(
        "CS107",
        f"`{token}` cannot close `{innermost}`",
        span,
        related=[Related(state.span(innermost), f"this `{innermost}` is open")],
        fix=fix,
    )
    state.tokens[state.index] = Token(right, written, token.start_pos, 1, 1, 1, 1, token.end_pos)
    return True


def _opened_wrongly(state: ParseState) -> bool:
    """Whether the next token closes rightly what reads as well with a bracket of its own kind."""
    place = _place(state, state.open[-1])
    kind = next(kind for kind, closer in CLOSERS.items() if closer == state.token.type)
    inside = [kept.type for kept in state.kept[place + 1 :]]
    return state.accepts([kind, *inside, state.token.type], place)


def _place(state: ParseState, opening: Token) -> int:
    return next(i for i in range(len(state.kept) - 1, -1, -1) if state.kept[i] is opening)


def _drop_a_stray_one(state: ParseState) -> bool:
    """Leave out a closing bracket of a kind that is not open."""
    token = state.token
    opened = {CLOSERS[opening.type] for opening in state.open}
    if token.type not in CLOSERS.values() or token.type in opened:
        return False
    after = state.tokens[state.index + 1]
    if state.open and not state.accepts([after.type]):
        return False
    state.diagnostics.error("CS107", f"`{token}` closes nothing", state.span(token))
    state.index += 1
    return True


def _close_what_is_open(state: ParseState) -> bool:
    """Where closing open brackets makes the next token fit, report them and close them."""
    token, here = state.token, len(state.kept)
    previous = state.kept[-1] if state.kept else None
    # What follows a number or a name must fit too: one of them alone fits in many places.
    alone = token.type not in {"NUMBER", "NAME"}
    kinds = [token.type] if alone else [token.type, state.after.type]
    if _close_before(state, kinds, here, token):
        return True
    # A word such as `gives` is taken for a name only because a bracket is missing before it.
    if previous is None or spellings().get(previous.type) not in joining_words():
        return False
    if _close_before(state, [previous.type, token.type], here - 1, previous):
        state.push(previous)
        return True
    return False


def _close_before(state: ParseState, kinds: list[str], place: int, token: Token) -> bool:
    """Close as few open brackets as let `kinds` be read from this place, and report that they
    were open before `token`; False where none do.
    """
    closers = [CLOSERS[opening.type] for opening in reversed(state.open)]
    for count in range(1, len(closers) + 1):
        if not state.accepts(closers[:count], place):
            return False
        if state.accepts([*closers[:count], *kinds], place):
            unclosed = state.open[-count:]
            _report_unclosed(state, unclosed, token)
            _leave_unread(state, unclosed)
            state.cut(place)
            at = state.token.start_pos
            for kind in closers[:count]:
                state.push(Token(kind, spellings()[kind], at, 1, 1, 1, 1, at))
            return True
    return False


def _leave_unread(state: ParseState, unclosed: list[Token]) -> None:
    """Where the brackets of a statement should close is a guess, so what it says is one too."""
    outermost = unclosed[0]
    if outermost is state.open[0] and str(state.declaration) in BLOCKS:
        if len(unclosed) == 1:
            return
        outermost = unclosed[1]
    place = _place(state, outermost)
    start = state.kept[state.statement_start(place)].start_pos or 0
    state.unread.append(Span(state.source, start, state.token.start_pos or 0))


def _report_unclosed(state: ParseState, unclosed: list[Token], token: Token) -> None:
    """Report the brackets just closed, which the text leaves open before `token`."""
    if token.type == END and state.tokens[state.index - 1].type == "LONG_TEXT":
        last = state.tokens[state.index - 1]
        if len(last) != (last.end_pos or 0) - (last.start_pos or 0):
            return  # An unterminated text, reported already, swallowed what closes them.
    innermost = unclosed[-1]
    if (token.type, str(token), innermost.type) == (END, "}", "LBRACE"):
        state.diagnostics.error(
            "CS106",
            "a slot ends at its first `}`, so no braces can stand in it",
            state.span(innermost),
            help="name the value with `let`, and show that name",
        )
        return
    gap = state.source.text[state.previous_end : state.span(token).start]
    within = len(state.open) > 1 and state.previous is not None and "\n" in gap
    place = state.previous if within and state.previous is not None else token
    state.diagnostics.error(
        "CS106",
        f"expected `{spellings()[CLOSERS[innermost.type]]}` before {found(token)}",
        state.span(place),  # what is missing in a statement is missing at its end
        related=[
            Related(state.span(opening), f"this `{opening}` is never closed")
            for opening in reversed(unclosed)
        ],
    )
