"""Prompts as the network sees them: a padded batch of tokens, each with its characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import RenderedPrompts
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.inputs.menus import Menus
from causalspec.runtime.untyped import as_list

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

_READ_AT_ONCE = 10_000
"""So many texts are tokenized in one call."""

PaddingSide = Literal["left", "right"]


class TokenError(ToolFailure):
    """A token position or an answer does not exist in some prompt, or is not unique there."""


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What a network can read: ids below `vocabulary`, and at most `context` tokens at a time.

    `context` is None where the network itself knows no limit.
    """

    vocabulary: int
    context: int | None


@dataclass(frozen=True, eq=False)
class TokenizedPrompts:
    """A padded batch of prompts, one row each; T is the longest prompt's number of tokens.

    `ids` and `position_ids` are LongTensors [rows, T], `mask` a BoolTensor [rows, T] that is false
    on padding. `offsets` [rows, T, 2] are each token's characters, -1 for padding and for special
    tokens (a beginning-of-text mark, say), which are never part of the text. `answer_positions`
    [rows, answers] are the places at which a network gives the tokens of its answer, -1 beyond the
    last. `menus` narrows down what it may answer.
    """

    texts: tuple[str, ...]
    spans: Mapping[str, NDArray[np.int32]] = field(repr=False)
    ids: Tensor = field(repr=False)
    mask: Tensor = field(repr=False)
    position_ids: Tensor = field(repr=False)
    offsets: Tensor = field(repr=False)
    answer_positions: Tensor = field(repr=False)
    menus: Menus | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """How many prompts there are."""
        return self.ids.shape[0]

    @property
    def length(self) -> int:
        """T, padding included."""
        return self.ids.shape[1]

    def answers_within(self, rows: Tensor, here: slice) -> Tensor:
        """The answers' positions [rows, answers] counted from where the columns `here` begin."""
        positions = self.answer_positions[rows]
        return torch.where(positions < 0, positions, positions - here.start)

    def allowing(self, rows: Tensor, logits: Tensor) -> Tensor:
        """Logits [rows, answers, outputs] with what may not be answered at minus infinity."""
        return logits if self.menus is None else self.menus.narrowed(rows, logits)

    def encoded(self) -> list[EncodedText]:
        """Each prompt's own tokens, without what it was made to answer."""
        found: list[EncodedText] = []
        answers = (self.answer_positions >= 0).sum(1)
        for row in range(self.rows):
            real = self.mask[row].nonzero()[:, 0]
            real = real[: len(real) - (int(answers[row]) - 1)]
            offsets: list[list[int]] = as_list(self.offsets[row, real])
            pairs = [(first, last) for first, last in offsets]
            found.append(EncodedText(as_list(self.ids[row, real]), pairs))
        return found

    def take(self, rows: Tensor) -> TokenizedPrompts:
        """The numbered prompts alone."""
        numbers: list[int] = as_list(rows)
        return TokenizedPrompts(
            tuple(self.texts[row] for row in numbers),
            {name: spans[rows.numpy()] for name, spans in self.spans.items()},
            self.ids[rows],
            self.mask[rows],
            self.position_ids[rows],
            self.offsets[rows],
            self.answer_positions[rows],
            None if self.menus is None else replace(self.menus, of=self.menus.of[rows]),
        )


def tokenize(
    prompts: RenderedPrompts,
    tokenizer: PreTrainedTokenizerFast,
    padding_side: PaddingSide = "left",
    limits: InputLimits | None = None,
    *,
    keeps_end: bool = False,
) -> TokenizedPrompts:
    """Tokenize a whole data set once. Position ids count each prompt's own tokens from 0.

    Special tokens that the tokenizer puts after the text are dropped, for the answer comes there,
    unless the network reads them (`keeps_end`). A network's own limits, where they are known, go
    before what the tokenizer says of them.

    Raises:
        TokenError: a prompt has no tokens, more than the network takes, or one that it lacks.
    """
    encode = partial(tokenizer, add_special_tokens=not prompts.marked)
    by_text = {
        text: encode_text(encode, text, keeps_end=keeps_end)
        for text in dict.fromkeys(prompts.texts)
    }
    for text, encoded in by_text.items():
        _check_readable(text, encoded, tokenizer, limits)
    chosen = [by_text[text] for text in prompts.texts]
    return assemble(
        prompts.texts,
        prompts.spans,
        chosen,
        [()] * len(chosen),
        filler(tokenizer, limits),
        padding_side,
    )


