"""What means a folder is not looked up on the hub, and a hub that says nothing is given up soon."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.inputs.tokenizer_places import load_tokenizer
from causalspec.runtime.networks import hub
from causalspec.runtime.networks.network import load_network

LOADERS = pytest.mark.parametrize("load", [load_network, load_tokenizer])


def complaint(load: Callable[[str], Any], where: str) -> tuple[str, str | None]:
    with pytest.raises(ToolFailure) as raised:
        load(where)
    return str(raised.value), raised.value.help


@pytest.fixture
def nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(name: str) -> bool:
        raise AssertionError(f"the hub was asked for {name}")

    monkeypatch.setattr(hub, "_ask", asked)


@pytest.mark.usefixtures("nobody_asks")
@LOADERS
@pytest.mark.parametrize(
    ("where", "help_text"),
    [
        ("nets/lama", "did you mean `nets/llama`?"),
        ("nets/lama/", "did you mean `nets/llama`?"),
        ("nets/bloom", "`nets` is a folder here, so the hub is not asked"),
        ("./lama", None),
        ("./net", "did you mean `./nets`?"),
        ("elsewhere/nets/llama", None),
        ("small.gguf", None),
        ("~/no such network", None),
    ],
)
def test_a_folder_that_is_not_there(
    load: Callable[[str], Any],
    where: str,
    help_text: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets" / "llama").mkdir(parents=True)
    assert complaint(load, where) == (f"there is no file or folder `{where}`", help_text)


@pytest.fixture
def silent_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub that takes calls and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(hub, "SECONDS", 0.2)
        yield


@pytest.mark.usefixtures("silent_hub")
@LOADERS
def test_a_hub_that_says_nothing(
    load: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    part = "configuration" if load is load_network else "tokenizer"
    message = f"the {part} of `nobody/no-such-network` cannot be had from the hub: it does not "
    message += "answer, and nothing was loaded from it before"
    assert complaint(load, "nobody/no-such-network") == (message, hub.CHECK_CONNECTION)
    (tmp_path / "smol").mkdir()
    assert complaint(load, "smoll")[1] == "did you mean `smol`?"
