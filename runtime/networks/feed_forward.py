"""Plain networks of ReLU layers, for tasks whose inputs are encoded as vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from causalspec.runtime.networks.places import NetworkError, NetworkPlace
from causalspec.runtime.networks.self_check import first_line
from causalspec.runtime.networks.weights import check_weights, report_instead


class FeedForwardConfig(PreTrainedConfig):
    """Sizes of a plain network: numbers in, `hidden_layers` ReLU layers of one width, classes."""

    model_type = "causalspec_feed_forward"

    def __init__(
        self,
        input_size: int = 16,
        hidden_size: int = 16,
        hidden_layers: int = 3,
        classes: int = 2,
        **kwargs: Any,
    ) -> None:
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.hidden_layers = hidden_layers
        self.classes = classes
        super().__init__(**kwargs)


class FeedForwardNetwork(PreTrainedModel):
    """`hidden_layers` times linear and ReLU, then a linear layer to class logits.

    "Hidden layer k", counted from 1, is the activation after the k-th ReLU: `activations[k - 1]`.
    """

    config_class = FeedForwardConfig
    config: FeedForwardConfig

    def __init__(self, config: FeedForwardConfig) -> None:
        super().__init__(config)  # pyright: ignore[reportUnknownMemberType]
        sizes = [config.input_size, *([config.hidden_size] * config.hidden_layers)]
        self.hidden = nn.ModuleList(nn.Linear(size, config.hidden_size) for size in sizes[:-1])
        self.activations = nn.ModuleList(nn.ReLU() for _ in sizes[:-1])
        self.output = nn.Linear(sizes[-1], config.classes)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        # He et al. 2015 (arXiv 1502.01852): what keeps a ReLU network's activations at one scale.
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)

    def forward(self, vectors: Tensor, **_ignored: Any) -> SequenceClassifierOutput:
        """Class logits [rows, classes] of `vectors` [rows, input_size]."""
        activation = vectors
        for linear, rectify in zip(self.hidden, self.activations, strict=True):
            activation = rectify(linear(activation))
        logits = self.output(activation)
        return SequenceClassifierOutput(logits=logits)  # pyright: ignore[reportArgumentType]


def is_feed_forward(place: NetworkPlace) -> bool:
    """Whether a folder holds such a network, by its configuration."""
    if place.on_hub or place.gguf_file is not None:
        return False
    try:
        config: Any = json.loads(Path(place.root, "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == FeedForwardConfig.model_type  # pyright: ignore


def load_feed_forward(place: NetworkPlace) -> FeedForwardNetwork:
    """The network in a folder. Raises `NetworkError` where it or its weights can't be had."""
    untyped: Any = FeedForwardNetwork
    try:
        with report_instead():
            network, report = untyped.from_pretrained(
                place.root,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # told by `check_weights`, with their names
            )
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise NetworkError(f"`{place.name}` cannot be loaded: {first_line(error)}") from error
    check_weights(place.name, report)
    return network
