"""Any network that a spec can be verified against, by where it is."""

from __future__ import annotations

import torch

from causalspec.runtime.engine.memory import memory_failures
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.inputs.vector_network import VectorNetwork
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import NetworkError, load_network


@memory_failures()
def load_task_network(location: str, device: str | None = None) -> TaskNetwork:
    """The network at a location, as `load_network` finds it, for tasks to be shown to.

    Raises:
        ToolFailure: there is no such package.
        NetworkError: it can't be found or loaded, or is of a kind that can't be aligned.
    """
    if device is not None:
        _check_device(device)
    network = load_network(location, device=device)
    if network.kind is NetworkKind.ENCODER:
        raise NetworkError(
            f"`{network.name}` is an encoder without a head: it gives vectors and no answer",
            help="name one with a masked-language head or a classifier's, or with `python:…` a "
            "module that puts a head of yours on it",
        )
    return TextNetwork(network) if network.kind.reads_tokens else VectorNetwork(network)


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        first_line = str(error).splitlines()[0]
        raise NetworkError(f"there is no device `{device}`: {first_line}") from error
