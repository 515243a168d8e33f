"""The tokens by which a network gives an answer, and what speaks against reading it there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from causalspec.runtime.engine.right_texts import Text
from causalspec.runtime.inputs.tokens import TokenError, encode_text, encoded_ids, shorten
from causalspec.runtime.untyped import decoded_all

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class FindingKind(StrEnum):
    """What may be wrong with an answer's tokens."""

    EMPTY = "empty"  # no tokens at all: it cannot be predicted
    COLLISION = "collision"  # answers that are the same tokens, or one the beginning of another


@dataclass(frozen=True, slots=True)
class TokenFinding:
    """One remarkable fact for a diagnostic: the answers concerned and the text of their tokens."""

    kind: FindingKind
    answers: tuple[str, ...]
    token: str


@dataclass(frozen=True, eq=False)
class AnswerTokens:
    """`ids`: LongTensor [rows, answers], the tokens of each answer after its prompt, -1 beyond the
    last; of an empty one all are -1.
    """

    ids: Tensor = field(repr=False)
    findings: tuple[TokenFinding, ...]


Continue = Callable[[str, str], tuple[int, ...]]
"""The tokens by which an answer continues a prompt, or stands in it."""


def answer_tokens(
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    answers: Sequence[str],
    mask_token: str | None = None,
    *,
    marked: bool = False,
) -> AnswerTokens:
    """The tokens of each answer as it continues its prompt, or stands where its `mask_token` is.
    Texts that are `marked` have the tokenizer's marks already.

    Prompt and answer are tokenized together, since a tokenizer need not split where they meet.

    Raises:
        TokenError: the prompt's own tokens change when the answer follows, or an answer has not as
            many tokens as its prompt has masks.
    """
    encode: Callable[..., Any] = partial(tokenizer, add_special_tokens=not marked)
    pairs = dict.fromkeys(zip(prompts, answers, strict=True))
    if mask_token is None:
        continuation: Continue = _following(encode, pairs)
    else:
        continuation = _filling(encode, mask_token)
    continuations = {pair: continuation(*pair) for pair in pairs}
    found = [continuations[pair] for pair in zip(prompts, answers, strict=True)]
    return AnswerTokens(padded(found), _findings(tokenizer, continuations))


def mixed_tokens(
    answers: Sequence[str], tokens: Sequence[Text], right: Iterable[tuple[str, ...]]
) -> tuple[tuple[str, str], Text] | None:
    """Two answers that are the same `tokens`, or of which one begins the other, and of which one is
    right in some set of `right` where the other is not; with the longer one's tokens.
    """
    sets = [frozenset(some) for some in dict.fromkeys(right)]
    meaning: dict[Text, dict[str, None]] = {}
    for answer, text in zip(answers, tokens, strict=True):
        meaning.setdefault(text, {})[answer] = None
    for text, same in meaning.items():
        begun = [text[:count] for count in range(1, len(text) + 1)]
        others = dict.fromkeys(other for start in begun for other in meaning.get(start, ()))
        for pair in ((other, answer) for answer in same for other in others if other != answer):
            if any(len(some & set(pair)) == 1 for some in sets):
                return pair, text
    return None


def padded(sequences: Iterable[tuple[int, ...]]) -> Tensor:
    """Tokens [rows, answers], -1 beyond the last of a row."""
    rows = list(sequences)
    most = max((len(row) for row in rows), default=0) or 1
    ids = torch.full((len(rows), most), -1)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row, dtype=torch.long)
    return ids


def _following(encode: Callable[..., Any], pairs: Iterable[tuple[str, str]]) -> Continue:
    """An answer follows its prompt, in one of these pairs."""
    read = dict.fromkeys(text for prompt, answer in pairs for text in (prompt, prompt + answer))
    known = dict(zip(read, encoded_ids(encode, list(read)), strict=True))

    def continuation(prompt: str, answer: str) -> tuple[int, ...]:
        before, whole = known[prompt], known[prompt + answer]
        if whole[: len(before)] != before:
            raise TokenError(
                f"the answer `{answer}` changes the last tokens of the prompt `{shorten(prompt)}`",
                help="move the space between them from the prompt's end to the answer's beginning",
            )
        return tuple(whole[len(before) :])

    return continuation


def _filling(encode: Callable[..., Any], mask_token: str) -> Continue:
    """An answer stands where its prompt has masks, side by side."""

    def continuation(prompt: str, answer: str) -> tuple[int, ...]:
        masked = encode_text(encode, prompt, keeps_end=True).ids
        mask = encode_text(encode, mask_token).ids[-1]
        first, count = masked.index(mask), masked.count(mask)
        masks = mask_token * count
        filled = encode_text(encode, prompt.replace(masks, answer.strip(), 1), keeps_end=True).ids
        if len(filled) != len(masked):
            raise TokenError(
                f"the answer `{answer}` has {len(filled) - len(masked) + count} tokens, but the "
                f"prompt `{shorten(prompt)}` has {count} places for it",
                help="let the prompt have as many masks, side by side, as every answer has tokens",
            )
        return tuple(filled[first : first + count])

    return continuation


def _findings(
    tokenizer: PreTrainedTokenizerFast,
    continuations: dict[tuple[str, str], tuple[int, ...]],
) -> tuple[TokenFinding, ...]:
    found: dict[TokenFinding, None] = {}
    meaning: dict[tuple[int, ...], dict[str, None]] = {}
    for (_, answer), ids in continuations.items():
        if not ids:
            found[TokenFinding(FindingKind.EMPTY, (answer,), "")] = None
        else:
            meaning.setdefault(ids, {})[answer] = None
    for ids, answers in meaning.items():
        shorter = [meaning[ids[:count]] for count in range(1, len(ids)) if ids[:count] in meaning]
        alike = dict.fromkeys([*answers, *(name for some in shorter for name in some)])
        if len(alike) > 1:
            text = decoded_all(tokenizer, ids)
            found[TokenFinding(FindingKind.COLLISION, tuple(alike), text)] = None
    return tuple(found)
