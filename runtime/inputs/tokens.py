"""Prompts as the network sees them, and where in them a token position of a spec lies.

Everything is read off the tokenizer's offsets of the very ids that the network is given, padding
included, so that a position is right whichever side the padding is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, TokenPosition, TokenRange
from causalspec.dsl.diagnostics import ToolFailure

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

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
    tokens (a beginning-of-text mark, say), which are never part of the text.
    """

    texts: tuple[str, ...]
    spans: Mapping[str, NDArray[np.int32]] = field(repr=False)
    ids: Tensor = field(repr=False)
    mask: Tensor = field(repr=False)
    position_ids: Tensor = field(repr=False)
    offsets: Tensor = field(repr=False)

    @property
    def rows(self) -> int:
        """How many prompts there are."""
        return self.ids.shape[0]

    @property
    def length(self) -> int:
        """T, padding included."""
        return self.ids.shape[1]

    @property
    def answer_positions(self) -> Tensor:
        """Each prompt's last token, LongTensor [rows]: where the answer is predicted."""
        return self.length - 1 - self.mask.long().flip(1).argmax(1)


@dataclass(frozen=True, eq=False)
class TokenColumns:
    """Candidate positions: `positions` [rows, columns] in the padded rows, what each is called."""

    tokens: tuple[TokenPosition, ...]
    positions: Tensor

    @property
    def names(self) -> tuple[str, ...]:
        """What each column is called in a spec."""
        return tuple(one.text for one in self.tokens)


def tokenize(
    prompts: RenderedPrompts,
    tokenizer: PreTrainedTokenizerFast,
    padding_side: PaddingSide = "left",
    limits: InputLimits | None = None,
) -> TokenizedPrompts:
    """Tokenize a whole data set once. Position ids count each prompt's own tokens from 0.

    Special tokens that the tokenizer puts after the text are dropped: the answer comes there.
    A network's own limits, where they are known, go before what the tokenizer says of them.

    Raises:
        TokenError: a prompt has no tokens, more than the network takes, or one that it lacks.
    """
    by_text = {text: encode_text(tokenizer, text) for text in dict.fromkeys(prompts.texts)}
    for text, one in by_text.items():
        _check_readable(text, one, tokenizer, limits)
    chosen = [by_text[text] for text in prompts.texts]
    length = max((len(one.ids) for one in chosen), default=0)
    ids = torch.full((len(chosen), length), _filler(tokenizer, limits))
    mask = torch.zeros(ids.shape, dtype=torch.bool)
    offsets = torch.full((*ids.shape, 2), -1)
    for row, one in enumerate(chosen):
        start = length - len(one.ids) if padding_side == "left" else 0
        here = slice(start, start + len(one.ids))
        ids[row, here] = torch.tensor(one.ids)
        mask[row, here] = True
        offsets[row, here] = torch.tensor(one.offsets)
    position_ids = (mask.long().cumsum(1) - 1).clamp(min=0)
    return TokenizedPrompts(prompts.texts, prompts.spans, ids, mask, position_ids, offsets)


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
    beyond = next((one for one in ids if one >= limits.vocabulary), None)
    if beyond is None:
        return
    raise TokenError(
        f"the token `{tokenizer.convert_ids_to_tokens(beyond)}` of {where} has number {beyond}, "
        f"but the network has tokens 0 to {limits.vocabulary - 1} only",
        help="the tokenizer is not this network's, or tokens were added to it alone",
    )


def _filler(tokenizer: PreTrainedTokenizerFast, limits: InputLimits | None) -> int:
    """Any token of the network's does: it is masked."""
    filler: Any = tokenizer.pad_token_id
    if filler is None or (limits is not None and filler >= limits.vocabulary):
        return 0
    return filler


def resolve(
    tokens: Sequence[TokenPosition | TokenRange], prompts: TokenizedPrompts
) -> TokenColumns:
    """Where each token position lies in every prompt; every column is one candidate site.

    A range gives a column for each of its tokens, counted from its first end in every prompt; where
    prompts differ in its length, the columns are those that all of them have. `all` is the range
    over the text's tokens.

    Raises:
        TokenError: a position falls outside a prompt, a slot or text is absent from one, or a
            searched text occurs there more than once.
    """
    found_tokens: list[TokenPosition] = []
    columns: list[Tensor] = []
    for one in tokens:
        if isinstance(one, TokenPosition) and one.anchor is Anchor.ALL:
            found = _range(TokenPosition(Anchor.FIRST), TokenPosition(Anchor.LAST), prompts)
        elif isinstance(one, TokenPosition):
            found = TokenColumns((one,), _resolve_one(one, prompts)[:, None])
        else:
            found = _range(one.first, one.last, prompts)
        found_tokens.extend(found.tokens)
        columns.append(found.positions)
    return TokenColumns(tuple(found_tokens), torch.cat(columns, dim=1))


