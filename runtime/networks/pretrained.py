"""What transformers load: which kind of network a folder holds, its parts, and its blocks."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from causalspec.runtime.networks.gguf_files import header_read_once
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.places import NetworkError, NetworkPlace
from causalspec.runtime.networks.weights import check_weights, report_instead

# Their methods are untyped.
_config_kind: Any = AutoConfig
_tokenizer_kind: Any = AutoTokenizer
_MODELS: dict[NetworkKind, Any] = {
    NetworkKind.DECODER: AutoModelForCausalLM,
    NetworkKind.MASKED: AutoModelForMaskedLM,
    NetworkKind.CLASSIFIER: AutoModelForSequenceClassification,
    NetworkKind.ENCODER: AutoModel,
}
_MAPPINGS: dict[NetworkKind, Any] = {
    NetworkKind.DECODER: MODEL_FOR_CAUSAL_LM_MAPPING,
    NetworkKind.MASKED: MODEL_FOR_MASKED_LM_MAPPING,
    NetworkKind.CLASSIFIER: MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    NetworkKind.ENCODER: MODEL_MAPPING,
}


def load_parts(place: NetworkPlace, dtype: torch.dtype) -> tuple[NetworkKind, Any, Any]:
    """The kind, the model and the tokenizer at a place.

    Raises:
        NetworkError: a part is missing or can't be read, weights are not those of the
            configuration, or it is of a kind that has no sites.
    """
    with nullcontext() if place.gguf_file is None else header_read_once():
        return _parts(place, dtype)


def _parts(place: NetworkPlace, dtype: torch.dtype) -> tuple[NetworkKind, Any, Any]:
    config = place.attempt(
        "configuration", lambda: _config_kind.from_pretrained(place.root, **place.options)
    )
    kind = _kind(place.name, config)
    tokenizer = place.attempt(
        "tokenizer", lambda: _tokenizer_kind.from_pretrained(place.root, **place.options)
    )
    _check_tokenizer(place.name, tokenizer, kind)
    with report_instead():
        model, report = place.attempt("weights", lambda: _load_weights(place, kind, dtype))
    check_weights(place.name, report, other_heads=kind is not NetworkKind.DECODER)
    return kind, model, tokenizer


def _kind(name: str, config: Any) -> NetworkKind:
    """Which kind a configuration describes, by the `architectures` that it names.

    Where it names none, what a family is made for: BERT and its kin are no decoders.
    """
    named = " ".join(config.architectures or ())
    possible = [kind for kind, mapping in _MAPPINGS.items() if type(config) in mapping]
    masked = NetworkKind.MASKED in possible and not getattr(config, "is_decoder", False)
    if not config.is_encoder_decoder:
        if "ForSequenceClassification" in named and NetworkKind.CLASSIFIER in possible:
            return NetworkKind.CLASSIFIER
        if masked and ("ForMaskedLM" in named or "ForPreTraining" in named):
            return NetworkKind.MASKED
        if NetworkKind.DECODER in possible and not masked:
            return NetworkKind.DECODER
        if (
            masked
            and named
            and all(architecture.endswith("Model") for architecture in named.split())
        ):
            return NetworkKind.ENCODER
    raise NetworkError(
        f"`{name}` is a `{config.model_type}`{f' ({named})' if named else ''}, neither a causal "
        "decoder nor an encoder or a classifier of texts",
        help="what a network is stands under `architectures` in its `config.json`",
    )


def _load_weights(place: NetworkPlace, kind: NetworkKind, dtype: torch.dtype) -> tuple[Any, Any]:
    """The model, and transformers' report on its weights."""
    safetensors = {} if place.gguf_file else {"use_safetensors": True}
    return _MODELS[kind].from_pretrained(
        place.root,
        dtype=dtype,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # not ignored: told by `check_weights`, with their names
        **place.options,
        **safetensors,
    )


def _check_tokenizer(name: str, tokenizer: Any, kind: NetworkKind) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise NetworkError(
            f"the tokenizer of `{name}` does not know where its tokens lie in the text",
            help="a fast tokenizer (a `tokenizer.json`) is needed to resolve token positions",
        )
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise NetworkError(f"`{name}` has no tokenizer", help="add its `tokenizer.json`")
    if kind is NetworkKind.MASKED and tokenizer.mask_token_id is None:
        raise NetworkError(
            f"the tokenizer of `{name}` has no token that stands for a masked one",
            help="it answers at a masked position: name the token in `tokenizer_config.json`",
        )


def vocabulary_size(model: Any) -> int:
    """How many tokens a network has a vector for."""
    return model.get_input_embeddings().weight.shape[0]


def find_blocks(name: str, model: nn.Module, count: int) -> tuple[nn.Module, ...]:
    """The shallowest list of `count` modules: deeper ones (experts, say) are parts of a block."""
    untyped: Any = model
    lists: list[tuple[int, nn.ModuleList]] = [
        (path.count("."), module)
        for path, module in untyped.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    if not lists:
        raise NetworkError(f"the {count} layers of `{name}` cannot be found")
    return tuple(min(lists, key=lambda entry: entry[0])[1])
