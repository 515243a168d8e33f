"""The kinds of networks: what they are given and what they answer with."""

from __future__ import annotations

from enum import StrEnum


class NetworkKind(StrEnum):
    """What a network reads and what its answer is."""

    DECODER = "decoder"
    """Reads tokens, each after those before it; answers with the token that comes next."""
    MASKED = "masked"
    """Reads tokens, all at once; answers with the token at a masked position."""
    CLASSIFIER = "classifier"
    """Reads tokens; answers with a class of the whole text."""
    ENCODER = "encoder"
    """Reads tokens, all at once; gives vectors and no answer: its sites can be read."""
    MODULE = "module"
    """Reads vectors that a spec encodes; answers with a class."""

    @property
    def reads_tokens(self) -> bool:
        """Whether its inputs are texts, so that its sites lie at tokens."""
        return self is not NetworkKind.MODULE
