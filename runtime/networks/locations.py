"""Any network that a spec can be verified against, by where it is."""

from __future__ import annotations

import torch

from causalspec.runtime.engine.memory import memory_failures
from causalspec.runtime.inputs.decoder_on_task import DecoderOnTask
from causalspec.runtime.inputs.feed_forward_on_task import FeedForwardOnTask
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.networks.feed_forward import FeedForwardNetwork
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
    if network.kind is NetworkKind.DECODER:
        return DecoderOnTask(network)
    if isinstance(network.model, FeedForwardNetwork):
        return FeedForwardOnTask(network.model, location)
    raise NetworkError(
        f"`{network.name}` ({network.kind}) can't be shown a task",
        help="decoders are shown prompts, and plain feed-forward networks what a task encodes",
    )


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        first_line = str(error).splitlines()[0]
        raise NetworkError(f"there is no device `{device}`: {first_line}") from error
