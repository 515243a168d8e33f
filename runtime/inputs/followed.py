"""Prompts followed by the beginnings of answers: which there are and are wanted, what they tell."""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.engine.right_texts import Text, Texts, beginnings, texts_of
from causalspec.runtime.inputs.answers import padded
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.untyped import as_list

Followed = tuple[str, Text]
"""A prompt and the tokens that it is followed by."""


def followed_by(prompts: TokenizedPrompts) -> list[Text]:
    """What each prompt is followed by."""
    return [tuple(token for token in row if token >= 0) for row in as_list(following(prompts))]


def numbered(
    prompts: TokenizedPrompts, inputs: Tensor, outputs: Tensor
) -> tuple[dict[Followed, int], Tensor]:
    """The prompts `inputs` [rows], each followed by the beginning of its answer in `outputs` [rows,
    answers]: those that are new, numbered on, with the prompt that each is a copy of, and the
    numbers [rows] of all. For outputs [rows, answers, texts] they are [rows, texts], -1 beyond the
    last.
    """
    known: dict[Followed, int] = {}
    for number, followed in enumerate(followed_by(prompts)):
        known.setdefault((prompts.texts[number], followed), number)
    begun: dict[Texts, Texts] = {}
    new: dict[Followed, int] = {}
    rows: list[tuple[int, ...]] = []
    labels = texts_of(outputs if outputs.ndim == 3 else outputs[..., None])
    asked: list[int] = as_list(inputs)
    for number, texts in zip(asked, labels, strict=True):
        if texts not in begun:
            # What is asked for nothing is followed by nothing.
            begun[texts] = beginnings(texts) or ((),)
        wanted: list[Followed] = [(prompts.texts[number], tokens) for tokens in begun[texts]]
        for key in wanted:
            if key not in known:
                known[key] = prompts.rows + len(new)
                new[key] = number
        rows.append(tuple(known[key] for key in wanted))
    numbers = padded(rows)
    return new, numbers if outputs.ndim == 3 else numbers[:, 0]


def as_said(prompts: TokenizedPrompts, predicted: Tensor) -> Tensor:
    """What each prompt is answered with [prompts, answers], by what is `predicted` after what it is
    followed by. Prompts that are the same but for that are one: the one that is followed furthest
    by what the network says tells of it, as far as it goes, then -1.
    """
    if predicted.shape[1] == 1:
        return predicted
    follows = (predicted[:, :-1] == following(prompts)).long().cumprod(1).sum(1)
    numbers = {text: number for number, text in enumerate(dict.fromkeys(prompts.texts))}
    alike = [numbers[text] for text in prompts.texts]
    furthest: dict[int, int] = {}
    order: list[int] = as_list(follows.argsort(stable=True))
    for number in order:
        furthest[alike[number]] = number
    best = torch.tensor([furthest[number] for number in alike])
    beyond = torch.arange(predicted.shape[1]) > follows[best][:, None]
    return predicted[best].masked_fill(beyond, -1)


def following(prompts: TokenizedPrompts) -> Tensor:
    """The tokens [prompts, answers - 1] after each prompt, -1 beyond the last."""
    positions = prompts.answer_positions[:, 1:]
    return prompts.ids.gather(1, positions.clamp(min=0)).masked_fill(positions < 0, -1)
