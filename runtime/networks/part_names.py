"""What architectures call the parts of their blocks: one row for each way of naming them.

A name alone is never trusted: `anatomy` looks at shapes, and tries out what each part does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class AttentionNames:
    """Paths from a block to the parts of its attention.

    `output` is the projection into the residual stream: heads lie in its input, side by side.
    Queries, keys and values come from three projections, or from `fused`, one for them all.
    """

    output: str
    query: str | None = None
    key: str | None = None
    value: str | None = None
    fused: str | None = None


def _apart(attention: str, output: str, query: str, key: str, value: str) -> AttentionNames:
    names = (f"{attention}.{name}" for name in (output, query, key, value))
    return AttentionNames(*names)


def _fused(attention: str, output: str, fused: str) -> AttentionNames:
    return AttentionNames(f"{attention}.{output}", fused=f"{attention}.{fused}")


_PROJECTIONS = ("q_proj", "k_proj", "v_proj")
ATTENTION = (
    _apart("self_attn", "o_proj", *_PROJECTIONS),  # Llama, Mistral, Qwen, Gemma, OLMo, Mixtral …
    _apart("self_attn", "out_proj", *_PROJECTIONS),  # OPT, BioGPT, XGLM
    _apart("self_attn", "dense", *_PROJECTIONS),  # Phi
    _apart("attn", "out_proj", *_PROJECTIONS),  # GPT-J
    _apart("attn.attention", "out_proj", *_PROJECTIONS),  # GPT-Neo
    _apart("attention", "out_lin", "q_lin", "k_lin", "v_lin"),  # DistilBERT
    AttentionNames(  # BERT, RoBERTa, ELECTRA
        "attention.output.dense", "attention.self.query", "attention.self.key",
        "attention.self.value",
    ),
    AttentionNames("self_attn.o_proj", query="self_attn.q_b_proj"),  # latent keys and values
    _fused("self_attn", "o_proj", "qkv_proj"),  # Phi-3
    _fused("self_attn", "dense", "query_key_value"),  # Persimmon
    _fused("attn", "c_proj", "c_attn"),  # GPT-2, GPT BigCode
    _fused("attn", "out_proj", "qkv_proj"),  # CodeGen
    _fused("attn", "out_proj", "Wqkv"),  # MPT
    _fused("attn", "Wo", "Wqkv"),  # ModernBERT
    _fused("attention", "dense", "query_key_value"),  # GPT-NeoX
    _fused("self_attention", "dense", "query_key_value"),  # Bloom, Falcon
)  # fmt: skip

DOWN_PROJECTIONS = (
    "mlp.down_proj",  # Llama, Mistral, Qwen, Gemma, OLMo, Phi-3 …
    "mlp.c_proj",  # GPT-2, GPT BigCode, StarCoder 2
    "mlp.dense_4h_to_h",  # GPT-NeoX, Bloom, Falcon, Persimmon
    "mlp.fc_out",  # GPT-J, CodeGen
    "mlp.fc2",  # Phi
    "mlp.Wo",  # ModernBERT
    "mlp.proj",
    "fc2",  # OPT, BioGPT, XGLM
    "ffn.down_proj",  # MPT
    "ffn.lin2",  # DistilBERT
    "feed_forward.w2",  # LFM 2
    "feed_forward.down_proj",  # Llama 4, layers without experts
    "mlp_block.down_proj",  # RecurrentGemma
    "output.dense",  # BERT, RoBERTa, ELECTRA
)
"""The projection out of the hidden layer of a block's MLP: the activations are its input."""

MLPS = ("mlp", "feed_forward", "block_sparse_moe", "ffn", "moe")
"""Whole MLPs, for where there are several inside: mixtures of experts."""

HEAD_COUNTS = ("num_attention_heads", "num_heads", "n_heads", "n_head")
"""Of an attention module, or else of the configuration."""


# Columns of a fused projection ------------------------------------------------------------------

Columns = tuple[list[int], list[int], list[int]]


def fused_columns(heads: int, key_heads: int, size: int) -> tuple[Columns, ...]:
    """The ways in which queries, keys and values lie in a projection [(heads + 2 key_heads) size].

    Each gives the columns of all queries, keys and values, head after head.
    """
    return (
        _side_by_side(heads, key_heads, size),
        _in_groups(heads, key_heads, size),
        *([_in_parts(heads, size, 4)] if heads == key_heads and heads % 4 == 0 else []),
    )


def _side_by_side(heads: int, key_heads: int, size: int) -> Columns:
    """All queries, all keys, all values: GPT-2, Phi-3, MPT, ModernBERT."""
    ends = (0, heads * size, (heads + key_heads) * size, (heads + 2 * key_heads) * size)
    query, key, value = (list(range(*ends[k : k + 2])) for k in range(3))
    return query, key, value


def _in_groups(heads: int, key_heads: int, size: int) -> Columns:
    """For each key head its queries, its key and its value: GPT-NeoX, Bloom, Falcon."""
    shared = heads // key_heads
    groups = [
        range(k * (shared + 2) * size, (k + 1) * (shared + 2) * size) for k in range(key_heads)
    ]
    ends = (0, shared * size, (shared + 1) * size, (shared + 2) * size)
    query, key, value = (
        _joined([columns[slice(*ends[k : k + 2])] for columns in groups]) for k in range(3)
    )
    return query, key, value


def _in_parts(heads: int, size: int, parts: int) -> Columns:
    """`parts` times some heads' queries, values and keys: CodeGen."""
    numbers = heads * size // parts
    starts = range(0, 3 * heads * size, 3 * numbers)
    query, value, key = (
        _joined([range(start + k * numbers, start + (k + 1) * numbers) for start in starts])
        for k in range(3)
    )
    return query, key, value


def _joined(ranges: Sequence[range]) -> list[int]:
    return list(chain.from_iterable(ranges))
