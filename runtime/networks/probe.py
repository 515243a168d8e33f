"""What one run of a network on a few tokens shows: the shapes at its modules, its blocks' calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from causalspec.runtime.sites.hooks import main_input, main_output
from causalspec.runtime.sites.tap import Layout

ROWS, POSITIONS = 2, 5
"""Of the probe: chosen so that no two layouts look alike."""

Shape = tuple[Layout, int]
_UNKNOWN: Shape = (Layout.WHOLE, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """How a module's main input and output lie, and how many numbers each has for a position (for
    a row where it has no positions); 0 where it is not a tensor that belongs to rows.
    """

    of_input: Shape
    of_output: Shape


@dataclass(frozen=True, eq=False)
class BlockCall:
    """A block with what it was called with, so that it can be run again alone."""

    block: nn.Module
    arguments: tuple[Any, ...]
    named: dict[str, Any]

    def again(self) -> None:
        """Run it."""
        self.block(*self.arguments, **self.named)


def seen_in(
    run: Callable[[], Any],
    blocks: Sequence[nn.Module],
    modules: Iterable[nn.Module],
    tokens: bool = True,
) -> tuple[list[BlockCall], dict[int, Seen]]:
    """Run a network once; the calls of its blocks, and what was seen at each module, by its `id`.

    Modules that run more than once, or never, are left out: they have no one tensor.
    """
    calls: dict[int, BlockCall] = {}
    seen: dict[int, Seen] = {}
    runs: dict[int, int] = {}

    def called(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        calls[id(module)] = BlockCall(module, given, dict(named))

    def ran(module: nn.Module, given: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        runs[id(module)] = runs.get(id(module), 0) + 1
        seen[id(module)] = Seen(
            _shape(partial(_input, given, named), tokens),
            _shape(partial(main_output, output), tokens),
        )

    with ExitStack() as stack:
        for block in blocks:
            handle = block.register_forward_pre_hook(called, with_kwargs=True)
            stack.callback(handle.remove)
        for module in modules:
            handle = module.register_forward_hook(ran, with_kwargs=True)
            stack.callback(handle.remove)
        run()
    once = {number: call for number, call in seen.items() if runs[number] == 1}
    return [calls[id(block)] for block in blocks], once


def _input(given: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    return main_input(given, named)[1]


def _shape(tensor_of: Any, tokens: bool) -> Shape:
    try:
        tensor: Tensor = tensor_of()
    except TypeError:
        return _UNKNOWN
    if not tensor.is_floating_point() or not tensor.dim():
        return _UNKNOWN
    shape = tuple(tensor.shape)
    if not tokens:
        return (Layout.WHOLE, tensor[0].numel()) if shape[0] == ROWS else _UNKNOWN
    if len(shape) == 3 and shape[:2] == (ROWS, POSITIONS):
        return (Layout.POSITIONS, shape[2])
    if len(shape) == 2 and shape[0] == ROWS * POSITIONS:
        return (Layout.FLAT, shape[1])
    if len(shape) == 2 and shape[0] == ROWS:
        return (Layout.WHOLE, shape[1])
    return _UNKNOWN
