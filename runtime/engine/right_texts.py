"""Several right texts of an answer as sequences of tokens, and the runs that tell of all of them.

Neither of two right texts of a set begins the other: what begins with the longer begins with the
shorter, which so holds it. The probability of the rest adds up to that of any of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from causalspec.runtime.untyped import as_list

Text = tuple[int, ...]
"""The tokens of one right text."""

Texts = tuple[Text, ...]


def without_longer(texts: Iterable[Text]) -> Texts:
    """Each text once, in the same order, without those that another begins."""
    every = dict.fromkeys(texts)
    return tuple(
        text for text in every if not any(text[:count] in every for count in range(1, len(text)))
    )


def beginnings(texts: Texts) -> Texts:
    """For each text the tokens that its run is given: all but its last, and what else those of the
    longest text go on with that begin so.
    """
    own = {text[:-1] for text in texts}
    longest: dict[Text, Text] = {}
    for begun in sorted(own, key=lambda tokens: (-len(tokens), tokens)):
        for count in range(len(begun) + 1):
            longest.setdefault(begun[:count], begun)
    return tuple(longest[text[:-1]] for text in texts)


def as_labels(rows: Sequence[Texts]) -> Tensor:
    """Labels [rows, answers, texts] of several right texts each, -1 beyond the last."""
    numbers = {texts: number for number, texts in enumerate(dict.fromkeys(rows))}
    places = max((len(text) for texts in numbers for text in texts), default=1)
    most = max(map(len, numbers), default=1)
    table = torch.full((len(numbers), most, places), -1)
    for texts, number in numbers.items():
        for column, text in enumerate(texts):
            table[number, column, : len(text)] = torch.tensor(text)
    found = table[torch.tensor([numbers[texts] for texts in rows], dtype=torch.long)]
    return found.transpose(1, 2).contiguous()


def texts_of(labels: Tensor) -> list[Texts]:
    """The right texts of each row of labels [rows, answers, texts]."""
    return [
        tuple(tuple(token for token in text if token >= 0) for text in texts if text[0] >= 0)
        for texts in as_list(labels.transpose(1, 2))
    ]


def readable_after(own: Tensor, forced: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Other labels [rows, answers, texts] for rows whose runs `forced` [rows, texts] are given the
    beginnings of their `own`: each text as far as some run tells of it, and that run.
    """
    cut: list[Texts] = []
    numbers: list[list[int]] = []
    runs_of: list[list[int]] = as_list(forced)
    for mine, others, runs in zip(texts_of(own), texts_of(labels), runs_of, strict=True):
        given = dict(zip(beginnings(mine), runs, strict=False))
        told: dict[Text, int] = {}
        for text in others:
            begun = max(given, key=lambda tokens: _shared(tokens, text))
            told.setdefault(text[: _shared(begun, text) + 1], given[begun])
        cut.append(without_longer(told))
        numbers.append([told[text] for text in cut[-1]])
    found = as_labels(cut)
    runs = torch.full((len(cut), found.shape[2]), -1)
    for row, some in enumerate(numbers):
        runs[row, : len(some)] = torch.tensor(some, dtype=torch.long)
    return found, runs


def _shared(some: Text, others: Text) -> int:
    """With how many of the same tokens two texts begin."""
    count = 0
    for first, second in zip(some, others, strict=False):
        if first != second:
            break
        count += 1
    return count
