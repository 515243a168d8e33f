"""Alignment maps: a featurizer times an ownership, one file a method."""

from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.interface import Featurizer, Ownership
from causalspec.runtime.maps.linear import LinearFeaturizer
from causalspec.runtime.maps.registry import BUILDERS, build_map

__all__ = [
    "BUILDERS",
    "AlignmentMap",
    "Featurizer",
    "LinearFeaturizer",
    "Ownership",
    "build_map",
]
