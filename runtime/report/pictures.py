"""Pictures that stand by themselves, as SVG in the report's light colours: heat maps, figures with
intervals beside what was published, and curves of strength against faithfulness.

For pages that show images and no HTML; what the report itself shows is in `templates/`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from xml.sax.saxutils import escape

from causalspec.dsl.display import visible
from causalspec.runtime.report.explanation import PLOT_HEIGHT, PLOT_WIDTH, curves
from causalspec.runtime.report.heat import HEAT_STEPS, HeatMap
from causalspec.runtime.report.text import short_figure
from causalspec.runtime.results.explanations import Strength

_TEXT = 12  # pixels of the text's height; a letter is taken to be .56 of it wide
_CELL, _ROW, _GAP = 34, 24, 8
_PLOT = 420  # pixels of the scale of figures


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Neighbouring columns of a heat map under one title ("" for none)."""

    title: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of ours with its interval, and the published one; None where there is none."""

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None
    published: float | None = None


def heat_map(
    label: str,
    groups: Sequence[ColumnGroup],
    rows: Mapping[str, Sequence[float | None]],
    ringed: tuple[str, int] | None = None,
) -> str:
    """Shares from 0 to 1 as shaded cells: each row has one for each column of the groups in order,
    None where nothing was measured. `ringed` is the row and the column of the cell to be ringed.
    """
    palette = _Palette.of_report()
    left = _width_of(rows) + 16
    slanted = any(group.title for group in groups)
    top = 24 + (86 if slanted else 0)
    places: list[int] = []
    lines: list[str] = []
    x = left
    for group in groups:
        if group.title:
            middle = x + _CELL * len(group.columns) // 2 - 6
            title = _escaped(group.title)
            lines.append(
                f'<text transform="translate({middle} {top - 24}) rotate(-35)">{title}</text>'
            )
        for column in group.columns:
            lines.append(_text(x + _CELL / 2, top - 6, column, palette.muted, small=True))
            places.append(x)
            x += _CELL
        x += _GAP
    for number, (name, values) in enumerate(rows.items()):
        y = top + number * _ROW
        lines.append(_text(left - 8, y + 16, name, palette.ink, anchor="end"))
        for column, (place, value) in enumerate(zip(places, values, strict=True)):
            fill, ink = palette.shade(value)
            lines.append(
                f'<rect x="{place}" y="{y}" width="{_CELL - 2}" height="{_ROW - 2}" fill="{fill}"/>'
            )
            shown = "–" if value is None else short_figure(value)
            lines.append(_text(place + _CELL / 2 - 1, y + 16, shown, ink))
            if ringed == (name, column):
                lines.append(
                    f'<rect x="{place}" y="{y}" width="{_CELL - 2}" height="{_ROW - 2}" '
                    f'fill="none" stroke="{palette.ring}" stroke-width="2.5" rx="3"/>'
                )
    return _svg(label, x + (52 if slanted else 0), top + len(rows) * _ROW + 10, palette, lines)


def site_map(label: str, sites: HeatMap) -> str:
    """Sites shaded by their shares, rows tokens (and kinds of site), columns layers."""
    layers = tuple(sites.layers)
    rows: dict[str, list[float | None]] = {}
    ringed: tuple[str, int] | None = None
    for kind, tokens in sites.by_kind_token_and_layer.items():
        for token, cells in tokens.items():
            name = f"{kind}, {token}" if token else kind
            found = [cells.get(layer) for layer in layers]
            rows[name] = [
                cell.share if cell and math.isfinite(cell.share) else None for cell in found
            ]
            for column, cell in enumerate(found):
                if cell is not None and cell.is_chosen:
                    ringed = name, column
    return heat_map(label, [ColumnGroup("", layers)], rows, ringed)


def figures(label: str, rows: Sequence[Figure]) -> str:
    """Each figure as a dot with its interval on one scale, what was published as an open ring."""
    palette = _Palette.of_report()
    low, high, ticks = _scale(rows)
    left, top = _width_of([row.name for row in rows]) + 16, 12
    bottom = top + len(rows) * _ROW

    def place(value: float) -> float:
        return left + _PLOT * (value - low) / (high - low)

    lines: list[str] = []
    for tick in ticks:
        x = place(tick)
        lines.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{palette.rule}"/>'
        )
        lines.append(_text(x, bottom + 16, f"{tick:g}", palette.muted, small=True))
    for number, row in enumerate(rows):
        y = top + number * _ROW + _ROW / 2
        lines.append(_text(left - 8, y + 4, row.name, palette.ink, anchor="end"))
        if row.lower is not None and row.upper is not None:
            lines.append(
                f'<line x1="{place(row.lower):.1f}" x2="{place(row.upper):.1f}" y1="{y}" '
                f'y2="{y}" stroke="{palette.data}" stroke-width="2"/>'
            )
        lines.append(f'<circle cx="{place(row.value):.1f}" cy="{y}" r="5" fill="{palette.data}"/>')
        if row.published is not None:
            lines.append(
                f'<circle cx="{place(row.published):.1f}" cy="{y}" r="7" fill="none" '
                f'stroke="{palette.ring}" stroke-width="2"/>'
            )
    return _svg(label, left + _PLOT + 24, bottom + 26, palette, lines)


def strength_curves(label: str, strengths: Sequence[Strength]) -> str:
    """Strength against faithfulness, a curve for each hypothesis and one for all combined."""
    palette = _Palette.of_report()
    drawn = curves(strengths)
    left, top = 56, 12
    lines: list[str] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = left + PLOT_WIDTH * tick, top + PLOT_HEIGHT * (1 - tick)
        lines.append(
            f'<path d="M{x} {top}V{top + PLOT_HEIGHT}M{left} {y}H{left + PLOT_WIDTH}" '
            f'stroke="{palette.rule}"/>'
        )
        under = top + PLOT_HEIGHT + 16
        lines.append(_text(x, under, f"{tick:g}", palette.muted, small=True))
        lines.append(
            _text(left - 8, y + 4, f"{0.5 + tick / 2:g}", palette.muted, anchor="end", small=True)
        )
    middle = left + PLOT_WIDTH / 2
    lines.append(_text(middle, top + PLOT_HEIGHT + 34, "share of inputs", palette.muted))
    lines.append(
        f'<g transform="translate(16 {top + PLOT_HEIGHT / 2}) rotate(-90)">'
        f"{_text(0, 0, 'IIA on them', palette.muted)}</g>"
    )
    bottom = top + PLOT_HEIGHT + 54
    for curve in drawn:
        colour = palette.curve(curve.number)
        lines.append(f'<g transform="translate({left} {top})" fill="{colour}">')
        lines.append(
            f'<polyline points="{curve.path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in curve.points]
        lines.append("</g>")
        lines.append(f'<rect x="{left}" y="{bottom - 5}" width="24" height="3" fill="{colour}"/>')
        lines.append(_text(left + 32, bottom, curve.name, palette.ink, anchor="start"))
        bottom += 18
    width = left + max(PLOT_WIDTH, 32 + _width_of([curve.name for curve in drawn])) + 24
    return _svg(label, width, bottom, palette, lines)


@dataclass(frozen=True, slots=True)
class _Palette:
    """The report's colours in light mode, by name as `report.css` has them."""

    colours: Mapping[str, str]

    @staticmethod
    def of_report() -> _Palette:
        style = files(__package__ or __name__).joinpath("report.css").read_text(encoding="utf-8")
        light = style.split("@media", 1)[0]
        return _Palette(dict(re.findall(r"--([\w-]+): (#\w+);", light)))

    @property
    def ink(self) -> str:
        return self.colours["ink"]

    @property
    def muted(self) -> str:
        return self.colours["muted"]

    @property
    def rule(self) -> str:
        return self.colours["rule"]

    @property
    def data(self) -> str:
        return self.colours["data"]

    @property
    def ring(self) -> str:
        return self.colours["ring"]

    def curve(self, number: int) -> str:
        """The colour of a curve, as `report.css` has it."""
        return self.colours[("data", "ring", "good", "bad", "other")[number]]

    def shade(self, value: float | None) -> tuple[str, str]:
        """The colours of a share's cell and of what is written on it."""
        if value is None or not 0 <= value <= 1:
            return "none", self.muted
        step = round(value * HEAT_STEPS)
        return self.colours[f"heat-{step}"], self.colours[f"heat-ink-{step}"]


