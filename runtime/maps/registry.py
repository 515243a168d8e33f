"""The one table of methods: what builds the map of each name in a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from causalspec.compiler import Method, full_vocabulary
from causalspec.dsl.diagnostics import InternalError
from causalspec.runtime.extensions import given_by
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


def build_map(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """A fresh map for the variables at one site, each with its method; all of one name.

    A method that is not ours is one of an installed package, as the vocabulary says.

    Raises:
        ToolFailure: the dimensions exceed `width`, a method's file does not suit it, or an
            installed package's method cannot be had.
        InternalError: the methods differ in name, or there is no such method.
    """
    names = {method.name for method in methods}
    if len(names) > 1:
        raise InternalError(f"variables at one site differ in method: {', '.join(sorted(names))}")
    name = names.pop()
    if name in BUILDERS:
        return BUILDERS[name](methods, width, seed)
    entry = full_vocabulary().methods.get(name)
    if entry is None:
        raise InternalError(f"there is no alignment map called `{name}`")
    return given_by(entry, AlignmentMap, methods, width, seed)
