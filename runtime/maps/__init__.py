"""Alignment maps: one file a family, so that adding a method is adding a file."""

from .das import DistributedAlignment
from .full_vector import FullVector
from .interface import AlignmentMap
from .random_subspace import RandomSubspace
from .subspace import SubspaceMap

__all__ = [
    "AlignmentMap",
    "DistributedAlignment",
    "FullVector",
    "RandomSubspace",
    "SubspaceMap",
]
