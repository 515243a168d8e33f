"""Inputs that amount to an intervention: what the output reads is there what it is under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evaluators.vectorize import interchange_columns, solve_columns
from causalspec.compiler.expressions import references
from causalspec.compiler.model import CausalModel
from causalspec.runtime.inputs.experiment import Lot


def counterparts(lot: Lot) -> Tensor:
    """LongTensor [rows]: for each pair the number of an input, of those that the network was run
    on with the pairs, at which everything that the outputs' mechanisms read has the value that it
    has under the pair's swap; -1 where there is none.
    """
    model = lot.pairs.model
    names = _read_by_outputs(model)
    plain = solve_columns(model, lot.trial.settings, wanted=names)
    wanted = _under_swap(lot, model, names)
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


def _under_swap(lot: Lot, model: CausalModel, names: Sequence[str]) -> dict[str, Column]:
    pairs = lot.pairs
    columns = {name: np.zeros(len(pairs), dtype=np.int64) for name in names}
    for number, kind in enumerate(pairs.design.kinds):
        mine: NDArray[np.intp] = np.flatnonzero(pairs.kinds == number)
        if not len(mine):
            continue
        chosen = pairs.select(mine)
        found = interchange_columns(model, chosen.base, chosen.sources, kind, wanted=names)
        for name in names:
            columns[name][mine] = found[name]
    return dict(columns)


def _keys(columns: Mapping[str, Column], names: Sequence[str]) -> list[bytes]:
    whole = np.stack([columns[name].astype(np.int64) for name in names], axis=1)
    return [row.tobytes() for row in whole]
