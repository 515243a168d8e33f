"""Open files: what is known of each, and when more is found out about it.

Three steps, each given up as soon as another key is struck: names and types at once, from a tree
that keeps up with typing; the same from the whole text after a pause, where that tree was a guess;
and what takes evaluation or proof after a longer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from causalspec.compiler import Specification
from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.source import Source
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.moving import Replacement
from causalspec.language_server.reading import Reading

PAUSE = 0.15
"""In seconds without a keystroke, before a text with mistakes is read as a whole."""

LONGER_PAUSE = 0.5
"""After that, before examples and proofs are run."""

Publish = Callable[["Document", Analysis, tuple[Diagnostic, ...]], None]
Report = Callable[[Exception], None]


@dataclass(slots=True, eq=False)
class Document:
    """A file that an editor has open. `analysis` is of the text as it is now."""

    version: int | None
    analysis: Analysis
    reading: Reading | None = None
    """The last tree that is as if the whole text had been read."""
    proved: tuple[Source, tuple[Diagnostic, ...]] | None = None
    """The last text that was examined, and what took evaluation or proof to find in it."""
    specification: Specification | None = None
    """What the file stated when it last had no error."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Documents:
    """All open files. `publish` shows findings; `report` hears of our own mistakes."""

    def __init__(self, publish: Publish, report: Report) -> None:
        self._publish = publish
        self._report = report
        self._open: dict[str, Document] = {}
        self._reading = ThreadPoolExecutor(1, "reading")
        # Apart from reading, which must not wait for a solver; and one at a time, as z3 demands.
        self._examining = ThreadPoolExecutor(1, "examining")

    def __getitem__(self, uri: str) -> Document:
        return self._open[uri]

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open.values()))  # a request may run while a file is closed

    def open(self, uri: str, path: Path | None, version: int | None, text: str, code: str) -> None:
        """Take in a file, and find out about it without a pause."""
        name = path.name if path is not None else uri
        folder = path.parent if path is not None else None
        analysis = Analysis(Source(name, text), folder, code, uri=uri)
        document = Document(version, analysis)
        self._open[uri] = document
        self._start(document, 0)

    def change(self, uri: str, version: int | None, text: str) -> None:
        """Take in a new text."""
        document = self._open[uri]
        document.version = version
        source = Source(document.analysis.source.name, text)
        document.analysis = replace(document.analysis, source=source, before=document.reading)
        self._start(document, LONGER_PAUSE)

    def recheck(self, uri: str) -> None:
        """Find out again: a word list or an imported file may have changed."""
        self.change(uri, self._open[uri].version, self._open[uri].analysis.source.text)

    def close(self, uri: str) -> None:
        """Forget a file."""
        document = self._open.pop(uri)
        if document.task is not None:
            document.task.cancel()
        self._publish(document, document.analysis, ())

    def stop(self) -> None:
        """Let go of the threads."""
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._examining.shutdown(wait=False, cancel_futures=True)

    def _start(self, document: Document, pause: float) -> None:
        if document.task is not None:
            document.task.cancel()
        document.task = asyncio.get_running_loop().create_task(self._settle(document, pause))

    async def _settle(self, document: Document, pause: float) -> None:
        try:
            analysis = document.analysis
            found = await self._read(document, analysis)
            if found is None:
                return
            self._publish(document, analysis, (*found, *_carried(document)))
            if not analysis.reading.exact:
                await asyncio.sleep(PAUSE)
                analysis = replace(analysis, before=None)
                document.analysis = analysis
                found = await self._read(document, analysis)
                if found is None:
                    return
                self._publish(document, analysis, found)
            document.reading = analysis.reading
            if analysis.specification is not None:
                document.specification = analysis.specification
                await asyncio.sleep(pause)
                await self._examine(document, analysis)
        except asyncio.CancelledError:
            raise  # a newer text took its place
        except Exception as mistake:
            self._report(mistake)

    async def _read(self, document: Document, analysis: Analysis) -> tuple[Diagnostic, ...] | None:
        """What is wrong with names and types; None where the text has changed meanwhile."""

        def found() -> tuple[Diagnostic, ...] | None:
            return analysis.diagnostics if document.analysis is analysis else None

        return await asyncio.get_running_loop().run_in_executor(self._reading, found)

    async def _examine(self, document: Document, analysis: Analysis) -> None:
        def is_wanted() -> bool:
            return document.analysis is analysis

        def found() -> tuple[Diagnostic, ...] | None:
            return analysis.examined(is_wanted) if is_wanted() else None

        every = await asyncio.get_running_loop().run_in_executor(self._examining, found)
        if every is not None:
            known = {id(diagnostic) for diagnostic in analysis.diagnostics}
            proved = tuple(diagnostic for diagnostic in every if id(diagnostic) not in known)
            document.proved = (analysis.source, proved)
            self._publish(document, analysis, every)


def _carried(document: Document) -> Iterator[Diagnostic]:
    """What the last examination found, at its place in the text of now; none of what an edit has
    touched since.
    """
    if document.proved is not None:
        old, found = document.proved
        new = document.analysis.source
        change = Replacement.between(old.text, new.text)
        for diagnostic in found:
            here = change.diagnostic(diagnostic, new) if diagnostic.span.source is old else None
            if here is not None:
                yield here
