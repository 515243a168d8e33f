"""`causalspec vocabulary`: the table for people, and for machines."""

from __future__ import annotations

import json

import jsonschema
import pytest

from causalspec.commands.vocabulary import TITLES
from causalspec.compiler import extensions
from causalspec.compiler.vocabulary import (
    BUILT_IN,
    Argument,
    ArgumentKind,
    MethodEntry,
    SiteEntry,
    full_vocabulary,
)
from causalspec.dsl.diagnostics import ToolFailure
from tests.helpers.schemas import validate
from tests.helpers.terminal import Terminal

THEIRS = (
    SiteEntry("experts", "An expert.", units="expert", implementation="t:E", package="theirs"),
    MethodEntry(
        "shears",
        "A shear.",
        (Argument("width", ArgumentKind.INTEGER, "how wide", default=3),),
        implementation="t:S",
        package="theirs",
    ),
)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "installed_entries", lambda: THEIRS)


def test_every_row_is_listed(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    _, text, _ = run("vocabulary")
    blocks = text.split("\n\n")
    assert [block.partition("\n")[0] for block in blocks] == list(TITLES.values())
    for kind, block in zip(TITLES, blocks, strict=True):
        words = " ".join(block.split())
        for name, entry in getattr(BUILT_IN, kind).items():
            assert f"\n  {name}" in block
            assert entry.help in words
    assert (
        "  head[K] layers L token T           What a head of attention yields before the output "
        in (text)
    )
    assert "\n  revnet(dim = INTEGER, blocks = 10)   A trained invertible network, so many" in text
    assert '\n  module["PATH"] [token T]           What the module of a path yields' in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.usefixtures("installed")
def test_rows_of_packages_say_so(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = run("vocabulary")[1].splitlines()
    assert "  experts[K] layers L token T        An expert. (from theirs)" in lines
    assert "  shears(width = 3)                    A shear. (from theirs)" in lines


@pytest.mark.usefixtures("installed")
def test_json(run: Terminal) -> None:
    told = json.loads(run("vocabulary", "--format", "json")[1])
    validate(told, "vocabulary")
    known = full_vocabulary()
    assert list(told) == ["format", *TITLES]
    for kind in TITLES:
        assert [row["name"] for row in told[kind]] == list(getattr(known, kind))
    assert told["methods"][-1] == {
        "name": "shears",
        "help": "A shear.",
        "arguments": [
            {
                "name": "width",
                "kind": "integer",
                "help": "how wide",
                "required": False,
                "default": 3,
            }
        ],
        "package": "theirs",
        "also": [],
        "trained": False,
        "needs_values": False,
    }
    (mask,) = [row for row in told["methods"] if row["name"] == "mask"]
    assert mask["arguments"][0]["default"] == "neurons"
    for broken in ({"sites": 3}, {"format": 3}, {"methods": [{**told["methods"][0], "more": 3}]}):
        with pytest.raises(jsonschema.ValidationError):
            validate(told | broken, "vocabulary")


def test_a_broken_package_ends_in_status_5(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ToolFailure("the installed package `theirs` breaks the vocabulary: no", "mend it")

    monkeypatch.setattr(extensions, "installed_entries", broken)
    assert run("vocabulary") == (
        *(5, ""),
        "error: the installed package `theirs` breaks the vocabulary: no\n  help: mend it\n",
    )
