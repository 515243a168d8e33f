"""Inputs that amount to an intervention: what the output reads is there what it is under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import CausalModel, Column, references, solve_columns
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.inputs.written_values import under_values


def counterparts(prepared: PreparedSplit) -> Tensor:
    """LongTensor [rows]: for each pair the number of an input, of those that the network was run
    on with the pairs, at which everything that the outputs' mechanisms read has the value that it
    has under the pair's swap; -1 where there is none.
    """
    model = prepared.pairs.model
    names = _read_by_outputs(model)
    plain = solve_columns(model, prepared.encoded.settings, wanted=names)
    wanted = under_values(prepared.pairs, prepared.values, names)
    known: dict[bytes, int] = {}
    for number, key in enumerate(_keys(plain, names)):
        known.setdefault(key, number)
    return torch.tensor([known.get(key, -1) for key in _keys(wanted, names)], dtype=torch.long)


def _read_by_outputs(model: CausalModel) -> list[str]:
    """What the mechanisms of the outputs read: two solutions that agree there have one answer."""
    found: dict[str, None] = {}
    for name in model.outputs:
        mechanism = model.by_name[name].mechanism
        if mechanism is not None:
            found |= dict.fromkeys(references(mechanism))
    return list(found)


def _keys(columns: Mapping[str, Column], names: Sequence[str]) -> list[bytes]:
    whole = np.stack([columns[name].astype(np.int64) for name in names], axis=1)
    return [row.tobytes() for row in whole]
