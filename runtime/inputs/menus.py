"""What a network may answer where it is to choose among a task's declared answers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from causalspec.runtime.untyped import as_list


@dataclass(frozen=True, eq=False)
class Menus:
    """What may be answered: `of` [rows, answers] numbers the rows of `allowed` [menus, outputs]."""

    of: Tensor = field(repr=False)
    allowed: Tensor = field(repr=False)

    def narrowed(self, rows: Tensor, logits: Tensor) -> Tensor:
        """Logits [rows, answers, outputs] with what is on no menu at minus infinity."""
        allowed = self.allowed[self.of[rows]].to(logits.device)
        return logits.masked_fill(~allowed, -torch.inf)


def declared_menus(given: Tensor, answers: Sequence[Sequence[int]], vocabulary: int) -> Menus:
    """At each place of an answer, the tokens that some declared answer goes on with after those
    that a prompt is `given` [rows, answers] before it (-1: none): answers that begin alike are told
    apart by the first token in which they differ.
    """
    numbers: dict[tuple[int, ...], int] = {}
    of: list[list[int]] = []
    for row in as_list(given):
        before = [tuple(row[:place]) for place in range(len(row))]
        of.append([numbers.setdefault(beginning, len(numbers)) for beginning in before])
    allowed = torch.zeros(len(numbers), vocabulary, dtype=torch.bool)
    for before, number in numbers.items():
        size = len(before)
        following = [
            answer[size]
            for answer in answers
            if len(answer) > size and tuple(answer[:size]) == before
        ]
        # After what begins no answer anything goes: nothing is asked there.
        allowed[number, following or slice(None)] = True
    return Menus(torch.tensor(of), allowed)
