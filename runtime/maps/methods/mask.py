"""A learned choice among neurons, principal components or the features of a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from causalspec.compiler import ArgumentValue, Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.dictionary_file import read_dictionary
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.maps.linear import fitting_dimensions
from causalspec.runtime.maps.methods.dictionary import DictionaryFeatures, shared_file
from causalspec.runtime.maps.methods.full_vector import Identity
from causalspec.runtime.maps.methods.pca import PrincipalComponents
from causalspec.runtime.maps.ownerships.mask import LearnedMask


def _neurons(_basis: Method, width: int) -> Featurizer:
    return Identity(width)


def _principal_components(basis: Method, width: int) -> Featurizer:
    [dimension] = fitting_dimensions([basis], width)
    return PrincipalComponents(width, dimension)


def _dictionary(basis: Method, width: int) -> Featurizer:
    return DictionaryFeatures(read_dictionary(shared_file([basis]), width))


BASES: Mapping[str, Callable[[Method, int], Featurizer]] = {
    "neurons": _neurons,
    "pca": _principal_components,
    "dictionary": _dictionary,
}
"""What `mask(over = …)` can choose among."""


def mask(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """A learned binary choice: each feature belongs to one of the variables or to nobody.

    What it is: each neuron (or principal component, or feature of a dictionary, as `over` says) has
    a learned share, soft in training and sharper as the temperature falls; when scored it is taken
    whole or not at all. It says which units hold a variable, and how many.

    Source: De Cao et al. 2020 (arXiv 2004.14992); over features as in Mueller et al. 2025 (arXiv
    2504.13151), with its temperature (1 to 0.01) and penalty (1e-4 for each feature taken).

    Cost: over neurons nothing beside the runs; else what encoding and decoding a vector costs.

    Cannot: turn the axes. A variable that lies across many neurons is found by taking them all,
    with all that they hold beside it.
    """
    basis = shared_basis([method.argument("over") for method in methods])
    featurizer = BASES[basis.name](basis, width)
    return AlignmentMap(featurizer, LearnedMask(len(methods), featurizer.features))


def shared_basis(written: Sequence[ArgumentValue | None]) -> Method:
    """The one basis that all variables at a site choose from; neurons where none is named.

    Raises:
        ToolFailure: they name several.
    """
    bases = [Method("neurons") if base is None else base for base in written]
    first = bases[0]
    if not isinstance(first, Method) or first.name not in BASES:
        raise InternalError(f"nothing can choose over `{first}`")
    if any(base != first for base in bases):
        texts = " and ".join(
            sorted({f"`{base.text}`" for base in bases if isinstance(base, Method)})
        )
        raise ToolFailure(
            f"variables at one site choose over {texts}",
            help="give all variables at one site the same `over`",
        )
    return first
