"""The whole vector at the site is the variable: classical activation patching, nothing to train."""

from __future__ import annotations

from torch import Tensor

from causalspec.runtime.maps.interface import AlignmentMap


class FullVector(AlignmentMap):
    """Takes the source's vector whole.

    Several variables at one site cannot each own all of it: where a row swaps several, the mean of
    their sources is taken, which is the source itself when they share one.
    """

    def __init__(self, width: int, variables: int = 1) -> None:
        super().__init__()
        self.dimensions = (width,) * variables

    def project(self, vectors: Tensor) -> Tensor:
        """The vectors themselves, once for each variable."""
        return vectors.repeat(1, len(self.dimensions))

    def swap(self, base: Tensor, sources: Tensor, swapped: Tensor) -> Tensor:
        """The source's vector where a variable is swapped, else the base's."""
        if len(self.dimensions) == 1:
            return base + (sources[:, 0] - base) * swapped
        share = swapped / swapped.sum(1, keepdim=True).clamp(min=1)
        return base + ((sources - base[:, None]) * share[..., None]).sum(1)
