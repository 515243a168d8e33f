"""The faster way round gives the same numbers and gradients, and is taken only where it helps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from causalspec.runtime.thin_products import MOST_ROWS, speed_up_thin_products


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 5), (7, 1, 5), (MOST_ROWS, 5), (MOST_ROWS + 1, 5)])
def test_same_numbers_and_gradients(shape: tuple[int, ...], bias: bool):
    torch.manual_seed(0)
    usual = nn.Linear(5, 9, bias=bias, dtype=torch.float64).requires_grad_(False)
    faster = nn.Linear(5, 9, bias=bias, dtype=torch.float64).requires_grad_(False)
    faster.load_state_dict(usual.state_dict())
    speed_up_thin_products(faster)
    rows = torch.randn(shape, dtype=torch.float64)
    results = []
    for layer in (usual, faster):
        leaf = rows.clone().requires_grad_(True)
        out = layer(leaf)
        out.square().sum().backward()
        assert leaf.grad is not None
        results.append((out.detach(), leaf.grad))
    (first, first_gradient), (second, second_gradient) = results
    torch.testing.assert_close(second, first, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(second_gradient, first_gradient, rtol=1e-12, atol=1e-12)


def test_other_kinds_of_layers_stay_as_they_are():
    class Quantized(nn.Linear):
        pass

    layer = Quantized(3, 3)
    speed_up_thin_products(layer)
    assert "forward" not in vars(layer)