def assemble(
    texts: tuple[str, ...],
    spans: Mapping[str, NDArray[np.int32]],
    encoded: Sequence[EncodedText],
    forced: Sequence[tuple[int, ...]],
    filler: int,
    padding_side: PaddingSide = "left",
) -> TokenizedPrompts:
    """A padded batch of encoded prompts, each followed by the tokens that its answer begins with:
    what comes after each of these is asked, and after the prompt itself.
    """
    lengths = [len(prompt.ids) + len(more) for prompt, more in zip(encoded, forced, strict=True)]
    length, answers = max(lengths, default=0), 1 + max(map(len, forced), default=0)
    ids = torch.full((len(texts), length), filler)
    mask = torch.zeros(ids.shape, dtype=torch.bool)
    offsets = torch.full((*ids.shape, 2), -1)
    answer_positions = torch.full((len(texts), answers), -1)
    for row, (prompt, more) in enumerate(zip(encoded, forced, strict=True)):
        start = length - lengths[row] if padding_side == "left" else 0
        end = start + lengths[row]
        ids[row, start:end] = torch.tensor([*prompt.ids, *more])
        mask[row, start:end] = True
        offsets[row, start : start + len(prompt.ids)] = torch.tensor(prompt.offsets)
        answer_positions[row, : 1 + len(more)] = torch.arange(end - 1 - len(more), end)
    position_ids = (mask.long().cumsum(1) - 1).clamp(min=0)
    return TokenizedPrompts(texts, spans, ids, mask, position_ids, offsets, answer_positions)


def _check_readable(
    text: str, encoded: EncodedText, tokenizer: Any, limits: InputLimits | None
) -> None:
    count = len(encoded.ids)
    if not count:
        raise TokenError(f"the prompt `{text}` has no tokens")
    longest: int = tokenizer.model_max_length
    whose = "the tokenizer's `model_max_length`"
    if limits is not None and limits.context is not None:
        longest, whose = limits.context, "the length of its context in its configuration"
    if count > longest:
        raise TokenError(
            f"the prompt `{shorten(text)}` has {count} tokens, "
            f"more than the {longest} that the network takes",
            help=f"the limit is {whose}",
        )
    if limits is not None:
        check_ids(encoded.ids, tokenizer, limits, f"the prompt `{shorten(text)}`")


def check_ids(ids: Sequence[int], tokenizer: Any, limits: InputLimits, where: str) -> None:
    """Raises `TokenError` where a token of a text, `where` in words, is none of the network's."""
    beyond = next((token for token in ids if token >= limits.vocabulary), None)
    if beyond is None:
        return
    raise TokenError(
        f"the token `{tokenizer.convert_ids_to_tokens(beyond)}` of {where} has number {beyond}, "
        f"but the network has tokens 0 to {limits.vocabulary - 1} only",
        help="the tokenizer is not this network's, or tokens were added to it alone",
    )


def filler(tokenizer: PreTrainedTokenizerFast, limits: InputLimits | None) -> int:
    """What a batch is padded with. Any token of the network's does: it is masked."""
    padding: Any = tokenizer.pad_token_id
    if padding is None or (limits is not None and padding >= limits.vocabulary):
        return 0
    return padding


# Tokenizing one text ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncodedText:
    """One text's ids and each token's characters; (-1, -1) for special tokens."""

    ids: list[int]
    offsets: list[tuple[int, int]]


def encode_text(
    tokenizer: Callable[..., Any], text: str, *, keeps_end: bool = False
) -> EncodedText:
    """Tokens of one text as the network sees it, without special tokens after it unless asked."""
    # Not verbose: of a text that is too long for the network we speak ourselves.
    encoded = tokenizer(
        text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False
    )
    ids: list[int] = encoded["input_ids"]
    offsets: list[tuple[int, int]] = encoded["offset_mapping"]
    special: list[int] = encoded["special_tokens_mask"]
    while special and special[-1] and not keeps_end:
        ids, offsets, special = ids[:-1], offsets[:-1], special[:-1]
    marked = [
        (-1, -1) if is_special else pair for pair, is_special in zip(offsets, special, strict=True)
    ]
    return EncodedText(ids, marked)


def encoded_ids(tokenizer: Callable[..., Any], texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text, as `encode_text` has them: many are read at once."""
    found: list[list[int]] = []
    for start in range(0, len(texts), _READ_AT_ONCE):
        some = list(texts[start : start + _READ_AT_ONCE])
        encoded = tokenizer(some, return_special_tokens_mask=True, verbose=False)
        for ids, special in zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True):
            end = len(ids)
            while end and special[end - 1]:
                end -= 1
            found.append(ids[:end])
    return found


def shorten(text: str, limit: int = 80) -> str:
    """A text for a message: its beginning when it is long."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