def _scale(rows: Sequence[Figure]) -> tuple[float, float, list[float]]:
    """Where the scale begins and ends, and its ticks: 0 to 1 where that holds every figure."""
    values = [
        value
        for row in rows
        for value in (row.value, row.lower, row.upper, row.published)
        if value is not None
    ]
    least, most = min(values, default=0.0), max(values, default=1.0)
    if least >= 0 and most <= 1:
        return 0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]
    least, most = min(least, 0.0), max(most, 0.0)
    raw = (most - least) / 4
    power = 10.0 ** int(f"{raw:e}".partition("e")[2])
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = int(least // step), -int(-most // step)
    return first * step, last * step, [number * step for number in range(first, last + 1)]


def _width_of(names: Sequence[str] | Mapping[str, object]) -> int:
    return int(max((len(name) for name in names), default=0) * _TEXT * 0.56)


def _escaped(text: str) -> str:
    return escape(visible(text))


def _text(
    x: float, y: float, text: str, ink: str, *, anchor: str = "middle", small: bool = False
) -> str:
    size = ' font-size="10"' if small else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{size} fill="{ink}">'
        f"{_escaped(text)}</text>"
    )


def _svg(label: str, width: float, height: float, palette: _Palette, lines: Sequence[str]) -> str:
    quoted = escape(visible(label), {'"': "&quot;"})
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" font-family="system-ui, sans-serif" font-size="{_TEXT}" '
        f'role="img" aria-label="{quoted}">'
    )
    ground = f'<rect width="100%" height="100%" fill="{palette.colours["ground"]}"/>'
    return "\n".join([head, ground, *lines, "</svg>", ""])
