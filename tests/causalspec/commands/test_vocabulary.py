"""`causalspec vocabulary`: the table for people, and for machines."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from causalspec.command_line import main
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
from causalspec.exit_codes import ExitCode

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


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["vocabulary", *arguments]) == ExitCode.FINE
    return capsys.readouterr().out


def schema() -> Any:
    text = files("causalspec.schemas").joinpath("vocabulary.json").read_text("utf-8")
    return json.loads(text)


def test_every_row_is_listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = printed(capsys)
    blocks = text.split("\n\n")
    assert [one.partition("\n")[0] for one in blocks] == list(TITLES.values())
    for kind, block in zip(TITLES, blocks, strict=True):
        words = " ".join(block.split())
        for name, entry in getattr(BUILT_IN, kind).items():
            assert f"\n  {name}" in block
            assert entry.help in words
    assert (
        "  head[K] layers L token T           What a head of attention yields before the output "
        in (text)
    )
    assert "\n  revnet(dim = INTEGER, blocks = 10)  A trained invertible network, so many" in text
    assert '\n  module["PATH"] [token T]           What the module of a path yields' in text
    assert max(map(len, text.splitlines())) <= 100


def test_rows_of_packages_say_so(
    installed: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = printed(capsys).splitlines()
    assert "  experts[K] layers L token T        An expert. (from theirs)" in lines
    assert "  shears(width = 3)                   A shear. (from theirs)" in lines


def test_json(installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, "--format", "json"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(told, schema())
    known = full_vocabulary()
    assert list(told) == ["format", *TITLES]
    for kind in TITLES:
        assert [one["name"] for one in told[kind]] == list(getattr(known, kind))
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
    (mask,) = [one for one in told["methods"] if one["name"] == "mask"]
    assert mask["arguments"][0]["default"] == "neurons"


@pytest.mark.parametrize("broken", ["sites", "format"])
def test_the_schema_refuses_what_is_none(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, "--format", "json"))
    told[broken] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema())
    told = json.loads(printed(capsys, "--format", "json"))
    told["methods"][0]["more"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, schema())


def test_a_broken_package_ends_in_status_5(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ToolFailure("the installed package `theirs` breaks the vocabulary: no", "mend it")

    monkeypatch.setattr(extensions, "installed_entries", broken)
    assert main(["vocabulary"]) == ExitCode.TOOL_FAILED
    assert capsys.readouterr().err == (
        "error: the installed package `theirs` breaks the vocabulary: no\n  help: mend it\n"
    )
