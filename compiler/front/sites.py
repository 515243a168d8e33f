"""Sites: which part of a network, which of its heads or neurons, in which layers."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.compiler.entries import SiteEntry
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.vocabulary_rows import row_of
from causalspec.compiler.placement import PlacedSite
from causalspec.compiler.specification import Task
from causalspec.dsl import syntax

MOST_LAYERS = 10_000
MOST_UNITS = 1_000_000
MOST_TRIED = 100_000
"""How many heads or neurons one statement may try."""


def placed_site(
    compilation: Compilation, written: syntax.Site, task: Task | None
) -> tuple[SiteEntry, PlacedSite] | None:
    """A site with its row of the vocabulary, None with the reason reported."""
    entry = row_of(compilation, "site", written.name, lambda all_: all_.sites, code="CS705")
    if entry is None:
        return None
    presented = _is_presented(compilation, written.name, entry, task)
    path = _path(compilation, written) if entry.by_path else ""
    units = None if entry.by_path else _units(compilation, written, entry)
    layers = _layers(compilation, written, entry)
    if not presented or path is None or units == () or layers is None:
        return None
    first, last = layers
    return entry, PlacedSite(entry.name, units, path or None, first, last)


def _is_presented(
    compilation: Compilation, name: syntax.Name, entry: SiteEntry, task: Task | None
) -> bool:
    """Whether the task gives a network what it needs to have such a site."""
    if task is None:
        return True
    if entry.tokens and not task.prompts:
        compilation.wrong(
            "CS705",
            name,
            f"needs tokens, but task `{task.name}` has no prompt",
            help="add a `prompt`, or align at `hidden`",
        )
    elif not (entry.tokens or entry.by_path) and task.encoding is None:
        compilation.wrong(
            "CS705",
            name,
            f"needs vectors, but task `{task.name}` has no `encode`",
            help="add `encode vector { … }`, or align at `residual`",
        )
    elif not task.prompts and task.encoding is None:
        compilation.error(
            "CS705",
            f"task `{task.name}` gives a network nothing to read",
            name.span,
            help="add a `prompt` or `encode vector { … }`",
        )
    else:
        return True
    return False


# Indices -----------------------------------------------------------------------------------------


def _path(compilation: Compilation, written: syntax.Site) -> str | None:
    match written.index:
        case syntax.Text(value=path) if path.strip():
            return path
        case _:
            name = written.name.text
            return compilation.error(
                "CS728",
                f"`{name}` needs the path of a module",
                (written.index or written.name).span,
                help=f'as in `{name}["encoder.3.mlp"]`',
            )


def _units(
    compilation: Compilation, written: syntax.Site, entry: SiteEntry
) -> tuple[int, ...] | None:
    """The heads or neurons that are tried, None for all together; () with the reason reported."""
    name, index = entry.name, written.index
    if index is None:
        if not entry.indexed:
            return None
        compilation.error(
            "CS728",
            f"`{name}` needs an index",
            written.name.span,
            help=f"as in `{name}[17]`, or `{name}[0..8]` to try each of several",
        )
        return ()
    if entry.units is None:
        compilation.error(
            "CS728",
            f"`{name}` has no parts that an index numbers",
            index.span,
            help=f"write `{name}`",
        )
        return ()
    numbers = _Numbers(
        compilation, "CS728", MOST_UNITS, f"a {entry.units}",
        wrong=f"the number of a {entry.units}",
        help=f"write `{name}[3]`, `{name}[0..8]` or `{name}[{{1, 3}}]`",
        empty="the range `{}` is empty", first="write the lower number first",
    )  # fmt: skip
    if isinstance(index, syntax.ElementSet):
        return _set_of_units(numbers, index.elements, entry)
    ends = numbers.ends(index)
    if ends is None:
        return ()
    if ends[1] - ends[0] < MOST_TRIED:
        return tuple(range(ends[0], ends[1] + 1))
    compilation.error(
        "CS728", f"`{name}[{index.span.text}]` tries more than {MOST_TRIED}", index.span
    )
    return ()


def _set_of_units(
    numbers: _Numbers, elements: tuple[syntax.Expression, ...], entry: SiteEntry
) -> tuple[int, ...]:
    found: set[int] = set()
    for element in elements:
        unit = numbers.one(element)
        if unit in found:
            message = f"{entry.units} {unit} is named twice"
            unit = numbers.compilation.error("CS728", message, element.span)
        if unit is None:
            return ()
        found.add(unit)
    return tuple(sorted(found))


# Layers ------------------------------------------------------------------------------------------


def _layers(
    compilation: Compilation, written: syntax.Site, entry: SiteEntry
) -> tuple[int | None, int | None] | None:
    """The first layer and the last, None for the network's; two None where there are no layers."""
    layers = written.layers
    if not entry.layered:
        if layers is None:
            return None, None
        return compilation.error(
            "CS706", f"`{entry.name}` has no layers", layers.span, help="leave `layers …` out"
        )
    numbers = _Numbers(
        compilation, "CS706", MOST_LAYERS, "a layer",
        wrong="a range of layers",
        help="write `layers 5`, `layers 2..8` or `layers 0..*`",
        empty="the layers `{}` are empty", first="write the lower layer first",
    )  # fmt: skip
    match layers:
        case None:
            return 0, None
        case syntax.RangeSet(low=low, high=None, step=None):
            only = numbers.one(low)
            return None if only is None else (only, None)
        case _:
            return numbers.ends(layers)


# Numbers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of layers, or of their parts, from 0 on; and how mistakes in them are told."""

    compilation: Compilation
    code: str
    most: int
    what: str
    wrong: str
    help: str
    empty: str
    first: str

    def one(self, written: syntax.Node) -> int | None:
        """A number, None with the reason reported."""
        if not isinstance(written, syntax.Number) or written.decimals:
            message = f"`{written.span.text}` is not {self.wrong}"
            return self.compilation.error(self.code, message, written.span, help=self.help)
        if written.scaled <= self.most:
            return written.scaled
        message = f"no network has {self.what} {written.text}"
        return self.compilation.error(self.code, message, written.span)

    def ends(self, written: syntax.Node) -> tuple[int, int] | None:
        """The ends of a range, or one number twice, None with the reason reported."""
        match written:
            case syntax.RangeSet(low=low, high=syntax.Number() as high, step=None):
                first, last = self.one(low), self.one(high)
            case _:
                first = last = self.one(written)
        if first is None or last is None:
            return None
        if first > last:
            message = self.empty.format(written.span.text)
            return self.compilation.error(self.code, message, written.span, help=self.first)
        return first, last
