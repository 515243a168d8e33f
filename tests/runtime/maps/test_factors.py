"""Semi-nonnegative factors: against their definition, and where they can't be had."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import build_map
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.maps.methods.factors import Factors
from causalspec.runtime.maps.nonnegative import factorise, nonnegative_coefficients
from tests.helpers.map_cases import WIDTH, method, planted


def _of_factors(rows: int = 200, count: int = 4) -> tuple[Tensor, Tensor]:
    """Vectors that are sparse nonnegative sums of factors, and the unit factors."""
    generator = torch.Generator().manual_seed(5)
    factors = torch.randn((count, WIDTH), generator=generator, dtype=torch.float64)
    factors = factors / factors.norm(dim=1, keepdim=True)
    drawn = torch.rand((rows, count), generator=generator, dtype=torch.float64)
    return (drawn * (drawn > 0.5)) @ factors, factors


def test_the_objective_never_rises() -> None:
    factors, objectives = factorise(planted()[0], 5, seed=0)
    assert len(objectives) > 10
    assert all(later <= earlier for earlier, later in itertools.pairwise(objectives))
    assert torch.allclose(factors.norm(dim=1), torch.ones(5, dtype=torch.float64))


def test_planted_factors_are_found() -> None:
    vectors, factors = _of_factors()
    made = build_map([method("factors", dim=4)], WIDTH, 0)
    made.prepare(vectors, torch.zeros(200, 1, dtype=torch.long))
    assert isinstance(made.featurizer, Factors)
    # Other factors near the planted ones say the vectors as well: they are not unique.
    similar = made.featurizer.factors @ factors.T
    assert float(similar.max(0).values.min()) > 0.85
    assert sorted(similar.argmax(0).tolist()) == [0, 1, 2, 3]
    retained = made.retained(vectors)
    assert retained is not None
    assert retained > 0.99


def test_coefficients_are_the_nearest_of_all() -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn((30, 6), generator=generator, dtype=torch.float64)
    factors = torch.randn((4, 6), generator=generator, dtype=torch.float64)
    found = nonnegative_coefficients(vectors, factors)
    assert bool((found >= 0).all())
    for vector, coefficients in zip(vectors, found, strict=True):
        nearest, least = torch.zeros(4, dtype=torch.float64), float(vector.square().sum())
        for count in range(1, 5):
            for some in itertools.combinations(range(4), count):
                chosen = factors[list(some)]
                solved = torch.linalg.lstsq(chosen.T, vector[:, None]).solution[:, 0]
                apart = float((vector - solved @ chosen).square().sum())
                if bool((solved >= 0).all()) and apart < least:
                    nearest, least = torch.zeros(4, dtype=torch.float64), apart
                    nearest[list(some)] = solved
        assert torch.allclose(coefficients, nearest, rtol=0, atol=1e-8)


def test_what_cannot_be_factored_is_refused() -> None:
    values = torch.zeros(200, 1, dtype=torch.long)
    made = build_map([method("factors", dim=4)], WIDTH, 0)
    with pytest.raises(NotDetermined) as failure:
        made.prepare(planted(3)[0], values[:3])
    assert str(failure.value) == "`factors` finds nothing: 4 factors of 3 vectors"
    with pytest.raises(NotDetermined) as failure:
        made.prepare(torch.ones(200, WIDTH), values)
    assert str(failure.value) == "`factors` finds nothing: all vectors at this site are the same"
    with pytest.raises(ToolFailure) as refused:
        build_map([method("factors", dim=4), method("factors", dim=5)], WIDTH, 0)
    assert str(refused.value) == ("variables at one site choose among different numbers of factors")
