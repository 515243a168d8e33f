"""What tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.forked_runs import ForkedRuns
from tests.helpers.terminal import Terminal


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedRuns]:
    with ForkedRuns() as runs:
        yield runs


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal(capsys)
