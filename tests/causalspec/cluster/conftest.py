"""A cluster that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.helpers.local_cluster import LocalCluster, local_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    if find_spec("ray") is None:  # it reads its settings when it is imported
        pytest.skip("Ray is not installed")
    with local_cluster() as started:
        yield started
