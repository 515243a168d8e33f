"""Heat maps: a shaded cell for every site, rows tokens and columns layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from causalspec.runtime.sites.site import Site

HEAT_STEPS = 10
"""Shades of the colour scale beyond the first; `report.css` has `heat-0` to `heat-10`."""

HEAT_EDGES = (0.0, *((step + 0.5) / HEAT_STEPS for step in range(HEAT_STEPS)), 1.0)
"""Where each shade begins and ends on the scale from 0 to 1."""


class Cell(Protocol):
    """What was found at a site: a `share` from 0 to 1 that shades it (NaN: none), the `text` in it,
    and what it says to who points at it.
    """

    @property
    def site(self) -> Site: ...
    @property
    def share(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def is_chosen(self) -> bool: ...
    @property
    def is_dropped(self) -> bool: ...
    @property
    def may_be_best(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Cells in the order of layers."""

    cells: Sequence[Cell]

    @property
    def layers(self) -> list[str]:
        """The layers of its columns."""
        return list(dict.fromkeys(layer_text(cell.site) for cell in self.cells))

    @property
    def by_kind_token_and_layer(self) -> dict[str, dict[str, dict[str, Cell]]]:
        """Its rows, one group for each kind of site."""
        rows: dict[str, dict[str, dict[str, Cell]]] = {}
        for cell in self.cells:
            row = rows.setdefault(kind_of(cell.site), {}).setdefault(cell.site.token, {})
            row[layer_text(cell.site)] = cell
        return rows


def kind_of(site: Site) -> str:
    """What sites that differ in layer and token alone have in common."""
    return str(replace(site, layer=None, token=""))


def layer_text(site: Site) -> str:
    """The number of its layer, `–` where it has none."""
    return "–" if site.layer is None else str(site.layer)


def layer_order(cell: Cell) -> int:
    """The key that sorts cells by their layers."""
    return -1 if cell.site.layer is None else cell.site.layer


def heat_class(value: float) -> str:
    """The class of the shade for a share; `heat-none` where there is none."""
    return f"heat-{round(value * HEAT_STEPS)}" if 0 <= value <= 1 else "heat-none"
