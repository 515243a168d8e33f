"""What tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.forked_runs import ForkedRuns


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedRuns]:
    with ForkedRuns() as runs:
        yield runs
