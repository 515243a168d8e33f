"""Where in a network a variable might live, and what is done to it there: checked placements."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias, Union

from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
from causalspec.dsl.source import Span

# Positions in prompts -------------------------------------------------------------------------


class Anchor(StrEnum):
    LAST = "last"
    FIRST = "first"
    ALL = "all"
    SLOT = "slot"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PossibleSlot:
    """A slot that a position may mean, with the condition over the task's inputs under which it
    does.
    """

    name: str
    condition: Expression


@dataclass(frozen=True, slots=True)
class TokenPosition:
    """A place in every prompt. `argument` is the slot's name or the searched text; `part` is which
    of its tokens: 0 for first, -1 for last, or the number k of `slot(n)[k]`. Where the slot's index
    is computed, `slot(item[asked])`, it is one of `slots` in each prompt.
    """

    anchor: Anchor
    argument: str | None = None
    part: int = -1
    offset: int = 0
    slots: tuple[PossibleSlot, ...] = field(default=(), compare=False, repr=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """As one would write it: `slot(amount).last + 1`."""
        written = self.anchor.value
        if self.anchor is Anchor.SLOT:
            written += f"({self.argument})"
        elif self.anchor is Anchor.TEXT:
            escaped = (self.argument or "").replace("\\", "\\\\").replace('"', '\\"')
            written += f'("{escaped}")'
        if self.anchor in (Anchor.SLOT, Anchor.TEXT):
            part = {0: ".first", -1: ".last"}.get(self.part, f"[{self.part}]")
            written += part
        if self.offset:
            written += f" {'+' if self.offset > 0 else '-'} {abs(self.offset)}"
        return written


@dataclass(frozen=True, slots=True)
class TokenRange:
    """Every position from `first` to `last`, counted in tokens of each prompt."""

    first: TokenPosition
    last: TokenPosition


# Methods, and what they are given ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileArgument:
    """A file inside the spec's folder that a method reads, by its name as written. Two are the same
    where they are called the same: `Specification.files` has the SHA-256 of what they hold.
    """

    name: str
    path: Path = field(compare=False)


ArgumentValue: TypeAlias = Union[int, float, str, tuple[int, ...], FileArgument, "Method"]


@dataclass(frozen=True, slots=True)
class Method:
    """An alignment method with its checked arguments, or what one of them is over: `das(dim = 16)`,
    `mask(over = pca(dim = 128))`. Arguments are in the vocabulary's order, with its defaults.
    """

    name: str
    arguments: tuple[tuple[str, ArgumentValue], ...] = ()

    def argument(self, name: str) -> ArgumentValue | None:
        """What an argument is; None where it is not given and has no default."""
        return dict(self.arguments).get(name)

    @property
    def dimension(self) -> int | None:
        """The argument `dim`; None where there is none."""
        dimension = self.argument("dim")
        return dimension if isinstance(dimension, int) else None

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that it reads, or that what it is over reads."""
        found: list[str] = []
        for _, value in self.arguments:
            if isinstance(value, FileArgument):
                found.append(value.name)
            elif isinstance(value, Method):
                found += value.files
        return tuple(found)

    @property
    def text(self) -> str:
        """As one would write it, defaults included: `revnet(dim = 16, blocks = 10)`."""
        written = ", ".join(_argument(name, value) for name, value in self.arguments)
        return f"{self.name}({written})" if written else self.name


def _argument(name: str, value: ArgumentValue) -> str:
    match value:
        case FileArgument():
            return f'"{value.name}"'
        case Method():
            return f"{name} = {value.text}"
        case tuple():
            return f"{name} = {{{', '.join(map(str, value))}}}"
        case _:
            return f"{name} = {value}"


# Sites and writes --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacedSite:
    """`head[0..8] layers 5..9`, `hidden layers 2`, `module["encoder.3.mlp"]`: places to be tried.

    `component` is a site of the vocabulary. `units` are the heads or neurons that are tried, each
    alone; None is all of them together, or a component without any. `path` is that of a module.
    Layers count from 0; `last_layer` None is the network's last, and both are None where the
    component has no layers. `layer_set` holds the layers themselves where some between are left
    out.
    """

    component: str
    units: tuple[int, ...] | None = None
    path: str | None = None
    first_layer: int | None = None
    last_layer: int | None = None
    layer_set: tuple[int, ...] | None = None

    @property
    def is_layered(self) -> bool:
        """Whether the component has layers."""
        return self.first_layer is not None

    @property
    def text(self) -> str:
        """As one would write it: `head[0..8] layers 5..9`."""
        return f"{self.place} layers {self.layers}" if self.is_layered else self.place

    @property
    def place(self) -> str:
        """The component with its index alone: `head[3]`, `module["encoder.3.mlp"]`."""
        if self.path is not None:
            return f'{self.component}["{self.path}"]'
        if self.units is None:
            return self.component
        return f"{self.component}[{_units(self.units)}]"

    @property
    def layers(self) -> str:
        """`5`, `2..8`, `{2, 8}`, `0..*`; empty where there are none."""
        if self.layer_set is not None:
            return _units(self.layer_set)
        if self.first_layer is None or self.first_layer == self.last_layer:
            return "" if self.first_layer is None else str(self.first_layer)
        return f"{self.first_layer}..{'*' if self.last_layer is None else self.last_layer}"


def _units(units: tuple[int, ...]) -> str:
    first, last = units[0], units[-1]
    if len(units) == 1:
        return str(first)
    if units == tuple(range(first, last + 1)):
        return f"{first}..{last}"
    return f"{{{', '.join(map(str, units))}}}"


@dataclass(frozen=True, slots=True)
class Write:
    """What is put in a variable's place where that is not its value in a source's run.

    `name` is a write of the vocabulary: `zero`; `mean`, over the inputs of a design's split, which
    `data` names; `value`, the mean vector of the training inputs in which the variable has the code
    `values[0]`; `steer`, to whose vector `scale` times that of `values[0]` less that of `values[1]`
    is added.
    """

    name: str
    data: tuple[str, str] | None = None
    values: tuple[int, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one variable might live, and what is done there.

    `statement` is that of the alignment, from 0: variables of one statement share a site, those of
    several are searched jointly. `receiver` is where an edge from `site` leads, None for a site.
    `tokens` is empty for sites without tokens; `together` makes the positions of a range one site.
    `write` None is the interchange: the vector of a source's run.
    """

    variable: str
    statement: int
    site: PlacedSite
    receiver: PlacedSite | None
    tokens: tuple[TokenPosition | TokenRange, ...]
    together: bool
    method: Method
    write: Write | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Alignment:
    name: str
    model: CausalModel
    placements: tuple[Placement, ...]
    span: Span = field(compare=False, repr=False)
