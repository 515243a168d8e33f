"""Starting above the lowest block: blocks that compute nothing, and rows that enter on the way.

Where rows enter at different blocks they are in the order in which they enter: a block runs those
that are under way, and hands them on followed by those that enter the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

from causalspec.runtime.sites.hooks import forwards_replaced, main_output, with_main_output


@contextmanager
def entering(
    blocks: Sequence[nn.Module], streams: Mapping[int, Tensor], rows: int, tuple_outputs: bool
) -> Generator[None]:
    """While open, of the `rows` of a run those of `streams` [some of them, positions, width] enter
    the network at the block whose number they have, from 1 on, and the others at the lowest block;
    those come first, and then who enters at the second, and so on.

    The block before gives their stream, and a block that nobody is in hands its input on unchanged.
    """
    under_way = rows - sum(len(stream) for stream in streams.values())
    forwards: list[Callable[..., Any]] = []
    for number in range(max(streams, default=0)):
        block, joining = blocks[number], streams.get(number + 1)
        if under_way:
            forwards.append(_of_some(block.forward, rows, under_way, joining))
        elif joining is None:
            forwards.append(_handing_on(tuple_outputs))
        else:
            forwards.append(_giving(joining, tuple_outputs))
        under_way += 0 if joining is None else len(joining)
    with forwards_replaced(blocks[: len(forwards)], forwards):
        yield


def _handing_on(tuple_outputs: bool) -> Callable[..., Any]:
    def skip(*arguments: Any, **named: Any) -> Any:
        handed_on = arguments[0] if arguments else named["hidden_states"]
        return (handed_on, None, None) if tuple_outputs else handed_on

    return skip


def _giving(stream: Tensor, tuple_outputs: bool) -> Callable[..., Any]:
    def give(*_arguments: Any, **_named: Any) -> Any:
        return (stream, None, None) if tuple_outputs else stream

    return give


def _of_some(
    forward: Callable[..., Any], rows: int, count: int, joining: Tensor | None
) -> Callable[..., Any]:
    """A block that runs the first `count` rows of all."""

    def run(*arguments: Any, **named: Any) -> Any:
        output = forward(*_first(arguments, rows, count), **_first(named, rows, count))
        if joining is None:
            return output
        return with_main_output(output, torch.cat([main_output(output), joining]))

    return run


def _first(given: Any, rows: int, count: int) -> Any:
    """What belongs to the first `count` rows of what a block is given: whatever has an entry for
    each of all `rows` has them for these alone.
    """
    if isinstance(given, Tensor):
        return given[:count] if given.ndim and given.shape[0] == rows else given
    if type(given) in (tuple, list):
        return type(given)(_first(part, rows, count) for part in given)
    if type(given) is dict:
        named = cast("Mapping[str, Any]", given)
        return {name: _first(part, rows, count) for name, part in named.items()}
    return given
