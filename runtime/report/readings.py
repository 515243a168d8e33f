"""`mediation.html` and `readout.html`: what the two commands found, as pictures for people."""

from __future__ import annotations

import math
from dataclasses import dataclass

from causalspec.runtime.readouts.mediation import Effects, Mediation
from causalspec.runtime.readouts.records import Readout
from causalspec.runtime.report.heat import HeatMap, layer_order
from causalspec.runtime.report.page import rendered
from causalspec.runtime.report.pictures import site_map
from causalspec.runtime.report.sweep import single_sites
from causalspec.runtime.report.text import figure
from causalspec.runtime.results.estimates import Measurement
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, slots=True)
class EffectCell:
    """A site shaded by the share of the total effect that goes through it, at least 0 and at most
    1; the text is the share as it is.
    """

    effects: Effects
    total: float
    is_chosen: bool = False
    is_dropped: bool = False
    may_be_best: bool = False

    @property
    def site(self) -> Site:
        """Where it is."""
        return self.effects.site

    @property
    def part(self) -> float:
        """The share of the total effect; NaN where there is none."""
        return self.effects.indirect.mean / self.total if self.total else math.nan

    @property
    def share(self) -> float:
        """What shades it."""
        return min(max(self.part, 0.0), 1.0) if math.isfinite(self.part) else math.nan

    @property
    def text(self) -> str:
        """The share in two places."""
        return "–" if math.isnan(self.part) else f"{self.part:z.2f}".replace("-", "−")

    @property
    def title(self) -> str:
        """Both effects with their intervals."""
        indirect, direct = map(effect_figure, (self.effects.indirect, self.effects.direct))
        return f"{self.site}: indirect {indirect}, direct {direct}"


def effect_figure(effect: Measurement) -> str:
    """`1.20 (0.90 to 1.50)`."""
    figures = (f"{value:z.2f}" for value in (effect.mean, effect.lower, effect.upper))
    mean, lower, upper = (figure.replace("-", "−") for figure in figures)
    return f"{mean} ({lower} to {upper})"


def render_mediation(found: Mediation) -> str:
    """The effects by token and layer, as the text of one HTML file."""
    return rendered("mediation.html", found=found, map=_map(found), effect=effect_figure)


def draw_mediation(found: Mediation) -> str:
    """The shares of the total effect by token and layer, as the text of one SVG file."""
    return site_map(f"shares of the total effect of {found.data}", _map(found))


def _map(found: Mediation) -> HeatMap:
    """Its sites in their own order, which rows keep: they come ranked."""
    cells = [EffectCell(effects, found.total.mean) for effects in found.sites]
    return HeatMap(sorted(cells, key=lambda cell: (layer_order(cell), cell.site)))


def render_readout(found: Readout) -> str:
    """The sites that were tried, what foretells right answers, and the inputs, those in which the
    variable is realised least first, as the text of one HTML file.
    """
    return rendered(
        "readout.html",
        found=found,
        map=HeatMap(single_sites(found.sites, {found.site})),
        figure=figure,
    )
