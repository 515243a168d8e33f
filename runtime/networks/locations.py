"""Any network that a spec can be verified against, by where it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from causalspec.runtime.engine.memory import memory_failures
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.inputs.vector_network import VectorNetwork
from causalspec.runtime.networks.feed_forward import (
    FeedForwardConfig,
    FeedForwardNetwork,
    wrap_feed_forward,
)
from causalspec.runtime.networks.network import NetworkError, load_network
from causalspec.runtime.networks.packaged import PACKAGE_PREFIX, packaged_network
from causalspec.runtime.networks.weights import check_weights, report_instead


@memory_failures()
def load_task_network(location: str, device: str | None = None) -> TaskNetwork:
    """A transformers folder, a GGUF file, a hub name, `package:NAME` (the GGUF file that an
    installed Python package carries), or a folder with a plain feed-forward network.

    Raises:
        ToolFailure: there is no such package.
        NetworkError: it can't be found or loaded, or is of a kind that can't be aligned.
    """
    if device is not None:
        _check_device(device)
    if location.startswith(PACKAGE_PREFIX):
        file = packaged_network(location.removeprefix(PACKAGE_PREFIX))
        # Called as it was asked for: where the package lies says nothing to a reader.
        return TextNetwork(replace(load_network(file, device=device), name=location))
    if _model_type(Path(location)) == FeedForwardConfig.model_type:
        try:
            untyped: Any = FeedForwardNetwork
            with report_instead():
                network, report = untyped.from_pretrained(
                    location,
                    use_safetensors=True,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # told by `check_weights`, with their names
                )
        except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
            first_line = next(iter(str(error).splitlines()), type(error).__name__)
            raise NetworkError(f"`{location}` cannot be loaded: {first_line}") from error
        check_weights(location, report)
        network.to(device or "cpu")
        return VectorNetwork(wrap_feed_forward(location, network))
    return TextNetwork(load_network(location, device=device))


def _model_type(folder: Path) -> object:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return config.get("model_type") if isinstance(config, dict) else None  # pyright: ignore


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        first_line = str(error).splitlines()[0]
        raise NetworkError(f"there is no device `{device}`: {first_line}") from error
