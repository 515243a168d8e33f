"""The parts of a network's blocks, by what they do: attention, its projections and heads, the MLP.

Candidates come from the names in `part_names`. Each is believed for its shape, and attention for
what it does when a block is run on queries, keys and values drawn at random: a head's own columns
of the output projection's input change with its query and nothing else does, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from causalspec.runtime.engine.threads import threads
from causalspec.runtime.networks.attention_check import AttentionCandidate, Projection
from causalspec.runtime.networks.part_names import (
    ATTENTION,
    DOWN_PROJECTIONS,
    HEAD_COUNTS,
    MLPS,
    AttentionNames,
    fused_columns,
)
from causalspec.runtime.networks.probe import BlockCall, Seen, seen_in
from causalspec.runtime.networks.run_errors import RUN_ERRORS
from causalspec.runtime.sites.tap import Layout


@dataclass(frozen=True, eq=False)
class Attention:
    """A block's attention.

    `output` projects the heads, which lie side by side in its input, `size` numbers each, into the
    residual stream. `heads` is None where they could not be told apart. `query`, `key` and `value`
    are what each head asks, is found by and hands on, before positions are rotated into them; None
    where an architecture has no such numbers of their own.
    """

    output: nn.Module
    heads: int | None
    size: int
    query: Projection | None
    key: Projection | None
    value: Projection | None

    @property
    def key_heads(self) -> int | None:
        """How many heads keys and values have: fewer where several query heads share one."""
        found = self.key or self.value
        return None if found is None else found.heads


@dataclass(frozen=True, eq=False)
class FeedForward:
    """A block's MLP: what it adds to the residual stream is the output of `output`.

    `activation` is the projection whose input, `neurons` numbers, are the hidden activations; None
    for a mixture of experts, which has as many as experts were chosen.
    """

    output: nn.Module
    activation: nn.Module | None
    neurons: int | None
    layout: Layout


@dataclass(frozen=True, eq=False)
class BlockParts:
    """What a block consists of; None what it lacks."""

    attention: Attention | None
    feed_forward: FeedForward | None


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The parts of every block, lowest first."""

    blocks: tuple[BlockParts, ...]


@torch.no_grad()
def find_anatomy(
    model: nn.Module, layers: Sequence[nn.Module], width: int, run: Callable[[], Any]
) -> Anatomy:
    """The anatomy of a transformer, seen when `run` runs it on 2 rows of 5 tokens."""
    parts = {id(part): part for layer in layers for part in layer.modules()}
    with threads(1):  # its operations are too small to share
        calls, seen = seen_in(run, layers, parts.values())
        blocks = [
            BlockParts(
                _attention(model, layer, width, call, seen), _feed_forward(layer, width, seen)
            )
            for layer, call in zip(layers, calls, strict=True)
        ]
    return Anatomy(tuple(blocks))


def part(block: nn.Module, path: str) -> nn.Module | None:
    """What a path leads to, if anything."""
    found: Any = block
    for name in path.split("."):
        found = getattr(found, name, None)
        if not isinstance(found, nn.Module):
            return None
    return found


