"""Every setting of a model's inputs and noise, with its exact probability.

A setting of what no mechanism computes decides everything else, so it is called a world. Inputs
are distributed as the task says among those that `require` admits, noise by its own distribution
and independently of all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.arrangements import Arranged
from causalspec.compiler.data.blocks import every, product
from causalspec.compiler.evaluators.columns import ColumnExpression, Columns
from causalspec.compiler.model import CausalModel, Variable
from causalspec.dsl.diagnostics import ToolFailure

MOST_WORLDS = 1_000_000
"""More are not enumerated."""


class TooManyWorldsError(ToolFailure):
    """Exact answers would go through more than `MOST_WORLDS` worlds."""

    leaves_open = True


@dataclass(frozen=True, eq=False)
class Worlds:
    """Some worlds as columns of codes; probabilities are in proportion to the weights."""

    columns: Columns
    weights: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def total(self) -> int:
        """The sum of all weights."""
        return sum(self.weights)

    def among(self, kept: NDArray[np.bool_]) -> Worlds:
        """The worlds of a mask."""
        columns = {name: column[kept] for name, column in self.columns.items()}
        flags: list[bool] = kept.tolist()
        return Worlds(columns, tuple(w for w, k in zip(self.weights, flags, strict=True) if k))

    def probabilities(self) -> Iterator[Fraction]:
        """The probability of each world, exactly."""
        total = self.total
        return (Fraction(weight, total) for weight in self.weights)


def world_count(model: CausalModel, known: Mapping[str, int]) -> int:
    """How many worlds there are, before `require`, in which some variables are known."""
    apart = _apart(model, known)
    alone = [name for name in model.exogenous if not any(name in block.names for block in apart)]
    sizes = [model.by_name[name].domain.size for name in alone if name not in known]
    return prod((*sizes, *(block.settings for block in apart)))


def _apart(model: CausalModel, known: Mapping[str, int]) -> list[Arranged]:
    """The inputs that have to differ, each group with its arrangements, where none is known."""
    return [
        Arranged(names, model.by_name[names[0]].domain.codes())
        for names in model.distinct
        if known.keys().isdisjoint(names)
    ]


def worlds(model: CausalModel, known: Mapping[str, int]) -> Worlds:
    """Every world that can be, where the exogenous variables in `known` have those values.

    Raises `TooManyWorldsError`.
    """
    count = world_count(model, known)
    if count > MOST_WORLDS:
        raise TooManyWorldsError(
            f"`{model.name}` has {count:,} settings of inputs and noise; "
            f"at most {MOST_WORLDS:,} are gone through",
            "observe some of its inputs with --observe",
        )
    apart = {block.names[0]: block for block in _apart(model, known)}
    arranged = {name for block in apart.values() for name in block.names}
    parts: list[Columns] = []
    weights: list[int] = [1]
    for name in model.exogenous:
        if name in apart:
            parts.append(every(apart[name]))
            weights = [weight for weight in weights for _ in range(apart[name].settings)]
        elif name not in arranged:
            options = _options(model.by_name[name], known.get(name))
            parts.append({name: np.array([code for code, _ in options], dtype=np.int64)})
            weights = [weight * own for weight in weights for _, own in options]
    rows = len(weights)
    columns = product(parts)
    everything = Worlds({name: columns[name] for name in model.exogenous}, tuple(weights))
    if model.requirement is None or not rows:
        return everything
    admitted = ColumnExpression.of(model.requirement, model.by_name).over(columns, rows)
    return everything.among(admitted.astype(np.bool_))


def _options(variable: Variable, known: int | None) -> Sequence[tuple[int, int]]:
    """The codes that an exogenous variable can take, with their weights."""
    codes = variable.domain.codes()
    weights = variable.weights or (1,) * len(codes)
    likely = zip(codes, weights, strict=True)
    return [(code, weight) for code, weight in likely if weight and known in (None, code)]
