"""The token by which a network gives an answer, and what speaks against reading it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from causalspec.runtime.inputs.tokens import TokenError, encode_text, shorten
from causalspec.runtime.untyped import decoded

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class FindingKind(StrEnum):
    """What is remarkable about an answer's tokens."""

    EMPTY = "empty"  # no tokens at all: it cannot be predicted
    SEVERAL_TOKENS = "several tokens"  # only the first is predicted and scored
    COLLISION = "collision"  # answers that start with the same token: not told apart


@dataclass(frozen=True, slots=True)
class TokenFinding:
    """One remarkable fact for a diagnostic: the answers concerned and their first token's text."""

    kind: FindingKind
    answers: tuple[str, ...]
    token: str


@dataclass(frozen=True, eq=False)
class AnswerTokens:
    """`ids`: LongTensor [rows], each answer's first token after its prompt, -1 for an empty one."""

    ids: Tensor = field(repr=False)
    findings: tuple[TokenFinding, ...]


def answer_tokens(
    tokenizer: PreTrainedTokenizerFast, prompts: Sequence[str], answers: Sequence[str]
) -> AnswerTokens:
    """The first token of each answer as it continues its prompt, one a row.

    Prompt and answer are tokenized together, since a tokenizer need not split where they meet.

    Raises:
        TokenError: the prompt's own tokens change when the answer follows.
    """
    encode: Callable[..., Any] = tokenizer
    prompt_ids = {text: encode_text(encode, text).ids for text in dict.fromkeys(prompts)}
    continuations: dict[tuple[str, str], tuple[int, ...]] = {}
    for prompt, answer in dict.fromkeys(zip(prompts, answers, strict=True)):
        before = prompt_ids[prompt]
        whole = encode_text(encode, prompt + answer).ids
        if whole[: len(before)] != before:
            raise TokenError(
                f"the answer `{answer}` changes the last tokens of the prompt `{shorten(prompt)}`",
                help="move the space between them from the prompt's end to the answer's beginning",
            )
        continuations[prompt, answer] = tuple(whole[len(before) :])
    first = [continuations[pair][:1] or (-1,) for pair in zip(prompts, answers, strict=True)]
    ids = torch.tensor([one[0] for one in first], dtype=torch.long)
    return AnswerTokens(ids, _findings(tokenizer, continuations))


def _findings(
    tokenizer: PreTrainedTokenizerFast,
    continuations: dict[tuple[str, str], tuple[int, ...]],
) -> tuple[TokenFinding, ...]:
    found: dict[TokenFinding, None] = {}
    starting_with: dict[int, dict[str, None]] = {}
    for (_, answer), ids in continuations.items():
        if not ids:
            found[TokenFinding(FindingKind.EMPTY, (answer,), "")] = None
            continue
        starting_with.setdefault(ids[0], {})[answer] = None
        if len(ids) > 1:
            token = decoded(tokenizer, ids[0])
            found[TokenFinding(FindingKind.SEVERAL_TOKENS, (answer,), token)] = None
    for token_id, answers in starting_with.items():
        if len(answers) > 1:
            token = decoded(tokenizer, token_id)
            found[TokenFinding(FindingKind.COLLISION, tuple(answers), token)] = None
    return tuple(found)
