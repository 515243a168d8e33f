"""Alignment maps: one file a family, so that adding a method is adding a file."""

from causalspec.runtime.maps.das import DistributedAlignment
from causalspec.runtime.maps.full_vector import FullVector
from causalspec.runtime.maps.interface import AlignmentMap
from causalspec.runtime.maps.random_subspace import RandomSubspace
from causalspec.runtime.maps.subspace import SubspaceMap

__all__ = [
    "AlignmentMap",
    "DistributedAlignment",
    "FullVector",
    "RandomSubspace",
    "SubspaceMap",
]
