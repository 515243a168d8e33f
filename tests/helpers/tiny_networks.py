"""Small decoders of real architectures, made from configurations, and a tokenizer for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    FalconConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTJConfig,
    GPTNeoXConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    OPTConfig,
    PhiConfig,
    Qwen2Config,
)

from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network, wrap_network
from tests.helpers.byte_tokenizer import VOCABULARY, byte_tokenizer

LAYERS = 4
_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_SHAPED = _SIZES | {"intermediate_size": 48}
_GROUPED = _SHAPED | {"num_key_value_heads": 2}

CONFIGURATIONS = {
    "llama": LlamaConfig(**_GROUPED),
    "gpt2": GPT2Config(**_SIZES),
    "gpt_neox": GPTNeoXConfig(**_SHAPED),
    "gemma": GemmaConfig(**_GROUPED, head_dim=8),
    "gemma2": Gemma2Config(**_GROUPED, head_dim=8, sliding_window=4),
    "gemma3": Gemma3TextConfig(**_GROUPED, head_dim=8, sliding_window=4),
    "qwen2": Qwen2Config(**_GROUPED),
    "mistral": MistralConfig(**_GROUPED, sliding_window=4),
    "opt": OPTConfig(**_SIZES, ffn_dim=48, word_embed_proj_dim=32),
    "phi": PhiConfig(**_SHAPED),
    "bloom": BloomConfig(**_SIZES),
    "falcon": FalconConfig(**_SIZES),
    "gptj": GPTJConfig(**_SIZES, rotary_dim=4),
}
STATEFUL = MambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, state_size=4)


def tiny_network(configuration: Any, dtype: torch.dtype = torch.float64) -> Network:
    """A network with random weights, the same ones every time, and `byte_tokenizer`."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(configuration, dtype=dtype)
    return wrap_network(configuration.model_type, model, byte_tokenizer())


def random_prompts(side: str, rows: int = 7) -> tuple[TokenizedPrompts, dict[str, torch.Tensor]]:
    """Padded random ids of different lengths, two of them alike, and where four tokens lie: the
    last, the second, one somewhere else in every prompt, and two or three taken together.
    """
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([9, 5, 7, 9, 4, 6, 9])[:rows]
    length = int(lengths.max())
    ids = torch.randint(3, VOCABULARY, (rows, length), generator=generator)
    ids[3] = ids[0]
    places = torch.arange(length)[None]
    if side == "left":
        mask, first = places >= (length - lengths)[:, None], length - lengths
    else:
        mask, first = places < lengths[:, None], torch.zeros_like(lengths)
    ids = torch.where(mask, ids, 0)
    position_ids = (mask.long().cumsum(1) - 1).clamp(min=0)
    offsets = torch.stack([position_ids, position_ids + 1], dim=-1)
    texts = tuple(str(row) for row in ids.tolist())
    last = length - 1 - mask.long().flip(1).argmax(1, keepdim=True)
    prompts = TokenizedPrompts(texts, {}, ids, mask, position_ids, offsets, last)
    middle = first + torch.tensor([3, 2, 3, 3, 2, 1, 4])[:rows]
    some = torch.stack([first + 1, first + 2, first + 3], dim=1)
    some[torch.tensor([False, True, False, False, False, True, False])[:rows], 2] = -1
    places = {
        "last": last,
        "first + 1": (first + 1)[:, None],
        "middle": middle[:, None],
        "some together": some,
    }
    return prompts, places


def span_of(part: str, texts: tuple[str, ...]) -> Any:
    """The character span of a part of each text, -1 where it is absent."""
    found = [(text.find(part), text.find(part) + len(part)) for text in texts]
    return np.array([pair if pair[0] >= 0 else (-1, -1) for pair in found], dtype=np.int32)
