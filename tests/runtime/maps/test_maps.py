"""What holds for the maps of every method: the laws of a featurizer, an ownership and a swap."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps import BUILDERS, AlignmentMap, LinearFeaturizer, build_map
from tests.helpers.map_cases import CASES, WIDTH, Case, method, planted, prepared, rows_of, texts


def _cases(chosen: Callable[[Case], bool]) -> pytest.MarkDecorator:
    some = [case for case in CASES if chosen(case)]
    return pytest.mark.parametrize("case", some, ids=texts(some))


every_case = _cases(lambda _: True)


def test_every_method_has_a_case() -> None:
    assert {method.name for case in CASES for method in case.methods} == set(BUILDERS)


@every_case
def test_decoding_undoes_encoding(case: Case) -> None:
    made = prepared(case)
    vectors, _ = planted(50, seed=3)
    features, rest = made.featurizer.encode(vectors)
    assert features.shape == (50, made.featurizer.features)
    assert rest.shape == vectors.shape
    assert torch.equal(made.project(vectors), features)
    assert torch.allclose(made.featurizer.decode(features, rest), vectors, rtol=0, atol=1e-9)


@every_case
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_swap_with_itself_is_exact_to_the_bit(case: Case, dtype: torch.dtype) -> None:
    for mode in (True, False):
        made = prepared(case).train(mode).to(torch.float64 if dtype.itemsize > 4 else torch.float32)
        base, sources, swapped = rows_of(len(case.methods), rows=33)
        base = base.to(dtype)
        itself = base[:, None].expand(sources.shape)
        after = made.swap(base, itself, torch.ones_like(swapped))
        assert after.dtype == dtype
        assert torch.equal(after, base)


@every_case
def test_a_swap_is_what_the_definition_says(case: Case) -> None:
    made = prepared(case)
    base, sources, swapped = rows_of(len(case.methods))
    shares = made.ownership.shares()
    expected = torch.stack(
        [
            _by_definition(made, shares, base[row], sources[row], swapped[row])
            for row in range(len(base))
        ]
    )
    assert torch.allclose(made.swap(base, sources, swapped), expected, rtol=0, atol=1e-9)


def _by_definition(
    made: AlignmentMap, shares: Tensor, base: Tensor, sources: Tensor, swapped: Tensor
) -> Tensor:
    """One row, feature by feature."""
    [features], rest = made.featurizer.encode(base[None])
    moved = features.clone()
    for feature in range(len(features)):
        owners = [v for v in range(len(sources)) if swapped[v] * shares[v, feature] == 1]
        if owners:
            taken = [made.featurizer.encode(sources[v][None])[0][0, feature] for v in owners]
            moved[feature] = torch.stack(taken).mean()
    return made.featurizer.decode(moved[None], rest)[0]


@every_case
def test_what_nobody_swaps_stays(case: Case) -> None:
    made = prepared(case)
    base, sources, swapped = rows_of(len(case.methods))
    assert torch.equal(made.swap(base, sources, torch.zeros_like(swapped)), base)


@_cases(lambda case: case.owns_all)
def test_a_swap_of_everything_is_the_source(case: Case) -> None:
    base, sources, _ = rows_of(1)
    after = prepared(case).swap(base, sources, torch.ones(len(base), 1))
    assert torch.allclose(after, sources[:, 0], rtol=0, atol=1e-9)


@_cases(lambda case: isinstance(case.build().featurizer, LinearFeaturizer))
def test_bases_are_orthonormal(case: Case) -> None:
    featurizer = prepared(case).featurizer
    assert isinstance(featurizer, LinearFeaturizer)
    basis = featurizer.basis()
    expected = torch.eye(featurizer.features, dtype=torch.float64)
    assert torch.allclose(basis.T @ basis, expected, rtol=0, atol=1e-12)


@every_case
def test_features_belong_to_one_variable_once_hardened(case: Case) -> None:
    made = prepared(case)
    shares = made.ownership.shares()
    assert shares.shape == (len(case.methods), made.featurizer.features)
    assert set(shares.unique().tolist()) <= {0.0, 1.0}
    if case.counts is not None:
        assert made.dimensions() == case.counts
    if case.methods[0].name != "full_vector":
        assert bool((shares.sum(0) <= 1).all())


@every_case
def test_soft_shares_of_a_feature_never_exceed_one(case: Case) -> None:
    made = prepared(case).train()
    for progress in (0, 0.5, 1):
        made.anneal(progress)
        shares = made.ownership.shares().detach()
        assert bool(((shares >= 0) & (shares <= 1)).all())
        if case.methods[0].name != "full_vector":
            assert float(shares.sum(0).max()) <= 1 + 1e-12


@every_case
def test_a_state_dict_restores_a_fresh_map(case: Case) -> None:
    made = prepared(case)
    again = case.build(seed=5).double().eval()
    again.load_state_dict(made.state_dict())
    base, sources, swapped = rows_of(len(case.methods))
    assert torch.equal(again.swap(base, sources, swapped), made.swap(base, sources, swapped))
    assert again.dimensions() == made.dimensions()
    assert all(tensor.is_contiguous() for tensor in made.state_dict().values())


@every_case
def test_the_same_seed_gives_the_same_map(case: Case) -> None:
    first, second = prepared(case), prepared(case)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])


@_cases(lambda case: bool(list(case.build().parameters())))
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    made = prepared(case).train()
    made.anneal(0.2)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name == "ownership.lengths":
                parameter.mul_(0.9)  # away from the end, where a length is held
    trained = [parameter for parameter in made.parameters() if parameter.requires_grad]
    base, sources, swapped = rows_of(len(case.methods), rows=4)
    sources.requires_grad_()

    def swap(*_: Tensor) -> Tensor:
        return made.swap(base, sources, swapped)

    torch.autograd.gradcheck(swap, (sources, *trained), fast_mode=True)


@every_case
def test_parameters_are_grouped_for_adam(case: Case) -> None:
    made = case.build()
    groups = made.parameter_groups(0.5)
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in made.parameters())
    if groups:
        torch.optim.Adam(groups)


@pytest.mark.parametrize("name", ["das", "random_subspace", "boundless_das"])
def test_more_dimensions_than_numbers_are_refused(name: str) -> None:
    with pytest.raises(ToolFailure) as failure:
        build_map([method(name, dim=9), method(name, dim=8)], 16, 0)
    assert str(failure.value) == "17 dimensions do not fit into a vector of width 16"
    assert failure.value.help == "the dimensions of all variables at one site may come to 16"


def test_what_the_checker_lets_by_is_a_mistake_of_ours() -> None:
    with pytest.raises(
        InternalError, match=r"^variables at one site differ in method: das, full_vector "
    ):
        build_map([method("das", dim=1), Method("full_vector")], WIDTH, 0)
    with pytest.raises(InternalError, match=r"^there is no alignment map called `dsa` "):
        build_map([method("dsa", dim=1)], WIDTH, 0)
