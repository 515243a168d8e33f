"""Rows of the vocabulary that installed packages bring: the entry points `causalspec.vocabulary`.

Each entry point names an `Entry`, or a tuple of them, in a module that is light to import: what
carries the row out is named in it as `package.module:object`, and only the runtime imports that. A
spec can name a row, never a package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

from causalspec.compiler.entries import ControlEntry, Entry, MethodEntry, MetricEntry, SiteEntry
from causalspec.dsl.diagnostics import ToolFailure

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "causalspec.vocabulary"
KINDS: dict[type[Entry], str] = {
    SiteEntry: "site",
    MethodEntry: "method",
    ControlEntry: "control",
    MetricEntry: "metric",
}

_Row = TypeVar("_Row", bound=Entry)


def joined(built_in: Mapping[str, _Row], kind: type[_Row]) -> Mapping[str, _Row]:
    """The built-in rows of one kind, then those of installed packages.

    Raises `ToolFailure` where a package's rows cannot be had, or a name has two meanings.
    """
    rows = dict(built_in)
    for row in installed_entries():
        if not isinstance(row, kind):
            continue
        first = rows.setdefault(row.name, row)
        if first is not row:
            whose = f"one of `{first.package}`, too" if first.package else "already in the language"
            raise _failure(row.package or "", f"the {KINDS[kind]} `{row.name}` is {whose}")
    return rows


@cache
def installed_entries() -> tuple[Entry, ...]:
    """The rows of every installed package, by the packages' names.

    Raises `ToolFailure` where a package's rows cannot be had.
    """
    # Takes as long to import as a small spec takes to check, which needs no package.
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=GROUP), key=lambda point: (_package(point), point.name))
    return tuple(row for point in points for row in _rows(point))


def _rows(point: EntryPoint) -> Iterator[Entry]:
    package = _package(point)
    try:
        named: object = point.load()
    except Exception as failure:
        told = f"{type(failure).__name__}: {failure}"
        raise _failure(package, f"`{point.value}` cannot be imported: {told}") from failure
    for row in cast("tuple[object, ...]", named) if isinstance(named, tuple) else (named,):
        if not isinstance(row, tuple(KINDS)):
            kinds = ", ".join(kind.__name__ for kind in KINDS)
            raise _failure(package, f"`{point.value}` holds {row!r}, which is none of {kinds}")
        if not (row.name.isidentifier() and row.name.isascii()):
            raise _failure(package, f"`{row.name}` cannot be written as a name")
        if row.implementation is None or row.implementation.count(":") != 1:
            raise _failure(
                package,
                f"`{row.name}` does not say what carries it out, as `package.module:object`",
            )
        yield replace(row, package=package)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module.split(".")[0]


def _failure(package: str, what: str) -> ToolFailure:
    return ToolFailure(
        f"the installed package `{package}` breaks the vocabulary: {what}",
        f"mend the package, or `pip uninstall {package}`",
    )
