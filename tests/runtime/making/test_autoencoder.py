"""Autoencoders find what vectors are made of, and are dictionaries that can be read."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from causalspec.compiler import FileArgument
from causalspec.runtime.making.autoencoder import train_autoencoder
from causalspec.runtime.maps.dictionary_file import read_dictionary


def vectors_of_directions() -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors [600, 8] of one of eight orthogonal directions each, beside a constant; which one."""
    generator = torch.Generator().manual_seed(0)
    which = torch.randint(8, (600,), generator=generator)
    sizes = 1 + torch.rand(600, 1, generator=generator)
    basis, _ = torch.linalg.qr(torch.randn(8, 8, generator=generator))
    return 5 + sizes * basis[which], which


def test_each_direction_has_a_feature(tmp_path: Path) -> None:
    vectors, which = vectors_of_directions()
    found = train_autoencoder(vectors, features=32, active=1, steps=600)
    assert found.unexplained < 0.1
    fires = found.features(vectors) > 0
    shares = torch.stack([fires[which == number].float().mean(0) for number in range(8)])
    assert bool((shares.amax(1) > 0.9).all())
    assert len(shares.argmax(1).unique()) == 8

    order = torch.arange(31, -1, -1)
    turned = found.in_order(order)
    assert torch.equal(turned.features(vectors), found.features(vectors)[:, order])
    save_file(dict(turned.weights), tmp_path / "features.safetensors")
    read = read_dictionary(FileArgument("features", tmp_path / "features.safetensors"), 8)
    assert (read.features, read.k) == (32, 1)
    assert torch.equal(read.encoder, turned.weights["W_enc"])


def test_the_same_seed_gives_the_same() -> None:
    vectors, _ = vectors_of_directions()
    first, second, other = (train_autoencoder(vectors, 16, 2, 20, seed) for seed in (0, 0, 1))
    assert torch.equal(first.weights["W_enc"], second.weights["W_enc"])
    assert not torch.equal(first.weights["W_enc"], other.weights["W_enc"])
