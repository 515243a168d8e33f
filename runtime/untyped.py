"""What torch and transformers leave untyped, with types: a line of trust each, in one place."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
from torch import Tensor, nn

_torch: Any = torch
_Module = TypeVar("_Module", bound=nn.Module)


def as_list(tensor: Tensor) -> list[Any]:
    """A tensor's numbers, nested as its dimensions."""
    untyped: Any = tensor
    return untyped.tolist()


def from_array(array: Any) -> Tensor:
    """A NumPy array as a tensor, sharing its memory."""
    return _torch.from_numpy(array)


def divided(tensor: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    """A tensor's rows in parts of these sizes, one after the other."""
    return _torch.split(tensor, list(sizes))


def distinct(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """The values that occur, ascending, and where in them each element is."""
    return _torch.unique(tensor, return_inverse=True)


def numbered_rows(matrix: Tensor) -> Tensor:
    """A number for each row of a matrix [rows, columns], the same for rows that are equal."""
    return _torch.unique(matrix, dim=0, return_inverse=True)[1]


def numbered_as_met(matrix: Tensor) -> Tensor:
    """As `numbered_rows`, but counted in the order in which each row is first met."""
    numbers = numbered_rows(matrix)
    count = int(numbers.max()) + 1 if len(numbers) else 0
    first = torch.full((count,), len(numbers)).scatter_reduce(
        0, numbers, torch.arange(len(numbers)), "amin"
    )
    return first.argsort().argsort()[numbers]


def orthonormalise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The QR decomposition of a tall matrix: Q [rows, columns], R [columns, columns]."""
    return _torch.linalg.qr(matrix)


def singular_values(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The thin decomposition U, singular values (largest first), V^T."""
    return _torch.linalg.svd(matrix, full_matrices=False)


def eigenvectors(symmetric: Tensor) -> tuple[Tensor, Tensor]:
    """The eigenvalues of a symmetric matrix, smallest first, and its eigenvectors as columns."""
    return _torch.linalg.eigh(symmetric)


def step_down(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of an optimizer by the gradient of a loss."""
    untyped: Any = optimizer
    optimizer.zero_grad()
    torch.autograd.backward([loss])
    untyped.step()


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """While open, torch draws from `seed` on the CPU; afterwards as if nothing had happened."""
    with _torch.random.fork_rng(devices=[]):
        _torch.manual_seed(seed)
        yield


def moved(module: _Module, device: torch.device, dtype: torch.dtype) -> _Module:
    """A module on another device, in another precision."""
    untyped: Any = module
    return untyped.to(device=device, dtype=dtype)


def decoded(tokenizer: Any, token: int) -> str:
    """One token's text."""
    return str(tokenizer.decode([token]))


def decoded_all(tokenizer: Any, tokens: Any) -> str:
    """The text of some tokens."""
    return str(tokenizer.decode(list(tokens)))


def save_tensors(
    tensors: Mapping[str, Tensor], path: Path, notes: Mapping[str, str] | None = None
) -> None:
    """Write a safetensors file."""
    untyped: Any = safetensors.torch
    untyped.save_file(dict(tensors), path, dict(notes) if notes is not None else None)


def tensors_as_bytes(tensors: Mapping[str, Tensor], notes: Mapping[str, str]) -> bytes:
    """A safetensors file as it would be written."""
    untyped: Any = safetensors.torch
    return untyped.save(dict(tensors), dict(notes))


def text_config(model: Any) -> Any:
    """The configuration of a model's decoder, which multimodal ones keep inside another."""
    return model.config.get_text_config(decoder=True)
