"""A network, whatever its kind: frozen weights, tokenizer, layers, and what they consist of."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
)

from causalspec.runtime.inputs.tokens import InputLimits
from causalspec.runtime.networks.anatomy import Anatomy, find_anatomy
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.packed_products import pack_products
from causalspec.runtime.networks.places import NetworkError, NetworkPlace, find_network
from causalspec.runtime.networks.probe import POSITIONS, ROWS, Seen, seen_in
from causalspec.runtime.networks.self_check import context_limit, probe_ids, self_check, told
from causalspec.runtime.networks.weights import check_weights, content_hash, report_instead
from causalspec.runtime.sites.tap import Layout
from causalspec.runtime.untyped import moved, seeded, text_config

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Their methods are untyped.
_config_kind: Any = AutoConfig
_tokenizer_kind: Any = AutoTokenizer
_model_kind: Any = AutoModelForCausalLM

_AS_IT_IS = f"this is its forward pass in transformers {version('transformers')}, nothing edited"


@dataclass(frozen=True)
class Network:
    """A network with frozen weights, in evaluation mode.

    `layers` are its blocks, lowest first: layer k is the k-th block, counted from 0, and "the
    residual stream at layer k" is that block's output. In a network without tokens they are its
    activation functions, the hidden layers, which the language counts from 1. `width` is the size
    of the residual stream, or of the first hidden layer. `tokenizer` is None where nothing is
    read, and `inputs`, the numbers of an input, where it reads tokens or does not say.

    `first_position` is the number of a prompt's first token where the architecture takes position
    numbers.
    """

    name: str
    model: PreTrainedModel = field(repr=False)
    tokenizer: PreTrainedTokenizerFast = field(repr=False)
    layers: tuple[nn.Module, ...] = field(repr=False)
    width: int
    limits: InputLimits = field(repr=False)
    tuple_outputs: bool = False  # whether a layer wraps its output in a tuple
    first_position: int | None = field(default=None, repr=False)
    kind: NetworkKind = field(default=NetworkKind.DECODER, repr=False)
    inputs: int | None = field(default=None, repr=False)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    @property
    def dtype(self) -> torch.dtype:
        """The weights' precision."""
        return self.model.dtype

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
        with told(f"`{self.name}` does not run by itself on a few tokens", _AS_IT_IS):
            return find_anatomy(self.model, self.layers, self.width, self._probe)

    def shape_after(self, module: nn.Module) -> tuple[Layout, int]:
        """How a module's output lies, and how many numbers it has for each token, or for each input
        where there are no tokens; 0 numbers where it gives no vector to each.
        """
        seen = self._seen.get(id(module))
        return (Layout.WHOLE, 0) if seen is None else seen.of_output

    @cached_property
    def _seen(self) -> dict[int, Seen]:
        with told(f"`{self.name}` does not run by itself on a few inputs", _AS_IT_IS):
            modules = list(self.model.modules())
            tokens = self.kind.reads_tokens
            return seen_in(self.model, (), modules, self._probe, tokens)[1]

    @property
    def _probe(self) -> dict[str, Any]:
        """A few inputs that mean nothing, as arguments of the model."""
        if not self.kind.reads_tokens:
            return {"vectors": torch.ones(ROWS, self.inputs or 1, device=self.device)}
        ids = probe_ids(self.model, ROWS * POSITIONS).view(ROWS, POSITIONS)
        arguments: dict[str, Any] = {"input_ids": ids}
        return arguments | ({"use_cache": False} if "use_cache" in self.forward_parameters else {})


