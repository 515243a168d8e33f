"""Sites: which part of a network, which of its heads or neurons, in which layers."""

from __future__ import annotations

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
        compilation.error(
            "CS705",
            f"`{name.text}` needs tokens, but task `{task.name}` has no prompt",
            name.span,
            help="add a `prompt`, or align at `hidden`",
        )
    elif not (entry.tokens or entry.by_path) and task.encoding is None:
        compilation.error(
            "CS705",
            f"`{name.text}` needs vectors, but task `{task.name}` has no `encode`",
            name.span,
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
    match index:
        case syntax.Number():
            only = _unit(compilation, index, entry)
            return () if only is None else (only,)
        case syntax.RangeSet(low=low, high=syntax.Number() as high, step=None):
            first, last = _unit(compilation, low, entry), _unit(compilation, high, entry)
            if first is None or last is None:
                return ()
            if first > last:
                compilation.error(
                    "CS728",
                    f"the range `{index.span.text}` is empty",
                    index.span,
                    help="write the lower number first",
                )
                return ()
            if last - first < MOST_TRIED:
                return tuple(range(first, last + 1))
            compilation.error(
                "CS728", f"`{name}[{index.span.text}]` tries more than {MOST_TRIED}", index.span
            )
            return ()
        case syntax.ElementSet(elements=elements):
            return _set_of_units(compilation, elements, entry)
        case _:
            _bad_unit(compilation, index, entry)
            return ()


def _set_of_units(
    compilation: Compilation, elements: tuple[syntax.Expression, ...], entry: SiteEntry
) -> tuple[int, ...]:
    found: dict[int, syntax.Expression] = {}
    for element in elements:
        unit = _unit(compilation, element, entry)
        if unit is None:
            return ()
        if unit in found:
            compilation.error("CS728", f"{entry.units} {unit} is named twice", element.span)
            return ()
        found[unit] = element
    return tuple(sorted(found))


def _unit(compilation: Compilation, written: syntax.Expression, entry: SiteEntry) -> int | None:
    if isinstance(written, syntax.Number) and not written.decimals:
        if written.scaled <= MOST_UNITS:
            return written.scaled
        message = f"no network has a {entry.units} {written.text}"
        return compilation.error("CS728", message, written.span)
    return _bad_unit(compilation, written, entry)


def _bad_unit(compilation: Compilation, written: syntax.Node, entry: SiteEntry) -> None:
    name = entry.name
    compilation.error(
        "CS728",
        f"`{written.span.text}` is not the number of a {entry.units}",
        written.span,
        help=f"write `{name}[3]`, `{name}[0..8]` or `{name}[{{1, 3}}]`",
    )


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
    match layers:
        case None:
            return 0, None
        case syntax.RangeSet(low=low, high=None, step=None):
            first = _layer(compilation, low)
            return None if first is None else (first, None)
        case syntax.RangeSet(low=low, high=syntax.Number() as high, step=None):
            first, last = _layer(compilation, low), _layer(compilation, high)
            if first is None or last is None:
                return None
            if first > last:
                return compilation.error(
                    "CS706",
                    f"the layers `{layers.span.text}` are empty",
                    layers.span,
                    help="write the lower layer first",
                )
            return first, last
        case syntax.Number():
            first = _layer(compilation, layers)
            return None if first is None else (first, first)
        case _:
            return _bad_layers(compilation, layers)


def _layer(compilation: Compilation, written: syntax.Expression) -> int | None:
    if isinstance(written, syntax.Number) and not written.decimals:
        if written.scaled <= MOST_LAYERS:
            return written.scaled
        return compilation.error("CS706", f"no network has a layer {written.text}", written.span)
    return _bad_layers(compilation, written)


def _bad_layers(compilation: Compilation, written: syntax.Node) -> None:
    compilation.error(
        "CS706",
        f"`{written.span.text}` is not a range of layers",
        written.span,
        help="write `layers 5`, `layers 2..8` or `layers 0..*`",
    )
