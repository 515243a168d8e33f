"""Whether a projection gives queries, keys or values: seen on what changes with them.

A block is run again alone, its projections' outputs replaced by numbers drawn at random, so that
weights set by hand, zeros among them, hide nothing. Edits roll a head's numbers by one place: norms
over a head or over all heads, which many architectures put behind projections, stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from causalspec.runtime.networks.probe import POSITIONS, BlockCall
from causalspec.runtime.sites.hooks import forwards_replaced, main_input

_ROUNDING = {torch.bfloat16: 2**-7, torch.float16: 2**-9}
"""Up to which share of the largest number two are the same, where it is not float32's (below)."""
_ROUNDING_ELSE = 2e-6
"""Many norms, and some softmaxes, are computed in float32 whatever the weights are."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Queries, keys or values: columns [heads × size], head after head, of a module's output.

    `fused` says that the module gives more than these.
    """

    module: nn.Module
    heads: int
    size: int
    columns: Tensor
    fused: bool


@dataclass(frozen=True, eq=False)
class AttentionCandidate:
    """An attention to try out: the call of its block, how many numbers each of its projections
    gives for a token, and the module in whose input its `heads` lie side by side.
    """

    call: BlockCall
    output: nn.Module
    heads: int
    numbers: Mapping[nn.Module, int]

    def is_query(self, query: Projection) -> bool:
        """Whether rolled queries at the last position change their own heads there alone."""
        place = torch.arange(POSITIONS) == POSITIONS - 1
        for chosen in _choices(query.heads):
            changed = self._changed(query, chosen, slice(POSITIONS - 1, POSITIONS))
            if not torch.equal(changed, place[:, None] & chosen):
                return False
        return query.heads == self.heads

    def is_key(self, key: Projection) -> bool:
        """Whether rolled keys before the last position change, at the last, the heads that share
        them, and no others anywhere.
        """
        for chosen in _choices(key.heads):
            changed = self._changed(key, chosen, slice(POSITIONS - 2, POSITIONS - 1))
            sharing = self._sharing(chosen)
            if not torch.equal(changed[-1], sharing) or bool(changed[:, ~sharing].any()):
                return False
        return True

    def is_value(self, value: Projection) -> bool:
        """Whether rolled values roll the heads that share them, and leave the others.

        What is called a value, and comes from a projection of its own, may be gated afterwards:
        there the heads that share it need but change.
        """
        before = self._before
        for chosen in _choices(value.heads):
            after = self._heads(value, chosen, slice(None))
            sharing = self._sharing(chosen)
            expected = torch.where(sharing[:, None], _rolled(before), before)
            if not bool(_apart(after, expected).any()):
                continue
            changed = _apart(after, before).any(0)
            if value.fused or not torch.equal(changed, sharing):
                return False
        return True

    def _sharing(self, chosen: Tensor) -> Tensor:
        """Which heads share the chosen key heads: neighbours do."""
        return chosen.repeat_interleave(self.heads // len(chosen))

    def _changed(self, edited: Projection, chosen: Tensor, positions: slice) -> Tensor:
        """Which heads [positions, heads] a roll of the chosen ones changes."""
        return _apart(self._heads(edited, chosen, positions), self._before)

    @cached_property
    def _before(self) -> Tensor:
        return self._heads()

    def _heads(
        self,
        edited: Projection | None = None,
        chosen: Tensor | None = None,
        positions: slice | None = None,
    ) -> Tensor:
        """The heads [rows, positions, heads, size] of the block run on random numbers."""
        found: list[Tensor] = []

        def given(number: int, module: nn.Module, inputs: Tensor) -> Tensor:
            generator = torch.Generator().manual_seed(number)
            shape = (*inputs.shape[:-1], self.numbers[module])
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            if edited is not None and edited.module is module:
                assert chosen is not None and positions is not None
                columns = edited.columns.view(edited.heads, edited.size)[chosen]
                there = drawn[:, positions]
                there[..., columns] = _rolled(there[..., columns])
            return drawn.to(inputs)

        def reached(_module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
            found.append(main_input(inputs, named)[1])
            raise _Reached

        forwards = [partial(given, number, module) for number, module in enumerate(self.numbers)]
        with ExitStack() as stack:
            stack.enter_context(forwards_replaced(list(self.numbers), forwards))
            handle = self.output.register_forward_pre_hook(reached, with_kwargs=True)
            stack.callback(handle.remove)
            with suppress(_Reached):
                self.call.again()
        [heads] = found
        return heads.detach().cpu().reshape(*heads.shape[:-1], self.heads, -1)


class _Reached(Exception):  # noqa: N818 (nothing is wrong: the rest of the block is of no interest)
    pass


def _choices(heads: int) -> list[Tensor]:
    """Two sets of heads that together tell each head from its neighbours and from far ones."""
    numbers = torch.arange(heads)
    return [numbers % 2 == 0, numbers < (heads + 1) // 2]


def _rolled(heads: Tensor) -> Tensor:
    return heads.roll(1, -1) if heads.shape[-1] > 1 else -heads


def _apart(heads: Tensor, other: Tensor) -> Tensor:
    """Which heads [positions, heads] differ in any row by more than rounding."""
    share = _ROUNDING.get(heads.dtype, _ROUNDING_ELSE)
    return ((heads - other).abs() > share * heads.abs().max()).any(-1).any(0)
