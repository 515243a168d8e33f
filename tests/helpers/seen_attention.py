"""What a family's own code gives to its attention, caught on the way: nothing of ours is asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers.modeling_utils import AttentionInterface


@dataclass
class SeenAttention:
    """One layer's queries, keys and values [rows, heads, positions, size], and what comes out of
    it [rows, positions, heads, size].
    """

    query: Tensor
    key: Tensor
    value: Tensor
    heads: Tensor


def watch_attention(model: Any, patch: pytest.MonkeyPatch) -> list[SeenAttention]:
    """A list that grows by one for each layer while the model runs."""
    seen: list[SeenAttention] = []
    module = sys.modules[type(model).__module__]
    family = model.config.model_type

    def through_interface(real: Any) -> Any:
        def attention(of: Any, query: Any, key: Any, value: Any, *rest: Any, **named: Any) -> Any:
            result = real(of, query, key, value, *rest, **named)
            seen.append(SeenAttention(query, key, value, result[0]))
            return result

        return attention

    if family == "falcon":
        dot_product = torch.nn.functional.scaled_dot_product_attention

        def attention(query: Any, key: Any, value: Any, **named: Any) -> Any:
            heads = dot_product(query, key, value, **named)
            seen.append(SeenAttention(query, key, value, heads.transpose(1, 2)))
            return heads

        patch.setattr(torch.nn.functional, "scaled_dot_product_attention", attention)
    elif family == "bloom":
        reshape, merge = module.BloomAttention._reshape, module.BloomAttention._merge_heads

        def reshaped(self: Any, fused: Any) -> Any:
            parts = reshape(self, fused)
            seen.append(SeenAttention(*parts, parts[0]))
            return parts

        def merged(self: Any, heads: Any) -> Any:
            together = merge(self, heads)
            seen[-1].heads = together.unflatten(-1, (self.num_heads, -1))
            return together

        patch.setattr(module.BloomAttention, "_reshape", reshaped)
        patch.setattr(module.BloomAttention, "_merge_heads", merged)
    elif family in ("gptj", "codegen"):
        kind = module.GPTJAttention if family == "gptj" else module.CodeGenAttention
        attend = kind._attn

        def attended(self: Any, query: Any, key: Any, value: Any, mask: Any = None) -> Any:
            result = attend(self, query, key, value, mask)
            seen.append(SeenAttention(query, key, value, result[0].transpose(1, 2)))
            return result

        patch.setattr(kind, "_attn", attended)
    else:
        mapping = AttentionInterface._global_mapping
        patch.setitem(mapping, "sdpa", through_interface(mapping["sdpa"]))
        eager = module.eager_attention_forward
        patch.setattr(module, "eager_attention_forward", through_interface(eager))
    return seen
