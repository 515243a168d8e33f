"""Maps that are trained find what is planted, on linear tasks that take a second."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import AlignmentMap, build_map
from causalspec.runtime.maps.linear import random_orthonormal
from causalspec.runtime.maps.methods.das import Rotation
from causalspec.runtime.maps.ownerships.boundary import LearnedBoundary
from tests.helpers.map_cases import WIDTH, method, planted


def _trained(
    made: AlignmentMap, directions: list[Tensor], steps: int, rate: float = 1e-2
) -> AlignmentMap:
    """Trained to carry what each variable's `directions` [width, count] say."""
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(made.parameter_groups(rate))
    made.train()
    for step in range(steps):
        made.anneal(step / steps)
        loss = _loss(made, directions, generator) + made.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return made.eval()


def _loss(
    made: AlignmentMap, directions: list[Tensor], generator: torch.Generator, rows: int = 64
) -> Tensor:
    width, variables = len(directions[0]), len(directions)
    everything = torch.cat(directions, 1)
    owner = torch.repeat_interleave(torch.tensor([direction.shape[1] for direction in directions]))
    base = torch.randn((rows, width), generator=generator)
    sources = torch.randn((rows, variables, width), generator=generator)
    swapped = torch.randint(0, 2, (rows, variables), generator=generator).float()
    of_sources = sources @ everything
    taken = of_sources.gather(1, owner.expand(rows, 1, -1))[:, 0]
    expected = torch.where(swapped[:, owner] == 1, taken, base @ everything)
    return functional.mse_loss(made.swap(base, sources, swapped) @ everything, expected)


def _planted(width: int, *counts: int) -> list[Tensor]:
    return list(random_orthonormal(width, sum(counts), 7).float().split(counts, 1))


@pytest.mark.parametrize(("count", "start"), [(3, 8)])
def test_boundless_das_learns_how_many_dimensions_a_variable_has(count: int, start: int) -> None:
    made = build_map([method("boundless_das", dim=start)], 12, 0)
    assert made.dimensions() == (start,)
    assert _trained(made, _planted(12, count), 1000).dimensions() == (count,)


def test_boundless_das_divides_a_site_between_two_variables() -> None:
    made = build_map([method("boundless_das", dim=3)] * 2, 12, 0)
    directions = _planted(12, 2, 4)
    assert _trained(made, directions, 2000).dimensions() == (2, 4)
    assert _error(made, directions) < 0.05


@pytest.mark.parametrize("counts", [(3,), (2, 4)])
def test_das_finds_planted_subspaces(counts: tuple[int, ...]) -> None:
    directions = _planted(12, *counts)
    made = build_map([method("das", dim=count) for count in counts], 12, 0)
    assert _error(made, directions) > 0.3
    assert _error(_trained(made, directions, 300), directions) < 1e-3


FROM_MEANS = method("mean_difference")


def test_das_starts_where_means_differ() -> None:
    """Each variable's first directions span what the means of its values do, and what is drawn is
    orthogonal to these; a variable whose means don't differ stays as it was drawn.
    """
    vectors, values = planted()
    made = build_map([method("das", dim=size, start=FROM_MEANS) for size in (2, 3)], WIDTH, 0)
    made.prepare(vectors, values)
    basis = _basis(made)
    assert torch.allclose(basis.T @ basis, torch.eye(5), atol=1e-5)
    means = torch.stack(
        [vectors[values[:, k] == 1].mean(0) - vectors[values[:, k] == 0].mean(0) for k in (0, 1)], 1
    ).float()
    own = torch.cat([basis[:, [0]], basis[:, [2]]], 1)
    assert torch.allclose(own @ (own.T @ means), means, atol=1e-3)
    assert (basis[:, [1, 3, 4]].T @ means).abs().max() < 1e-3

    for same in (values * 0, values[:, [0, 0]]):
        alone = build_map([method("das", dim=3, start=FROM_MEANS)], WIDTH, 1)
        drawn = _basis(alone)
        alone.prepare(torch.ones_like(vectors) if same.any() else vectors, same)
        assert torch.allclose(_basis(alone), drawn, atol=1e-5)


def test_das_starts_from_the_largest_differences_of_many_values() -> None:
    generator = torch.Generator().manual_seed(5)
    means = torch.randn((40, WIDTH), generator=generator, dtype=torch.float64)
    values = torch.randint(0, 40, (4_000, 1), generator=generator)
    made = build_map([method("das", dim=4, start=FROM_MEANS)], WIDTH, 0)
    made.prepare(means[values[:, 0]], values)
    basis = _basis(made).double().numpy()
    left = np.linalg.svd((means - means.mean(0)).numpy().T)[0][:, :4]
    assert np.allclose(basis @ basis.T, left @ left.T, rtol=0, atol=1e-4)


