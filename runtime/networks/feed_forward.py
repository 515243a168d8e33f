"""Plain networks of ReLU layers, for tasks whose inputs are encoded as vectors."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from causalspec.runtime.inputs.tokens import InputLimits
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network


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

    "Hidden layer k", counted from 1, is the activation after the k-th ReLU.
    """

    config_class = FeedForwardConfig
    config: FeedForwardConfig

    def __init__(self, config: FeedForwardConfig) -> None:
        super().__init__(config)  # pyright: ignore[reportUnknownMemberType]
        sizes = [config.input_size, *([config.hidden_size] * config.hidden_layers)]
        self.hidden = nn.ModuleList(nn.Linear(size, config.hidden_size) for size in sizes[:-1])
        self.activations = nn.ModuleList(nn.ReLU() for _ in self.hidden)
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
        for layer, rectified in zip(self.hidden, self.activations, strict=True):
            activation = rectified(layer(activation))
        logits = self.output(activation)
        return SequenceClassifierOutput(logits=logits)  # pyright: ignore[reportArgumentType]


def wrap_feed_forward(name: str, model: FeedForwardNetwork) -> Network:
    """A plain network as a `Network`: frozen from here on."""
    model.eval().requires_grad_(False)
    return Network(
        name=name,
        model=model,
        tokenizer=None,
        layers=tuple(model.activations),
        width=model.config.hidden_size,
        limits=InputLimits(0, None),
        kind=NetworkKind.MODULE,
        inputs=model.config.input_size,
    )
