"""Runs in which the mapped parts are set and what is not mapped at the sites is another input's.

Resample ablation: what a hypothesis calls irrelevant may be any other input's, and the answer has
to stay (Chan et al. 2022, "Causal scrubbing"; arXiv 2301.05217 for single components).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.subjects import Edit, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMap
from causalspec.runtime.fitting.predict import BATCH
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.maps import AlignmentMap
from causalspec.runtime.maps.linear import LinearFeaturizer
from causalspec.runtime.scoring.controls.equivalents import ThirdInputs
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import orthonormalise, singular_values

Blend = Callable[[AlignmentMap, Tensor, Tensor], Tensor]
"""Of a map, base and third vectors [rows, width]: the base's with something of what is not mapped
from the third's.
"""

Beside = Callable[[Subject, Tensor, Tensor], Edit]
"""Of a subject, bases and third inputs: an edit of what is not mapped at other tokens."""


def check_resampled(selected: SelectedAlignment) -> None:
    """Raise `NotTested` where the pairs or the maps give such a run no meaning."""
    if any(write is not None for write in selected.candidates.writes):
        raise NotTested("something else than a source's vector is written")
    if any(prepared.rows.inner is not None for prepared in selected.test):
        raise NotTested("sources are themselves intervened on")
    if any(here.site.receiver is not None for here in selected.maps.placed):
        raise NotTested("a variable is placed at an edge")


def check_rest(selected: SelectedAlignment) -> None:
    """Raise `NotTested` where nothing at the sites lies outside the maps."""
    subject = selected.test[0].subject
    if not any(_has_rest(here, subject) for here in selected.maps.placed):
        raise NotTested("the maps own all there is at the site")


def _has_rest(here: PlacedMap, subject: Subject) -> bool:
    """Whether something lies outside the shares of the variables at a site."""
    with torch.no_grad():
        owned = int((here.map.ownership.shares().sum(0) > 0).sum())
    return owned < subject.width(here.site)


def whole_rest(alignment: AlignmentMap, base: Tensor, third: Tensor) -> Tensor:
    """The third vector with every mapped share from the base: all that is not mapped is taken."""
    shares = alignment.ownership.shares().shape[0]
    own = base[:, None].expand(-1, shares, -1)
    return alignment.swap(third, own, torch.ones(len(base), shares, device=base.device))


def half_of_rest(seed: int) -> Blend:
    """A random half of what is not mapped: half of the unowned features, and a projection onto a
    random half of what the features leave over.
    """

    def blend(alignment: AlignmentMap, base: Tensor, third: Tensor) -> Tensor:
        exact, other = base.float(), third.float()
        encode = alignment.featurizer.encode
        features, rest = encode(exact)
        their_features, their_rest = encode(other)
        generator = torch.Generator().manual_seed(seed)
        free = (alignment.ownership.shares().sum(0) == 0).to(features.device)
        order = torch.randperm(len(free), generator=generator).to(free.device)
        numbers = order[free[order]]
        taken = numbers[: (len(numbers) + 1) // 2]
        moved = features.clone()
        moved[:, taken] = their_features[:, taken]
        change = their_rest - rest
        if bool(change.abs().max() > 0):
            half = _half_basis(alignment, base.shape[1], generator).to(change)
            change = (change @ half) @ half.T
        blended = alignment.featurizer.decode(moved, rest + change)
        return (exact + blended - alignment.featurizer.decode(features, rest)).to(base.dtype)

    return blend


def _half_basis(alignment: AlignmentMap, width: int, generator: torch.Generator) -> Tensor:
    """Orthonormal columns [width, half] of a random half of what the features leave over: of all
    that is orthogonal to a linear map's features, uniformly drawn; of other maps, whose rest is not
    a subspace, a random half of the coordinates. Directions in which natural inputs never differ
    are taken as well: what cancels there is a path of its own.
    """
    unit = torch.eye(width, dtype=torch.float64)
    if not isinstance(alignment.featurizer, LinearFeaturizer):
        return unit[:, torch.randperm(width, generator=generator)[: (width + 1) // 2]]
    basis = alignment.featurizer.basis().detach().cpu().double()
    _, sizes, directions = singular_values(unit - basis @ basis.T)  # 1, or 0 in the features
    rank = int((sizes > 0.5).sum())
    drawn = torch.randn((rank, (rank + 1) // 2), generator=generator, dtype=torch.float64)
    return directions[:rank].T @ orthonormalise(drawn)[0]


@torch.no_grad()
def resampled_answers(
    selected: SelectedAlignment,
    prepared: PreparedSplit,
    thirds: ThirdInputs,
    blend: Blend | None,
    blended: Collection[Site] | None = None,
    beside: Beside | None = None,
) -> Observed:
    """What the network says where every mapped part is set, to the source's where it is swapped and
    to the base's own elsewhere, and what is not mapped at the sites `blended` (None: all of them)
    is blended with that of the inputs `thirds`, by default taken whole. `beside` resamples other
    tokens first.
    """
    subject, rows = prepared.subject, prepared.rows
    predicted: list[Tensor] = []
    for chosen in in_parts(rows, BATCH):
        asked = LabelRuns.of(rows.take(chosen))
        part, other = asked.runs, thirds.numbers[chosen][asked.row_of]
        edits = [] if beside is None else [beside(subject, part.bases, other)]
        for here in selected.maps.placed:
            site, origins = here.site, part.origins[:, list(here.members)]
            taken = torch.where(origins >= 0, origins, part.bases[:, None])
            sources = torch.stack([subject.vectors(site, column) for column in taken.T], dim=2)
            counts = subject.places(site, part.bases).to(subject.device)
            third = thirds.subject.vectors(site, other)
            is_blended = blended is None or site in blended
            replaced = _set(here, (blend or whole_rest) if is_blended else None)
            given = (counts, sources, third)
            if beside is not None and is_blended:
                given = (*given, subject.vectors(site, part.bases))  # what `beside` has replaced
            edits.append(Edit(site, replaced, given))
        logits = subject.run(part.bases, edits).logits
        predicted.append(asked.predicted(logits))
    return Observed(prepared, None, torch.cat(predicted), selected.has_label)


def _set(here: PlacedMap, blend: Blend | None) -> Callable[..., Tensor]:
    """An edit that blends what is not mapped at a site and then sets every variable's share."""

    def replaced(
        found: Tensor, counts: Tensor, sources: Tensor, third: Tensor, own: Tensor | None = None
    ) -> Tensor:
        base = found if own is None else own.to(found)
        rows, places, width = base.shape
        flat = base.reshape(-1, width)
        if blend is not None:
            flat = blend(here.map, flat, third.to(base).reshape(-1, width))
        given = sources.to(base).reshape(rows * places, len(here.members), width)
        everything = torch.ones(len(given), len(here.members), device=base.device)
        changed = here.map.swap(flat, given, everything).reshape(base.shape)
        there = torch.arange(places, device=base.device) < counts[:, None]
        return torch.where(there[..., None], changed, base)

    return replaced
