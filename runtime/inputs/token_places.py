"""Where in every prompt a token position of a spec lies.

Everything is read off the tokenizer's offsets of the very ids that the network is given, padding
included, so that a position is right whichever side the padding is on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import Anchor, TokenPosition, TokenRange
from causalspec.runtime.inputs.tokens import TokenError, TokenizedPrompts, shorten


@dataclass(frozen=True, eq=False)
class TokenPlaces:
    """Where tokens lie: `positions` [rows, places] by how a site names them, -1 where a row has
    fewer; and the names that each written token position or range came to.
    """

    positions: Mapping[str, Tensor]
    names: Mapping[TokenChoice, tuple[str, ...]]

    def run_lengths(self, length: int, from_the_beginning: bool) -> dict[str, int]:
        """How many positions a run has, at most, that starts at a token as sites name it, of
        prompts of so many.
        """
        if from_the_beginning:
            return dict.fromkeys(self.positions, length)
        return {
            name: length - int(columns.masked_fill(columns < 0, length - 1).min())
            for name, columns in self.positions.items()
        }


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """Tokens that a placement offers: each is a site, or all `together` are one."""

    tokens: tuple[TokenPosition | TokenRange, ...]
    together: bool = False

    @property
    def positions(self) -> tuple[TokenPosition, ...]:
        """Every position that is written, both ends of a range."""
        return tuple(
            position
            for written in self.tokens
            for position in (
                (written,) if isinstance(written, TokenPosition) else (written.first, written.last)
            )
        )

    @property
    def is_single(self) -> bool:
        """Whether this is one site in any prompts."""
        if self.together:
            return True
        [first, *others] = self.tokens
        is_one = isinstance(first, TokenPosition) and first.anchor is not Anchor.ALL
        return is_one and not others


def resolve(choices: Sequence[TokenChoice], prompts: TokenizedPrompts) -> TokenPlaces:
    """Where each token position lies in every prompt.

    A range gives a site for each of its tokens, counted from its first end in every prompt; where
    prompts differ in its length, the sites are those that all of them have. `together` it is one
    site with as many places as each prompt has. `all` is the range over the text's tokens.

    Raises:
        TokenError: a position falls outside a prompt, a slot or text is absent from one, or a
            searched text occurs there more than once.
    """
    positions: dict[str, Tensor] = {}
    names: dict[TokenChoice, tuple[str, ...]] = {}
    for choice in choices:
        found: dict[str, Tensor] = {}
        for written in choice.tokens:
            if isinstance(written, TokenPosition) and written.anchor is not Anchor.ALL:
                found[written.text] = _resolve_one(written, prompts)[:, None]
                continue
            ends = written if isinstance(written, TokenRange) else _WHOLE
            if choice.together:
                found[together_name(written)] = _range_together(ends, prompts)
            else:
                found |= _range(ends, prompts)
        positions |= found
        names[choice] = tuple(found)
    return TokenPlaces(positions, names)


_WHOLE = TokenRange(TokenPosition(Anchor.FIRST), TokenPosition(Anchor.LAST))


def together_name(written: TokenPosition | TokenRange) -> str:
    """How a site names the tokens that it takes together."""
    if isinstance(written, TokenPosition):
        return f"{written.text} together"
    return f"{written.first.text} .. {written.last.text} together"


def _ends(ends: TokenRange, prompts: TokenizedPrompts) -> tuple[Tensor, Tensor]:
    """The first position and the number of positions of a range in every prompt, [rows] each."""
    start, end = _resolve_one(ends.first, prompts), _resolve_one(ends.last, prompts)
    counts = end - start + 1
    if int(counts.min()) < 1:
        row = int(counts.argmin())
        raise TokenError(
            f"`{ends.last.text}` comes before `{ends.first.text}` in the prompt "
            f"`{shorten(prompts.texts[row])}`"
        )
    return start, counts


def _range(ends: TokenRange, prompts: TokenizedPrompts) -> dict[str, Tensor]:
    start, counts = _ends(ends, prompts)
    moved = [replace(ends.first, offset=ends.first.offset + k) for k in range(int(counts.min()))]
    return {token.text: (start + k)[:, None] for k, token in enumerate(moved)}


def _range_together(ends: TokenRange, prompts: TokenizedPrompts) -> Tensor:
    start, counts = _ends(ends, prompts)
    ranks = torch.arange(int(counts.max()))
    return torch.where(ranks < counts[:, None], start[:, None] + ranks, -1)


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
    # Marks before the text can be reached from it; what comes after it may be an answer's.
    reachable = is_text | (prompts.mask & (is_text.cumsum(1) == 0))
    within &= reachable.gather(1, moved.clamp(0, prompts.length - 1)[:, None])[:, 0]
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
