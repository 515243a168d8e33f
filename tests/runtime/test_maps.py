"""The interchange in a partitioned basis, against its definition."""

from __future__ import annotations

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.subjects import Site
from causalspec.runtime.maps import DistributedAlignment, FullVector, RandomSubspace, SubspaceMap
from causalspec.runtime.maps.site_maps import PlacedVariable, build_maps


def _vectors(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("family", [DistributedAlignment, RandomSubspace])
def test_bases_are_orthonormal_and_depend_on_the_seed_alone(
    family: type[DistributedAlignment | RandomSubspace],
) -> None:
    basis = family(64, (3, 5), 1).basis()
    assert torch.allclose(basis.T @ basis, torch.eye(8), atol=1e-6)
    assert torch.equal(basis, family(64, (3, 5), 1).basis())
    assert not torch.allclose(basis, family(64, (3, 5), 2).basis(), atol=0.1)


def test_training_keeps_the_basis_orthonormal() -> None:
    found = DistributedAlignment(64, (8,), 0)
    optimizer = torch.optim.Adam(found.parameters(), lr=0.1)
    target = _vectors(64, 8)
    for _ in range(50):
        optimizer.zero_grad()
        (-(found.basis() * target).sum()).backward()
        optimizer.step()
    basis = found.basis()
    assert torch.allclose(basis.T @ basis, torch.eye(8), atol=1e-5)


@pytest.mark.parametrize("dimensions", [(4,), (3, 5), (1, 2, 4)])
def test_a_swap_is_what_the_definition_says(dimensions: tuple[int, ...]) -> None:
    found = RandomSubspace(16, dimensions, 0).double()
    base, sources = _vectors(9, 16).double(), _vectors(9, len(dimensions), 16).double()
    swapped = (torch.arange(9 * len(dimensions)).reshape(9, -1) % 3 > 0).double()
    expected = base.clone()
    for row in range(9):
        first = 0
        for variable, count in enumerate(dimensions):
            own = found.basis()[:, first : first + count]
            first += count
            if swapped[row, variable]:
                expected[row] += (sources[row, variable] - base[row]) @ own @ own.T
    assert torch.allclose(found.swap(base, sources, swapped), expected, atol=1e-12)


def test_swapping_takes_the_coordinates_and_leaves_the_rest() -> None:
    found = RandomSubspace(16, (3, 5), 0)
    base, sources = _vectors(9, 16), _vectors(9, 2, 16).flip(0)
    swapped = torch.tensor([1.0, 0.0]).expand(9, 2)
    after = found.project(found.swap(base, sources, swapped))
    assert torch.allclose(after[:, :3], found.project(sources[:, 0])[:, :3], atol=1e-5)
    assert torch.allclose(after[:, 3:], found.project(base)[:, 3:], atol=1e-5)


def test_the_full_vector_is_the_source() -> None:
    base, sources = _vectors(4, 8), _vectors(4, 2, 8).flip(0)
    one = FullVector(8).swap(base, sources[:, :1], torch.tensor([[1.0], [0], [1], [0]]))
    assert torch.allclose(one[[0, 2]], sources[[0, 2], 0], atol=1e-6)
    assert torch.equal(one[[1, 3]], base[[1, 3]])
    swapped = torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    both = FullVector(8, 2).swap(base, sources, swapped)
    expected = torch.stack([sources[0, 0], sources[1, 1], sources[2].mean(0), base[3]])
    assert torch.allclose(both, expected, atol=1e-6)


def test_variables_share_a_map_where_they_share_a_site() -> None:
    variables = [
        PlacedVariable(Site(3, 1), Method("das", (("dim", 2),))),
        PlacedVariable(Site(2), Method("full_vector")),
        PlacedVariable(Site(3, 1), Method("das", (("dim", 4),))),
    ]
    maps = build_maps(variables, 16, seed=0)
    assert maps.sites == (Site(2, 0), Site(3, 1))
    assert maps.members == ((1,), (0, 2))
    shared = maps.maps[1]
    assert isinstance(shared, SubspaceMap)
    assert shared.dimensions == (2, 4)
    assert sorted(maps.state_dict()) == ["maps.1.weight"]


def test_what_does_not_fit_is_refused() -> None:
    site = Site(0)
    with pytest.raises(ValueError, match=r"^17 dimensions do not fit into a vector of width 16$"):
        build_maps([PlacedVariable(site, Method("das", (("dim", 17),)))], 16, seed=0)
    mixed = [
        PlacedVariable(site, Method("das", (("dim", 1),))),
        PlacedVariable(site, Method("full_vector")),
    ]
    with pytest.raises(
        ValueError, match=r"^variables at one site differ in method: das, full_vector$"
    ):
        build_maps(mixed, 16, seed=0)
