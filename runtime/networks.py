"""A decoder on disk or on the hub becomes a `Network`: frozen weights, tokenizer, layers."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
from dataclasses import dataclass, field
from functools import cached_property
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

from ..dsl.diagnostics import ToolFailure
from .packed_products import pack_products
from .untyped import moved, seeded, text_config

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Their methods are untyped.
_config_kind: Any = AutoConfig
_tokenizer_kind: Any = AutoTokenizer
_model_kind: Any = AutoModelForCausalLM


class NetworkError(ToolFailure):
    """A network cannot be loaded, or is of a kind that cannot be aligned."""


@dataclass(frozen=True)
class Network:
    """A causal decoder with frozen weights, in evaluation mode.

    `layers` are its decoder layers, lowest first: layer k is the k-th block, counted from 0, and
    "the residual stream at layer k" is that block's output. `width` is the residual stream's.
    """

    name: str
    model: PreTrainedModel = field(repr=False)
    tokenizer: PreTrainedTokenizerFast = field(repr=False)
    layers: tuple[nn.Module, ...] = field(repr=False)
    width: int
    tuple_outputs: bool = False  # whether a layer wraps its output in a tuple

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

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of configuration and weights, for manifests. Reads every weight once."""
        return content_hash(self.model)


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
        NetworkError: nothing is there, the weights or the tokenizer are missing, the hub cannot be
            reached, the tokenizer does not know its offsets, or it is not a causal decoder.
    """
    place = _find(location)
    gguf = {} if place.gguf_file is None else {"gguf_file": place.gguf_file}
    config = _attempt(
        place, "configuration", lambda: _config_kind.from_pretrained(place.root, **gguf)
    )
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING or config.is_encoder_decoder:
        raise NetworkError(
            f"`{place.name}` is a `{config.model_type}`, not a causal decoder",
            help="only networks that predict the next token from those before it can be aligned",
        )
    tokenizer = _attempt(
        place, "tokenizer", lambda: _tokenizer_kind.from_pretrained(place.root, **gguf)
    )
    _check_tokenizer(place, tokenizer)
    safetensors = {} if gguf else {"use_safetensors": True}
    model: PreTrainedModel = _attempt(
        place,
        "weights",
        lambda: _model_kind.from_pretrained(place.root, dtype=dtype, **gguf, **safetensors),
    )
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = moved(model, torch.device(chosen), dtype)
    return wrap_network(place.name, model, tokenizer)


def wrap_network(name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> Network:
    """A model already in memory as a `Network`: frozen from here on.

    Raises:
        NetworkError: its layers cannot be found, or a later token changes an earlier prediction.
    """
    model.eval().requires_grad_(False)
    pack_products(model)
    config = text_config(model)
    layers = _decoder_layers(name, model, config.num_hidden_layers)
    outputs: list[Any] = []
    hook = layers[0].register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    try:
        _check_causal(name, model)
    finally:
        hook.remove()
    return Network(
        name=name,
        model=model,
        tokenizer=tokenizer,
        layers=layers,
        width=config.hidden_size,
        tuple_outputs=not isinstance(outputs[0], torch.Tensor),
    )


def random_network(network: Network, seed: int) -> Network:
    """The same architecture, freshly initialised from `seed`: the untrained control."""
    config: Any = copy.deepcopy(network.model.config)
    if hasattr(config, "quantization_config"):  # what a GGUF file came with: of no use unread
        del config.quantization_config
    with seeded(seed):
        model = type(network.model)(config)
    model = moved(model, network.device, network.dtype)
    return wrap_network(f"{network.name} (random, seed {seed})", model, network.tokenizer)


# Finding it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """What transformers is asked for: a folder or hub name, and which GGUF file inside."""

    name: str
    root: str
    gguf_file: str | None
    on_hub: bool


def _find(location: str | Path) -> _Place:
    path = Path(location).expanduser()
    name = str(location)
    if path.is_file():
        if path.suffix != ".gguf":
            raise NetworkError(
                f"`{name}` is not a network",
                help="name a folder with `config.json`, a `.gguf` file, or a network on the hub",
            )
        return _Place(name, str(path.parent), path.name, on_hub=False)
    if path.is_dir():
        return _find_in_folder(name, path)
    looks_like_hub = name.count("/") <= 1 and not name.startswith((".", "/", "~"))
    if isinstance(location, Path) or not looks_like_hub or name.endswith(".gguf"):
        raise NetworkError(f"there is no file or folder `{name}`")
    return _Place(name, name, None, on_hub=True)


def _find_in_folder(name: str, folder: Path) -> _Place:
    gguf_files = sorted(one.name for one in folder.glob("*.gguf"))
    if (folder / "config.json").is_file():
        if not any(folder.glob("*.safetensors")):
            raise NetworkError(
                f"the folder `{name}` holds no weights",
                help="weights are read from `.safetensors` or `.gguf`; pickles are never opened",
            )
        return _Place(name, str(folder), None, on_hub=False)
    if len(gguf_files) == 1:
        return _Place(name, str(folder), gguf_files[0], on_hub=False)
    if gguf_files:
        listed = ", ".join(f"`{one}`" for one in gguf_files)
        raise NetworkError(
            f"the folder `{name}` holds several networks", help=f"name one: {listed}"
        )
    raise NetworkError(f"the folder `{name}` holds neither a `config.json` nor a `.gguf` file")


def _attempt(place: _Place, part: str, load: Any) -> Any:
    """What transformers loads, its many ways to fail told in one sentence."""
    try:
        return load()
    except Exception as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        if place.on_hub:
            raise NetworkError(
                f"the {part} of `{place.name}` cannot be had from the hub: {first_line}",
                help="check the name and the connection, or give the path of a folder",
            ) from error
        raise NetworkError(
            f"the {part} of `{place.name}` cannot be loaded: {first_line}"
        ) from error


# Checks -----------------------------------------------------------------------------------------


def _check_tokenizer(place: _Place, tokenizer: Any) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise NetworkError(
            f"the tokenizer of `{place.name}` does not know where its tokens lie in the text",
            help="a fast tokenizer (a `tokenizer.json`) is needed to resolve token positions",
        )
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise NetworkError(f"`{place.name}` has no tokenizer", help="add its `tokenizer.json`")


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


def _check_causal(name: str, model: PreTrainedModel) -> None:
    """Encoders such as BERT load as language models too; only behaviour tells them apart."""
    config = text_config(model)
    ids = torch.arange(5, 9, device=model.device).remainder(config.vocab_size)[None]
    changed = ids.clone()
    changed[0, -1] = (changed[0, -1] + 7) % config.vocab_size
    with torch.no_grad():
        first, second = (model(input_ids=one).logits[0, :-1] for one in (ids, changed))
    if not torch.allclose(first, second, rtol=1e-2, atol=1e-2):
        raise NetworkError(
            f"`{name}` is not a causal decoder: a later token changes earlier predictions"
        )


def content_hash(model: PreTrainedModel) -> str:
    """SHA-256 of configuration and weights. Reads every weight once."""
    digest = hashlib.sha256()
    config = model.config.to_dict()
    for incidental in ("_name_or_path", "transformers_version", "quantization_config"):
        config.pop(incidental, None)
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
