"""The validation scores of a sweep by layer and token: a heat map, or a chart for one token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from causalspec.runtime.report.markup import NOTHING, Markup, joined, markup
from causalspec.runtime.report.scores import TICKS, reference_key
from causalspec.runtime.report.text import (
    Reference,
    figure,
    interval,
    references,
    short_figure,
    site_name,
)
from causalspec.runtime.results.records import ClaimVerdict, SiteScore
from causalspec.runtime.sites.site import Site

HEAT_STEPS = 10
"""Shades of the colour scale beyond the first; `report.css` has `heat-0` to `heat-10`."""

SHOWN_COMBINATIONS = 20

_TOP, _HEIGHT = 14, 200  # pixels of the plot above the strip
_COLUMN_CLASSES = (8, 16, 32, 64, 128)  # widths in report.css at which a chart starts to scroll


def site_figure(verdict: ClaimVerdict) -> Markup:
    """The sweep of a claim, drawn as its shape asks: sentence, chart of layers, or heat map."""
    if not verdict.chosen:
        return markup("<p>No site was fitted: the network answers none of the pairs.</p>")
    if not verdict.sites:
        return markup(
            "<p>Nothing was fitted: the maps of an earlier run were scored at "
            '<b class="site">{site}</b>.</p>',
            site=site_name(verdict.chosen),
        )
    if len(verdict.sites) < 2:
        return markup(
            '<p>One site was fitted: <b class="site">{site}</b>.</p>',
            site=site_name(verdict.chosen),
        )
    alone = [one for one in map(_SoleSite.of, verdict.sites) if one is not None]
    joint = [one for one in verdict.sites if len(set(one.sites)) > 1]
    drawings: list[Markup] = []
    if alone:
        rows = {(one.kind, one.site.token) for one in alone}
        drawings.append((_layer_chart if len(rows) == 1 else _heat_map)(alone, verdict))
    if joint:
        drawings.append(_combinations(joint, verdict))
    what = "sites" if not joint else "sites or combinations of sites"
    return markup(
        "<figure>{drawing}{legend}<figcaption>IIA on the validation pairs, {count} {what}. "
        "The ringed one, <b>{chosen}</b>, was chosen on these alone; the test pairs "
        "were scored once, there.</figcaption></figure>{table}",
        drawing=joined(drawings),
        legend=_legend(references(verdict)),
        count=len(verdict.sites),
        what=what,
        chosen=site_name(verdict.chosen),
        table=_numbers(verdict),
    )


@dataclass(frozen=True, slots=True)
class _SoleSite:
    """The score of a fit all of whose variables lie at one site."""

    site: Site
    score: SiteScore

    @staticmethod
    def of(score: SiteScore) -> _SoleSite | None:
        found = set(score.sites)
        return _SoleSite(found.pop(), score) if len(found) == 1 else None

    @property
    def kind(self) -> str:
        """What sites that differ in layer and token alone have in common."""
        return str(replace(self.site, layer=None, token=""))

    @property
    def layer(self) -> int:
        return -1 if self.site.layer is None else self.site.layer

    @property
    def layer_text(self) -> str:
        return "–" if self.site.layer is None else str(self.site.layer)


def heat_class(value: float) -> str:
    """The class of the shade for a share; `heat-none` where there is none."""
    return f"heat-{round(value * HEAT_STEPS)}" if 0 <= value <= 1 else "heat-none"


def _layer_chart(alone: Sequence[_SoleSite], verdict: ClaimVerdict) -> Markup:
    """Dots with intervals over the layers, above a strip of shaded figures."""
    sites = sorted(alone, key=lambda one: one.layer)
    lines = [_level("grid", tick) for tick in TICKS]
    lines += [_level(f"reference {one.name}", one.value) for one in references(verdict)]
    drawn = [(p, one.score.validation) for p, one in enumerate(sites) if one.score.validation.total]
    joins = [
        markup(
            '<line class="join" x1="{x1}%" y1="{y1}" x2="{x2}%" y2="{y2}"/>',
            x1=_middle(left, sites),
            y1=_height(before.mean),
            x2=_middle(right, sites),
            y2=_height(after.mean),
        )
        for (left, before), (right, after) in pairwise(drawn)
    ]
    columns = [
        _column(one, _middle(place, sites), 100 / len(sites), {one.site} == set(verdict.chosen))
        for place, one in enumerate(sites)
    ]
    ticks = [
        markup(
            '<text class="end" x="28" y="{y}">{tick}</text>', y=_height(tick) + 4, tick=f"{tick:g}"
        )
        for tick in TICKS
    ]
    figures = ", ".join(f"{one.layer_text}: {figure(one.score.validation.mean)}" for one in sites)
    return markup(
        '<div class="layers"><svg class="axis" aria-hidden="true">{ticks}'
        '<text class="end" x="28" y="{label}">layer</text></svg>'
        '<div class="scroll" tabindex="0" role="region" aria-label="IIA by layer">'
        '<svg class="sweep columns-{width}" role="img" aria-label="{figures}">'
        "{lines}{joins}{columns}</svg></div></div>",
        ticks=joined(ticks),
        label=_TOP + _HEIGHT + 68,
        width=next((n for n in _COLUMN_CLASSES if len(sites) <= n), _COLUMN_CLASSES[-1]),
        figures=f"IIA on the validation pairs by layer: {figures}",
        lines=joined(lines),
        joins=joined(joins),
        columns=joined(columns),
    )


def _column(one: _SoleSite, middle: float, width: float, chosen: bool) -> Markup:
    score = one.score.validation
    dot = NOTHING
    if score.total:
        dot = markup(
            '<line class="span" x1="{x}%" x2="{x}%" y1="{low}" y2="{high}"/>'
            '<circle class="dot" cx="{x}%" cy="{y}" r="5"/>',
            x=middle,
            low=_height(score.lower),
            high=_height(score.upper),
            y=_height(score.mean),
        )
    ring = NOTHING
    if chosen:
        ring = markup(
            '<circle class="ring" cx="{x}%" cy="{y}" r="10"/>'
            '<rect class="ring" x="{left}%" y="{top}" width="{width}%" height="32" rx="3"/>',
            x=middle,
            y=_height(score.mean) if score.total else _height(0),
            left=middle - width / 2,
            top=_TOP + _HEIGHT + 16,
            width=width,
        )
    return markup(
        "<g><title>{title}</title>{dot}"
        '<rect class="{shade}" x="{left}%" y="{top}" width="{width}%" height="32"/>'
        '<text class="middle {shade}" x="{x}%" y="{text}">{value}</text>'
        '<text class="{layer_class}" x="{x}%" y="{label}">{layer}</text>{ring}</g>',
        title=f"{one.site}: {figure(score.mean)}, {interval(score)}",
        dot=dot,
        shade=heat_class(score.mean),
        left=middle - width / 2,
        top=_TOP + _HEIGHT + 16,
        width=width,
        x=middle,
        text=_TOP + _HEIGHT + 37,
        value=short_figure(score.mean),
        layer_class="middle layer chosen" if chosen else "middle layer",
        label=_TOP + _HEIGHT + 68,
        layer=one.layer_text,
        ring=ring,
    )


def _heat_map(alone: Sequence[_SoleSite], verdict: ClaimVerdict) -> Markup:
    """A table, rows tokens and columns layers, one group of rows for each kind of site."""
    layers = {one.layer: one.layer_text for one in sorted(alone, key=lambda one: one.layer)}
    kinds = dict.fromkeys(one.kind for one in alone)
    head = [markup('<th scope="col">{layer}</th>', layer=text) for text in layers.values()]
    groups = [
        _heat_group([one for one in alone if one.kind == kind], kind, list(layers), verdict)
        for kind in kinds
    ]
    return markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="IIA by token and layer">'
        '<table class="heat"><caption class="unseen">IIA on the validation pairs: '
        "rows are tokens, columns are layers</caption>"
        '<thead><tr><th scope="col">token \\ layer</th>{head}</tr></thead>{groups}</table></div>',
        head=joined(head),
        groups=joined(groups),
    )


def _heat_group(
    alone: Sequence[_SoleSite], kind: str, layers: Sequence[int], verdict: ClaimVerdict
) -> Markup:
    found = {(one.site.token, one.layer): one for one in alone}
    rows: list[Markup] = []
    for token in dict.fromkeys(token for token, _ in found):
        cells = [_heat_cell(found.get((token, layer)), verdict) for layer in layers]
        rows.append(
            markup(
                '<tr><th scope="row">{token}</th>{cells}</tr>',
                token=token or kind,
                cells=joined(cells),
            )
        )
    return markup(
        '<tbody><tr class="kind"><th scope="rowgroup" colspan="{span}"><span>{kind}</span></th>'
        "</tr>{rows}</tbody>",
        span=len(layers) + 1,
        kind=kind,
        rows=joined(rows),
    )


def _heat_cell(one: _SoleSite | None, verdict: ClaimVerdict) -> Markup:
    if one is None:
        return Markup('<td class="heat-none">·</td>')
    mean = one.score.validation.mean
    title = f"{one.site}: {figure(mean)}, {interval(one.score.validation)}"
    if {one.site} == set(verdict.chosen):
        return markup(
            '<td class="{shade} chosen" title="{title}">{value}'
            '<span class="unseen"> (chosen)</span></td>',
            shade=heat_class(mean),
            title=title,
            value=short_figure(mean),
        )
    return markup(
        '<td class="{shade}" title="{title}">{value}</td>',
        shade=heat_class(mean),
        title=title,
        value=short_figure(mean),
    )


def _combinations(joint: Sequence[SiteScore], verdict: ClaimVerdict) -> Markup:
    """The best combinations of several sites, shaded like the cells of a heat map."""
    ordered = sorted(joint, key=lambda one: -one.validation.mean)[:SHOWN_COMBINATIONS]
    rows = [
        markup(
            '<tr><th scope="row">{sites}{chosen}</th><td class="{shade}" title="{title}">{value}'
            "</td></tr>",
            sites=site_name(one.sites),
            chosen=" (chosen)" if one.sites == verdict.chosen else "",
            shade=heat_class(one.validation.mean),
            title=f"{figure(one.validation.mean)}, {interval(one.validation)}",
            value=short_figure(one.validation.mean),
        )
        for one in ordered
    ]
    return markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="IIA by combination">'
        '<table class="heat"><caption class="unseen">IIA on the validation pairs by combination '
        'of sites</caption><thead><tr><th scope="col">sites</th><th scope="col">IIA</th></tr>'
        "</thead><tbody>{rows}</tbody></table></div>",
        rows=joined(rows),
    )


def _legend(lines: Sequence[Reference]) -> Markup:
    """The colour scale with the reference scores marked on it."""
    edges = [0.0, *((step + 0.5) / HEAT_STEPS for step in range(HEAT_STEPS)), 1.0]
    shades = [
        markup(
            '<rect class="heat-{step}" x="{left}%" y="6" width="{width}%" height="14"/>',
            step=step,
            left=100 * left,
            width=100 * (right - left),
        )
        for step, (left, right) in enumerate(pairwise(edges))
    ]
    marks = [
        markup(
            '<line class="reference {name}" x1="{x}%" x2="{x}%" y1="0" y2="26"/>',
            name=line.name,
            x=100 * line.value,
        )
        for line in lines
    ]
    return markup(
        '<div class="legend"><div class="scale"><span>0</span>'
        '<svg aria-hidden="true">{shades}'
        '<rect class="frame" x="0" y="6" width="100%" height="14"/>{marks}</svg>'
        "<span>1</span></div>{key}</div>",
        shades=joined(shades),
        marks=joined(marks),
        key=reference_key(lines),
    )


def _numbers(verdict: ClaimVerdict) -> Markup:
    rows = [
        markup(
            '<tr><td class="word">{site}</td><td>{share}</td>'
            "<td>{mean}</td><td>{interval}</td><td>{loss}</td></tr>",
            site=site_name(one.sites),
            share=f"{one.validation.correct} of {one.validation.total}",
            mean=figure(one.validation.mean),
            interval=interval(one.validation),
            loss="–" if one.final_loss is None else figure(one.final_loss),
        )
        for one in verdict.sites
    ]
    return markup(
        "<details><summary>Every site in figures</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Every site in figures">'
        '<table class="plain"><caption class="unseen">Validation scores by site</caption>'
        '<thead><tr><th scope="col" class="word">site</th>'
        '<th scope="col">agreed</th><th scope="col">IIA</th><th scope="col">95 % interval</th>'
        '<th scope="col">final loss</th></tr></thead><tbody>{rows}</tbody></table></div></details>',
        rows=joined(rows),
    )


def _middle(place: int, sites: Sequence[_SoleSite]) -> float:
    return 100 * (place + 0.5) / len(sites)


def _height(value: float) -> float:
    return _TOP + _HEIGHT * (1 - value)


def _level(kind: str, value: float) -> Markup:
    return markup(
        '<line class="{kind}" x1="0%" x2="100%" y1="{y}" y2="{y}"/>', kind=kind, y=_height(value)
    )