def _attention(
    model: nn.Module, block: nn.Module, width: int, call: BlockCall, seen: dict[int, Seen]
) -> Attention | None:
    unsure: Attention | None = None
    for names in ATTENTION:
        output = part(block, names.output)
        shapes = None if output is None else seen.get(id(output))
        if output is None or shapes is None or shapes.of_output != (Layout.POSITIONS, width):
            continue
        heads = _heads(model, block, names.output)
        layout, inside = shapes.of_input
        if heads is None or layout is not Layout.POSITIONS or inside % heads:
            unsure = unsure or Attention(output, None, inside, None, None, None)
            continue
        query, key, value = _projections(block, names, output, heads, inside // heads, call, seen)
        if query is None and value is None:
            unsure = unsure or Attention(output, None, inside, None, None, None)
            continue
        return Attention(output, heads, inside // heads, query, key, value)
    return unsure


def _heads(model: nn.Module, block: nn.Module, output: str) -> int | None:
    """How many heads an attention says it has, or else its network's configuration."""
    path = output.rpartition(".")[0]
    holders: list[Any] = [part(block, path), part(block, "attention.self")]
    configuration: Any = getattr(model, "config", None)
    if configuration is not None:
        holders.append(configuration.get_text_config(decoder=True))
    for holder in holders:
        for name in HEAD_COUNTS:
            count = getattr(holder, name, None)
            if isinstance(count, int) and count > 0:
                return count
    return None


def _projections(
    block: nn.Module,
    names: AttentionNames,
    output: nn.Module,
    heads: int,
    size: int,
    call: BlockCall,
    seen: dict[int, Seen],
) -> tuple[Projection | None, Projection | None, Projection | None]:
    """Query, key and value, each only if it does what it should."""
    for query, key, value in _candidates(block, names, heads, size, seen):
        there = (projection.module for projection in (query, key, value) if projection is not None)
        candidate = AttentionCandidate(
            call, output, heads, {module: _numbers(module, seen) for module in there}
        )
        try:
            checked = (
                query if query and candidate.is_query(query) else None,
                key if key and candidate.is_key(key) else None,
                value if value and candidate.is_value(value) else None,
            )
        except RUN_ERRORS:  # a block that does not run again by itself can't be tried
            continue
        if names.fused is None or None not in checked:
            return checked
    return None, None, None


_Projections = tuple[Projection | None, Projection | None, Projection | None]


def _candidates(
    block: nn.Module, names: AttentionNames, heads: int, size: int, seen: dict[int, Seen]
) -> list[_Projections]:
    if names.fused is not None:
        fused = part(block, names.fused)
        numbers = _numbers(fused, seen)
        key_heads, left = divmod(numbers - heads * size, 2 * size)
        if fused is None or left or key_heads < 1 or heads % key_heads:
            return []
        return [
            (
                Projection(fused, heads, size, torch.tensor(query), True),
                Projection(fused, key_heads, size, torch.tensor(key), True),
                Projection(fused, key_heads, size, torch.tensor(value), True),
            )
            for query, key, value in fused_columns(heads, key_heads, size)
        ]
    query, key, value = (
        None if path is None else part(block, path)
        for path in (names.query, names.key, names.value)
    )
    numbers = _numbers(value, seen)
    key_heads = heads if value is None else numbers // size
    if key_heads < 1 or heads % key_heads or numbers % size:
        return []
    found = (
        _projection(query, heads, seen),
        _projection(key, key_heads, seen),
        _projection(value, key_heads, seen),
    )
    if found[1] is not None and (found[0] is None or found[0].size != found[1].size):
        return [(None, None, found[2])]  # a query that holds more than a query: a gate, say
    return [found]


def _projection(module: nn.Module | None, heads: int, seen: dict[int, Seen]) -> Projection | None:
    numbers = _numbers(module, seen)
    if module is None or not numbers or numbers % heads:
        return None
    return Projection(module, heads, numbers // heads, torch.arange(numbers), False)


def _numbers(module: nn.Module | None, seen: dict[int, Seen]) -> int:
    """How many numbers a projection gives for each token; 0 where it does something else."""
    shapes = None if module is None else seen.get(id(module))
    if shapes is None or shapes.of_output[0] is not Layout.POSITIONS:
        return 0
    return shapes.of_output[1]


def _feed_forward(block: nn.Module, width: int, seen: dict[int, Seen]) -> FeedForward | None:
    for path in DOWN_PROJECTIONS:
        found = part(block, path)
        shapes = None if found is None else seen.get(id(found))
        if found is None or shapes is None:
            continue
        layout, neurons = shapes.of_input
        if layout is not Layout.WHOLE and shapes.of_output == (layout, width):
            return FeedForward(found, found, neurons, layout)
    for path in MLPS:
        found = part(block, path)
        shapes = None if found is None else seen.get(id(found))
        if found is None or shapes is None or shapes.of_output[0] is Layout.WHOLE:
            continue
        if shapes.of_output[1] == width:
            return FeedForward(found, None, None, shapes.of_output[0])
    return None
