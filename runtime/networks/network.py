"""A network, whatever its kind: frozen weights, tokenizer, layers, and what they consist of."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from causalspec.runtime.inputs.tokens import InputLimits, PaddingSide
from causalspec.runtime.networks.anatomy import Anatomy, find_anatomy
from causalspec.runtime.networks.entry_points import PYTHON_PREFIX, build_module
from causalspec.runtime.networks.feed_forward import is_feed_forward, load_feed_forward
from causalspec.runtime.networks.frozen_products import speed_up_products
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.modules import (
    check_module,
    hidden_layers,
    input_size,
    reinitialised,
    sample_vectors,
)
from causalspec.runtime.networks.packaged import PACKAGE_PREFIX, packaged_network
from causalspec.runtime.networks.padding import changed_by_padding
from causalspec.runtime.networks.places import NetworkError as NetworkError
from causalspec.runtime.networks.places import find_network
from causalspec.runtime.networks.pretrained import find_blocks, load_parts, vocabulary_size
from causalspec.runtime.networks.probe import POSITIONS, ROWS, Seen, seen_in
from causalspec.runtime.networks.self_check import context_limit, probe_ids, self_check, told
from causalspec.runtime.networks.weights import content_hash
from causalspec.runtime.sites.tap import Layout
from causalspec.runtime.untyped import moved, seeded, text_config

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_NO_TOKEN = -1
_AS_IT_IS = f"this is its forward pass in transformers {version('transformers')}, nothing edited"


@dataclass(frozen=True)
class Network:
    """A network with frozen weights, in evaluation mode.

    `layers` are its blocks, lowest first: layer k is the k-th block, counted from 0, and "the
    residual stream at layer k" is that block's output. In a network without tokens they are its
    activation functions, the hidden layers, which the language counts from 1. `width` is the size
    of the residual stream, or of the first hidden layer. `tokenizer` is None where nothing is
    read.

    `inputs` is how many numbers an input has, None where tokens are read or it isn't known yet;
    `untrained` makes the module afresh from a seed, where its maker says how.

    `first_position` is the number of a prompt's first token where the architecture takes position
    numbers, `padding_side` is where shorter prompts are filled up.
    """

    name: str
    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    layers: tuple[nn.Module, ...] = field(repr=False)
    width: int
    limits: InputLimits = field(repr=False)
    tuple_outputs: bool = False  # whether a layer wraps its output in a tuple
    first_position: int | None = field(default=None, repr=False)
    kind: NetworkKind = field(default=NetworkKind.DECODER, repr=False)
    padding_side: PaddingSide = field(default="left", repr=False)
    inputs: int | None = field(default=None, repr=False)
    untrained: Callable[[int], nn.Module] | None = field(default=None, repr=False)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The weights' precision."""
        return self._weight.dtype

    @property
    def _weight(self) -> Tensor:
        floating = (
            parameter for parameter in self.model.parameters() if parameter.is_floating_point()
        )
        return next(floating, torch.empty(0))

    @cached_property
    def forward_parameters(self) -> frozenset[str]:
        """What the model's forward pass may be given by name: not every decoder takes all."""
        return frozenset(inspect.signature(self.model.forward).parameters)

    @property
    def reads_ahead(self) -> bool:
        """Whether a later token changes what is computed at earlier ones."""
        return self.kind is not NetworkKind.DECODER

    @property
    def answers_with_a_class(self) -> bool:
        """Whether its answer is of the whole text, not of one of its positions."""
        return self.kind is NetworkKind.CLASSIFIER

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of configuration and weights, for manifests. Reads every weight once."""
        return content_hash(self.model)

    @cached_property
    def anatomy(self) -> Anatomy | None:
        """What its blocks consist of, found when first asked for; None in networks without tokens.

        Raises `NetworkError` where the network does not run.
        """
        if not self.kind.reads_tokens:
            return None
        return find_anatomy(self.model, self.layers, self.width, self._run)

    def shape_after(self, module: nn.Module) -> tuple[Layout, int]:
        """How a module's output lies, and how many numbers it has for each token, or for each input
        where there are no tokens; 0 numbers where it gives no vector to each.
        """
        seen = self._seen.get(id(module))
        return (Layout.WHOLE, 0) if seen is None else seen.of_output

    def taking(self, inputs: int) -> Network:
        """A module as one that takes vectors of so many numbers. Raises `NetworkError` where it
        does not run on them, or does not answer with classes.
        """
        check_module(self.name, self.model, inputs)
        found = replace(self, inputs=inputs)
        # An activation function that runs more than once has no one output: it is not a layer.
        layers = tuple(layer for layer in self.layers if found.shape_after(layer)[1])
        width = found.shape_after(layers[0])[1] if layers else 0
        return replace(found, layers=layers, width=width)

    @cached_property
    def _seen(self) -> dict[int, Seen]:
        return seen_in(self._run, (), self.model.modules(), self.kind.reads_tokens)[1]

    @torch.no_grad()
    def _run(self) -> None:
        """Run it on a few inputs that mean nothing."""
        if self.kind is NetworkKind.MODULE:
            if self.inputs is not None:
                self.model(sample_vectors(self.model, self.inputs, self.dtype))
            return
        ids = probe_ids(self.model, ROWS * POSITIONS).view(ROWS, POSITIONS)
        named = {"use_cache": False} if "use_cache" in self.forward_parameters else {}
        with told(f"`{self.name}` does not run by itself on a few tokens", _AS_IT_IS):
            self.model(input_ids=ids, **named)


def load_network(
    location: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """The network at `location`: a transformers folder, a hub name, a GGUF file, `package:NAME`
    (what an installed Python package carries), a folder with a plain feed-forward network, or
    `python:MODULE:FUNCTION` (what a Python function builds: for the command line, never for what
    a spec says).

    A folder without a `config.json` that holds exactly one `.gguf` counts as that file. `device`
    None takes a GPU where there is one. Code that comes with a network is never run, and weights
    are read from safetensors or GGUF, never unpickled.

    Raises:
        ToolFailure: there is no such package, or it carries no network.
        NetworkError: nothing is there, the weights or the tokenizer are missing or not the
            network's, the hub cannot be reached, the tokenizer does not know its offsets, a
            function does not build a module, or it is of a kind that has no sites.
    """
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    name = str(location)
    if name.startswith(PYTHON_PREFIX):
        built = build_module(name.removeprefix(PYTHON_PREFIX))
        return wrap_module(name, moved(built.module, chosen, dtype), built.untrained)
    if name.startswith(PACKAGE_PREFIX):
        file = packaged_network(name.removeprefix(PACKAGE_PREFIX))
        # Called as it was asked for: where the package lies says nothing to a reader.
        return replace(load_network(file, device=device, dtype=dtype), name=name)
    place = find_network(location)
    if is_feed_forward(place):
        # Its operations are too small for a GPU, and its precision is what it was saved in.
        found = load_feed_forward(place)
        return wrap_module(name, moved(found, torch.device(device or "cpu"), found.dtype))
    kind, model, tokenizer = load_parts(place, dtype)
    return wrap_network(place.name, moved(model, chosen, dtype), tokenizer, kind)


def wrap_network(
    name: str,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    kind: NetworkKind = NetworkKind.DECODER,
) -> Network:
    """A model of transformers already in memory as a `Network`: frozen from here on.

    Raises:
        NetworkError: its layers cannot be found, run otherwise than one after the other on one
            residual stream, it does not answer as its kind does, or a decoder's later token changes
            an earlier prediction.
    """
    model.eval().requires_grad_(False)
    speed_up_products(model)
    untyped: Any = model
    if untyped.dtype == torch.float64 and untyped.get_experts_implementation()[""] == "grouped_mm":
        untyped.set_experts_implementation("eager")  # the faster product has no such precision
    config = text_config(model)
    if kind is NetworkKind.CLASSIFIER and config.pad_token_id is None:
        # Decoders classify at the last token that is not padding: where there is none to be told
        # from tokens, it is the last one, as it is on prompts that are padded on the left.
        config.pad_token_id = _NO_TOKEN
    layers = find_blocks(name, model, config.num_hidden_layers)
    found = self_check(name, model, layers, config.hidden_size, kind)
    network = Network(
        name=name,
        model=model,
        tokenizer=tokenizer,
        layers=layers,
        width=config.hidden_size,
        limits=InputLimits(vocabulary_size(model), context_limit(model, found.first_position)),
        tuple_outputs=found.tuple_outputs,
        first_position=found.first_position,
        kind=kind,
    )
    if kind is NetworkKind.DECODER or changed_by_padding(network, "left") is None:
        return network
    right = changed_by_padding(network, "right") is None
    return replace(network, padding_side="right" if right else "left")


def wrap_module(
    name: str, module: nn.Module, untrained: Callable[[int], nn.Module] | None = None
) -> Network:
    """A module that maps vectors to classes as a `Network`: frozen from here on.

    Its layers are its activation functions. How many numbers it takes is found out where it says
    so; `Network.taking` says it otherwise.
    """
    module.eval().requires_grad_(False)
    inputs = input_size(module)
    network = Network(
        name=name,
        model=module,
        tokenizer=None,
        layers=hidden_layers(module),
        width=0,
        limits=InputLimits(0, None),
        kind=NetworkKind.MODULE,
        untrained=untrained,
    )
    return network if inputs is None else network.taking(inputs)


def random_network(network: Network, seed: int) -> Network:
    """The same architecture, freshly initialised from `seed`: the untrained control.

    Raises `NetworkError` where nothing says how a module's parameters begin.
    """
    name = f"{network.name} (random, seed {seed})"
    if not network.kind.reads_tokens and not isinstance(network.model, PreTrainedModel):
        with seeded(seed):
            fresh = (
                reinitialised(network.name, network.model, seed)
                if network.untrained is None
                else network.untrained(seed)
            )
        found = wrap_module(name, moved(fresh, network.device, network.dtype), network.untrained)
        return found if network.inputs is None else found.taking(network.inputs)
    config: Any = copy.deepcopy(network.model.config)
    if hasattr(config, "quantization_config"):  # what a GGUF file came with: of no use unread
        del config.quantization_config
    text = config.get_text_config(decoder=True)
    if getattr(text, "pad_token_id", None) == _NO_TOKEN:
        text.pad_token_id = None
    model_type: Any = cast("Any", type(network.model))
    with seeded(seed):
        model = model_type(config)
    model = moved(model, network.device, network.dtype)
    if not network.kind.reads_tokens:
        return wrap_module(name, model)
    return wrap_network(name, model, network.tokenizer, network.kind)
