"""Laws of intervention, and evaluators that agree, on generated models."""

from __future__ import annotations

import numpy
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.vectorize import (
    UnsupportedModelError,
    interchange_columns,
    solve_columns,
)
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import SwapKind

from .columns_of import LONG, Setting, as_columns, as_settings, covered_settings
from .strategies import models

many = settings(
    max_examples=2_000 if LONG else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def interveneable(model: CausalModel) -> list[str]:
    return [one.name for one in model.variables if one.role in (Role.VARIABLE, Role.OUTPUT)]


def descendants(model: CausalModel, name: str) -> set[str]:
    found = {name}
    for variable in model.variables:
        if found.intersection(variable.parents):
            found.add(variable.name)
    return found


@some.composite
def intervened(draw: some.DrawFn) -> tuple[CausalModel, Setting, dict[str, int]]:
    """A model, a setting of its inputs and noise, and interventions on some of its variables."""
    model = draw(models())
    chosen = draw(some.lists(some.sampled_from(interveneable(model)), unique=True, min_size=1))
    codes = {n: draw(some.sampled_from(model.by_name[n].domain.codes())) for n in chosen}
    return model, draw(some.sampled_from(covered_settings(model))), codes


@many
@given(intervened())
def test_doing_what_would_happen_anyway_changes_nothing(
    drawn: tuple[CausalModel, Setting, dict[str, int]],
) -> None:
    model, setting, interventions = drawn
    solution = interpret.solve(model, setting)
    unchanged = {name: solution[name] for name in interventions}
    assert interpret.solve(model, setting, unchanged) == solution


@many
@given(intervened())
def test_doing_twice_is_doing_once(drawn: tuple[CausalModel, Setting, dict[str, int]]) -> None:
    """What an intervention brought about, done again on top of it, changes nothing."""
    model, setting, interventions = drawn
    once = interpret.solve(model, setting, interventions)
    assert all(once[name] == code for name, code in interventions.items())
    repeated = {name: once[name] for name in interveneable(model)}
    assert interpret.solve(model, setting, {**repeated, **interventions}) == once


@many
@given(intervened())
def test_disjoint_interventions_commute(
    drawn: tuple[CausalModel, Setting, dict[str, int]],
) -> None:
    model, setting, interventions = drawn
    backwards = dict(reversed(interventions.items()))
    together = interpret.solve(model, setting, interventions)
    assert interpret.solve(model, setting, backwards) == together
    columns = as_columns([setting])
    assert as_settings(solve_columns(model, columns, interventions)) == [together]
    assert as_settings(solve_columns(model, columns, backwards)) == [together]


@many
@given(intervened())
def test_non_descendants_never_move(
    drawn: tuple[CausalModel, Setting, dict[str, int]],
) -> None:
    model, setting, interventions = drawn
    before = interpret.solve(model, setting)
    after = interpret.solve(model, setting, interventions)
    moved = {name for name in before if before[name] != after[name]}
    assert moved <= set().union(*(descendants(model, name) for name in interventions))


@many
@given(intervened())
def test_swapping_from_oneself_changes_nothing(
    drawn: tuple[CausalModel, Setting, dict[str, int]],
) -> None:
    model, setting, interventions = drawn
    kind = SwapKind(tuple(interventions), (0,) * len(interventions))
    solution = interpret.solve(model, setting)
    assert interpret.interchange(model, setting, [setting], kind) == solution


@many
@given(models(), some.integers(0, 2**32 - 1))
def test_evaluators_agree_on_generated_models(model: CausalModel, seed: int) -> None:
    covered = covered_settings(model)
    expected = [interpret.solve(model, setting) for setting in covered]
    columns = as_columns(covered)
    tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
    try:
        assert as_settings(solve_columns(model, columns)) == expected
    except UnsupportedModelError:
        assume(False)  # beyond 64 bits, where the columns refuse
    assert as_settings(solve_columns(model, tensors)) == expected
    # Enough rows that mechanisms become tables.
    repeated = {name: numpy.tile(column, 600) for name, column in columns.items()}
    assert as_settings(solve_columns(model, repeated))[-len(expected) :] == expected
    order = numpy.random.default_rng(seed).permutation(len(covered))
    for name in interveneable(model):
        kind = SwapKind((name,), (0,))
        swapped = [
            interpret.interchange(model, setting, [covered[k]], kind)
            for setting, k in zip(covered, order, strict=True)
        ]
        sources = {key: column[order] for key, column in columns.items()}
        everything = list(expected[0])
        result = interchange_columns(model, columns, [sources], kind, wanted=everything)
        assert as_settings(result) == swapped
