"""What several rooms' tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.planted_decoder import write_planted
from tests.helpers.tiny_player import train_player


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests look at no user's ledger and write none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALSPEC_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a decoder that plays the task of `tiny_player`."""
    import torch

    folder = tmp_path_factory.mktemp("networks") / "player"
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    train_player(folder)
    yield folder
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def planted_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the decoder of `planted_decoder`, whose weights are set by hand."""
    folder = tmp_path_factory.mktemp("networks") / "planted"
    write_planted(folder)
    return folder
