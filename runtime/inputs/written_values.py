"""Labels of pairs in which variables are given values of their own instead of a source's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evaluators.vectorize import solve_columns


def with_values(pairs: InterchangePairs, values: Mapping[str, int]) -> InterchangePairs:
    """The pairs with the answers that the model gives where swapped variables that `values` names
    have these codes; the others are taken from their sources.
    """
    if not values:
        return pairs
    model = pairs.model
    label = {name: column.copy() for name, column in pairs.label.items()}
    for number, kind in enumerate(pairs.design.kinds):
        mine = np.flatnonzero(pairs.kinds == number)
        if not len(mine):
            continue
        chosen = pairs.select(mine)
        given: dict[str, Column] = {}
        for variable, source in zip(kind.variables, kind.sources, strict=True):
            if variable in values:
                given[variable] = np.full(len(mine), values[variable], dtype=np.int64)
            else:
                solved = solve_columns(model, chosen.sources[source], wanted=[variable])
                given[variable] = solved[variable]
        answers = solve_columns(model, chosen.base, given, wanted=list(model.outputs))
        for name in model.outputs:
            label[name][mine] = answers[name]
    return replace(pairs, label=label)
