"""Texts tokenized in bulk, for data sets: the ids that `tokens` gives, and the tokens of slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import (
    ABSENT,
    CausalModel,
    Columns,
    PromptTemplate,
    RenderedPrompts,
    TokenRows,
)
from causalspec.runtime.inputs.chats import rendered_chat

REMEMBERED = 1 << 17
"""So many distinct texts are tokenized once only, however far apart they stand."""

_BATCH = 1 << 10  # an encoded text takes kilobytes until its ids are read off

Integers = NDArray[np.int32]


class BulkTokenizer:
    """Tokenizes each distinct text once. `backend` is a tokenizer of the library `tokenizers`;
    special tokens that it puts after a text are dropped: the answer comes there. `chats` is the
    tokenizer of transformers that writes chats, None where there is none.
    """

    def __init__(self, backend: Any, chats: Any = None, *, marked: bool = False) -> None:
        self._backend, self._chats, self._marked = backend, chats, marked
        self._ids: dict[str, Integers] = {}
        self._characters: dict[str, Integers] = {}
        """Each token's characters [tokens, 2]; -1 to -1, which is nowhere, for special tokens."""
        after: list[int] = backend.encode("a", add_special_tokens=not marked).special_tokens_mask
        self._dropped = next((k for k, special in enumerate(reversed(after)) if not special), 0)

    @cached_property
    def _of_marked(self) -> BulkTokenizer:
        """The same for texts that have their special tokens."""
        return BulkTokenizer(self._backend, marked=True)

    def chat(
        self, template: PromptTemplate, model: CausalModel, columns: Columns
    ) -> RenderedPrompts:
        """A chat as the tokenizer's own template writes it. Raises `ToolFailure`."""
        return rendered_chat(template, model, columns, self._chats)

    def __call__(
        self,
        texts: Sequence[str],
        spans: Mapping[str, Integers] | None = None,
        *,
        marked: bool = False,
    ) -> TokenRows:
        """The tokens of every text, and of every slot: those that share a character with it. Where
        they are `marked`, no special tokens are put to them.
        """
        if marked and not self._marked:
            return self._of_marked(texts, spans)
        if len(self._ids) > REMEMBERED:
            self._ids.clear()
            self._characters.clear()
        known = self._ids if spans is None else self._characters
        new = [text for text in dict.fromkeys(texts) if text not in known]
        added = {"add_special_tokens": not self._marked}
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            if spans is None:
                fast: list[Any] = self._backend.encode_batch_fast(batch, **added)
                self._remember(batch, [encoding.ids for encoding in fast])
            else:
                encoded: list[Any] = self._backend.encode_batch(batch, **added)
                self._remember(batch, [encoding.ids for encoding in encoded])
                self._characters.update(zip(batch, map(self._places, encoded), strict=True))
        rows = [self._ids[text] for text in texts]
        lengths = np.fromiter(map(len, rows), np.int32, len(rows))
        ids = np.concatenate([np.zeros(0, np.int32), *rows])
        if spans is None:
            return TokenRows(ids, lengths)
        places = np.concatenate(
            [np.zeros((0, 2), np.int32), *(self._characters[text] for text in texts)]
        )
        slots = {name: tokens_within(span, places, lengths) for name, span in spans.items()}
        return TokenRows(ids, lengths, slots)

    def _remember(self, texts: Sequence[str], encoded: Sequence[list[int]]) -> None:
        ends = np.cumsum([0, *map(len, encoded)]).tolist()
        ids = np.fromiter(chain.from_iterable(encoded), np.int32, ends[-1])
        for text, (first, last) in zip(texts, pairwise(ends), strict=True):
            self._ids[text] = ids[first : last - self._dropped]

    def _places(self, encoded: Any) -> Integers:
        places = np.array(encoded.offsets, np.int32).reshape(-1, 2)
        places[np.array(encoded.special_tokens_mask, np.bool_)] = ABSENT
        return places[: len(places) - self._dropped]


def tokens_within(spans: Integers, places: Integers, lengths: Integers) -> Integers:
    """The first and the last token of every text that share a character with its span, counted from
    0, [texts, 2]; -1 where none does. `places` are the characters of all tokens, one text's after
    the other's, `lengths` how many tokens a text has.
    """
    numbers = np.arange(len(places)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    start, end = np.repeat(spans, lengths, axis=0).T
    shares = (places[:, 0] < end) & (places[:, 1] > start)
    texts = np.repeat(np.arange(len(lengths)), lengths)[shares]
    having, first, count = np.unique(texts, return_index=True, return_counts=True)
    found = np.full((len(lengths), 2), ABSENT, np.int32)
    found[having, 0] = numbers[shares][first]
    found[having, 1] = numbers[shares][first + count - 1]
    return found
