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


@dataclass(frozen=True, eq=False)
class PlacedMap:
    """The alignment map at one site and its `members`: the numbers of the variables there, in the
    order of the map's shares.
    """

    site: Site
    members: tuple[int, ...]
    map: AlignmentMap


class PlacedMaps(nn.Module):
    """The alignment maps of one fit, one for each distinct site.

    Variables at one site share that site's map and its features; variables at different sites, of
    one layer or of several, each have their own, and are swapped in the same run. `written` has
    what is written for each variable in the place of the source's vector, if anything else is.
    """

    def __init__(self, placed: Sequence[PlacedMap], written: Sequence[Written | None]) -> None:
        super().__init__()
        self.placed = tuple(placed)
        self.written = tuple(written)
        self.maps = nn.ModuleList(here.map for here in placed)  # so that torch knows of them

    @property
    def is_trainable(self) -> bool:
        """Whether there is anything for a fit to do."""
        return any(parameter.requires_grad for parameter in self.parameters())

    def writing(self, written: Sequence[Written | None]) -> PlacedMaps:
        """The same maps, with something written in the place of the sources' vectors."""
        return PlacedMaps(self.placed, written)

    def parameter_groups(self, rate: float) -> list[dict[str, Any]]:
        """What an optimizer is given: every map's parameters with their own rates."""
        return [group for here in self.placed for group in here.map.parameter_groups(rate)]

    def penalty(self) -> Tensor:
        """What the loss gains by the maps themselves."""
        return torch.stack([here.map.penalty() for here in self.placed]).sum()

    def anneal(self, progress: float) -> None:
        """Tell the maps how much of the fit is done, 0 to 1."""
        for here in self.placed:
            here.map.anneal(progress)

    def prepare(self, subject: Subject, inputs: Tensor, values: Tensor) -> None:
        """Let closed-form maps see the vectors of `inputs` [rows] and what their variables are
        there: positions in their domains, LongTensor [rows, variables].
        """
        for here in self.placed:
            vectors = subject.vectors(here.site, inputs)
            there = torch.arange(vectors.shape[1]) < subject.places(here.site, inputs)[:, None]
            rows, ranks = there.nonzero(as_tuple=True)
            theirs = values[rows][:, list(here.members)]
            here.map.prepare(vectors[rows, ranks], theirs.to(vectors.device))

    def edits(self, subject: Subject, rows: Interchanges) -> list[Edit]:
        """What to do to a run on the rows' bases so that their interventions happen."""
        intervened = self._intervened(subject, rows)
        return [self._edit(subject, rows, here, intervened.get(here.site)) for here in self.placed]

    def _edit(
        self, subject: Subject, rows: Interchanges, here: PlacedMap, intervened: _Intervened | None
    ) -> Edit:
        site, members = here.site, here.members
        counts = torch.stack(
            [self._places(subject, site, member, rows) for member in members], dim=1
        )
        sources = [self._sources(subject, site, member, rows, intervened) for member in members]

        def swapped_in(base: Tensor, counts: Tensor, *vectors: Tensor) -> Tensor:
            count, places, width = base.shape
            found = iter(vectors)
            given = torch.stack(
                [next(found) if isinstance(source, Tensor) else source(base) for source in sources],
                dim=2,
            )
            moved = torch.arange(places, device=base.device)[:, None] < counts[:, None]
            changed = here.map.swap(
                base.reshape(-1, width),
                given.reshape(count * places, len(members), width),
                moved.flatten(0, 1).to(base.dtype),
            )
            return changed.reshape(base.shape)

        taken = (source for source in sources if isinstance(source, Tensor))
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
        senders = {here.site: replace(here.site, receiver=None) for here in self.placed}
        reads = tuple(dict.fromkeys(senders.values()))
        outcome = subject.run(inner.bases, self.edits(subject, inner), reads)
        return {
            site: _Intervened(runs, outcome.vectors[sender]) for site, sender in senders.items()
        }


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
    sites = sorted({variable.site for variable in variables})
    device = subject.vectors(sites[0], torch.zeros(1, dtype=torch.long)).device
    placed: list[PlacedMap] = []
    for number, site in enumerate(sites):
        members = tuple(k for k, variable in enumerate(variables) if variable.site == site)
        methods = [variables[member].method for member in members]
        built = build_map(methods, subject.width(site), seed + 1_000_003 * number)
        placed.append(PlacedMap(site, members, built.to(device)))
    return PlacedMaps(placed, [variable.written for variable in variables])
