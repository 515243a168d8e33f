"""Interpreter, tables, NumPy, torch and solver agree on generated models, a swap included."""

from __future__ import annotations

from typing import Any

import numpy
import torch
from hypothesis import HealthCheck, Phase, given, settings

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.vectorize import (
    UnsupportedModelError,
    interchange_columns,
    solve_columns,
)
from causalspec.compiler.expressions import All, Not
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.proofs.evidence import NoWitness, Proved
from causalspec.compiler.proofs.prove import solve_for
from causalspec.compiler.specification import SwapKind

from .cases import compare
from .columns_of import LONG, as_columns, as_settings, drawn_settings
from .strategies import models

MODELS = 10_000 if LONG else 500
ROWS = 24
ENOUGH_FOR_TABLES = 200
UNTYPED: Any = torch


@settings(
    max_examples=MODELS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(models())
def test_every_evaluator_gives_the_same_solutions(model: CausalModel) -> None:
    drawn = drawn_settings(model, 0, ROWS)
    expected = [interpret.solve(model, setting) for setting in drawn]
    # The solver knows no bounds on integers, so it is asked even where columns refuse.
    inputs = [compare(name, "==", code) for name, code in drawn[0].items()]
    same = All(tuple(compare(name, "==", code) for name, code in expected[0].items()))
    assert solve_for(model, All((*inputs, Not(same)))) == NoWitness(Proved())
    columns = as_columns(drawn)
    try:
        assert as_settings(solve_columns(model, columns)) == expected
    except UnsupportedModelError:
        return  # beyond 64 bits
    tensors = {name: UNTYPED.from_numpy(column) for name, column in columns.items()}
    assert as_settings(solve_columns(model, tensors)) == expected
    repeated = {name: numpy.tile(column, ENOUGH_FOR_TABLES) for name, column in columns.items()}
    tabulated = {name: column[-ROWS:] for name, column in solve_columns(model, repeated).items()}
    assert as_settings(tabulated) == expected
    swapped = next(one.name for one in model.variables if one.role is Role.OUTPUT)
    kind = SwapKind((swapped,), (0,))
    sources = {name: column[::-1].copy() for name, column in columns.items()}
    result = interchange_columns(model, columns, [sources], kind, wanted=list(expected[0]))
    assert as_settings(result) == [
        interpret.interchange(model, one, [other], kind)
        for one, other in zip(drawn, reversed(drawn), strict=True)
    ]
