"""What to say about a token that cannot stand where it stands, where no repair is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from causalspec.dsl.foreign import WINDOW, WORDS
from causalspec.dsl.forms import form_of
from causalspec.dsl.grammar import END
from causalspec.dsl.parse_state import ParseState
from causalspec.dsl.phrases import PHRASES
from causalspec.dsl.source import Span
from causalspec.dsl.words import (
    BLOCKS,
    DECLARATIONS,
    LEADING_WORDS,
    STATEMENTS,
    expected,
    found,
    spellings,
)

COMMENTED = "`#` starts a comment; how many there are is written `count(x[i] == 1 for i in 0..3)`"


def report(state: ParseState) -> None:
    """Report a mistake that has no certain repair."""
    token, span = state.token, state.span(state.token)
    word = spellings().get(token.type)
    kinds = state.expected()
    complete = bool(kinds & {"RBRACE", END}) and bool(_leading(kinds))
    if word in STATEMENTS and complete and word not in BLOCKS.get(state.block or "", ()):
        _report_misplaced(word, state)
        return
    previous = state.previous if {"PLUS", "TIMES"} <= kinds or not complete else None
    after = f" after {found(previous)}" if previous is not None else ""
    block = bool(_leading(kinds) - {END})
    gap = state.source.text[state.previous_end : span.start]
    if complete and "\n" in gap and state.block is not None:
        state.diagnostics.error(
            "CS104", f"expected a statement, found {found(token)}", span, help=_holds(state.block)
        )
        return
    if complete and {"PLUS", "TIMES"} <= kinds:
        state.diagnostics.error(
            "CS104",
            f"unexpected {found(token)}{after}",
            span,
            help="the statement is complete before it: is an operator missing?" if block else None,
        )
        return
    if state.previous is not None and not complete and "\n" in gap and _starts_or_ends(state):
        span = state.span(state.previous)  # what is missing is missing there
    commented = "IF" in kinds and re.match(r"[ \t]*#\w", gap) is not None
    state.diagnostics.error(
        "CS104",
        f"expected {expected(kinds)}{after}, found {found(token)}",
        span,
        help=COMMENTED if commented else _form(state, kinds),
    )


def report_nested(state: ParseState) -> None:
    """Report a declaration inside another one."""
    word = str(state.token)
    state.diagnostics.error(
        "CS108",
        f"`{word}` cannot stand inside {_a(state.block)}",
        state.span(state.token),
        help="declarations stand side by side in a file, outside all braces",
    )


def _report_misplaced(word: str, state: ParseState) -> None:
    homes = [block for block, words in BLOCKS.items() if word in words]
    home = f"`{word}` belongs inside {' or '.join(_a(block) for block in homes)}"
    if state.block is None:
        state.diagnostics.error(
            "CS108", f"`{word}` stands outside all declarations", state.span(state.token), help=home
        )
        return
    state.diagnostics.error(
        "CS108",
        f"`{word}` cannot stand in {_a(state.block)}",
        state.span(state.token),
        help=f"{home}; {_holds(state.block)}",
    )


def _holds(block: str) -> str:
    """What statements a block holds."""
    words = BLOCKS[block]
    if len(words) == 1:
        return f"{_a(block)} holds statements such as `{form_of(words[0], block)}`"
    return f"{_a(block)} holds {_listed(f'`{word}`' for word in words)}"


def _form(state: ParseState, kinds: set[str]) -> str | None:
    """How the statement is written that the next token stands in, or what stands at the top level:
    where it is a statement's own parts that do not fit, not those of an expression.
    """
    start = state.statement_start(len(state.kept))
    word = spellings().get(state.kept[start].type) if start < len(state.kept) else None
    inside = [opening for opening in state.open if opening in state.kept[start:]]
    if END in kinds and not state.open:
        return f"a file holds {_listed(f'`{name}`' for name in DECLARATIONS)}"
    if word not in LEADING_WORDS or inside:
        return state.block and _holds(state.block) if word is None else None
    operand = {"NAME", "NUMBER"} <= kinds and len(state.kept) > start + 1
    return None if operand else f"it is written as in `{form_of(word, state.block)}`"


def report_foreign(state: ParseState) -> bool:
    """Report a token that cannot stand where it stands, if another language explains it."""
    found = _phrase(state) or _word(state)
    if found is None:
        return False
    span, told = found
    state.diagnostics.error("CS109", told, span)
    return True


def _word(state: ParseState) -> tuple[Span, str] | None:
    token, previous = state.token, state.previous
    if token.type == "NAME" and not state.is_declared(token):
        word = token.lower() if token.isupper() else str(token)
        if word in WORDS:
            return state.span(token), WORDS[word]
    if previous is None or previous.type != "NAME" or previous not in WORDS:
        return None
    told = WORDS[previous]
    # A statement that starts behind it has no part in what is wrong; an operator stands between.
    starts = spellings().get(token.type) in STATEMENTS
    if starts or told.startswith("`a ") or previous == "return" or state.is_declared(previous):
        return None
    return Span(state.source, state.previous_end - len(previous), state.previous_end), told


def _phrase(state: ParseState) -> tuple[Span, str] | None:
    text, wrong = state.source.text, state.span(state.token).start
    low, high = state.previous_end - WINDOW, state.previous_end
    before = text[max(0, low) : high]
    kinds = {spellings().get(kind, kind) for kind in state.expected()}
    for phrase in PHRASES:
        if phrase.instead_of and phrase.instead_of not in kinds:
            continue
        if phrase.instead_of == ".." and "=>" in kinds:
            continue  # An arm of a `match`, whose range is only one of what may stand there.
        led = re.search(rf"(?:{phrase.before})\Z", before)
        followed = re.compile(phrase.after).match(text, wrong)
        if led is None or followed is None:
            continue
        if led[0] and followed[0] and "\n" in text[high:wrong]:
            continue  # Two statements, of which the second one is wrong.
        start = high - len(led[0]) if led[0] else wrong
        return Span(state.source, start, followed.end() if followed[0] else high), phrase.told
    return None


def _starts_or_ends(state: ParseState) -> bool:
    """Whether the next token starts another statement, or ends what holds this one."""
    return bool(_leading([state.token.type])) or state.token.type == "RBRACE"


def _leading(kinds: Iterable[str]) -> set[str]:
    """The tokens among `kinds` that start a statement or a declaration, or end the file."""
    return {kind for kind in kinds if kind == END or spellings().get(kind) in LEADING_WORDS}


def _a(block: str | None) -> str:
    nouns = {
        "align": "alignment",
        "counterfactuals": "counterfactuals declaration",
        "derive": "derived model",
        None: "declaration",
    }
    noun = nouns.get(block, block)
    return f"{'an' if str(noun)[0] in 'aeiou' else 'a'} {noun}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
