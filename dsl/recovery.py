"""Parsing past mistakes: each is reported once, and what stands after it is still read.

A mistake with one certain repair (a misspelt word, `=` for `==`, a missing bracket) is repaired and
reading goes on. After any other, tokens are skipped to where reading can resume: the next statement
or declaration, or the bracket that closes what the mistake stands in. The part of the stack that
then leads nowhere is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lark import Token, Tree

from .automaton import END, Automaton
from .diagnostics import Diagnostics, Fix, Related
from .limits import DEEPEST_NESTING, MOST_MISTAKES, TALLEST_STACK
from .repairs import Mistake, repair, report, report_nested
from .source import Source, Span
from .tokens import span_of
from .words import DECLARATIONS, STATEMENTS, found, joining_words, spellings

CLOSERS = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}
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


@dataclass(frozen=True, slots=True)
class Opening:
    """A bracket that nothing has closed yet, and the height of the stack once it was read."""

    token: Token
    height: int


class Reader:
    """Reads one sequence of tokens."""

    def __init__(
        self, source: Source, tokens: list[Token], start: str, end: int, diagnostics: Diagnostics
    ) -> None:
        self._source = source
        # What ends a slot is its brace, which messages then name; a file just ends.
        closing = "}" if start == "slot" else ""
        self._tokens = [*tokens, Token(END, closing, end, 1, 1, 1, 1, end)]
        self._index = 0
        self._automaton = Automaton(start)
        self._open: list[Opening] = []
        self._unclosed: list[Opening] = []
        self._declaration: Token | None = None
        self._diagnostics = diagnostics
        self._unreadable = [one.span.start for one in diagnostics.found if one.code == "CS101"]

    def read(self) -> Tree[Token] | None:
        """The tree of all that could be read; None where too much is wrong, or nested too deep."""
        while True:
            if len(self._diagnostics.found) >= MOST_MISTAKES:
                return None
            token = self._tokens[self._index]
            if not self._automaton.accepts([token.type]):
                if not self._recover(token):
                    return None
            elif token.type == END:
                return self._automaton.finish()
            elif not self._push(token):
                return None

    def _push(self, token: Token) -> bool:
        """Read a token that is accepted; False where brackets are nested too deep."""
        self._automaton.push(token)
        self._index += 1
        if token.type in CLOSERS:
            self._open.append(Opening(token, self._automaton.height))
        if len(self._open) > DEEPEST_NESTING or self._automaton.height > TALLEST_STACK:
            what = "brackets are" if len(self._open) > DEEPEST_NESTING else "expressions are"
            self._diagnostics.error(
                "CS902", f"{what} nested more than {DEEPEST_NESTING} deep", self._span(token)
            )
            return False
        if token.type in CLOSERS.values() and self._open:
            self._open.pop()
        elif not self._open and spellings().get(token.type) in DECLARATIONS:
            self._declaration = token
        return True

    def _recover(self, token: Token) -> bool:
        """Report `token`, which cannot stand here, and get to where reading can go on."""
        mistake = Mistake(
            source=self._source,
            automaton=self._automaton,
            tokens=self._tokens,
            index=self._index,
            block=self._block(),
        )
        replacement = repair(mistake, self._diagnostics)
        if replacement is not None:
            self._tokens[self._index : self._index + 1] = replacement
            self._cut(self._automaton.height)
            return True
        if spellings().get(token.type) in DECLARATIONS and self._open and self._is_closed_later():
            report_nested(mistake, self._diagnostics)
            self._index += 1
            return self._resume()
        if self._replace_the_wrong_bracket(token) or self._close_what_is_open(token):
            return True
        if self._drop_a_stray_bracket(token):
            return True
        if not self._follows_the_unreadable(mistake):
            report(mistake, self._diagnostics)
        return self._resume()

    def _follows_the_unreadable(self, mistake: Mistake) -> bool:
        """Whether characters that were left out, and reported, stand before the wrong token."""
        low = span_of(self._source, mistake.previous).end if mistake.previous else 0
        return any(low <= start < mistake.span.start for start in self._unreadable)

    def _span(self, token: Token) -> Span:
        return span_of(self._source, token)

    def _block(self) -> str | None:
        """The declaration whose block the next token stands in directly."""
        if len(self._open) != 1 or self._declaration is None:
            return None
        return str(self._declaration)

    def _is_closed_later(self) -> bool:
        """Whether the text after this token closes all open braces, so that none is missing."""
        depth = sum(opening.token.type == "LBRACE" for opening in self._open)
        for token in self._tokens[self._index + 1 :]:
            depth += (token.type == "LBRACE") - (token.type == "RBRACE")
            if depth == 0:
                return True
        return False

    def _replace_the_wrong_bracket(self, token: Token) -> bool:
        """Where a bracket closes one of another kind, take it for the right one."""
        if len(self._open) < 2 or token.type not in CLOSERS.values():
            return False
        innermost = self._open[-1].token
        right = CLOSERS[innermost.type]
        opened = {CLOSERS[opening.token.type] for opening in self._open}
        if not self._automaton.accepts([right]) or (
            token.type in opened and not (token.type == "RBRACE" and self._is_closed_later())
        ):
            return False
        written, span = spellings()[right], self._span(token)
        self._diagnostics.error(
            "CS107",
            f"`{token}` cannot close `{innermost}`",
            span,
            related=[Related(self._span(innermost), f"this `{innermost}` is open")],
            fix=Fix(span, written, f"write `{written}`"),
        )
        self._tokens[self._index] = Token(
            right, written, token.start_pos, 1, 1, 1, 1, token.end_pos
        )
        return True

    def _drop_a_stray_bracket(self, token: Token) -> bool:
        """Leave out a closing bracket of a kind that is not open."""
        opened = {CLOSERS[opening.token.type] for opening in self._open}
        if token.type not in CLOSERS.values() or token.type in opened:
            return False
        after = self._tokens[self._index + 1]
        if self._open and not self._automaton.accepts([after.type]):
            return False
        self._diagnostics.error("CS107", f"`{token}` closes nothing", self._span(token))
        self._index += 1
        return True

    def _close_what_is_open(self, token: Token) -> bool:
        """Where closing open brackets makes `token` fit, report them and close them."""
        height = self._automaton.height
        previous = self._tokens[self._index - 1] if self._index else None
        if self._close_before([token.type], height):
            self._report_open(token)
        elif (
            previous is not None
            and spellings().get(previous.type) in joining_words()
            and self._close_before([previous.type, token.type], height - 1)
        ):
            # A word such as `gives`, taken for a name only because a bracket is missing before it.
            self._report_open(previous)
            self._index -= 1
        else:
            return False
        return True

    def _close_before(self, kinds: list[str], height: int) -> bool:
        """Close as few open brackets as let `kinds` be read from this height, if any do."""
        closers = [CLOSERS[opening.token.type] for opening in reversed(self._open)]
        for count in range(1, len(closers) + 1):
            if not self._automaton.accepts(closers[:count], height):
                return False
            if self._automaton.accepts([*closers[:count], *kinds], height):
                self._automaton.cut(height)
                at = self._tokens[self._index].start_pos
                for kind in closers[:count]:
                    self._automaton.push(Token(kind, spellings()[kind], at, 1, 1, 1, 1, at))
                self._unclosed = self._open[-count:]
                del self._open[-count:]
                return True
        return False

    def _report_open(self, token: Token) -> None:
        """Report the brackets just closed, which the text leaves open before `token`."""
        if token.type == END and self._tokens[self._index - 1].type == "LONG_TEXT":
            last = self._tokens[self._index - 1]
            if len(last) != (last.end_pos or 0) - (last.start_pos or 0):
                return  # An unterminated text, reported already, swallowed what closes them.
        innermost = self._unclosed[-1].token
        self._diagnostics.error(
            "CS106",
            f"expected `{spellings()[CLOSERS[innermost.type]]}` before {found(token)}",
            self._span(token),
            related=[
                Related(self._span(opening.token), f"this `{opening.token}` is never closed")
                for opening in reversed(self._unclosed)
            ],
        )

    # Resuming -------------------------------------------------------------------------------

    def _resume(self) -> bool:
        """Skip from a mistake to a token that can be read once the stack is cut."""
        if self._resume_inside_the_block():
            return True
        skipped: list[str] = []
        while True:
            token = self._tokens[self._index]
            word = spellings().get(token.type)
            if token.type == END:
                return self._resume_at(token.type, 1)
            if word in DECLARATIONS:
                if self._resume_at(token.type, 1):
                    return True
            elif word in STATEMENTS and "LBRACE" not in skipped:
                if self._resume_at(token.type, 1):
                    return True
                skipped.clear()
            elif token.type in CLOSERS:
                skipped.append(token.type)
            elif token.type in CLOSERS.values():
                if skipped:
                    self._leave(skipped, token.type)
                elif self._close(token.type):
                    return True
            self._index += 1

    @staticmethod
    def _leave(skipped: list[str], closer: str) -> None:
        """Take the skipped bracket that `closer` closes, and what is open inside it, as closed."""
        for depth in range(len(skipped) - 1, -1, -1):
            if CLOSERS[skipped[depth]] == closer:
                del skipped[depth:]
                return

    def _close(self, closer: str) -> bool:
        """Resume at a closing bracket, inside what it closes; or leave that behind with it."""
        matching = [
            place for place, one in enumerate(self._open) if CLOSERS[one.token.type] == closer
        ]
        if not matching:
            return False
        opening = self._open[matching[-1]]
        for height in self._heights(closer, opening.height):
            if self._automaton.accepts([closer], height):
                self._cut(height)
                return True
        del self._open[matching[-1] :]
        return False

    def _resume_at(self, kind: str, lowest: int) -> bool:
        """Cut the stack down to the nearest place between two statements that accepts `kind`."""
        for height in self._heights(kind, lowest):
            between = self._automaton.accepts(["RBRACE"], height)
            if (between or self._automaton.accepts([END], height)) and self._automaton.accepts(
                [kind], height
            ):
                self._cut(height)
                return True
        return False

    def _heights(self, kind: str, lowest: int) -> Iterator[int]:
        """Heights to cut to before `kind`, the highest first.

        Near the top any will do, so that the statement with the mistake keeps what it already says.
        Further down only those where nothing is unfinished: to complete a long row of operators at
        each of them would take too long.
        """
        top = self._automaton.height
        for height in range(top, lowest - 1, -1):
            if top - height < NEAR or height == 1 or self._automaton.shifts(kind, height):
                yield height

    def _cut(self, height: int) -> None:
        self._automaton.cut(height)
        self._open = [opening for opening in self._open if opening.height <= height]

    def _resume_inside_the_block(self) -> bool:
        """After a mistake in a declaration's header, go on with what its braces hold."""
        if self._open or self._declaration is None:
            return False
        header = HEADERS.get(self._declaration.type)
        if header is None or self._automaton.accepts([END]):
            return False
        index = self._index
        while (token := self._tokens[index]).type != "LBRACE":
            if token.type in {END, "RBRACE"} or spellings().get(token.type) in DECLARATIONS:
                return False
            index += 1
        self._cut(next(h for h in self._heights("TYPE", 1) if self._ended(h)))
        for kind in header:
            at = self._declaration.start_pos or 0
            text = spellings().get(kind, "")
            self._automaton.push(Token(kind, text, at, 1, 1, 1, 1, at))
        self._index = index
        return True

    def _ended(self, height: int) -> bool:
        """Whether a stack of this height stands between two declarations."""
        return self._automaton.accepts([END], height) and self._automaton.accepts(["TYPE"], height)
