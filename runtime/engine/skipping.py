"""Starting above the lowest block: blocks that compute nothing, and one whose output is given."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from causalspec.runtime.sites.hooks import forwards_replaced


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

    with forwards_replaced(blocks[:first], [*[skip] * (first - 1), give]):
        yield
