"""A tokenizer of whole words for networks of a few dozen of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

# A word with the space before it; each digit, mark and line end for itself.
_TOKEN = r" ?\p{L}+|[\s\S]"


def word_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Every word that occurs in `texts` is a token, and so is each digit, mark and line end.

    The tokens of a text put together are the text again. A word that is new is `<unk>`.
    """
    splitter = _splitter()
    pieces = (
        piece for text in dict.fromkeys(texts) for piece, _ in splitter.pre_tokenize_str(text)
    )
    words = sorted(set(pieces))
    vocabulary = {word: number for number, word in enumerate(["<pad>", "<unk>", *words])}
    inner: Any = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = splitter
    inner.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )


def _splitter() -> Any:
    return pre_tokenizers.Split(Regex(_TOKEN), behavior="isolated")
