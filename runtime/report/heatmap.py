"""The validation scores of a sweep by layer and token: a heat map, or a chart for one token."""

from __future__ import annotations

from collections.abc import Sequence
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

HEAT_STEPS = 10
"""Shades of the colour scale beyond the first; `report.css` has `heat-0` to `heat-10`."""

_TOP, _HEIGHT = 14, 200  # pixels of the plot above the strip
_COLUMN_CLASSES = (8, 16, 32, 64, 128)  # widths in report.css at which a chart starts to scroll


def site_figure(verdict: ClaimVerdict) -> Markup:
    """The sweep of a claim, drawn as its shape asks: sentence, chart of layers, or heat map."""
    if verdict.chosen is None:
        return markup("<p>No site was fitted: the network answers none of the pairs.</p>")
    rows = {(one.site.site, one.site.token) for one in verdict.sites}
    if len(verdict.sites) < 2:
        return markup(
            '<p>One site was fitted: <b class="site">{site}</b>.</p>',
            site=site_name(verdict.chosen),
        )
    drawing = _layer_chart(verdict) if len(rows) == 1 else _heat_map(verdict)
    return markup(
        "<figure>{drawing}{legend}<figcaption>IIA on the validation pairs, {count} sites. "
        "The ringed one, <b>{chosen}</b>, was chosen on these alone; the test pairs "
        "were scored once, there.</figcaption></figure>{table}",
        drawing=drawing,
        legend=_legend(references(verdict)),
        count=len(verdict.sites),
        chosen=site_name(verdict.chosen),
        table=_numbers(verdict),
    )


def heat_class(value: float) -> str:
    """The class of the shade for a share; `heat-none` where there is none."""
    return f"heat-{round(value * HEAT_STEPS)}" if 0 <= value <= 1 else "heat-none"


def _layer_chart(verdict: ClaimVerdict) -> Markup:
    """Dots with intervals over the layers, above a strip of shaded figures."""
    sites = sorted(verdict.sites, key=lambda one: one.site.layer)
    lines = [_level("grid", tick) for tick in TICKS]
    lines += [_level(f"reference {one.name}", one.value) for one in references(verdict)]
    drawn = [(place, one) for place, one in enumerate(sites) if one.validation.total]
    joins = [
        markup(
            '<line class="join" x1="{x1}%" y1="{y1}" x2="{x2}%" y2="{y2}"/>',
            x1=_middle(left, sites),
            y1=_height(before.validation.mean),
            x2=_middle(right, sites),
            y2=_height(after.validation.mean),
        )
        for (left, before), (right, after) in pairwise(drawn)
    ]
    columns = [
        _column(one, _middle(place, sites), 100 / len(sites), one.site == verdict.chosen)
        for place, one in enumerate(sites)
    ]
    ticks = [
        markup(
            '<text class="end" x="28" y="{y}">{tick}</text>', y=_height(tick) + 4, tick=f"{tick:g}"
        )
        for tick in TICKS
    ]
    figures = ", ".join(f"{one.site.layer}: {figure(one.validation.mean)}" for one in sites)
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


def _column(one: SiteScore, middle: float, width: float, chosen: bool) -> Markup:
    score = one.validation
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
        title=f"{site_name(one.site)}: {figure(score.mean)}, {interval(score)}",
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
        layer=one.site.layer,
        ring=ring,
    )


def _heat_map(verdict: ClaimVerdict) -> Markup:
    """A table, rows tokens and columns layers, one group of rows for each kind of site."""
    layers = sorted({one.site.layer for one in verdict.sites})
    kinds = dict.fromkeys(one.site.site for one in verdict.sites)
    head = [markup('<th scope="col">{layer}</th>', layer=layer) for layer in layers]
    groups = [_heat_group(verdict, kind, layers) for kind in kinds]
    return markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="IIA by token and layer">'
        '<table class="heat"><caption class="unseen">IIA on the validation pairs: '
        "rows are tokens, columns are layers</caption>"
        '<thead><tr><th scope="col">token \\ layer</th>{head}</tr></thead>{groups}</table></div>',
        head=joined(head),
        groups=joined(groups),
    )


def _heat_group(verdict: ClaimVerdict, kind: str, layers: Sequence[int]) -> Markup:
    found = {
        (one.site.token, one.site.layer): one for one in verdict.sites if one.site.site == kind
    }
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


def _heat_cell(one: SiteScore | None, verdict: ClaimVerdict) -> Markup:
    if one is None:
        return Markup('<td class="heat-none">·</td>')
    mean = one.validation.mean
    title = f"{site_name(one.site)}: {figure(mean)}, {interval(one.validation)}"
    if one.site == verdict.chosen:
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
            '<tr><td>{site}</td><td>{layer}</td><td class="word">{token}</td><td>{share}</td>'
            "<td>{mean}</td><td>{interval}</td><td>{loss}</td></tr>",
            site=one.site.site,
            layer=one.site.layer,
            token=one.site.token or "–",
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
        '<thead><tr><th scope="col">site</th><th scope="col">layer</th>'
        '<th scope="col" class="word">token</th>'
        '<th scope="col">agreed</th><th scope="col">IIA</th><th scope="col">95 % interval</th>'
        '<th scope="col">final loss</th></tr></thead><tbody>{rows}</tbody></table></div></details>',
        rows=joined(rows),
    )


def _middle(place: int, sites: Sequence[SiteScore]) -> float:
    return 100 * (place + 0.5) / len(sites)


def _height(value: float) -> float:
    return _TOP + _HEIGHT * (1 - value)


def _level(kind: str, value: float) -> Markup:
    return markup(
        '<line class="{kind}" x1="0%" x2="100%" y1="{y}" y2="{y}"/>', kind=kind, y=_height(value)
    )
