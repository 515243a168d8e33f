"""Parsing past mistakes: each is reported once, and what stands after it is still read.

A mistake with one certain repair (a misspelt word, `=` for `==`, a missing bracket) is repaired and
reading goes on. After any other, tokens are skipped to where reading can resume.
"""

from __future__ import annotations

from lark import Token, Tree

from causalspec.dsl.automaton import END, Automaton
from causalspec.dsl.brackets import closed_later, mend_brackets
from causalspec.dsl.diagnostics import Diagnostics, Fix
from causalspec.dsl.limits import DEEPEST_NESTING, MOST_MISTAKES, TALLEST_STACK
from causalspec.dsl.mistake import Mistake
from causalspec.dsl.parse_state import CLOSERS, Opening, ParseState
from causalspec.dsl.repairs import repair
from causalspec.dsl.reports import report, report_foreign, report_nested
from causalspec.dsl.resuming import resume
from causalspec.dsl.source import Source, Span
from causalspec.dsl.words import DECLARATIONS, spellings


class Reader:
    """Reads one sequence of tokens."""

    def __init__(
        self, source: Source, tokens: list[Token], start: str, end: int, diagnostics: Diagnostics
    ) -> None:
        # What ends a slot is its brace, which messages then name; a file just ends.
        closing = "}" if start == "slot" else ""
        ended = [*tokens, Token(END, closing, end, 1, 1, 1, 1, end)]
        self._state = ParseState(source, Automaton(start), ended, diagnostics)
        self._unreadable = [
            one.span.start
            for one in diagnostics.found
            if one.code in {"CS101", "CS109"} and one.fix is None
        ]
        self._resumed: int | None = None
        # Where a text ends that has no closing quotes is a guess, so what it says is one too.
        self._state.unread += [one.span for one in diagnostics.found if one.code == "CS102"]

    @property
    def unread(self) -> list[Span]:
        """What no node of the tree says: statements with mistakes, and what was skipped."""
        return self._state.unread

    def read(self) -> Tree[Token] | None:
        """The tree of all that could be read; None where too much is wrong, or nested too deep."""
        state = self._state
        while True:
            if len(state.diagnostics.found) >= MOST_MISTAKES:
                return None
            token = state.token
            if not state.automaton.accepts([token.type]):
                if not self._recover():
                    return None
            elif token.type == END:
                return state.automaton.finish()
            elif not self._push(token):
                return None

    def _push(self, token: Token) -> bool:
        """Read a token that is accepted; False where brackets are nested too deep."""
        state = self._state
        if token == "->":
            span = state.span(token)
            fix = Fix(span, "=>", "write `=>`")
            state.diagnostics.error("CS109", "`->` is written `=>`", span, fix=fix)
        state.automaton.push(token)
        state.index += 1
        if token.type in CLOSERS:
            state.open.append(Opening(token, state.automaton.height))
        if len(state.open) > DEEPEST_NESTING or state.automaton.height > TALLEST_STACK:
            what = "brackets are" if len(state.open) > DEEPEST_NESTING else "expressions are"
            state.diagnostics.error(
                "CS902", f"{what} nested more than {DEEPEST_NESTING} deep", state.span(token)
            )
            return False
        if token.type in CLOSERS.values() and state.open:
            state.open.pop()
        elif not state.open and spellings().get(token.type) in DECLARATIONS:
            state.declaration = token
        return True

    def _recover(self) -> bool:
        """Report the next token, which cannot stand here, and get to where reading can go on."""
        state = self._state
        mistake = Mistake(
            source=state.source,
            automaton=state.automaton,
            tokens=state.tokens,
            index=state.index,
            block=state.block,
        )
        if (
            self._resumed == state.index - 1
            or self._follows_the_unreadable(mistake)
            or report_foreign(mistake, state.diagnostics)
        ):
            return self._resume()
        replacement = repair(mistake, state.diagnostics)
        if replacement is not None:
            state.tokens[state.index : state.index + 1] = replacement
            state.cut(state.automaton.height)
            return True
        if spellings().get(state.token.type) in DECLARATIONS and state.open and closed_later(state):
            report_nested(mistake, state.diagnostics)
            start = state.span(state.token)
            state.index += 1
            resumed = resume(state)
            state.unread.append(start.to(state.unread[-1]))
            return resumed
        if mend_brackets(state):
            return True
        report(mistake, state.diagnostics)
        return self._resume()

    def _resume(self) -> bool:
        """Skip to where reading can go on; what follows a bracket of an expression there belongs to
        the mistake, but nothing that follows the brace of a block.
        """
        resumed = resume(self._state)
        inside = self._state.token.type in {"RPAR", "RSQB"}
        self._resumed = self._state.index if inside else None
        return resumed

    def _follows_the_unreadable(self, mistake: Mistake) -> bool:
        """Whether what was reported as left out, or as foreign, stands before the wrong token, or
        is the token.
        """
        low = mistake.previous_end
        return any(low <= start <= mistake.span.start for start in self._unreadable)
