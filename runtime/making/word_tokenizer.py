"""A tokenizer of whole words for networks of a few dozen of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
"""Turns line by line, each led by its role, for networks that are made from chats."""

# A word with the space before it; so many digits at most, each mark and line end for itself.
_TOKEN = r" ?\p{{L}}+|\d{{1,{digits}}}|[\s\S]"


def word_tokenizer(texts: Iterable[str], digits: int = 1) -> PreTrainedTokenizerFast:
    """Every word that occurs in `texts` is a token, and so is each mark and line end, and each
    digit, or as many as `digits` beside each other.

    The tokens of a text put together are the text again. A word that is new is `<unk>`.
    """
    splitter = _splitter(digits)
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


def _splitter(digits: int) -> Any:
    return pre_tokenizers.Split(Regex(_TOKEN.format(digits=digits)), behavior="isolated")
