"""A run's progress on the terminal: bars where there is one, plain lines where there is not."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from causalspec.dsl.display import visible
from causalspec.runtime import Advance


class TerminalWatcher:
    """Shows each piece of work on standard error; a log file gets a line a piece."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    @contextmanager
    def work(self, title: str, total: int) -> Generator[Advance]:
        """A bar that is gone when the work is done, and a line that stays."""
        if not self._console.is_terminal:
            self._console.print(visible(title), markup=False, highlight=False)
            yield lambda _done, _word: None
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[word]}", markup=False),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            task = progress.add_task(visible(title), total=total, word="")

            def advance(done: int, word: str) -> None:
                progress.update(task, completed=done, word=word)

            yield advance

    def notice(self, message: str) -> None:
        """A line that stays."""
        self._console.print(f"note: {visible(message)}", markup=False, highlight=False)
