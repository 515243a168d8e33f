"""The language server over its protocol: what it finds wrong, and what it costs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from causalspec.dsl.source import Source
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.reading import read, reread
from tests.helpers.language_client import Client, long_spec
from tests.helpers.rising import TEXT, span_text
from tests.helpers.spec_files import spec_file

# Diagnostics --------------------------------------------------------------------------------------


def test_diagnostics_stand_where_the_editor_counts_them(client: Client, tmp_path: Path):
    text = TEXT.replace("{level}", "{levle}")
    uri = client.open(tmp_path / "emoji.causal", text)
    (found,) = client.diagnostics(uri)
    assert found["code"] == "CS201"
    assert found["message"] == "unknown name `levle`\ndid you mean `level`?"
    assert found["range"]["start"] == {"line": 9, "character": 38}
    assert span_text(text, found["range"]) == "levle"


def test_diagnostics_follow_the_typing(client: Client, tmp_path: Path):
    uri = client.open(tmp_path / "typing.causal", TEXT)
    assert client.diagnostics(uri) == []
    broken = TEXT.replace("start + step_size", "start + + step_size")
    client.change(uri, 2, broken)
    (found,) = client.diagnostics(uri, 2)  # at once, from the statement alone
    assert (found["code"], found["range"]["start"]) == ("CS104", {"line": 16, "character": 23})
    settled = client.diagnostics(uri, 2)  # after a pause, from the whole file
    assert [diagnostic["code"] for diagnostic in settled] == ["CS104"]
    client.change(uri, 3, TEXT)
    assert client.diagnostics(uri, 3) == []


def test_examples_are_run(client: Client, tmp_path: Path):
    text = TEXT.replace("gives { end = 4 }", "gives { end = 5 }")
    uri = client.open(tmp_path / "example.causal", text)
    assert client.diagnostics(uri) == []
    (found,) = client.diagnostics(uri)
    assert found["code"] == "CS321"


@pytest.mark.parametrize("keystrokes", [7, 31, 200, len(TEXT) - 3])
def test_a_file_may_be_broken_anywhere(client: Client, tmp_path: Path, keystrokes: int):
    text = TEXT[:keystrokes]
    uri = client.open(tmp_path / "broken.causal", text)
    client.diagnostics(uri)
    lines = text.split("\n")
    end = (len(lines) - 1, len(lines[-1]))
    for method in ("hover", "definition", "completion"):
        client.at(method, uri, end)
    client.at("references", uri, end, context={"includeDeclaration": True})
    assert client.document("semanticTokens/full", uri) is not None
    client.document("formatting", uri, options={"tabSize": 2, "insertSpaces": True})


def test_closing_takes_the_findings_away(client: Client, tmp_path: Path):
    uri = client.open(tmp_path / "closed.causal", "nonsense")
    assert client.diagnostics(uri)
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.diagnostics(uri) == []


def test_other_encodings_than_utf_16(tmp_path: Path):
    text = TEXT.replace("{level}", "{levle}")
    for encoding, column in (("utf-8", 40), ("utf-32", 37)):
        capabilities = {"general": {"positionEncodings": [encoding]}}
        with Client(capabilities=capabilities) as client:
            assert client.server["positionEncoding"] == encoding
            uri = client.open(tmp_path / "emoji.causal", text)
            (found,) = client.diagnostics(uri)
            assert found["range"]["start"]["character"] == column


# What it costs ------------------------------------------------------------------------------------


def test_the_server_never_imports_torch(tmp_path: Path):
    program = (
        "import sys; from causalspec.command_line import main; status = main(['lsp']);"
        "sys.exit(status or bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    with Client(sys.executable, "-c", program) as client:
        path = spec_file("indirect_object")
        uri = client.open(path)
        client.diagnostics(uri)
        client.diagnostics(uri)
        client.at("hover", uri, (28, 8))
    assert client.status == 0


def test_typing_in_a_long_file_is_answered_for_each_keystroke(client: Client, tmp_path: Path):
    text = long_spec()
    uri = client.open(tmp_path / "long.causal", text)
    assert client.diagnostics(uri) == []
    broken = text.replace("then (x1 + v149)", "then (x1 + + v149)")
    unknown = text.replace("then (x1 + v149)", "then (x1 + v419)")
    for version, (typed, codes) in enumerate(
        [(broken, ["CS104"]), (text, []), (unknown, ["CS201"]), (text, [])], 2
    ):
        client.change(uri, version, typed)
        assert [diagnostic["code"] for diagnostic in client.diagnostics(uri, version)] == codes


def test_proofs_stop_where_they_are_no_longer_wanted():
    analysis = Analysis(Source("rising.causal", TEXT), None, "utf-16")
    wanted = [True, False]
    assert analysis.examined(lambda: wanted.pop(0)) is None
    assert wanted == []  # no question was asked after the second
    assert analysis.examined(lambda: True) == ()


def calls(work: Callable[[], object]) -> int:
    """How many functions some work calls: a measure of time that is the same everywhere."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_keystroke_in_a_long_file_reads_little_of_it_again():
    text = long_spec()
    typed = Source("long.causal", text.replace("then (x1 + v149)", "then (x1 + 1 + v149)"))
    before = read(Source("long.causal", text))
    assert 10 * calls(lambda: reread(before, typed)) < calls(lambda: read(typed))
