"""Inputs that agree with given ones in some variables: what is asked for, and nothing else kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from causalspec.compiler import agreeing, check_file, generate, solve_columns
from causalspec.runtime.scoring.controls.equivalents import read_beside

SPEC = Path(__file__).parents[3] / "specs" / "price_tagging" / "price_tagging.causal"


@pytest.mark.parametrize("design", ["SwapAbove", "SwapEither", "SwapBracket"])
def test_nearly_every_base_of_price_tagging_has_equivalents(design: str) -> None:
    specification = check_file(SPEC).specification
    assert specification is not None
    pairs = generate(specification.counterfactuals[design], "test")
    model = pairs.model
    for number, kind in enumerate(pairs.design.kinds):
        rows = np.flatnonzero(pairs.kinds == number)
        bases = {name: column[rows] for name, column in pairs.base.items()}
        names = read_beside(model, kind.variables)
        found, is_found = agreeing(model, bases, names, 2, seed=5)
        again, _ = agreeing(model, bases, names, 2, seed=5)
        assert is_found.any(1).mean() >= 0.9
        assert all((found[name] == again[name]).all() for name in found)
        kept = is_found.reshape(-1)
        repeated = {name: np.repeat(column, 2) for name, column in bases.items()}
        theirs = solve_columns(model, found, wanted=[*names, *model.inputs])
        own = solve_columns(model, repeated, wanted=[*names, *model.inputs])
        assert all((theirs[name] == own[name])[kept].all() for name in names)
        others = np.stack([theirs[name] != own[name] for name in model.inputs]).any(0)
        assert others[kept].all()
        width = found["upper"].astype(int) - found["lower"].astype(int)
        assert ((width >= 250) & (width <= 750)).all()


def test_where_all_inputs_are_read_nothing_agrees() -> None:
    specification = check_file(SPEC).specification
    assert specification is not None
    pairs = generate(specification.counterfactuals["SwapMidpoint"], "test")
    names = read_beside(pairs.model, ("midpoint",))
    assert set(names) == {"lower", "upper", "amount"}
    _, is_found = agreeing(pairs.model, pairs.base, names, 2, seed=5)
    assert not is_found.any()
