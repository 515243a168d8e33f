"""Sparse dictionaries on disk: what a safetensors file must hold to be one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from causalspec.compiler import FileArgument
from causalspec.dsl.diagnostics import ToolFailure

_NEEDED, _OPTIONAL = ("W_enc", "b_enc", "W_dec", "b_dec"), ("threshold", "k")
_HELP = (
    "a dictionary holds `W_enc` [width, features], `b_enc`, `W_dec` [features, width], `b_dec`, "
    "and perhaps a `threshold` [features] or a `k`"
)


@dataclass(frozen=True, eq=False)
class SparseDictionary:
    """A sparse autoencoder in float32: features = activation(vector @ encoder + bias).

    The activation is ReLU; with `threshold` [features], what does not exceed it is 0, too
    (JumpReLU, Rajamanoharan et al. 2024, arXiv 2407.14435); with `k`, only the k largest features
    of a vector are kept (Gao et al. 2024, arXiv 2406.04093). The decoder's bias is not needed: it
    is part of what the features leave unsaid.
    """

    name: str
    encoder: Tensor = field(repr=False)  # [width, features]
    bias: Tensor = field(repr=False)  # [features]
    decoder: Tensor = field(repr=False)  # [features, width]
    threshold: Tensor | None = field(repr=False)
    k: int | None

    @property
    def features(self) -> int:
        """How many features there are."""
        return len(self.decoder)


def read_dictionary(file: FileArgument, width: int) -> SparseDictionary:
    """The dictionary in a file, for vectors of this width.

    Keys: `W_enc` [width, features], `b_enc` [features], `W_dec` [features, width], `b_dec` [width];
    if need be `threshold` [features], or `k`, a whole number. An autoencoder that subtracts `b_dec`
    from its input must have that folded into `b_enc`.

    Raises:
        ToolFailure: the file is damaged, holds something else, or is of another width.
    """
    try:
        changed = file.path.stat().st_mtime_ns
        found = _read(file.name, file.path, changed)
    except (SafetensorError, OSError) as error:
        raise ToolFailure(f"`{file.name}` can't be read as safetensors: {error}", _HELP) from error
    if len(found.encoder) != width:
        raise ToolFailure(
            f"`{file.name}` is a dictionary of vectors of width {len(found.encoder)}, "
            f"and those at this site are {width} wide",
            help="take the dictionary that was trained at this site of this network",
        )
    return found


@lru_cache(maxsize=2)  # a sweep builds a map at every site
def _read(name: str, path: Path, _changed: int) -> SparseDictionary:
    file: Any = safe_open(path, framework="pt")
    with file as opened:
        keys: list[str] = list(opened.keys())
        tensors: dict[str, Tensor] = {key: opened.get_tensor(key) for key in keys}
    missing = [f"`{key}`" for key in _NEEDED if key not in tensors]
    if missing:
        raise ToolFailure(f"`{name}` is not a dictionary: it lacks {', '.join(missing)}", _HELP)
    foreign = sorted(set(tensors) - {*_NEEDED, *_OPTIONAL})
    if foreign:
        raise ToolFailure(
            f"`{name}` holds `{foreign[0]}` besides, which may change what its features are", _HELP
        )
    whole = {key: tensor.float() for key, tensor in tensors.items()}
    shape = tuple(whole["W_enc"].shape)
    if len(shape) != 2:
        raise ToolFailure(f"`W_enc` of `{name}` is not a matrix", _HELP)
    width, features = shape
    expected = {
        "W_enc": (width, features),
        "b_enc": (features,),
        "W_dec": (features, width),
        "b_dec": (width,),
        "threshold": (features,),
    }
    for key, tensor in whole.items():
        if key in expected and tuple(tensor.shape) != expected[key]:
            has, due = ("×".join(map(str, shape)) for shape in (tensor.shape, expected[key]))
            raise ToolFailure(f"`{key}` of `{name}` is {has}, not {due}", _HELP)
        if not bool(tensor.isfinite().all()):
            raise ToolFailure(f"`{key}` of `{name}` has numbers that are not finite", _HELP)
    return SparseDictionary(
        name,
        whole["W_enc"],
        whole["b_enc"],
        whole["W_dec"],
        whole.get("threshold"),
        _kept(name, whole["k"], features) if "k" in whole else None,
    )


def _kept(name: str, k: Tensor, features: int) -> int:
    number = float(k) if k.numel() == 1 else 0.0
    if number != int(number) or not 1 <= number <= features:
        raise ToolFailure(f"`k` of `{name}` is not a number of features", _HELP)
    return int(number)


def activations(
    vectors: Tensor, encoder: Tensor, bias: Tensor, threshold: Tensor | None, k: int | None
) -> Tensor:
    """Features [rows, features] of vectors [rows, width], as `SparseDictionary` defines them."""
    before = vectors @ encoder.to(vectors) + bias.to(vectors)
    found = torch.relu(before)
    if threshold is not None:
        found = torch.where(before > threshold.to(vectors), found, 0)
    if k is not None:
        largest = found.topk(k, dim=-1)
        found = torch.zeros_like(found).scatter(-1, largest.indices, largest.values)
    return found
