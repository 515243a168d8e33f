"""Starting above the lowest block: blocks that compute nothing, and one whose output is given."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def starting_at(
    blocks: Sequence[nn.Module], first: int, stream: Tensor | None, tuple_outputs: bool
) -> Generator[None]:
    """While open, the network computes its blocks from number `first` on: the one before gives
    `stream` [rows, positions, width], and those below hand their input on unchanged.
    """
    if stream is None:
        yield
        return

    def skip(*arguments: Any, **named: Any) -> Any:
        handed_on = arguments[0] if arguments else named["hidden_states"]
        return (handed_on, None, None) if tuple_outputs else handed_on

    def give(*_arguments: Any, **_named: Any) -> Any:
        return (stream, None, None) if tuple_outputs else stream

    with (
        _forwards_replaced(blocks[: first - 1], skip),
        _forwards_replaced([blocks[first - 1]], give),
    ):
        yield


@contextmanager
def _forwards_replaced(blocks: Sequence[nn.Module], forward: Callable[..., Any]) -> Generator[None]:
    # An attribute of the instance hides the class's method: the module itself stays in its place,
    # so everything that a forward pass reads off its blocks (their attention's kind, say) is there.
    previous = [block.__dict__.get("forward") for block in blocks]
    for block in blocks:
        block.__dict__["forward"] = forward
    try:
        yield
    finally:
        for block, before in zip(blocks, previous, strict=True):
            if before is None:
                del block.__dict__["forward"]
            else:
                block.__dict__["forward"] = before