def load_network(
    location: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """The decoder at `location`: a transformers folder, a hub name, or a GGUF file.

    A folder without a `config.json` that holds exactly one `.gguf` counts as that file. `device`
    None takes a GPU where there is one. Code that comes with a network is never run, and weights
    are read from safetensors or GGUF, never unpickled.

    Raises:
        NetworkError: nothing is there, the weights or the tokenizer are missing or not the
            network's, the hub cannot be reached, the tokenizer does not know its offsets, or it is
            of a kind that cannot be aligned.
    """
    place = find_network(location)
    config = place.attempt(
        "configuration", lambda: _config_kind.from_pretrained(place.root, **place.options)
    )
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING or config.is_encoder_decoder:
        raise NetworkError(
            f"`{place.name}` is a `{config.model_type}`, not a causal decoder",
            help="only networks that predict the next token from those before it can be aligned",
        )
    tokenizer = place.attempt(
        "tokenizer", lambda: _tokenizer_kind.from_pretrained(place.root, **place.options)
    )
    _check_tokenizer(place, tokenizer)
    with report_instead():
        model, report = place.attempt("weights", lambda: _load_weights(place, dtype))
    check_weights(place.name, report)
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = moved(model, torch.device(chosen), dtype)
    return wrap_network(place.name, model, tokenizer)


def wrap_network(name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> Network:
    """A model already in memory as a `Network`: frozen from here on.

    Raises:
        NetworkError: its layers cannot be found, run otherwise than one after the other on one
            residual stream, or a later token changes an earlier prediction.
    """
    model.eval().requires_grad_(False)
    pack_products(model)
    config = text_config(model)
    layers = _decoder_layers(name, model, config.num_hidden_layers)
    found = self_check(name, model, layers, config.hidden_size)
    return Network(
        name=name,
        model=model,
        tokenizer=tokenizer,
        layers=layers,
        width=config.hidden_size,
        limits=InputLimits(_vocabulary(model), context_limit(model, found.first_position)),
        tuple_outputs=found.tuple_outputs,
        first_position=found.first_position,
    )


def random_network(network: Network, seed: int) -> Network:
    """The same architecture, freshly initialised from `seed`: the untrained control."""
    config: Any = copy.deepcopy(network.model.config)
    if hasattr(config, "quantization_config"):  # what a GGUF file came with: of no use unread
        del config.quantization_config
    with seeded(seed):
        model = type(network.model)(config)
    model = moved(model, network.device, network.dtype)
    if network.kind is NetworkKind.MODULE:
        model.eval().requires_grad_(False)
        layers = tuple(model.activations)
        return replace(network, model=model, layers=layers)
    return wrap_network(f"{network.name} (random, seed {seed})", model, network.tokenizer)


def _load_weights(place: NetworkPlace, dtype: torch.dtype) -> tuple[PreTrainedModel, Any]:
    """The model, and transformers' report on its weights."""
    safetensors = {} if place.gguf_file else {"use_safetensors": True}
    return _model_kind.from_pretrained(
        place.root,
        dtype=dtype,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # not ignored: told by `check_weights`, with their names
        **place.options,
        **safetensors,
    )


def _check_tokenizer(place: NetworkPlace, tokenizer: Any) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise NetworkError(
            f"the tokenizer of `{place.name}` does not know where its tokens lie in the text",
            help="a fast tokenizer (a `tokenizer.json`) is needed to resolve token positions",
        )
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise NetworkError(f"`{place.name}` has no tokenizer", help="add its `tokenizer.json`")


def _vocabulary(model: PreTrainedModel) -> int:
    """How many tokens the network has a vector for."""
    embeddings: Any = model.get_input_embeddings()
    return embeddings.weight.shape[0]


def _decoder_layers(name: str, model: nn.Module, count: int) -> tuple[nn.Module, ...]:
    """The shallowest list of `count` modules: deeper ones (experts, say) are parts of a layer."""
    lists: list[tuple[int, nn.ModuleList]] = [
        (path.count("."), module)
        for path, module in _modules(model)
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    if not lists:
        raise NetworkError(f"the {count} decoder layers of `{name}` cannot be found")
    return tuple(min(lists, key=lambda one: one[0])[1])


def _modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    untyped: Any = model
    return list(untyped.named_modules())
