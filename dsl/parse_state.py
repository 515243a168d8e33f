"""Where a parse with a mistake stands: shared by those who read on, repair, and skip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from lark import Token

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.grammar import END
from causalspec.dsl.recogniser import Recogniser, Stack
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import BLOCKS, DECLARATIONS, LEADING_WORDS, spellings

CLOSERS = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}


@dataclass(slots=True)
class ParseState:
    """The tokens with the next one's index, what was kept of those before it, and what is open."""

    source: Source
    recogniser: Recogniser
    tokens: list[Token]
    diagnostics: Diagnostics
    index: int = 0
    kept: list[Token] = field(default_factory=list[Token])
    """What was read and stays: mended, and without what was skipped."""
    stacks: list[Stack] = field(default_factory=list[Stack])
    """The parser's stack before each token that was kept, and now."""
    open: list[Token] = field(default_factory=list[Token])
    """The brackets among them that nothing has closed yet."""
    declaration: Token | None = None
    """The word that led the last declaration."""
    unread: list[Span] = field(default_factory=list[Span])
    """What no node of the tree says, or says only in part: whole statements, mistakes within."""

    def __post_init__(self) -> None:
        self.stacks.append(self.recogniser.bottom)

    @property
    def token(self) -> Token:
        """The next one."""
        return self.tokens[self.index]

    @property
    def after(self) -> Token:
        """The one after it."""
        return self.tokens[self.index + 1]

    @property
    def previous(self) -> Token | None:
        """The one before it."""
        return self.tokens[self.index - 1] if self.index else None

    @property
    def previous_end(self) -> int:
        """Where the one before it ends."""
        return self.span(self.previous).end if self.previous is not None else 0

    @property
    def block(self) -> str | None:
        """The declaration whose block the next token stands in directly."""
        return None if len(self.open) != 1 or self.declaration is None else str(self.declaration)

    def span(self, token: Token) -> Span:
        """Where a token stands."""
        return span_of(self.source, token)

    def push(self, token: Token) -> None:
        """Keep a token, which must be accepted."""
        stack = self.recogniser.after(self.stacks[-1], token.type)
        assert stack is not None
        self.kept.append(token)
        self.stacks.append(stack)
        if token.type in CLOSERS:
            self.open.append(token)
        elif token.type in CLOSERS.values() and self.open:
            self.open.pop()
        elif not self.open and spellings().get(token.type) in DECLARATIONS:
            self.declaration = token

    def cut(self, place: int) -> None:
        """Leave out all tokens that were kept from this place on."""
        dropped = {id(token) for token in self.kept[place:]}
        self.open = [token for token in self.open if id(token) not in dropped]
        del self.kept[place:]
        del self.stacks[place + 1 :]

    def accepts(self, kinds: Iterable[str], place: int = -1) -> bool:
        """Whether these tokens could be read one after the other, from here or from a place."""
        return self.recogniser.accepts(self.stacks[place], kinds)

    def fits(self, *kinds: str) -> bool:
        """Whether these tokens in the place of the next one let the one after it be read."""
        return self.accepts([*kinds, self.after.type])

    def is_unfinished(self, place: int) -> bool:
        """Whether no rule is complete yet that the token kept at this place is a part of."""
        stack, pushed = self.stacks[-1], self.stacks[place + 1]
        while stack.below is not None and stack.height > pushed.height:
            stack = stack.below
        return stack is pushed

    def expected(self) -> set[str]:
        """All tokens that could be read next."""
        return self.recogniser.expected(self.stacks[-1])

    def is_declared(self, name: Token) -> bool:
        """Whether a statement of the file gives this name to something."""
        return any(
            token == name and spellings().get(before.type) in LEADING_WORDS
            for before, token in pairwise(self.tokens)
            if token is not name
        )

    def statement_start(self, before: int) -> int:
        """The place at which the statement, or the header, starts that goes on at this place."""
        block = self.open[0] if self.open and str(self.declaration) in BLOCKS else None
        holds = BLOCKS.get(str(self.declaration), ())
        depth = 0
        for place in range(before - 1, -1, -1):
            token = self.kept[place]
            if token is block:
                return place + 1
            depth += (token.type == "RBRACE") - (token.type == "LBRACE")
            word = spellings().get(token.type)
            if depth <= 0 and (word in DECLARATIONS or (block is not None and word in holds)):
                return place
        # `language 1`, or a slot: as much of it as is complete.
        return next((place for place in range(before, 0, -1) if self.accepts([END], place)), 0)
