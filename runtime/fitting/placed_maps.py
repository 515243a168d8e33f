"""Where each variable is placed in one fit, and the maps that stand at those places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from causalspec.compiler import Method
from causalspec.runtime.engine.subjects import Edit, Interchanges, Subject
from causalspec.runtime.fitting.writes import Written
from causalspec.runtime.maps import AlignmentMap, build_map
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import distinct


@dataclass(frozen=True, slots=True)
class PlacedVariable:
    """One variable of a fit: its site, its method, and what is written there in the place of the
    source's vector, if anything else is.
    """

    site: Site
    method: Method
    written: Written | None = None


class PlacedMaps(nn.Module):
    """The alignment maps of one fit, one for each distinct site.

    Variables at one site share that site's map and its features; variables at different sites, of
    one layer or of several, each have their own, and are swapped in the same run.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        members: Sequence[Sequence[int]],
        maps: Sequence[AlignmentMap],
        written: Sequence[Written | None],
    ) -> None:
        super().__init__()
        self.sites = tuple(sites)
        self.members = tuple(tuple(one) for one in members)
        self.written = tuple(written)
        self.maps = nn.ModuleList(maps)

    def alignment_maps(self) -> list[AlignmentMap]:
        """The maps in the order of the sites."""
        return [one for one in self.maps if isinstance(one, AlignmentMap)]

    @property
    def is_trainable(self) -> bool:
        """Whether there is anything for a fit to do."""
        return any(parameter.requires_grad for parameter in self.parameters())

    def writing(self, written: Sequence[Written | None]) -> PlacedMaps:
        """The same maps, with something written in the place of the sources' vectors."""
        return PlacedMaps(self.sites, self.members, self.alignment_maps(), written)

    def parameter_groups(self, rate: float) -> list[dict[str, Any]]:
        """What an optimizer is given: every map's parameters with their own rates."""
        return [group for one in self.alignment_maps() for group in one.parameter_groups(rate)]

    def penalty(self) -> Tensor:
        """What the loss gains by the maps themselves."""
        return torch.stack([one.penalty() for one in self.alignment_maps()]).sum()

    def anneal(self, progress: float) -> None:
        """Tell the maps how much of the fit is done, 0 to 1."""
        for one in self.alignment_maps():
            one.anneal(progress)

    def prepare(self, subject: Subject, inputs: Tensor, values: Tensor) -> None:
        """Let closed-form maps see the vectors of `inputs` [rows] and what their variables are
        there: positions in their domains, LongTensor [rows, variables].
        """
        for number, one in enumerate(self.alignment_maps()):
            site, members = self.sites[number], list(self.members[number])
            vectors = subject.vectors(site, inputs)
            there = torch.arange(vectors.shape[1]) < subject.places(site, inputs)[:, None]
            rows, ranks = there.nonzero(as_tuple=True)
            one.prepare(vectors[rows, ranks], values[rows][:, members].to(vectors.device))

    def edits(self, subject: Subject, rows: Interchanges) -> list[Edit]:
        """What to do to a run on the rows' bases so that their interventions happen."""
        intervened = self._intervened(subject, rows)
        return [
            self._edit(subject, rows, number, intervened.get(site))
            for number, site in enumerate(self.sites)
        ]

    def _edit(
        self, subject: Subject, rows: Interchanges, number: int, intervened: _Intervened | None
    ) -> Edit:
        site, members = self.sites[number], list(self.members[number])
        counts = torch.stack([self._places(subject, site, one, rows) for one in members], dim=1)
        sources = [self._sources(subject, site, member, rows, intervened) for member in members]
        alignment_map = self.alignment_maps()[number]

        def swapped_in(base: Tensor, counts: Tensor, *vectors: Tensor) -> Tensor:
            count, places, width = base.shape
            found = iter(vectors)
            given = torch.stack(
                [next(found) if isinstance(one, Tensor) else one(base) for one in sources], dim=2
            )
            moved = torch.arange(places, device=base.device)[:, None] < counts[:, None]
            changed = alignment_map.swap(
                base.reshape(-1, width),
                given.reshape(count * places, len(members), width),
                moved.flatten(0, 1).to(base.dtype),
            )
            return changed.reshape(base.shape)

        taken = (one for one in sources if isinstance(one, Tensor))
        return Edit(site, swapped_in, (counts.to(subject.device), *taken))

    def _places(self, subject: Subject, site: Site, member: int, rows: Interchanges) -> Tensor:
        """At how many places [rows] a variable is swapped: none where it is left alone, and those
        that a source has; where the base has more, these stay as they are.
        """
        origins = rows.origins[:, member]
        is_swapped = origins >= 0
        if self.written[member] is not None:
            return subject.places(site, rows.bases) * is_swapped
        return subject.places(site, torch.where(is_swapped, origins, rows.bases)) * is_swapped

    def _sources(
        self,
        subject: Subject,
        site: Site,
        member: int,
        rows: Interchanges,
        intervened: _Intervened | None,
    ) -> Tensor | Written:
        """The vectors [rows, places, width] that a variable's share comes from."""
        written = self.written[member]
        if written is not None:
            return written
        origins = rows.origins[:, member]
        # A variable left alone is moved by nothing, so any vector will do as its source.
        vectors = subject.vectors(site, torch.where(origins >= 0, origins, rows.bases))
        if intervened is None or rows.inner_of is None:
            return vectors
        return intervened.instead_of(vectors, rows.inner_of[:, member])

    def _intervened(self, subject: Subject, rows: Interchanges) -> dict[Site, _Intervened]:
        """What the sites hold in the runs of sources that are themselves intervened on."""
        if rows.inner is None or rows.inner_of is None:
            return {}
        wanted = rows.inner_of[rows.inner_of >= 0]
        if not len(wanted):
            return {}
        runs, _ = distinct(wanted)
        inner = rows.inner.take(runs)
        senders = {site: replace(site, receiver=None) for site in self.sites}
        reads = tuple(dict.fromkeys(senders.values()))
        outcome = subject.run(inner.bases, self.edits(subject, inner), reads)
        return {site: _Intervened(runs, outcome.vectors[one]) for site, one in senders.items()}


@dataclass(frozen=True, eq=False)
class _Intervened:
    """The vectors [runs, places, width] at one site of the runs with these ascending numbers."""

    runs: Tensor
    vectors: Tensor

    def instead_of(self, vectors: Tensor, inner_of: Tensor) -> Tensor:
        """`vectors` [rows, places, width], replaced in rows whose source is such a run."""
        rows = (inner_of >= 0).nonzero()[:, 0]
        if not len(rows):
            return vectors
        found = torch.searchsorted(self.runs, inner_of[rows])
        device = vectors.device
        return vectors.index_put((rows.to(device),), self.vectors[found.to(device)])


def build_maps(variables: Sequence[PlacedVariable], subject: Subject, seed: int) -> PlacedMaps:
    """Fresh maps for variables in the order of `Interchanges.origins`.

    Variables at one site must share a method; each brings its own arguments. Different sites are
    seeded differently.

    Raises:
        ToolFailure: the dimensions of variables at one site exceed its width.
    """
    sites = sorted({one.site for one in variables})
    members = [[k for k, one in enumerate(variables) if one.site == site] for site in sites]
    device_and_type = subject.vectors(sites[0], torch.zeros(1, dtype=torch.long))
    maps = [
        build_map(
            [variables[k].method for k in group], subject.width(site), seed + 1_000_003 * number
        ).to(device_and_type.device)
        for number, (site, group) in enumerate(zip(sites, members, strict=True))
    ]
    return PlacedMaps(sites, members, maps, [one.written for one in variables])
