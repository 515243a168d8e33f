"""Small networks of many families, with random weights, the same ones every time."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    BertConfig,
    BloomConfig,
    CodeGenConfig,
    DistilBertConfig,
    FalconConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTBigCodeConfig,
    GPTJConfig,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    MixtralConfig,
    ModernBertConfig,
    Olmo2Config,
    OPTConfig,
    Phi3Config,
    PhiConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
    RobertaConfig,
    Starcoder2Config,
)

from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network, wrap_network
from tests.helpers.byte_tokenizer import VOCABULARY, byte_tokenizer

LAYERS, WIDTH, HEADS, NEURONS = 3, 32, 4, 48
_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_SHAPED = _SIZES | {"intermediate_size": NEURONS, "max_position_embeddings": 64}
_GROUPED = _SHAPED | {"num_key_value_heads": 2}
_EXPERTS = {"num_experts_per_tok": 2}
_DISTILLED = {"dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": NEURONS}

DECODERS: dict[str, Any] = {
    "llama": LlamaConfig(**_GROUPED),
    "mistral": MistralConfig(**_GROUPED, sliding_window=4),
    "qwen2": Qwen2Config(**_GROUPED),
    "qwen3": Qwen3Config(**_GROUPED, head_dim=16),
    "gemma2": Gemma2Config(**_GROUPED, head_dim=8, sliding_window=4, query_pre_attn_scalar=8),
    "gemma3": Gemma3TextConfig(**_GROUPED, head_dim=8, sliding_window=4, query_pre_attn_scalar=8),
    "gpt2": GPT2Config(**_SIZES, n_inner=NEURONS),
    "gpt_neox": GPTNeoXConfig(**_SHAPED),
    "gptj": GPTJConfig(**_SIZES, rotary_dim=4, n_inner=NEURONS),
    "opt": OPTConfig(**_SIZES, ffn_dim=NEURONS, word_embed_proj_dim=WIDTH),
    "phi": PhiConfig(**_SHAPED),
    "phi3": Phi3Config(**_GROUPED),
    "olmo2": Olmo2Config(**_GROUPED),
    "falcon": FalconConfig(**_SIZES, ffn_hidden_size=NEURONS),
    "falcon_grouped": FalconConfig(
        **_SIZES, ffn_hidden_size=NEURONS, new_decoder_architecture=True, num_kv_heads=2
    ),
    "falcon_old": FalconConfig(
        **_SIZES, ffn_hidden_size=NEURONS, multi_query=False, alibi=True, parallel_attn=False
    ),
    "bloom": BloomConfig(**_SIZES),
    "starcoder2": Starcoder2Config(**_GROUPED),
    "bigcode": GPTBigCodeConfig(**_SIZES, n_inner=NEURONS),
    "codegen": CodeGenConfig(**_SIZES, n_inner=NEURONS, rotary_dim=4),
    "granite": GraniteConfig(**_GROUPED, residual_multiplier=0.5, attention_multiplier=0.2),
    "mixtral": MixtralConfig(**_GROUPED, **_EXPERTS, num_local_experts=4),
    "qwen3_moe": Qwen3MoeConfig(
        **_GROUPED, **_EXPERTS, head_dim=8, num_experts=4, moe_intermediate_size=16
    ),
    "mamba": MambaConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, state_size=4
    ),
}
ENCODERS: dict[str, Any] = {
    "bert": BertConfig(**_SHAPED),
    "roberta": RobertaConfig(**_SHAPED),
    "distilbert": DistilBertConfig(
        vocab_size=VOCABULARY, **_DISTILLED, max_position_embeddings=64, pad_token_id=0
    ),
    "modernbert": ModernBertConfig(
        **_SHAPED, cls_token_id=1, sep_token_id=2, local_attention=6,
        global_attn_every_n_layers=2,
    ),
}  # fmt: skip
FAMILIES = DECODERS | ENCODERS


def small_model(name: str, dtype: torch.dtype = torch.float64) -> Any:
    """A model of a family; weights large enough for neighbours and positions to matter."""
    kind: Any = AutoModelForMaskedLM if name in ENCODERS else AutoModelForCausalLM
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        model = kind.from_config(FAMILIES[name], dtype=dtype)
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, dtype=dtype) * 0.1)
    return model


def masking_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of small networks, with a token for a masked position."""
    tokenizer = byte_tokenizer()
    tokenizer.mask_token = "</s>"
    return tokenizer


@cache
def family(name: str) -> Network:
    """A network of a family in float64."""
    kind = NetworkKind.MASKED if name in ENCODERS else NetworkKind.DECODER
    return wrap_network(name, small_model(name), masking_tokenizer(), kind)
