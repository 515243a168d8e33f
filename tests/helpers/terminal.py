"""The command line, run in the tests' own process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from causalspec.command_line import main


@dataclass(frozen=True, slots=True)
class Terminal:
    """Runs commands in the current folder."""

    written: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """The status, and what came on standard output and on standard error."""
        self.written.readouterr()
        try:
            status = main(arguments)
        except SystemExit as stop:  # argparse
            status = int(stop.code or 0)
        return status, *self.written.readouterr()

    def write(self, **texts: str) -> None:
        """Write specs into the current folder: `NAME.causal` for each name."""
        for name, text in texts.items():
            Path(f"{name}.causal").write_text(text, encoding="utf-8", newline="")
