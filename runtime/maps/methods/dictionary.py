"""Features of a sparse autoencoder that a file holds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.compiler import FileArgument, Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.dictionary_file import (
    SparseDictionary,
    activations,
    read_dictionary,
)
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit


class DictionaryFeatures(Featurizer):
    """Some features of a sparse dictionary, in the order given; all that they leave is the rest.

    The dictionary is not saved with a map: it is read again from its file, which the spec names.
    """

    is_lossy = True
    encoder: Tensor
    bias: Tensor
    decoder: Tensor
    threshold: Tensor | None
    chosen: Tensor

    def __init__(self, dictionary: SparseDictionary, chosen: Sequence[int] | None = None) -> None:
        super().__init__()
        places = range(dictionary.features) if chosen is None else chosen
        some = torch.tensor(list(places))
        encoder, bias, threshold = dictionary.encoder, dictionary.bias, dictionary.threshold
        if dictionary.k is None:  # the others make no difference to these
            encoder, bias = encoder[:, some], bias[some]
            threshold = None if threshold is None else threshold[some]
            some = torch.arange(len(some))
        self.features = len(some)
        self._k = dictionary.k
        self.register_buffer("encoder", encoder, persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.register_buffer("threshold", threshold, persistent=False)
        self.register_buffer("decoder", dictionary.decoder[list(places)], persistent=False)
        self.register_buffer("chosen", some, persistent=False)

    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """The features' activations, and what they do not reconstruct."""
        found = activations(vectors, self.encoder, self.bias, self.threshold, self._k)
        features = found[:, self.chosen]
        return features, vectors - features @ self.decoder.to(vectors)

    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """`features @ decoder + rest`."""
        return features @ self.decoder.to(features) + rest


def dictionary(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The named features of a sparse autoencoder, read from a safetensors file.

    What it is: the features take their values from the source, and are decoded; what the dictionary
    does not reconstruct, and all other features, stay the base's. Without `features` all of them
    are the variable's. The file holds `W_enc` [width, features], `b_enc`, `W_dec` [features, width]
    and `b_dec`; `threshold` [features] makes the activation a JumpReLU, `k` keeps the k largest.

    Source: Bricken et al. 2023 ("Towards Monosemanticity"); Cunningham et al. 2023 (arXiv
    2309.08600); as a featurizer in Mueller et al. 2025 (arXiv 2504.13151).

    Cost: two products with the features that are named; with `k`, with all of the dictionary.

    Cannot: move what the dictionary does not represent. How much of the vectors' variance the
    features hold is reported: where that is little, a low score says nothing of the site.
    """
    file = shared_file(methods)
    whole = read_dictionary(file, width)
    chosen = [_named(method, whole) for method in methods]
    together = [feature for own in chosen for feature in own]
    for feature in together:
        if together.count(feature) > 1:
            raise ToolFailure(
                f"feature {feature} of `{file.name}` is given to two variables at one site",
                help="a feature belongs to one variable: take it from one of them",
            )
    counts = [len(own) for own in chosen]
    return AlignmentMap(DictionaryFeatures(whole, together), FixedSplit(counts, len(together)))


def shared_file(methods: Sequence[Method]) -> FileArgument:
    """The one file that all variables at a site name.

    Raises:
        ToolFailure: they name several.
    """
    files = [
        argument for method in methods for _, argument in method.arguments if _is_file(argument)
    ]
    first = files[0] if files else None
    if not isinstance(first, FileArgument):
        raise InternalError("a dictionary came without a file")
    names = {file.name for file in files if isinstance(file, FileArgument)}
    if len(names) > 1:
        texts = " and ".join(f"`{name}`" for name in sorted(names))
        raise ToolFailure(
            f"variables at one site take features of {texts}",
            help="give all variables at one site the same file",
        )
    return first


def _is_file(value: object) -> bool:
    return isinstance(value, FileArgument)


def _named(method: Method, whole: SparseDictionary) -> tuple[int, ...]:
    features = method.argument("features")
    if not isinstance(features, tuple):
        return tuple(range(whole.features))
    for feature in features:
        if not 0 <= feature < whole.features:
            raise ToolFailure(
                f"`{whole.name}` has no feature {feature}",
                help=f"its {whole.features} features count from 0 to {whole.features - 1}",
            )
    return features
