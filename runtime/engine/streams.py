"""How the residual stream of a decoder's layers is taken hold of when it is first looked at.

Nothing here knows an architecture. A layer is a module whose first argument, and whose output or
its first part, is the residual stream [rows, positions, width]. What a network's own forward pass
does around its layers (embeddings, position tables, masks, the final norm) stays untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn


def read_stream(output: Any) -> Tensor:
    """The residual stream in a layer's output, which some architectures wrap in a tuple."""
    return output if isinstance(output, Tensor) else output[0]


def with_stream(output: Any, stream: Tensor) -> Any:
    """A layer's output with its residual stream replaced."""
    return stream if isinstance(output, Tensor) else (stream, *output[1:])


@contextmanager
def forward_hooks(
    layers: Sequence[nn.Module], hooks: Sequence[Callable[[Any], Any]]
) -> Generator[None]:
    """While open, each layer's output goes to its hook, which may give another one instead."""
    with ExitStack() as stack:
        for layer, hook in zip(layers, hooks, strict=True):
            stack.enter_context(_closing(layer.register_forward_hook(_of_output(hook))))
        yield


def _of_output(hook: Callable[[Any], Any]) -> Callable[..., Any]:
    def called(_layer: nn.Module, _inputs: Any, output: Any) -> Any:
        return hook(output)

    return called


@contextmanager
def streams_edited(
    layers: Sequence[nn.Module], edits: Sequence[tuple[int, Callable[[Tensor], Tensor]]]
) -> Generator[None]:
    """While open, the output of each numbered layer is replaced by a function of it."""

    def edited(edit: Callable[[Tensor], Tensor], output: Any) -> Any:
        return with_stream(output, edit(read_stream(output)))

    hooks = [partial(edited, edit) for _, edit in edits]
    with forward_hooks([layers[number] for number, _ in edits], hooks):
        yield


@contextmanager
def _closing(handle: Any) -> Generator[None]:
    try:
        yield
    finally:
        handle.remove()
