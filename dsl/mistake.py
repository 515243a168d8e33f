"""A token that the grammar does not accept, with all that is known where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from lark import Token

from causalspec.dsl.automaton import Automaton
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import LEADING_WORDS, spellings


@dataclass(frozen=True, slots=True)
class Mistake:
    """The token at `index` is not accepted. `block` is the declaration whose block it is in."""

    source: Source
    automaton: Automaton
    tokens: list[Token]
    index: int
    block: str | None

    @property
    def token(self) -> Token:
        """The wrong one."""
        return self.tokens[self.index]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return span_of(self.source, self.token)

    @property
    def previous(self) -> Token | None:
        """The last that was right."""
        return self.tokens[self.index - 1] if self.index else None

    @property
    def previous_end(self) -> int:
        """Where the last that was right ends."""
        return span_of(self.source, self.previous).end if self.previous is not None else 0

    @property
    def after(self) -> Token:
        """The one after it."""
        return self.tokens[self.index + 1]

    def fits(self, *kinds: str) -> bool:
        """Whether these tokens in the place of the wrong one let the one after it be read."""
        return self.automaton.accepts([*kinds, self.after.type])

    def is_declared(self, name: Token) -> bool:
        """Whether a statement of the file gives this name to something."""
        return any(
            one == name and spellings().get(before.type) in LEADING_WORDS
            for before, one in pairwise(self.tokens)
            if one is not name
        )
