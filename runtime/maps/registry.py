"""The one table of methods: what builds the map of each name in a spec."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.methods.boundless_das import boundless_das
from causalspec.runtime.maps.methods.das import das
from causalspec.runtime.maps.methods.dictionary import dictionary
from causalspec.runtime.maps.methods.factors import factors
from causalspec.runtime.maps.methods.full_vector import full_vector
from causalspec.runtime.maps.methods.kmeans import kmeans
from causalspec.runtime.maps.methods.lda import lda
from causalspec.runtime.maps.methods.mask import mask
from causalspec.runtime.maps.methods.mean_difference import mean_difference
from causalspec.runtime.maps.methods.pca import pca
from causalspec.runtime.maps.methods.probe import probe
from causalspec.runtime.maps.methods.random_subspace import random_subspace
from causalspec.runtime.maps.methods.revnet import revnet

Builder = Callable[[Sequence[Method], int, int], AlignmentMap]
"""Makes the map of the variables at one site from their methods, the width and a seed."""

BUILDERS: Mapping[str, Builder] = {
    "full_vector": full_vector,
    "das": das,
    "boundless_das": boundless_das,
    "mask": mask,
    "pca": pca,
    "mean_difference": mean_difference,
    "probe": probe,
    "lda": lda,
    "kmeans": kmeans,
    "dictionary": dictionary,
    "factors": factors,
    "revnet": revnet,
    "random_subspace": random_subspace,
}


class Row(Protocol):
    """What the registry reads of a vocabulary's row: where an installed package implements it."""

    @property
    def implementation(self) -> str | None:
        """`package.module:object`, None for methods of our own."""
        ...


NO_ROWS: Mapping[str, Row] = {}


def build_map(
    methods: Sequence[Method], width: int, seed: int, rows: Mapping[str, Row] = NO_ROWS
) -> AlignmentMap:
    """A fresh map for the variables at one site, each with its method; all of one name.

    `rows` are the vocabulary's methods by name, which say where those of installed packages are.

    Raises:
        ToolFailure: the dimensions exceed `width`, a method's file does not suit it, or an
            installed package's method cannot be imported.
        InternalError: the methods differ in name, or there is no such method.
    """
    names = {method.name for method in methods}
    if len(names) > 1:
        raise InternalError(f"variables at one site differ in method: {', '.join(sorted(names))}")
    name = names.pop()
    if name in BUILDERS:
        return BUILDERS[name](methods, width, seed)
    implementation = rows[name].implementation if name in rows else None
    if implementation is None:
        raise InternalError(f"there is no alignment map called `{name}`")
    return _foreign(name, implementation, methods, width, seed)


def _foreign(
    name: str, implementation: str, methods: Sequence[Method], width: int, seed: int
) -> AlignmentMap:
    module, _, attribute = implementation.partition(":")
    try:
        builder: Any = getattr(importlib.import_module(module), attribute)
        made: Any = builder(methods, width, seed)
    except ToolFailure:
        raise
    except Exception as error:  # whatever somebody else's package does
        raise ToolFailure(
            f"the method `{name}` can't be had from `{implementation}`: {error}",
            help="install its package again, or ask who wrote it",
        ) from error
    if not isinstance(made, AlignmentMap):
        raise ToolFailure(
            f"the method `{name}` of `{implementation}` is not an alignment map",
            help="it takes the methods, the width and a seed, and returns an `AlignmentMap`",
        )
    return made
