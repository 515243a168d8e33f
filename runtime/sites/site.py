"""The one type of a site, in the engine, in results and in reports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering


@total_ordering
@dataclass(frozen=True, slots=True)
class Site:
    """A place that may hold a variable.

    `component` is a name of `COMPONENTS`; `layer` None where it has no layers. `token` is the
    position as the language writes it, empty where there is none. `unit` numbers a head, a key head
    or a neuron; None: all of them together. `path` leads to a module. With a `receiver` the site
    is the edge from here to there.
    """

    component: str
    layer: int | None = None
    token: str = ""
    unit: int | None = None
    path: str = ""
    receiver: Site | None = None

    def __str__(self) -> str:
        named = self.component if self.unit is None else f"{self.component} {self.unit}"
        parts = [f"{named} {self.path}" if self.path else named]
        if self.layer is not None:
            parts.append(f"layer {self.layer}")
        if self.token:
            parts.append(f"token {self.token}")
        text = ", ".join(parts)
        return text if self.receiver is None else f"{text}, to {self.receiver}"

    def __lt__(self, other: object) -> bool:
        """In the order of the fields; what a site lacks comes before what another has."""
        if not isinstance(other, Site):
            return NotImplemented
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        layer = -1 if self.layer is None else self.layer
        unit = -1 if self.unit is None else self.unit
        receiver = () if self.receiver is None else self.receiver._key()
        return (self.component, layer, self.token, unit, self.path, receiver)
