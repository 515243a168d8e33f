"""The validation scores of a sweep, arranged for the report: by layer and token, or combination."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from causalspec.runtime.report.heat import HeatMap, kind_of, layer_order, layer_text
from causalspec.runtime.report.text import figure, interval, short_figure
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ClaimVerdict, SiteScore
from causalspec.runtime.sites.site import Site

SHOWN_COMBINATIONS = 20

_TOP, _HEIGHT = 14, 200  # pixels of the plot above the strip
_COLUMN_CLASSES = (8, 16, 32, 64, 128)  # widths in report.css at which a chart starts to scroll


@dataclass(frozen=True, slots=True)
class SingleSiteFit:
    """The validation score of a fit all of whose variables lie at one site."""

    site: Site
    score: Score
    is_chosen: bool
    dropped_after: int | None = None
    may_be_best: bool = False
    """Whether it is not told apart from the best."""

    @property
    def share(self) -> float:
        """What shades its cell."""
        return self.score.mean

    @property
    def text(self) -> str:
        """What its cell says."""
        return short_figure(self.score.mean)

    @property
    def is_dropped(self) -> bool:
        """Whether it was given up on after a short fit, or before any."""
        return self.dropped_after is not None

    @property
    def layer_text(self) -> str:
        """The number of its layer, `–` where it has none."""
        return layer_text(self.site)

    @property
    def title(self) -> str:
        """What its cell or column says to who points at it."""
        after = "" if self.dropped_after is None else f" {_evidence(self.dropped_after)}, dropped"
        alike = ", not told apart from the best" if self.may_be_best else ""
        return f"{self.site}: {figure(self.score.mean)}, {interval(self.score)}{after}{alike}"


@dataclass(frozen=True, slots=True)
class Column:
    """A fit in the chart of layers; `left`, `middle` and `width` are percentages of the chart."""

    fit: SingleSiteFit
    left: float
    middle: float
    width: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """Fits at one site, in the order of layers, and fits at a combination of sites."""

    single: tuple[SingleSiteFit, ...]
    joint: tuple[SiteScore, ...]

    @property
    def is_one_row(self) -> bool:
        """Whether the sites differ in their layers alone, so that a chart can show them."""
        return len({(kind_of(fit.site), fit.site.token) for fit in self.single}) == 1

    @property
    def columns(self) -> list[Column]:
        """The fits side by side, each as wide as the others."""
        width = 100 / len(self.single)
        return [
            Column(fit, place * width, (place + 0.5) * width, width)
            for place, fit in enumerate(self.single)
        ]

    @property
    def heat_map(self) -> HeatMap:
        """The fits by token and layer."""
        return HeatMap(self.single)

    @property
    def best_combinations(self) -> list[SiteScore]:
        """The combinations that are shown, best first."""
        ordered = sorted(self.joint, key=lambda fit: -fit.validation.mean)
        return ordered[:SHOWN_COMBINATIONS]


def sweep_of(verdict: ClaimVerdict) -> Sweep:
    """The fits of a claim as the report shows them."""
    chosen = set(verdict.chosen)
    joint = tuple(fit for fit in verdict.sites if len(set(fit.sites)) > 1)
    return Sweep(single_sites(verdict.sites, chosen, not_told_apart(verdict)), joint)


def single_sites(
    sites: Sequence[SiteScore],
    chosen: Collection[Site],
    alike: Collection[tuple[Site, ...]] = (),
) -> tuple[SingleSiteFit, ...]:
    """The fits all of whose variables lie at one site, in the order of layers."""
    single = [
        SingleSiteFit(
            fit.sites[0],
            fit.validation,
            set(fit.sites) == chosen,
            fit.dropped_after,
            fit.sites in alike,
        )
        for fit in sites
        if len(set(fit.sites)) == 1
    ]
    return tuple(sorted(single, key=layer_order))


def not_told_apart(verdict: ClaimVerdict) -> set[tuple[Site, ...]]:
    """The sites that may be the best as well as the chosen ones."""
    return {sites for rank in verdict.ranks for sites in rank.not_told_apart}


def plot_height(value: float) -> float:
    """How far below the top of the chart of layers a share is drawn, in pixels."""
    return _TOP + _HEIGHT * (1 - value)


def column_class(columns: int) -> int:
    """The width in `report.css` of a chart with so many columns."""
    return next((limit for limit in _COLUMN_CLASSES if columns <= limit), _COLUMN_CLASSES[-1])


def _evidence(steps: int) -> str:
    """What a site was dropped on."""
    return f"after {steps} steps" if steps else "by a swap of the whole vector"
