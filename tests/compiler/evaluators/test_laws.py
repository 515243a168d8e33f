"""Five laws of intervention on generated models (promise 5), and evaluators that agree on them.

Composition, effectiveness and what follows from them: Galles and Pearl, "An axiomatic
characterization of causal counterfactuals", 1998; Pearl, *Causality*, 2009, section 7.3.1. An
intervention is surgery: it puts constants in the place of mechanisms (definition 7.1.2).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count

import numpy
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import interchange_columns, solve_columns
from causalspec.compiler.expressions import Constant
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SwapKind
from tests.helpers.columns_of import (
    LONG,
    Setting,
    as_columns,
    as_settings,
    covered_settings,
    drawn_settings,
)
from tests.helpers.generated.models import models
from tests.helpers.generated.specs import (
    compiled_spec,
    interveneable,
    random_code,
    random_spec,
    write_files,
)

CASES = 1_000 if LONG else 100

Done = Mapping[str, int]


@dataclass(frozen=True)
class Case:
    """A model, a setting of its inputs and noise, and two interventions on different variables."""

    model: CausalModel
    setting: Setting
    first: Done
    second: Done


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Of models that are written from seeds."""
    folder = tmp_path_factory.mktemp("specs")
    write_files(folder)
    found: list[Case] = []
    for seed in count():
        chance = random.Random(seed)
        specification = compiled_spec(random_spec(seed).text(), folder)
        for model in specification.models.values():
            if model.cyclic:
                continue
            names = interveneable(model)
            chosen = chance.sample(names, chance.randint(1, len(names)))
            codes = {name: random_code(model, name, chance) for name in chosen}
            split = chance.randint(1, len(chosen))
            first, second = ({n: codes[n] for n in p} for p in (chosen[:split], chosen[split:]))
            (setting,) = drawn_settings(model, seed, 1)
            found.append(Case(model, setting, first, second))
        if len(found) >= CASES:
            return found
    raise AssertionError


def after(model: CausalModel, done: Done) -> CausalModel:
    """The model on which the intervention was done, by hand."""
    return replace(
        model,
        variables=tuple(
            replace(variable, mechanism=Constant(done[variable.name]))
            if variable.name in done
            else variable
            for variable in model.variables
        ),
    )


def interpreted(model: CausalModel, setting: Setting, done: Done) -> Setting:
    return interpret.solve(model, setting, done)


def vectorized(model: CausalModel, setting: Setting, done: Done) -> Setting:
    (solution,) = as_settings(solve_columns(model, as_columns([setting]), done))
    return solution


Solve = Callable[[CausalModel, Setting, Done], Setting]
on_both = pytest.mark.parametrize("solve", [interpreted, vectorized])


@on_both
def test_doing_what_would_happen_anyway_changes_nothing(solve: Solve, cases: list[Case]) -> None:
    """Composition: where `first` brings some variables about as they are, to do those as well. What
    has no value can't be done.
    """
    for case in cases:
        before = solve(case.model, case.setting, case.first)
        anyway = {name: before[name] for name in case.second if name in before}
        assert solve(case.model, case.setting, {**case.first, **anyway}) == before
        unchanged = solve(case.model, case.setting, {})
        nothing = {name: unchanged[name] for name in case.first if name in unchanged}
        assert solve(case.model, case.setting, nothing) == unchanged


@on_both
def test_doing_twice_is_doing_once(solve: Solve, cases: list[Case]) -> None:
    for case in cases:
        once = solve(case.model, case.setting, case.first)
        assert solve(after(case.model, case.first), case.setting, case.first) == once
        assert solve(after(after(case.model, case.first), case.first), case.setting, {}) == once


@on_both
def test_disjoint_interventions_commute(solve: Solve, cases: list[Case]) -> None:
    for case in cases:
        together = solve(case.model, case.setting, {**case.first, **case.second})
        assert solve(after(case.model, case.first), case.setting, case.second) == together
        assert solve(after(case.model, case.second), case.setting, case.first) == together


@on_both
def test_non_descendants_never_move(solve: Solve, cases: list[Case]) -> None:
    for case in cases:
        before = solve(case.model, case.setting, case.second)
        now = solve(case.model, case.setting, {**case.second, **case.first})
        moved = {name for name in {*before, *now} if before.get(name) != now.get(name)}
        assert moved <= descendants(after(case.model, case.second), case.first)


@on_both
def test_what_is_done_holds_whatever_else_is_done(solve: Solve, cases: list[Case]) -> None:
    """Effectiveness."""
    for case in cases:
        done = {**case.first, **case.second}
        solution = solve(case.model, case.setting, done)
        assert {name: solution[name] for name in done} == done


def descendants(model: CausalModel, names: Done) -> set[str]:
    found = set(names)
    for variable in model.variables:
        if found.intersection(variable.parents):
            found.add(variable.name)
    return found


def test_swapping_from_oneself_changes_nothing(cases: list[Case]) -> None:
    """Composition, for an interchange intervention."""
    for case in cases:
        kind = SwapKind(tuple(case.first), (0,) * len(case.first))
        solution = interpret.solve(case.model, case.setting)
        assert interpret.interchange(case.model, case.setting, [case.setting], kind) == solution


@settings(
    max_examples=1_000 if LONG else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(models(partial=True), some.integers(0, 2**32 - 1))
def test_evaluators_agree_on_generated_models(model: CausalModel, seed: int) -> None:
    """Trees that no text gives rise to, besides those of `test_differential`."""
    covered = covered_settings(model)
    expected = [interpret.solve(model, setting) for setting in covered]
    columns = as_columns(covered)
    try:
        assert as_settings(solve_columns(model, columns)) == expected
    except UnsupportedModelError:
        assume(False)  # beyond 64 bits, where the columns refuse
    order = numpy.random.default_rng(seed).permutation(len(covered))
    for name in interveneable(model):
        kind = SwapKind((name,), (0,))
        swapped = [
            interpret.interchange(model, setting, [covered[k]], kind)
            for setting, k in zip(covered, order, strict=True)
        ]
        sources = {key: column[order] for key, column in columns.items()}
        everything = [variable.name for variable in model.total.variables]
        result = interchange_columns(model, columns, [sources], kind, wanted=everything)
        assert as_settings(result) == swapped
