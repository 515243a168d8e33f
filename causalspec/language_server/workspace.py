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
IMPORTABLE = (Kind.TYPE, Kind.TABLE, Kind.FUNCTION, Kind.TASK, Kind.MODEL)


@dataclass(frozen=True, eq=False)
class Shared:
    """A symbol as one file knows it."""

    analysis: Analysis
    symbol: Symbol


class Workspace:
    """Finds specs under `roots`; those that are `opened` count as they are in the editor."""

    def __init__(
        self,
        roots: Callable[[], Sequence[Path]],
        opened: Callable[[], Sequence[Analysis]],
    ) -> None:
        self._roots = roots
        self._opened = opened
        self._read: dict[Path, tuple[int, Analysis]] = {}

    def specs(self, near: Path | None, encoding: str) -> Iterator[Analysis]:
        """Every spec under the roots and under a folder."""
        opened = {analysis.path for analysis in self._opened()}
        yield from self._opened()
        for path in self._files([*self._roots(), *([near] if near is not None else [])]):
            analysis = None if path in opened else self.at(path, encoding)
            if analysis is not None:
                yield analysis

    def at(self, path: Path, encoding: str) -> Analysis | None:
        """The spec in a file; None where there is none that can be read."""
        for analysis in self._opened():
            if analysis.path == path:
                return analysis
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
        uri = uris.from_fs_path(str(path)) or ""
        analysis = Analysis(source, path.parent, encoding, uri=uri)
        self._read[path] = (changed, analysis)
        return analysis

    def sharing(self, analysis: Analysis, symbol: Symbol) -> list[Shared]:
        """A symbol in every file that declares or imports it, its home first."""
        home = self._home(Shared(analysis, symbol))
        found = [home]
        if home.symbol.owner is not None or home.symbol.kind is Kind.ELEMENT:
            return [*found, *self._seen_from_elsewhere(home, analysis.encoding)]
        if symbol.kind not in IMPORTABLE or not _is_top(home) or home.analysis.path is None:
            return found
        others = list(self.specs(home.analysis.path.parent, analysis.encoding))
        for shared in found:  # which grows: what is imported can be imported from there
            known = {other.analysis.path for other in found}
            found.extend(
                Shared(other, imported)
                for other in others
                if other.path not in known and (imported := _imported(other, shared)) is not None
            )
        return found

    def _seen_from_elsewhere(self, home: Shared, encoding: str) -> Iterator[Shared]:
        """A symbol of a task, model or type, in the files that import this."""
        place, declaring = home.analysis.path, home.symbol.span
        if place is None or declaring is None:
            return
        for other in list(self.specs(place.parent, encoding)):
            if other.path == place or not mentions(other, home.symbol.name):
                continue
            if other.index.occurrences:  # which are found before what they mean
                for span, symbol in other.index.elsewhere.items():
                    if span.start == declaring.start and other.named(span.source) == place:
                        yield Shared(other, symbol)

    def readers(self, analysis: Analysis) -> list[Analysis]:
        """The files that import anything from a spec."""
        place = analysis.path
        if place is None:
            return []
        others = self.specs(place.parent, analysis.encoding)
        return [other for other in others if other.path != place and _imports(other, place)]

    def _home(self, shared: Shared) -> Shared:
        own = shared.symbol.span
        if own is not None and own.source is not shared.analysis.source:
            place = shared.analysis.named(own.source)
            home = self.at(place, shared.analysis.encoding) if place is not None else None
            found = home.index.at(own.start) if home is not None else None
            if home is None or found is None or found.symbol.name != shared.symbol.name:
                return shared
            return Shared(home, found.symbol)
        seen: set[Path | None] = set()
        while (node := shared.symbol.node) and isinstance(node, syntax.ImportDeclaration):
            place = shared.analysis.beside(node.path.value)
            home = self.at(place, shared.analysis.encoding) if place is not None else None
            if home is None or shared.symbol.name not in home.index.top or place in seen:
                return shared
            seen.add(place)
            shared = Shared(home, home.index.top[shared.symbol.name])
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
                    folder
                    for folder in sorted(folders)
                    if folder[0] != "." and folder not in LEFT_OUT
                ]
                for name in sorted(names):
                    path = Path(folder, name)
                    if name.endswith(".causal") and path not in seen:
                        seen.add(path)
                        yield path


def mentions(analysis: Analysis, name: str) -> bool:
    """Whether a name stands anywhere in a text, whatever it means there."""
    return re.search(rf"\b{re.escape(name)}\b", analysis.source.text) is not None


def _is_top(shared: Shared) -> bool:
    return shared.analysis.index.top.get(shared.symbol.name) is shared.symbol


def _imports(analysis: Analysis, place: Path) -> bool:
    return "import" in analysis.source.text and any(
        isinstance(declaration, syntax.ImportDeclaration)
        and analysis.beside(declaration.path.value) == place
        for declaration in analysis.file.declarations
    )


def _imported(analysis: Analysis, home: Shared) -> Symbol | None:
    """What a spec calls the symbol of another that it imports."""
    name, place = home.symbol.name, home.analysis.path
    if place is None or not mentions(analysis, name):
        return None
    symbol = analysis.index.top.get(name)
    if symbol is None or not isinstance(symbol.node, syntax.ImportDeclaration):
        return None
    return symbol if analysis.beside(symbol.node.path.value) == place else None
