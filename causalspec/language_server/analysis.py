"""What is known about one version of a text; each part is worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from causalspec.compiler import Meanings, Specification, compile_file
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.source import Source
from causalspec.language_server.index import Index
from causalspec.language_server.positions import Positions
from causalspec.language_server.reading import Reading, read, reread

_Compiled: TypeAlias = tuple[Specification | None, tuple[Diagnostic, ...], Meanings]


@dataclass(frozen=True, eq=False)
class Analysis:
    """A text with its tree, its symbols and its specification. `folder` is where it lies, None for
    one that was never saved; `before` the reading of an earlier version, which saves reading all
    of it again; `uri` what the editor calls the file.
    """

    source: Source
    folder: Path | None
    encoding: str
    before: Reading | None = None
    uri: str = ""
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @cached_property
    def path(self) -> Path | None:
        """Where the file is."""
        return None if self.folder is None else self.folder.resolve() / self.source.name

    def beside(self, name: str) -> Path | None:
        """A file in the spec's folder; None for anything outside it."""
        if self.folder is None:
            return None
        folder = self.folder.resolve()
        try:
            place = (folder / name).resolve()
            return place if place.is_relative_to(folder) and place.is_file() else None
        except (OSError, RuntimeError, ValueError):
            return None

    def named(self, source: Source) -> Path | None:
        """Where an imported file lies: it is named from where this one is."""
        return None if self.folder is None else (self.folder.resolve() / source.name).resolve()

    @cached_property
    def positions(self) -> Positions:
        """Where offsets are, as the editor counts."""
        return Positions(self.source.text, self.encoding)

    @cached_property
    def reading(self) -> Reading:
        """Its tree with its mistakes."""
        found = reread(self.before, self.source) if self.before is not None else None
        return found or read(self.source)

    @property
    def file(self) -> syntax.File:
        """The tree of all that could be read."""
        return self.reading.file

    @cached_property
    def index(self) -> Index:
        """What the names stand for."""
        return Index(self.file, self._compiled[2])

    @property
    def _compiled(self) -> _Compiled:
        with self._lock:  # a thread compiles each new text, and whoever asks meanwhile waits for it
            return self._outcome

    @cached_property
    def _outcome(self) -> _Compiled:
        diagnostics, meanings = Diagnostics(list(self.reading.mistakes)), Meanings()
        specification = compile_file(self.file, self.folder, diagnostics, meanings)
        return specification, tuple(diagnostics), meanings

    @property
    def specification(self) -> Specification | None:
        """What the text states; None while it has errors."""
        return self._compiled[0]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with its syntax, its names and its types."""
        return self._compiled[1]

    def examined(self, is_wanted: Callable[[], bool]) -> tuple[Diagnostic, ...] | None:
        """All that is wrong with it, with what takes evaluation or proof to find; None where it is
        no longer wanted after some question.
        """
        if self.specification is None:
            return self.diagnostics
        from causalspec.compiler import examinations, silence

        diagnostics = Diagnostics(list(self.diagnostics))
        for _ in examinations(self.specification, diagnostics):
            if not is_wanted():
                return None
        silence(self.file, diagnostics)
        return tuple(diagnostics)

    @property
    def own_diagnostics(self) -> tuple[Diagnostic, ...]:
        """Those that stand in this text; an imported file has its own."""
        return tuple(
            diagnostic for diagnostic in self.diagnostics if diagnostic.span.source is self.source
        )