def test_variables_of_a_site_start_alike() -> None:
    methods = [method("das", dim=2), method("das", dim=2, start=FROM_MEANS)]
    with pytest.raises(ToolFailure, match="start from different directions"):
        build_map(methods, WIDTH, 0)


def _basis(made: AlignmentMap) -> Tensor:
    assert isinstance(made.featurizer, Rotation)
    return made.featurizer.basis().detach()


def test_a_mask_finds_planted_neurons() -> None:
    first, second = torch.eye(12)[:, [1, 5, 7]], torch.eye(12)[:, [2, 11]]
    made = _trained(
        build_map([method("mask", over=Method("neurons"))] * 2, 12, 0), [first, second], 300
    )
    assert made.dimensions() == (3, 2)
    assert made.ownership.shares().tolist() == [first.sum(1).tolist(), second.sum(1).tolist()]


def test_a_boundary_is_as_published_but_for_its_faults() -> None:
    boundary = LearnedBoundary((2, 3), 8).train()
    for progress, temperature in ((0.0, 50.0), (0.5, 25.05), (1.0, 0.1)):
        boundary.anneal(progress)
        for column in range(8):
            below = [1 / (1 + math.exp((column + 0.5 - end) / temperature)) for end in (2, 5)]
            above = 1 / (1 + math.exp((2 - column - 0.5) / temperature))
            expected = [below[0], above * below[1]]
            found = boundary.shares()[:, column].tolist()
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-7)
    # Column 0 is all the first variable's in the end, and the temperature is not a parameter.
    assert float(boundary.shares().detach()[0, 0]) > 0.999
    assert [name for name, _ in boundary.named_parameters()] == ["lengths"]
    assert float(boundary.penalty().detach()) == pytest.approx(5 / 8)
    hard = boundary.eval().shares()
    assert hard.tolist() == [[1, 1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 0, 0, 0]]


def test_a_length_beyond_its_end_comes_back_where_the_loss_wants_it() -> None:
    boundary = LearnedBoundary((2, 2), 8).eval()
    with torch.no_grad():
        boundary.lengths.copy_(torch.tensor([-0.3, 1.7]))
    assert boundary.shares().sum(1).tolist() == [0, 8]
    boundary.train().shares()[0].sum().backward()
    assert boundary.lengths.grad is not None
    assert float(boundary.lengths.grad[0]) > 0


def test_published_rates_are_kept_where_there_are_some() -> None:
    groups = build_map([method("boundless_das", dim=3)], 12, 0).parameter_groups(0.5)
    assert [group["lr"] for group in groups] == [1e-3, 1e-2]
    assert [
        group["lr"] for group in build_map([method("das", dim=3)], 12, 0).parameter_groups(0.5)
    ] == [0.5]


def test_variables_that_choose_over_different_bases_are_refused() -> None:
    with pytest.raises(ToolFailure) as failure:
        build_map(
            [method("mask", over=method("pca", dim=2)), method("mask", over=Method("neurons"))],
            12,
            0,
        )
    assert str(failure.value) == "variables at one site choose over `neurons` and `pca(dim = 2)`"


def _error(made: AlignmentMap, directions: list[Tensor]) -> float:
    """The mean squared distance from what the directions should say after an interchange."""
    with torch.no_grad():
        return float(_loss(made, directions, torch.Generator().manual_seed(1), rows=1000))


def _curved_error(made: AlignmentMap, seed: int) -> Tensor:
    """How far an interchange of z = y - x² is from leaving x and taking the source's z."""
    generator = torch.Generator().manual_seed(seed)
    base, source = torch.randn((2, 256, 2), generator=generator)
    after = made.swap(base, source[:, None], torch.ones(256, 1))
    wanted = source[:, 1] - source[:, 0].square() + base[:, 0].square()
    return functional.mse_loss(after, torch.stack([base[:, 0], wanted], 1))


def test_a_reversible_network_follows_a_curved_variable() -> None:
    errors: dict[str, float] = {}
    for written in (method("das", dim=1), method("revnet", dim=1, blocks=2)):
        made = build_map([written], 2, 0)
        optimizer = torch.optim.Adam(made.parameters(), lr=1e-2)
        for step in range(400):
            optimizer.zero_grad()
            _curved_error(made, step).backward()
            optimizer.step()
        with torch.no_grad():
            errors[written.name] = float(_curved_error(made, 10_000))
    assert errors["das"] > 1
    assert errors["revnet"] < errors["das"] / 10
