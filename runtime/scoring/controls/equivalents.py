"""Third inputs: those that a hypothesis calls equivalent to a pair's base, and any others.

Equivalent are two inputs that agree in all that the outputs read but the swapped variables. What
the outputs read through a variable that a swapped one moves is looked for behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import CausalModel, references, solve_columns
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.untyped import as_list, distinct, from_array


def read_beside(model: CausalModel, swapped: Collection[str]) -> tuple[str, ...]:
    """The variables that decide, with the swapped ones, what the outputs are: none of them depends
    on a swapped one.
    """
    moved = set(swapped)
    for variable in model.variables:  # in topological order
        if variable.mechanism is not None and moved & set(references(variable.mechanism)):
            moved.add(variable.name)
    found: dict[str, None] = {}
    seen = set(swapped)
    waiting = [*model.outputs]
    while waiting:
        mechanism = model.by_name[waiting.pop()].mechanism
        for name in () if mechanism is None else references(mechanism):
            if name in seen:
                continue
            seen.add(name)
            if name in moved:
                waiting.append(name)
            else:
                found[name] = None
    return tuple(found)


def inputs_at_hand(prepared: PreparedSplit) -> Tensor:
    """LongTensor [inputs]: the inputs of a split's pairs, bases and sources."""
    rows = prepared.rows
    used = torch.cat([prepared.own_bases, rows.origins[rows.origins >= 0]])
    return distinct(used)[0]


def equivalents(prepared: PreparedSplit, seed: int) -> Tensor:
    """LongTensor [rows]: for each pair an input that is equivalent to its base and another to the
    network, drawn at random among those of the split; -1 where there is none.
    """
    model, pairs = prepared.pairs.model, prepared.pairs
    at_hand: list[int] = as_list(inputs_at_hand(prepared))
    generator = np.random.default_rng(seed)
    found = np.full(len(pairs), -1, dtype=np.int64)
    for number, kind in enumerate(pairs.design.kinds):
        mine = np.flatnonzero(pairs.kinds == number)
        names = read_beside(model, kind.variables)
        keys = _keys(prepared, names)
        like: dict[bytes, list[int]] = {}
        for candidate in at_hand:
            like.setdefault(keys[candidate], []).append(candidate)
        for row in mine:
            base = int(prepared.own_bases[row])
            there = like.get(keys[base], [])
            found[row] = _another(prepared.presentation.alike, base, there, generator)
    return from_array(found)


def others(prepared: PreparedSplit, generator: np.random.Generator) -> Tensor:
    """LongTensor [rows]: for each pair any input of the split."""
    at_hand = inputs_at_hand(prepared).numpy()
    return from_array(generator.choice(at_hand, len(prepared.pairs)))


def _another(
    alike: Tensor, base: int, candidates: Sequence[int], generator: np.random.Generator
) -> int:
    """One of the candidates that the network can tell from the base; -1 where there is none."""
    for place in map(int, generator.permutation(len(candidates))):
        if int(alike[candidates[place]]) != int(alike[base]):
            return candidates[place]
    return -1


def _keys(prepared: PreparedSplit, names: Sequence[str]) -> list[bytes]:
    """What the variables are at each input, as bytes."""
    if not names:
        return [b""] * prepared.presentation.count
    settings = prepared.encoded.settings
    solved = solve_columns(prepared.pairs.model, settings, wanted=names)
    whole = np.stack([solved[name].astype(np.int64) for name in names], axis=1)
    return [row.tobytes() for row in whole]
