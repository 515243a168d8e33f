"""Texts tokenized in bulk, for data sets: the ids that `tokens` gives, without their positions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.data.forms.tensors import TokenRows

REMEMBERED = 1 << 17
"""So many distinct texts are tokenized once only, however far apart they stand."""

_BATCH = 1 << 10  # an encoded text takes kilobytes until its ids are read off


class BulkTokenizer:
    """Tokenizes each distinct text once. `backend` is a tokenizer of the library `tokenizers`;
    special tokens that it puts after a text are dropped: the answer comes there.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._known: dict[str, NDArray[np.int32]] = {}
        after: list[int] = backend.encode("a").special_tokens_mask
        self._dropped = next((k for k, special in enumerate(reversed(after)) if not special), 0)

    def __call__(self, texts: Sequence[str]) -> TokenRows:
        """The tokens of every text."""
        known = self._known
        if len(known) > REMEMBERED:
            known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in known]
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            encoded: list[list[int]] = [one.ids for one in self._backend.encode_batch_fast(batch)]
            ends = np.cumsum([0, *map(len, encoded)]).tolist()
            ids = np.fromiter(chain.from_iterable(encoded), np.int32, ends[-1])
            for text, (first, last) in zip(batch, pairwise(ends), strict=True):
                known[text] = ids[first : last - self._dropped]
        rows = [known[text] for text in texts]
        lengths = np.fromiter(map(len, rows), np.int32, len(rows))
        return TokenRows(np.concatenate([np.zeros(0, np.int32), *rows]), lengths)
