"""Texts as a tokenizer hands them to a network, without torch and without the network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_BATCH = 1 << 10  # an encoded text takes kilobytes until it is read off


@dataclass(frozen=True, slots=True)
class SeenText:
    """One text's tokens. `spans` are the characters of each, `added` says which of them the
    tokenizer puts there by itself; those that it puts after the text are dropped, since the answer
    comes there.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    added: tuple[bool, ...]


class TextReader:
    """Reads texts with a tokenizer of the library `tokenizers`, which is made to neither pad nor
    truncate. `unknown` is the id of the token for what it does not know, None where it has none;
    `chats` is the tokenizer of transformers that writes chats, None where there is none.
    """

    def __init__(self, backend: Any, chats: Any = None) -> None:
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend
        self.chats = chats
        self.unknown = _unknown(backend)

    def __call__(self, texts: Sequence[str], *, marked: bool = False) -> Iterator[SeenText]:
        """Every text as the network sees it, one after the other. Texts that are `marked` have the
        tokenizer's marks already.
        """
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            for encoding in self._backend.encode_batch(batch, add_special_tokens=not marked):
                added = tuple(map(bool, encoding.special_tokens_mask))
                end = next((k for k in range(len(added), 0, -1) if not added[k - 1]), 0)
                yield SeenText(
                    tuple(encoding.ids[:end]), tuple(encoding.offsets[:end]), added[:end]
                )

    def token(self, number: int) -> str:
        """What the tokenizer calls a token."""
        return str(self._backend.id_to_token(number))


def _unknown(backend: Any) -> int | None:
    model = backend.model
    if type(model).__name__ == "Unigram":  # the only kind that has no name for it
        return json.loads(backend.to_str())["model"]["unk_id"]
    return None if model.unk_token is None else backend.token_to_id(model.unk_token)
