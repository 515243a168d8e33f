"""Reading, replacing and skipping: how the residual stream of a decoder's layers is taken hold of.

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
def streams_read(
    layers: Sequence[nn.Module], numbers: Sequence[int], receive: Callable[[int, Tensor], None]
) -> Generator[None]:
    """While open, every run hands the output of each numbered layer to `receive`."""

    def received(number: int, output: Any) -> None:
        receive(number, read_stream(output))

    hooks = [partial(received, number) for number in numbers]
    with forward_hooks([layers[number] for number in numbers], hooks):
        yield


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
def layers_skipped(layers: Sequence[nn.Module], tuple_outputs: bool) -> Generator[None]:
    """While open, these layers hand their input on unchanged."""

    def skip(*arguments: Any, **named: Any) -> Any:
        stream = arguments[0] if arguments else named["hidden_states"]
        return (stream, None, None) if tuple_outputs else stream

    with _forwards_replaced(layers, skip):
        yield


@contextmanager
def layer_output_given(layer: nn.Module, stream: Tensor, tuple_outputs: bool) -> Generator[None]:
    """While open, this layer computes nothing and its output is `stream`."""

    def give(*_arguments: Any, **_named: Any) -> Any:
        return (stream, None, None) if tuple_outputs else stream

    with _forwards_replaced([layer], give):
        yield


@contextmanager
def _forwards_replaced(layers: Sequence[nn.Module], forward: Callable[..., Any]) -> Generator[None]:
    # An attribute of the instance hides the class's method: the module itself stays in its place,
    # so everything that a forward pass reads off its layers (their attention's kind, say) is there.
    previous = [layer.__dict__.get("forward") for layer in layers]
    for layer in layers:
        layer.__dict__["forward"] = forward
    try:
        yield
    finally:
        for layer, before in zip(layers, previous, strict=True):
            if before is None:
                del layer.__dict__["forward"]
            else:
                layer.__dict__["forward"] = before


@contextmanager
def _closing(handle: Any) -> Generator[None]:
    try:
        yield
    finally:
        handle.remove()
