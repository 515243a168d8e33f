"""Inputs that agree with given ones in some variables and differ from them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.evaluators.columns import ColumnExpression, Columns
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.expressions import references
from causalspec.compiler.model import CausalModel

AT_ONCE = 1 << 15
ROUNDS = 64


def agreeing(
    model: CausalModel, given: Columns, names: Sequence[str], each: int, seed: int
) -> tuple[Columns, NDArray[np.bool_]]:
    """For each of `given` (inputs and noise, [rows]) `each` other settings of them that `require`
    admits, in which the variables `names` are what they are there: columns [rows * each], and
    whether one was found, [rows, each].

    They are looked for among many draws of the task. Where none of these agrees, what `names`
    depend on is copied and only the rest drawn anew, again and again.
    """
    rows = len(next(iter(given.values())))
    found = {name: np.repeat(column, each) for name, column in given.items()}
    is_found = np.zeros(rows * each, dtype=np.bool_)
    sampler = Sampler(populate(model, {}), Stream.of(seed, "agreeing"))
    generator = np.random.default_rng(seed)
    try:
        drawn = sampler.take(AT_ONCE)
        groups = _numbered(_values(model, found, names), _values(model, drawn, names))
        _choose_alike(found, is_found, drawn, groups, generator, model.inputs)
        copied = _depended_on(model, names)
        if set(model.inputs) <= copied:
            return found, is_found.reshape(rows, each)
        for _ in range(ROUNDS):
            missing = np.flatnonzero(~is_found)
            if not len(missing):
                break
            fresh = sampler.take(len(missing))
            fresh = {**fresh, **{name: found[name][missing] for name in sorted(copied)}}
            fits = _admitted(model, fresh, len(missing)) & _differ(fresh, found, missing, model)
            if names:
                here = {name: column[missing] for name, column in found.items()}
                fits &= (_values(model, fresh, names) == _values(model, here, names)).all(1)
            for name, column in found.items():
                column[missing[fits]] = fresh[name][fits]
            is_found[missing[fits]] = True
    except RequirementUnmetError:  # what was found until then is right
        pass
    return found, is_found.reshape(rows, each)


def _choose_alike(
    found: Columns,
    is_found: NDArray[np.bool_],
    drawn: Columns,
    groups: tuple[NDArray[np.int64], NDArray[np.int64]],
    generator: np.random.Generator,
    inputs: Sequence[str],
) -> None:
    """Put in each row one, at random, of the drawn settings in its group, if it is another."""
    mine, theirs = groups
    order = np.argsort(theirs, kind="stable")
    start = np.searchsorted(theirs[order], mine, side="left")
    count = np.searchsorted(theirs[order], mine, side="right") - start
    place = start + (generator.random(len(mine)) * count).astype(np.int64)
    chosen = order[np.minimum(place, len(order) - 1)]
    differs = np.zeros(len(mine), dtype=np.bool_)
    for name in inputs:
        differs |= drawn[name][chosen] != found[name]
    is_found |= differs & (count > 0)
    for name, column in found.items():
        column[is_found] = drawn[name][chosen[is_found]]


def _values(model: CausalModel, settings: Columns, names: Sequence[str]) -> NDArray[np.int64]:
    """Codes [rows, names]."""
    rows = len(next(iter(settings.values())))
    solved = solve_columns(model, settings, wanted=list(names)) if names else {}
    columns = [np.asarray(solved[name], dtype=np.int64) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0), dtype=np.int64)


def _numbered(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for each row of either, the same where rows are the same."""
    if not first.shape[1]:
        return np.zeros(len(first), np.int64), np.zeros(len(second), np.int64)
    both = np.concatenate([first, second])
    numbers = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers[: len(first)], numbers[len(first) :]


def _depended_on(model: CausalModel, names: Sequence[str]) -> set[str]:
    """The inputs and noise that decide what the variables are."""
    seen, waiting = set(names), [*names]
    while waiting:
        mechanism = model.by_name[waiting.pop()].mechanism
        for name in () if mechanism is None else references(mechanism):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen.intersection(model.exogenous)


def _admitted(model: CausalModel, settings: Columns, rows: int) -> NDArray[np.bool_]:
    if model.requirement is None:
        return np.ones(rows, dtype=np.bool_)
    return ColumnExpression.of(model.requirement, model.by_name).over(settings, rows) != 0


def _differ(
    fresh: Columns, found: Columns, rows: NDArray[np.int64], model: CausalModel
) -> NDArray[np.bool_]:
    """Whether some input is another than in the row that it stands for."""
    differs = np.zeros(len(rows), dtype=np.bool_)
    for name in model.inputs:
        differs |= fresh[name] != found[name][rows]
    return differs
