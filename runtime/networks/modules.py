"""Any `torch.nn.Module` that maps vectors to classes, as a network without tokens."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import activation

from causalspec.runtime.engine.memory import is_of_the_machine
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.probe import ROWS
from causalspec.runtime.networks.run_errors import RUN_ERRORS
from causalspec.runtime.networks.self_check import first_line
from causalspec.runtime.sites.hooks import main_output
from causalspec.runtime.untyped import seeded

_NO_HIDDEN_LAYER = (
    nn.MultiheadAttention, nn.Softmax, nn.Softmax2d, nn.Softmin, nn.LogSoftmax,
)  # fmt: skip
"""Beside activation functions in torch's list of them."""


def sample_vectors(module: nn.Module, inputs: int, dtype: torch.dtype) -> Tensor:
    """A few vectors [2, inputs] that mean nothing, the same every time, where the weights are."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(ROWS, inputs, generator=generator)
    first = next(module.parameters(), drawn)
    return drawn.to(first.device, dtype)


def input_size(module: nn.Module) -> int | None:
    """How many numbers a module takes: what it or its first linear layer says, if it runs on them.

    None where that can't be known before it is shown a task.
    """
    config: Any = getattr(module, "config", None)
    stated: list[Any] = [getattr(config, "input_size", None), getattr(module, "in_features", None)]
    stated += [inner.in_features for inner in module.modules() if isinstance(inner, nn.Linear)][:1]
    for size in stated:
        if isinstance(size, int) and size > 0:
            with suppress(NetworkError):
                check_module("", module, size)
                return size
    return None


@torch.no_grad()
def check_module(name: str, module: nn.Module, inputs: int) -> int:
    """How many classes a module answers with, seen on a few vectors of `inputs` numbers.

    Raises `NetworkError` where it does not run on them, or gives no logits [rows, classes].
    """
    first = next(module.parameters(), torch.empty(0))
    try:
        logits = main_output(module(sample_vectors(module, inputs, first.dtype)))
    except RUN_ERRORS as error:
        if is_of_the_machine(error):
            raise
        raise NetworkError(
            f"`{name}` does not run on vectors of {inputs} numbers: {first_line(error)}",
            help="it is given float vectors [rows, numbers], as a task's `encode` makes them",
        ) from error
    if logits.dim() != 2 or logits.shape[0] != ROWS or not logits.is_floating_point():
        shape = "×".join(map(str, logits.shape)) or "single"
        raise NetworkError(
            f"`{name}` gives {shape} numbers for {ROWS} inputs, not logits [rows, classes]"
        )
    return logits.shape[1]


def hidden_layers(module: nn.Module) -> tuple[nn.Module, ...]:
    """The activation functions of a module, in the order in which it names its parts."""
    return tuple(inner for inner in module.modules() if _is_activation(inner))


def _is_activation(module: nn.Module) -> bool:
    kind = type(module)
    if isinstance(module, _NO_HIDDEN_LAYER):
        return False
    return kind.__module__ in (activation.__name__, "transformers.activations")


def reinitialised(name: str, module: nn.Module, seed: int) -> nn.Module:
    """A copy of a module with every parameter drawn afresh from `seed`, as its parts do it.

    Raises `NetworkError` with the parameters that no part knows how to draw.
    """
    fresh = copy.deepcopy(module)
    with seeded(seed), torch.no_grad():
        for inner in fresh.modules():
            reset = _reset_of(inner)
            if reset is not None:
                reset()
    lost = list(_never_drawn(fresh))
    if lost:
        listed = ", ".join(f"`{undrawn}`" for undrawn in lost[:3])
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        raise NetworkError(
            f"`{name}` cannot be initialised afresh: nothing says how {listed}{more} begin",
            help="give their module a method `reset_parameters`, or let the entry point return an "
            "object with `build()` and `untrained(seed)`",
        )
    return fresh


def _reset_of(module: nn.Module) -> Callable[[], Any] | None:
    for name in ("reset_parameters", "_reset_parameters"):
        reset: Any = getattr(module, name, None)
        if callable(reset):
            return reset
    return None


def _never_drawn(module: nn.Module) -> Iterator[str]:
    """The parameters of parts that have no way to begin."""
    untyped: Any = module
    for path, inner in untyped.named_modules():
        if _reset_of(inner) is None:
            for name, _ in inner.named_parameters(recurse=False):
                yield f"{path}.{name}" if path else name
