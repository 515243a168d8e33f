"""Where a parse stands: shared by those who read on, repair, and skip past mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from causalspec.dsl.automaton import Automaton
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import BLOCKS, DECLARATIONS, spellings

CLOSERS = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}


@dataclass(frozen=True, slots=True)
class Opening:
    """A bracket that nothing has closed yet, and the height of the stack once it was read."""

    token: Token
    height: int


@dataclass(slots=True)
class ParseState:
    """The tokens with the next one's index, the automaton, and what is open."""

    source: Source
    automaton: Automaton
    tokens: list[Token]
    diagnostics: Diagnostics
    index: int = 0
    open: list[Opening] = field(default_factory=list[Opening])
    declaration: Token | None = None
    """The word that led the last declaration."""
    unread: list[Span] = field(default_factory=list[Span])
    """What no node of the tree says, or says only in part: whole statements, mistakes within."""

    @property
    def token(self) -> Token:
        """The next one."""
        return self.tokens[self.index]

    @property
    def block(self) -> str | None:
        """The declaration whose block the next token stands in directly."""
        return None if len(self.open) != 1 or self.declaration is None else str(self.declaration)

    def span(self, token: Token) -> Span:
        """Where a token stands."""
        return span_of(self.source, token)

    def cut(self, height: int) -> None:
        """Forget what was read since the stack had this height."""
        self.automaton.cut(height)
        self.open = [opening for opening in self.open if opening.height <= height]

    def statement_start(self, index: int) -> int:
        """Where the statement, or the header, starts that the token at `index` belongs to."""
        block = self.open[0].token if self.open else None
        holds = BLOCKS.get(str(self.declaration), ())
        depth = 0
        for place in range(index - 1, -1, -1):
            token = self.tokens[place]
            if token is block and str(self.declaration) in BLOCKS:
                break
            depth += (token.type == "RBRACE") - (token.type == "LBRACE")
            word = spellings().get(token.type)
            if depth <= 0 and (word in DECLARATIONS or (block is not None and word in holds)):
                return token.start_pos or 0
        return self.tokens[index].start_pos or 0
