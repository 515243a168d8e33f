"""Maps computed from vectors and values: against slow references, and what defeats them."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import InternalError
from causalspec.runtime.maps import AlignmentMap, build_map
from causalspec.runtime.maps.computed import ComputedBasis, NotDetermined
from causalspec.runtime.maps.methods.kmeans import cluster
from causalspec.runtime.maps.methods.probe import logistic_regression
from tests.helpers.map_cases import WIDTH, method, planted, planted_directions

FROM_VALUES = ("mean_difference", "probe", "lda", "kmeans")


def _prepared(methods: list[Method], vectors: Tensor, values: Tensor) -> AlignmentMap:
    made = build_map(methods, vectors.shape[1], 0)
    made.prepare(vectors, values.reshape(len(vectors), -1))
    return made.eval()


def _directions(made: AlignmentMap) -> Any:
    assert isinstance(made.featurizer, ComputedBasis)
    return made.featurizer.basis().numpy()


def _three_values(rows: int = 300) -> tuple[Tensor, Tensor]:
    """Vectors [rows, 6] of correlated noise around three means, and which mean."""
    generator = torch.Generator().manual_seed(3)
    mixing = torch.randn((6, 6), generator=generator, dtype=torch.float64)
    means = 3 * torch.randn((3, 6), generator=generator, dtype=torch.float64)
    values = torch.randint(0, 3, (rows,), generator=generator)
    noise = torch.randn((rows, 6), generator=generator, dtype=torch.float64) @ mixing
    return means[values] + noise, values


def _same_subspace(first: Any, second: Any) -> bool:
    """Whether the columns of both, orthonormal, span the same."""
    return bool(np.allclose(first @ first.T, second @ second.T, rtol=0, atol=1e-6))


def _orthonormal(columns: Any) -> Any:
    return np.linalg.qr(columns)[0]


def test_principal_components_are_those_of_numpy() -> None:
    vectors, values = _three_values()
    found = _prepared([method("pca", dim=4)], vectors, values)
    exact = vectors.numpy()
    _, _, rows = np.linalg.svd(exact - exact.mean(0), full_matrices=False)
    assert np.allclose(np.abs((_directions(found) * rows[:4].T).sum(0)), 1)
    explained = np.square(np.linalg.svd(exact - exact.mean(0))[1])
    share = explained[:4].sum() / explained.sum()
    assert found.retained(vectors) == pytest.approx(share)
    assert found.retained(vectors.float()) == pytest.approx(share, rel=1e-5)


def test_the_mean_difference_is_the_difference_of_means() -> None:
    vectors, values = planted()
    found = _directions(_prepared([Method("mean_difference")], vectors, values[:, 0]))
    difference = vectors[values[:, 0] == 1].mean(0) - vectors[values[:, 0] == 0].mean(0)
    assert found.shape == (WIDTH, 1)
    assert abs(found[:, 0] @ (difference / difference.norm()).numpy()) == pytest.approx(1)


def test_the_mean_differences_of_three_values_span_their_means() -> None:
    vectors, values = _three_values()
    found = _prepared([Method("mean_difference")], vectors, values)
    means = np.stack([vectors[values == index].mean(0).numpy() for index in range(3)])
    assert found.dimensions() == (2,)
    assert _same_subspace(_directions(found), _orthonormal((means[1:] - means[0]).T))


def test_collinear_means_take_one_direction() -> None:
    values = torch.arange(90) % 5
    vectors = values[:, None].double() * torch.tensor([1.0, 2, 2]) / 3 + torch.tensor([5.0, 0, 1])
    found = _prepared([Method("mean_difference")], vectors, values)
    assert found.dimensions() == (1,)
    assert np.allclose(_directions(found)[:, 0], [1 / 3, 2 / 3, 2 / 3])


def test_discriminants_are_those_of_the_textbook() -> None:
    vectors, values = _three_values()
    exact, classes = vectors.numpy(), values.numpy()
    within, between = np.zeros((6, 6)), np.zeros((6, 6))
    for index in range(3):
        members = exact[classes == index]
        within += (members - members.mean(0)).T @ (members - members.mean(0))
        offset = members.mean(0) - exact.mean(0)
        between += len(members) * np.outer(offset, offset)
    ratios, columns = np.linalg.eig(np.linalg.inv(within) @ between)
    leading = columns[:, np.argsort(-ratios.real)].real
    first = _directions(_prepared([method("lda", dim=1)], vectors, values))
    assert _same_subspace(first, _orthonormal(leading[:, :1]))
    both = _prepared([Method("lda")], vectors, values)
    assert both.dimensions() == (2,)
    assert _same_subspace(_directions(both), _orthonormal(leading[:, :2]))


def test_discriminants_exist_where_the_spread_within_values_is_singular() -> None:
    values = torch.arange(40) % 2
    vectors = torch.zeros((40, 5), dtype=torch.float64)
    vectors[:, 1] = values.double()  # exactly the variable
    vectors[:, 3] = torch.arange(40) // 2 % 4
    found = _directions(_prepared([Method("lda")], vectors, values))
    assert np.allclose(found[:, 0], [0, 1, 0, 0, 0])


def test_a_probe_is_a_logistic_regression() -> None:
    vectors, values = _three_values(80)
    binary = (values == 1).long()
    exact, labels = vectors.numpy(), binary.numpy()
    weights = _newton(exact, labels)
    found = logistic_regression(vectors, binary, 2)
    assert np.allclose((found[1] - found[0]).numpy(), weights, rtol=0, atol=1e-6)
    centred = vectors - vectors.mean(0)
    scaled = (centred / centred.square().mean().sqrt()).numpy()
    direction = _newton(scaled, labels)
    made = _directions(_prepared([Method("probe")], vectors, binary))
    assert abs(made[:, 0] @ direction) / np.linalg.norm(direction) == pytest.approx(1)


def _newton(vectors: Any, labels: Any) -> Any:
    """Weights of binary logistic regression, penalised by a quarter of their squares."""
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    penalty = np.diag([0.5] * vectors.shape[1] + [0.0])
    weights = np.zeros(inputs.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (likely - labels) + penalty @ weights
        curvature = (inputs * (likely * (1 - likely))[:, None]).T @ inputs + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights[:-1]


def test_a_probe_of_three_values_is_at_its_minimum() -> None:
    vectors, values = _three_values(80)
    found = logistic_regression(vectors, values, 3).numpy()
    inputs = np.hstack([vectors.numpy(), np.ones((80, 1))])
    penalty = np.kron(np.eye(3), np.diag([1.0] * 6 + [0.0]))
    weights = np.zeros(21)
    for _ in range(30):
        logits = inputs @ weights.reshape(3, 7).T
        likely = np.exp(logits - logits.max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        error = likely - np.eye(3)[values.numpy()]
        gradient = (error.T @ inputs).reshape(-1) + penalty @ weights
        curvature = penalty.copy()
        for row, share in zip(inputs, likely, strict=True):
            curvature += np.kron(np.diag(share) - np.outer(share, share), np.outer(row, row))
        # All three intercepts may move together: the shortest step leaves them.
        weights = weights - np.linalg.lstsq(curvature, gradient)[0]
    assert np.allclose(found, weights.reshape(3, 7)[:, :6], rtol=0, atol=1e-6)


@pytest.mark.parametrize("count", [2, 3])
def test_clusters_are_the_best_of_all(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    vectors = torch.randn((8, 3), generator=generator, dtype=torch.float64)
    vectors += 2 * vectors[:count].roll(1, 0)[torch.arange(8) % count]
    least = min(
        sum(
            float((vectors[chosen] - vectors[chosen].mean(0)).square().sum())
            for chosen in (torch.tensor((0, *assigned)) == index for index in range(count))
            if bool(chosen.any())
        )
        for assigned in itertools.product(range(count), repeat=7)
    )
    centres, members = cluster(vectors, count, seed=0)
    assert float((vectors - centres[members]).square().sum()) == pytest.approx(least)


@pytest.mark.parametrize("name", FROM_VALUES)
def test_a_planted_direction_is_found(name: str) -> None:
    vectors, values = planted()
    direction = planted_directions()[:, 0]
    if name == "kmeans":  # which finds what varies most: leave but one variable in
        vectors = vectors - 8 * (values[:, 1:].double() - 0.5) @ planted_directions()[:, 1:].T
    found = _directions(_prepared([Method(name)], vectors, values[:, 0]))
    assert found.shape == (WIDTH, 1)
    assert abs(found[:, 0] @ direction.numpy()) > 0.9


@pytest.mark.parametrize("name", ["mean_difference", "probe", "lda"])
def test_two_planted_variables_have_orthogonal_directions(name: str) -> None:
    vectors, values = planted()
    made = _prepared([Method(name), Method(name)], vectors, values)
    found = _directions(made)
    assert made.dimensions() == (1, 1)
    assert np.allclose(found.T @ found, np.eye(2))
    assert np.abs(found.T @ planted_directions().numpy()).diagonal().min() > 0.9
    # Neither comes first: the other way round it is the same directions the other way round.
    turned = _directions(_prepared([Method(name), Method(name)], vectors, values.flip(1)))
    assert np.allclose(turned[:, ::-1], found)


@pytest.mark.parametrize("name", [*FROM_VALUES, "pca"])
def test_a_copy_of_a_map_reads_the_saved_one(name: str) -> None:
    vectors, values = _three_values()
    written = Method(name) if name != "pca" else method("pca", dim=2)
    made = _prepared([written], vectors, values)
    again = copy.deepcopy(build_map([written], 6, 9))
    with pytest.raises(InternalError, match=r"^a map was used before it was prepared "):
        again.project(vectors)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.project(vectors), made.project(vectors))
    assert again.dimensions() == made.dimensions() == (2,)


def _refusal(written: list[Method], vectors: Tensor, values: Tensor) -> str:
    with pytest.raises(NotDetermined) as failure:
        _prepared(written, vectors, values)
    assert failure.value.help is not None
    return str(failure.value)


@pytest.mark.parametrize("name", FROM_VALUES)
def test_a_variable_with_one_value_is_refused(name: str) -> None:
    vectors, values = planted()
    ones = torch.ones_like(values[:, 0])
    assert _refusal([Method(name)], vectors, ones) == (
        f"`{name}` finds nothing: the variable has one value in training"
    )
    both = torch.stack([values[:, 0], ones], 1)
    assert _refusal([Method(name)] * 2, vectors, both) == (
        f"`{name}` finds nothing: variable 2 of 2 has one value in training"
    )


@pytest.mark.parametrize("name", [*FROM_VALUES, "pca"])
def test_vectors_that_say_nothing_are_refused(name: str) -> None:
    vectors, values = planted()
    written = [Method(name) if name != "pca" else method("pca", dim=2)]
    same = vectors[:1].expand(vectors.shape).float()
    # What a network computes for one prefix in several batches differs by rounding.
    rounded = same * (1 + 1e-7 * torch.randn(vectors.shape, generator=torch.Generator()))
    for constant in (same, rounded):
        assert _refusal(written, constant, values[:, 0]) == (
            f"`{name}` finds nothing: all vectors at this site are the same"
        )
    broken = vectors.clone()
    broken[3, 4] = torch.nan
    assert _refusal(written, broken, values[:, 0]) == (
        f"`{name}` finds nothing: some vectors at this site are not finite"
    )


def test_too_few_vectors_are_refused() -> None:
    vectors, values = planted(WIDTH)
    assert _refusal([Method("lda")], vectors, values[:, 0]) == (
        "`lda` finds nothing: 12 vectors vary in 11 directions, "
        "so that any values could be told apart"
    )
    assert _refusal([method("pca", dim=12)], vectors, values[:, 0]) == (
        "`pca` finds too little: the vectors vary in 11 directions, not in 12"
    )
    two = vectors[[0, 1]].repeat(6, 1)
    assert _refusal([Method("kmeans")], two, torch.arange(12) % 3) == (
        "`kmeans` finds nothing: 3 clusters of 2 different vectors"
    )


def test_more_directions_than_there_are_are_refused() -> None:
    vectors, values = planted()
    assert _refusal([method("lda", dim=2)], vectors, values[:, 0]) == (
        "`lda` finds too little: 1 directions tell the 2 values of the variable apart"
    )
    many = torch.arange(200) % 13
    assert _refusal([Method("mean_difference")], vectors, many) == (
        "`mean_difference` finds too much: the 13 values of the variable span the whole vector"
    )


def test_values_that_make_no_difference_are_refused() -> None:
    vectors, _ = planted(100)
    twice, values = vectors.repeat(2, 1), torch.arange(200) // 100
    assert _refusal([Method("mean_difference")], twice, values) == (
        "`mean_difference` finds nothing: the vectors do not differ by the values of the variable"
    )


@pytest.mark.parametrize("name", FROM_VALUES)
def test_one_direction_cannot_be_two_variables(name: str) -> None:
    vectors, values = planted()
    same = values[:, [0, 0]]
    assert _refusal([Method(name)] * 2, vectors, same) == (
        f"`{name}` finds directions of several variables that are not independent"
    )
