"""A language server that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.language_client import Client
from tests.helpers.rising import TEXT


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client() as server:
        yield server
    assert server.status == 0


@pytest.fixture(scope="module")
def uri(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "rising.causal"
    path.write_text(TEXT, encoding="utf-8")
    uri = client.open(path)
    assert client.diagnostics(uri) == []
    return uri
