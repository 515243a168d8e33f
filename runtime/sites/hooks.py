"""Reading and editing the tensors at taps while a network runs. No architecture is known here."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from causalspec.runtime.sites.tap import Layout, Side, Tap

_STREAM = "hidden_states"
"""What transformers call a module's main input where it is given by name."""


@contextmanager
def taps_read(taps: Sequence[Tap], receive: Callable[[int, Tensor], None]) -> Generator[None]:
    """While open, every run hands each tap's whole tensor to `receive`, with the tap's number.

    `Tap.read` takes the site's own numbers out of it. What is kept is to be copied: Falcon, for
    one, adds to it in place afterwards. A tap that is edited, too, is seen as it is after the edits
    that were begun earlier.
    """
    with ExitStack() as stack:
        for number, tap in enumerate(taps):

            def received(tensor: Tensor, number: int = number) -> None:
                receive(number, tensor)

            stack.enter_context(_hooked(tap, received))
        yield


@contextmanager
def taps_edited(edits: Sequence[tuple[Tap, Callable[[Tensor], Tensor]]]) -> Generator[None]:
    """While open, each tap's whole tensor [rows, positions, numbers] is replaced by a function of
    it. Edits of one tensor follow each other in the order given. Gradients flow.
    """
    with ExitStack() as stack:
        for tap, edit in edits:
            stack.enter_context(_hooked(tap, edit))
        yield


@contextmanager
def _hooked(tap: Tap, use: Callable[[Tensor], Tensor | None]) -> Generator[None]:
    """While open, `use` sees the tap's tensor; what it returns, if anything, takes its place."""
    rows = _Rows()

    def used(tensor: Tensor) -> Tensor | None:
        spread = tensor
        if tap.layout is Layout.WHOLE:
            spread = tensor.reshape(tensor.shape[0], 1, -1)
        elif tap.layout is Layout.FLAT:
            spread = tensor.reshape(rows.count, -1, tensor.shape[-1])
        replaced = use(spread)
        if replaced is None or replaced is spread:
            return None
        return replaced.reshape(tensor.shape)

    handles: list[Any] = []
    try:
        if tap.layout is Layout.FLAT and tap.block is not None:
            # Before the tap's own hook, should both be of one module.
            handles.append(tap.block.register_forward_pre_hook(rows.counted, with_kwargs=True))
        if tap.side is Side.OUTPUT:
            handles.append(tap.module.register_forward_hook(partial(_of_output, used)))
        else:
            hook = partial(_of_input, used)
            handles.append(tap.module.register_forward_pre_hook(hook, with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Rows:
    """How many rows the block around a tap is run on."""

    count = 1

    def counted(self, _module: nn.Module, arguments: tuple[Any, ...], named: Any) -> None:
        self.count = main_input(arguments, named)[1].shape[0]


def _of_output(
    used: Callable[[Tensor], Tensor | None], _module: nn.Module, _inputs: Any, output: Any
) -> Any:
    replaced = used(main_output(output))
    return None if replaced is None else with_main_output(output, replaced)


def _of_input(
    used: Callable[[Tensor], Tensor | None],
    _module: nn.Module,
    arguments: tuple[Any, ...],
    named: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    place, tensor = main_input(arguments, named)
    replaced = used(tensor)
    if replaced is None:
        return None
    if isinstance(place, str):
        return arguments, named | {place: replaced}
    return (*arguments[:place], replaced, *arguments[place + 1 :]), named


@contextmanager
def forwards_replaced(
    modules: Sequence[nn.Module], forwards: Sequence[Callable[..., Any]]
) -> Generator[None]:
    """While open, each module computes something else: hooks on it run as ever."""
    # An attribute of the instance hides the class's method: the module itself stays in its place,
    # so everything that a forward pass reads off its parts (their attention's kind, say) is there.
    previous = [module.__dict__.get("forward") for module in modules]
    for module, forward in zip(modules, forwards, strict=True):
        module.__dict__["forward"] = forward
    try:
        yield
    finally:
        for module, before in zip(modules, previous, strict=True):
            if before is None:
                del module.__dict__["forward"]
            else:
                module.__dict__["forward"] = before


def main_input(arguments: Sequence[Any], named: Mapping[str, Any]) -> tuple[int | str, Tensor]:
    """A module's first tensor, by position or by name, and where it stands among its inputs."""
    for number, argument in enumerate(arguments):
        if isinstance(argument, Tensor):
            return number, argument
    names = [_STREAM, *named]
    for name in names:
        if isinstance(named.get(name), Tensor):
            return name, named[name]
    raise TypeError("no tensor goes into it")


def main_output(output: Any) -> Tensor:
    """The tensor in a module's output, which some wrap in a tuple or a named one."""
    while not isinstance(output, Tensor):
        place = _first(output)
        output = output[place]
    return output


def with_main_output(output: Any, tensor: Tensor) -> Any:
    """A module's output with its tensor replaced."""
    if isinstance(output, Tensor):
        return tensor
    place = _first(output)
    replaced = with_main_output(output[place], tensor)
    if place == 0:
        return type(output)([replaced, *output[1:]])
    named = copy.copy(output)
    named[place] = replaced
    return named


def _first(output: Any) -> Any:
    """Where the first part of an output stands: a name, or the first place."""
    if isinstance(output, tuple | list) and output:
        return 0
    if isinstance(output, Mapping) and output:
        return next(iter(cast("Mapping[str, Any]", output)))
    raise TypeError("no tensor comes out of it")
