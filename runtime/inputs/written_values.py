"""Labels of pairs in which variables are given values of their own instead of a source's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from causalspec.compiler import Column, InterchangePairs, interchange_columns, solve_columns


def with_values(pairs: InterchangePairs, values: Mapping[str, int]) -> InterchangePairs:
    """The pairs with the answers that the model gives where swapped variables that `values` names
    have these codes; the others are taken from their sources.
    """
    if not values:
        return pairs
    return pairs.with_label(under_values(pairs, values, pairs.model.outputs))


def under_values(
    pairs: InterchangePairs, values: Mapping[str, int], wanted: Sequence[str]
) -> dict[str, Column]:
    """The columns `wanted` that the model has under each pair's swap, where swapped variables that
    `values` names have these codes.
    """
    model = pairs.model
    columns: dict[str, Column] = {name: np.zeros(len(pairs), dtype=np.int64) for name in wanted}
    for number, kind in enumerate(pairs.design.kinds):
        mine = np.flatnonzero(pairs.kinds == number)
        if not len(mine):
            continue
        chosen = pairs.select(mine)
        if not values:
            found = interchange_columns(model, chosen.base, chosen.sources, kind, wanted=wanted)
        else:
            given: dict[str, Column] = {}
            for variable, source in zip(kind.variables, kind.sources, strict=True):
                if variable in values:
                    given[variable] = np.full(len(mine), values[variable], dtype=np.int64)
                else:
                    solved = solve_columns(model, chosen.sources[source], wanted=[variable])
                    given[variable] = solved[variable]
            found = solve_columns(model, chosen.base, given, wanted=wanted)
        for name in wanted:
            columns[name][mine] = found[name]
    return columns
