"""Where each variable is placed in one fit, and the maps that stand at those places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.subjects import Edit, Interchanges, Site, Subject
from causalspec.runtime.maps import AlignmentMap, build_map


@dataclass(frozen=True, slots=True)
class PlacedVariable:
    """One variable of a fit: its site and its method."""

    site: Site
    method: Method


class SiteMaps(nn.Module):
    """The alignment maps of one fit, one for each distinct site.

    Variables at one site share that site's map and its basis; variables at different sites, of one
    layer or of several, each have their own, and are swapped in the same run.
    """

    def __init__(
        self, sites: Sequence[Site], members: Sequence[Sequence[int]], maps: Sequence[AlignmentMap]
    ) -> None:
        super().__init__()
        self.sites = tuple(sites)
        self.members = tuple(tuple(one) for one in members)
        self.maps = nn.ModuleList(maps)

    @property
    def is_trainable(self) -> bool:
        """Whether there is anything for a fit to do."""
        return any(parameter.requires_grad for parameter in self.parameters())

    def edits(self, subject: Subject, rows: Interchanges) -> list[Edit]:
        """What to do to a run on the rows' bases so that their interventions happen."""
        return [self._edit(subject, rows, number) for number in range(len(self.sites))]

    def _edit(self, subject: Subject, rows: Interchanges, number: int) -> Edit:
        site, members = self.sites[number], list(self.members[number])
        origins = rows.origins[:, members]
        # A variable left alone is moved by nothing, so any vector will do as its source.
        taken_from = torch.where(origins >= 0, origins, rows.bases[:, None])
        sources = subject.vectors(site, taken_from.reshape(-1))
        sources = sources.view(rows.rows, len(members), -1)
        swapped = (origins >= 0).to(device=sources.device, dtype=sources.dtype)
        alignment_map = self.maps[number]
        assert isinstance(alignment_map, AlignmentMap)

        def replace(base: Tensor) -> Tensor:
            return alignment_map.swap(base, sources, swapped)

        return Edit(site, replace)


def build_maps(variables: Sequence[PlacedVariable], width: int, seed: int) -> SiteMaps:
    """Fresh maps for variables in the order of `Interchanges.origins`.

    Variables at one site must share a method; each brings its own dimension. Different sites are
    seeded differently.

    Raises:
        ToolFailure: a method does not suit the site, for example by its dimensions.
    """
    sites = sorted({one.site for one in variables})
    members = [[k for k, one in enumerate(variables) if one.site == site] for site in sites]
    maps = [
        build_map([variables[k].method for k in group], width, seed + 1_000_003 * number)
        for number, group in enumerate(members)
    ]
    return SiteMaps(sites, members, maps)