def _range(first: TokenPosition, last: TokenPosition, prompts: TokenizedPrompts) -> TokenColumns:
    start, end = _resolve_one(first, prompts), _resolve_one(last, prompts)
    count = int((end - start).min()) + 1
    if count < 1:
        row = int((end - start).argmin())
        raise TokenError(
            f"`{last.text}` comes before `{first.text}` in the prompt "
            f"`{shorten(prompts.texts[row])}`"
        )
    tokens = [replace(first, offset=first.offset + k) for k in range(count)]
    return TokenColumns(tuple(tokens), start[:, None] + torch.arange(count))


def _resolve_one(position: TokenPosition, prompts: TokenizedPrompts) -> Tensor:
    """One position's place in every prompt, LongTensor [rows]."""
    is_text = prompts.offsets[:, :, 0] >= 0
    match position.anchor:
        case Anchor.SLOT | Anchor.TEXT:
            spans = _spans(position, prompts)
            starts, ends = spans[:, :1], spans[:, 1:]
            inside = is_text & (prompts.offsets[:, :, 0] < ends)
            inside &= prompts.offsets[:, :, 1] > starts
            places = _nth_true(inside, position.part)
        case Anchor.FIRST:
            places = _nth_true(is_text, 0)
        case _:
            places = _nth_true(is_text, -1)
    moved = places + position.offset
    within = (places >= 0) & (moved >= 0) & (moved < prompts.length)
    within &= is_text.gather(1, moved.clamp(0, prompts.length - 1)[:, None])[:, 0]
    if not bool(within.all()):
        row = int((~within).long().argmax())
        raise TokenError(
            f"`{position.text}` falls outside the prompt `{shorten(prompts.texts[row])}`"
        )
    return moved


def _nth_true(flags: Tensor, part: int) -> Tensor:
    """The place of the part-th true flag of each row (-1: the last), or -1 where there is none."""
    count = flags.sum(1, keepdim=True)
    rank = count - 1 if part < 0 else torch.full_like(count, part)
    hit = flags & (flags.cumsum(1) - 1 == rank)
    return torch.where(hit.any(1), hit.long().argmax(1), -1)


def _spans(position: TokenPosition, prompts: TokenizedPrompts) -> Tensor:
    """The characters [rows, 2] that a slot or a searched text takes up in each prompt."""
    name = position.argument or ""
    if position.anchor is Anchor.TEXT:
        return torch.tensor([_find_once(name, text) for text in prompts.texts])
    if name not in prompts.spans:
        raise TokenError(f"the prompts have no slot `{name}`")
    spans = torch.as_tensor(np.asarray(prompts.spans[name], dtype=np.int64))
    absent = spans[:, 0] < 0
    if bool(absent.any()):
        row = int(absent.long().argmax())
        raise TokenError(
            f"the slot `{name}` is absent from the prompt `{shorten(prompts.texts[row])}`"
        )
    return spans


def _find_once(searched: str, text: str) -> tuple[int, int]:
    start = text.find(searched)
    if start < 0:
        raise TokenError(f"`{searched}` does not occur in the prompt `{shorten(text)}`")
    if text.find(searched, start + 1) >= 0:
        raise TokenError(
            f"`{searched}` occurs more than once in the prompt `{shorten(text)}`",
            help="search for a longer text, or name a slot",
        )
    return start, start + len(searched)


# Tokenizing one text ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EncodedText:
    """One text's ids and each token's characters; (-1, -1) for special tokens."""

    ids: list[int]
    offsets: list[tuple[int, int]]


def encode_text(tokenizer: Callable[..., Any], text: str) -> EncodedText:
    """Tokens of one text as the network sees it, without special tokens after it."""
    # Not verbose: of a text that is too long for the network we speak ourselves.
    encoded = tokenizer(
        text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False
    )
    ids: list[int] = encoded["input_ids"]
    offsets: list[tuple[int, int]] = encoded["offset_mapping"]
    special: list[int] = encoded["special_tokens_mask"]
    while special and special[-1]:
        ids, offsets, special = ids[:-1], offsets[:-1], special[:-1]
    marked = [
        (-1, -1) if is_special else pair for pair, is_special in zip(offsets, special, strict=True)
    ]
    return EncodedText(ids, marked)


def shorten(text: str, limit: int = 80) -> str:
    """A text for a message: its beginning when it is long."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
