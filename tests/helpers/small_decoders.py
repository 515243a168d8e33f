"""Every causal decoder and every encoder with a masked-language head that the installed
transformers know, small and with random weights.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    PreTrainedModel,
)

VOCABULARY = 300
_MOST_PARAMETERS = 20_000_000

# What configurations call their sizes, and small ones that go together.
_SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "emb_dim", "dim"), 32),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "decoder_ffn_dim", "encoder_ffn_dim"), 48),
    **dict.fromkeys(("moe_intermediate_size", "d_ff"), 16),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 4),
    **dict.fromkeys(("decoder_layers", "encoder_layers", "num_decoder_layers"), 4),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("decoder_attention_heads", "encoder_attention_heads"), 4),
    "num_key_value_heads": 2,
    "head_dim": 8,
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 4),
    "num_experts_per_tok": 2,
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_seq_len"), 64),
    **dict.fromkeys(("n_group", "topk_group"), 1),
    **dict.fromkeys(("chunk_size", "mamba_chunk_size"), 8),
    "rotary_dim": 4,
    "is_decoder": True,
}
# Where keys and values come from a small latent vector, each head has its own.
_LATENT = {
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank"), 16),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim"), 8),
    "num_key_value_heads": 4,
}
_SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def families() -> dict[str, Any]:
    """The configuration class of each model type with a causal decoder."""
    return {kind.model_type: kind for kind in MODEL_FOR_CAUSAL_LM_MAPPING}


def small_decoder(model_type: str) -> PreTrainedModel:
    """A decoder of a family, a few hundred kilobytes, the same one every time.

    Raises whatever transformers raise where this is not a configuration for them.
    """
    configuration = _configuration(families()[model_type], model_type)
    return _small(AutoModelForCausalLM, configuration)


def encoder_families() -> dict[str, Any]:
    """The configuration class of each model type with a masked-language head."""
    return {
        kind.model_type: kind
        for kind in MODEL_FOR_MASKED_LM_MAPPING
        if not kind().is_encoder_decoder
    }


def small_encoder(model_type: str) -> PreTrainedModel:
    """As `small_decoder`, an encoder."""
    configuration = _configuration(encoder_families()[model_type], model_type)
    configuration.is_decoder = False
    return _small(AutoModelForMaskedLM, configuration)


def _small(kind: Any, configuration: Any) -> PreTrainedModel:
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in kind.from_config(configuration).parameters())
    if size > _MOST_PARAMETERS:
        raise ValueError(f"{size} parameters")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind.from_config(configuration, dtype=torch.float32)
        _stir(model)
    return model


def _configuration(kind: Any, model_type: str) -> Any:
    values = _values(kind, 0)
    return kind(**values | _OF_ITS_OWN.get(model_type, {}))


def _values(kind: Any, depth: int) -> dict[str, Any]:
    known = {*kind().to_dict(), *(kind.attribute_map or {})}
    values = {name: size for name, size in _SMALL.items() if name in known}
    if "kv_lora_rank" in known:
        values |= {name: size for name, size in _LATENT.items() if name in known}
    if depth == 0 or "text" in kind.model_type:
        values |= _SPECIAL
    for name, part in (kind.sub_configs or {}).items():
        if getattr(part, "model_type", ""):
            values[name] = _values(part, depth + 1) | _OF_ITS_OWN.get(part.model_type, {})
    return values


@torch.no_grad()
def _stir(model: nn.Module) -> None:
    """Larger weights than a fresh network's, so that positions and neighbours matter to it."""
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.dim() >= 2:
                parameter.normal_(
                    std=1 if isinstance(module, nn.Embedding) else parameter.shape[-1] ** -0.5
                )


# What the rules above leave wrong: sizes that must divide each other, lists a layer long, and the
# like, each under the family that says so.
_MAMBA_2 = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8}
_GEMMA_4 = {"vocab_size_per_layer_input": VOCABULARY, "hidden_size_per_layer_input": 8}
_OF_ITS_OWN: dict[str, dict[str, Any]] = {
    "bailing_hybrid": {"layer_group_size": 2},
    "bamba": _MAMBA_2 | {"attn_layer_indices": [1, 3]},
    "dots1": {"n_shared_experts": 1, "n_routed_experts": 4, "num_experts_per_tok": 2},
    "falcon_h1": _MAMBA_2 | {"mamba_d_ssm": 64},
    "gemma3n_text": {
        "num_kv_shared_layers": 0,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "vocab_size_per_layer_input": VOCABULARY,
        "hidden_size_per_layer_input": 8,
        "laurel_rank": 4,
        "activation_sparsity_pattern": [0.0] * 4,
    },
    "gemma4_text": _GEMMA_4,
    "gemma4_unified_text": {"num_kv_shared_layers": 0},
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "granitemoehybrid": _MAMBA_2 | {"layer_types": ["mamba", "attention"] * 2},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "kimi_linear": {"layer_types": ["linear_attention", "full_attention"] * 2},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2},
    "mamba2": {"num_heads": 8, "head_dim": 8, "state_size": 8, "n_groups": 1},
    "nemotron_h": {"mamba_num_heads": 8, "mamba_head_dim": 8, "ssm_state_size": 8},
    "reformer": {
        "is_decoder": True,
        "axial_pos_embds": False,
        "attention_head_size": 8,
        "local_attn_chunk_length": 8,
        "lsh_attn_chunk_length": 8,
        "attn_layers": ["local", "lsh"] * 2,
    },
    "siglip_vision_model": {"image_size": 28, "patch_size": 14},
    "zamba2": {
        "layers_block_type": ["mamba", "hybrid"] * 2,
        "n_mamba_heads": 8,
        "mamba_d_state": 8,
    },
    "zaya": {"num_experts_per_tok": 1},
}
