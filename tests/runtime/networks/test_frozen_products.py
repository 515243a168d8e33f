"""Packed weights give the same numbers and gradients, follow the weights, and know their limits."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from causalspec.runtime.networks import frozen_products
from causalspec.runtime.networks.frozen_products import speed_up_products


def layers(bias: bool = True) -> tuple[nn.Linear, nn.Linear]:
    """Two equal frozen layers, the second one packed."""
    torch.manual_seed(0)
    usual = nn.Linear(48, 80, bias=bias).requires_grad_(False)
    packed = nn.Linear(48, 80, bias=bias).requires_grad_(False)
    packed.load_state_dict(usual.state_dict())
    speed_up_products(packed)
    assert "forward" in vars(packed), "this machine can pack"
    return usual, packed


def run(layer: nn.Module, rows: Tensor) -> tuple[Tensor, Tensor]:
    leaf = rows.clone().requires_grad_(True)
    out = layer(leaf)
    out.square().sum().backward()
    assert leaf.grad is not None
    return out.detach(), leaf.grad


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (48,), (7, 1, 48), (3, 5, 48), (700, 48), (0, 48)])
def test_same_numbers_and_gradients(shape: tuple[int, ...], bias: bool):
    usual, packed = layers(bias)
    rows = torch.randn(shape)
    exact = run(usual.double(), rows.double())
    for ours, reference in zip(run(packed, rows), exact, strict=True):
        torch.testing.assert_close(ours.double(), reference, rtol=1e-5, atol=1e-5)


def test_rows_that_do_not_lie_in_order():
    usual, packed = layers()
    rows = torch.randn(48, 6).t()
    torch.testing.assert_close(packed(rows), usual(rows), rtol=1e-5, atol=1e-5)


def test_a_weight_that_is_written_into_is_packed_again():
    usual, packed = layers()
    rows = torch.randn(4, 48)
    packed(rows)
    for layer in (usual, packed):
        layer.weight.mul_(2)
    torch.testing.assert_close(packed(rows), usual(rows), rtol=1e-5, atol=1e-5)
    for layer in (usual, packed):
        layer.weight = nn.Parameter(torch.ones(80, 48), requires_grad=False)
    torch.testing.assert_close(packed(rows), usual(rows), rtol=1e-5, atol=1e-5)


def test_a_layer_that_changes_its_precision_goes_back_to_the_usual_way():
    usual, packed = layers()
    rows = torch.randn(4, 48, dtype=torch.float64)
    assert torch.equal(packed.double()(rows), usual.double()(rows))


def test_other_kinds_of_layers_stay_as_they_are():
    class Quantized(nn.Linear):
        pass

    for layer in (Quantized(3, 3), nn.Linear(3, 3, dtype=torch.bfloat16)):
        speed_up_products(layer)
        assert "forward" not in vars(layer)


def test_nothing_is_packed_where_memory_is_short(monkeypatch: pytest.MonkeyPatch):
    layer = nn.Linear(100, 100).requires_grad_(False)
    monkeypatch.setattr(
        frozen_products.psutil, "virtual_memory", lambda: SimpleNamespace(available=300_000)
    )
    rows = torch.randn(3, 100)
    exact = layer(rows)
    speed_up_products(layer)
    monkeypatch.setattr(frozen_products, "_packed", None)
    assert torch.equal(layer(rows), exact)


@pytest.mark.parametrize("available", [10**10, 0])
def test_layers_of_gpt2_whose_weights_lie_across(
    available: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = SimpleNamespace(available=available)
    monkeypatch.setattr(frozen_products.psutil, "virtual_memory", lambda: memory)
    torch.manual_seed(0)
    usual, packed = (Conv1D(80, 48).requires_grad_(False) for _ in range(2))
    packed.load_state_dict(usual.state_dict())
    speed_up_products(packed)
    rows = torch.randn(3, 5, 48)
    for ours, reference in zip(run(packed, rows), run(usual, rows), strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-5)
