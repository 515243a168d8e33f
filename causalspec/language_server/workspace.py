"""The specs of a workspace, open or not, and which of them share a name by importing it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pygls import uris

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics, ToolFailure
from causalspec.dsl.reading import read_source
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.symbols import Kind, Symbol

MOST_FOLDERS = 2000
"""So many folders are looked into: someone may have opened their home folder."""

LEFT_OUT = {"node_modules", "__pycache__", "site-packages"}
IMPORTABLE = (Kind.TYPE, Kind.TABLE, Kind.FUNCTION)


@dataclass(frozen=True, eq=False)
class Spec:
    """One file of the workspace. `path` is None for one that was never saved."""

    uri: str
    path: Path | None
    analysis: Analysis


@dataclass(frozen=True, eq=False)
class Shared:
    """A symbol as one file knows it."""

    spec: Spec
    symbol: Symbol


class Workspace:
    """Finds specs under `roots`; those that are `opened` count as they are in the editor."""

    def __init__(
        self,
        roots: Callable[[], Sequence[Path]],
        opened: Callable[[], Sequence[Spec]],
    ) -> None:
        self._roots = roots
        self._opened = opened
        self._read: dict[Path, tuple[int, Spec]] = {}

    def specs(self, near: Path | None, encoding: str) -> Iterator[Spec]:
        """Every spec under the roots and under a folder."""
        opened = {one.path for one in self._opened()}
        yield from self._opened()
        for path in self._files([*self._roots(), *([near] if near is not None else [])]):
            spec = None if path in opened else self.at(path, encoding)
            if spec is not None:
                yield spec

    def at(self, path: Path, encoding: str) -> Spec | None:
        """The spec in a file; None where there is none that can be read."""
        for one in self._opened():
            if one.path == path:
                return one
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is not None and known[0] == changed:
                return known[1]
            source = read_source(path, str(path), Diagnostics())
        except (OSError, ToolFailure):
            return None
        if source is None:
            return None
        analysis = Analysis(source, path.parent, encoding)
        spec = Spec(uris.from_fs_path(str(path)) or "", path, analysis)
        self._read[path] = (changed, spec)
        return spec

    def sharing(self, spec: Spec, symbol: Symbol) -> list[Shared]:
        """A symbol in every file that declares or imports it, its home first."""
        home = self._home(Shared(spec, symbol))
        found = [home]
        if symbol.kind not in IMPORTABLE or not _is_top(home) or home.spec.path is None:
            return found
        others = list(self.specs(home.spec.path.parent, spec.analysis.encoding))
        for one in found:  # which grows: what is imported can be imported from there
            known = {other.spec.path for other in found}
            found.extend(
                Shared(other, imported)
                for other in others
                if other.path not in known and (imported := _imported(other, one)) is not None
            )
        return found

    def readers(self, spec: Spec) -> list[Spec]:
        """The files that import anything from a spec."""
        if spec.path is None:
            return []
        others = self.specs(spec.path.parent, spec.analysis.encoding)
        return [one for one in others if one.path != spec.path and _imports(one, spec.path)]

    def _home(self, shared: Shared) -> Shared:
        seen: set[Path | None] = set()
        while (node := shared.symbol.node) and isinstance(node, syntax.ImportDeclaration):
            place = imported_file(shared.spec.analysis, node)
            spec = self.at(place, shared.spec.analysis.encoding) if place is not None else None
            names = spec.analysis.index.top if spec is not None else {}
            if spec is None or shared.symbol.name not in names or place in seen:
                return shared
            seen.add(place)
            shared = Shared(spec, names[shared.symbol.name])
        return shared

    @staticmethod
    def _files(roots: Sequence[Path]) -> Iterator[Path]:
        seen: set[Path] = set()
        visited = 0
        for root in roots:
            for folder, folders, names in os.walk(root):
                visited += 1
                if visited > MOST_FOLDERS:
                    return
                folders[:] = [
                    one for one in sorted(folders) if one[0] != "." and one not in LEFT_OUT
                ]
                for name in sorted(names):
                    path = Path(folder, name)
                    if name.endswith(".causal") and path not in seen:
                        seen.add(path)
                        yield path


def imported_file(analysis: Analysis, node: syntax.ImportDeclaration) -> Path | None:
    """The file that an import means; None for anything outside the spec's folder."""
    return beside(analysis, node.path.value)


def beside(analysis: Analysis, name: str) -> Path | None:
    """A file in the spec's folder; None for anything outside it."""
    if analysis.folder is None:
        return None
    folder = analysis.folder.resolve()
    try:
        place = (folder / name).resolve()
        return place if place.is_relative_to(folder) and place.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def mentions(analysis: Analysis, name: str) -> bool:
    """Whether a name stands anywhere in a text, whatever it means there."""
    return re.search(rf"\b{re.escape(name)}\b", analysis.source.text) is not None


def _is_top(shared: Shared) -> bool:
    names = shared.spec.analysis.index.top
    return names.get(shared.symbol.name) is shared.symbol


def _imports(spec: Spec, place: Path) -> bool:
    return "import" in spec.analysis.source.text and any(
        imported_file(spec.analysis, one) == place
        for one in spec.analysis.file.declarations
        if isinstance(one, syntax.ImportDeclaration)
    )


def _imported(spec: Spec, home: Shared) -> Symbol | None:
    """What a spec calls the symbol of another that it imports."""
    if home.spec.path is None or not mentions(spec.analysis, home.symbol.name):
        return None
    symbol = spec.analysis.index.top.get(home.symbol.name)
    if symbol is None or not isinstance(symbol.node, syntax.ImportDeclaration):
        return None
    return symbol if imported_file(spec.analysis, symbol.node) == home.spec.path else None
