"""Open files: what is known of each, and when more is found out about it.

Three steps, each as soon as it does not hold up typing: the statement under the cursor at once,
the whole file after a short pause, and what takes evaluation or proof after a longer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.source import Source

from .analysis import Analysis
from .quick import quick_diagnostics

PAUSE = 0.15
"""In seconds without a keystroke, before the whole file is read again."""

LONGER_PAUSE = 0.5
"""After that, before examples and proofs are run."""

Publish = Callable[["Document", Analysis, tuple[Diagnostic, ...]], None]
Report = Callable[[Exception], None]


@dataclass(slots=True, eq=False)
class Document:
    """A file that an editor has open. `analysis` is of the text as it is now."""

    uri: str
    version: int | None
    analysis: Analysis
    known: tuple[Analysis, tuple[Diagnostic, ...]] | None = None
    """The last text that was read as a whole, and what is wrong with it."""
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

    def open(self, uri: str, path: Path | None, version: int | None, text: str, code: str) -> None:
        """Take in a file, and find out about it without a pause."""
        name = path.name if path is not None else uri
        folder = path.parent if path is not None else None
        document = Document(uri, version, Analysis(Source(name, text), folder, code))
        self._open[uri] = document
        document.task = asyncio.get_running_loop().create_task(self._settle(document, 0))

    def change(self, uri: str, version: int | None, text: str) -> None:
        """Take in a new text: the statement that it changes is looked at right away."""
        document = self._open[uri]
        before = document.analysis
        document.version = version
        document.analysis = Analysis(
            Source(before.source.name, text), before.folder, before.encoding
        )
        if document.known is not None:
            analysis, found = document.known
            quick = quick_diagnostics(analysis.file, found, text)
            if quick is not None:
                shown = Analysis(quick[0], before.folder, before.encoding)
                self._publish(document, shown, quick[1])
        if document.task is not None:
            document.task.cancel()
        document.task = asyncio.get_running_loop().create_task(self._settle(document, PAUSE))

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

    async def _settle(self, document: Document, pause: float) -> None:
        loop = asyncio.get_running_loop()
        analysis = document.analysis
        try:
            await asyncio.sleep(pause)
            found = await loop.run_in_executor(self._reading, lambda: analysis.diagnostics)
            self._show(document, analysis, found)
            if analysis.specification is None:
                return
            document.specification = analysis.specification
            await asyncio.sleep(LONGER_PAUSE if pause else 0)
            found = await loop.run_in_executor(self._examining, lambda: analysis.examined)
            self._show(document, analysis, found)
        except asyncio.CancelledError:
            raise  # a newer text took its place
        except Exception as mistake:
            self._report(mistake)

    def _show(self, document: Document, analysis: Analysis, found: tuple[Diagnostic, ...]) -> None:
        if document.analysis is analysis:
            document.known = (analysis, found)
            self._publish(document, analysis, found)
