"""The language server over its protocol: outline, folding, highlights, hints, other files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.language_client import Client
from tests.helpers.rising import TEXT, applied, place, span_text


def lines_of(text: str, where: dict[str, Any]) -> list[str]:
    return text.split("\n")[where["start"]["line"] : where["end"]["line"] + 1]


# One file -----------------------------------------------------------------------------------------


def test_outline(client: Client, uri: str):
    found = client.document("documentSymbol", uri)
    listed = [
        (entry["name"], entry["detail"], [c["name"] for c in entry["children"]]) for entry in found
    ]
    assert listed == [
        ("Level", "type", ["Low", "High"]),
        ("Rising", "task", ["start", "level", "end", "main"]),
        ("Step", "model", ["step_size", "end"]),
        ("Swaps", "counterfactuals", ["train", "test"]),
        ("Late", "alignment", []),
        ("Holds", "claim", []),
    ]
    task = found[1]
    assert span_text(TEXT, task["selectionRange"]) == "Rising"
    assert lines_of(TEXT, task["range"])[-1] == "}"
    (prompt,) = (child for child in task["children"] if child["name"] == "main")
    assert span_text(TEXT, prompt["selectionRange"]) == "main"
    assert span_text(TEXT, prompt["range"]) == 'prompt main """🙂 {start as first} {level}"""'


def test_outline_of_a_broken_file(client: Client, tmp_path: Path):
    text = TEXT.replace("var step_size : 0..1 =", "var step_size : 0..1 = =")
    uri = client.open(tmp_path / "broken.causal", text)
    found = client.document("documentSymbol", uri)
    assert [entry["name"] for entry in found][:3] == ["Level", "Rising", "Step"]


def test_folding(client: Client, tmp_path: Path):
    text = "# one\n# two\nlanguage 1\n\n# alone\ntype T = {\n  A,\n  B\n}\n" + "\n".join(
        TEXT.split("\n")[3:]
    )
    uri = client.open(tmp_path / "folded.causal", text)
    found = client.document("foldingRange", uri)
    lines = text.split("\n")
    folds = [
        (lines[entry["startLine"]], lines[entry["endLine"]], entry.get("kind")) for entry in found
    ]
    assert ("# one", "# two", "comment") in folds
    assert ("type T = {", "  B", None) in folds
    assert ("model Step of Rising {", "  output end = start + step_size", None) in folds
    assert not any(start == end for start, end, _ in folds)


def test_highlights_tell_writing_from_reading(client: Client, uri: str):
    at = place(TEXT, "step_size", "output end = start")
    found = client.at("documentHighlight", uri, at)
    lines = [(entry["range"]["start"]["line"], entry["kind"]) for entry in found]
    assert lines == [(15, 3), (16, 2), (20, 2), (25, 2)]
    assert [span_text(TEXT, entry["range"]) for entry in found] == ["step_size"] * 4
    assert client.at("documentHighlight", uri, (1, 0)) == []


def test_types_are_shown_where_none_is_written(client: Client, tmp_path: Path):
    text = TEXT.replace("var step_size : 0..1", "var step_size")
    uri = client.open(tmp_path / "hinted.causal", text)
    first, fourth, last = ({"line": line, "character": 0} for line in (0, 3, 99))
    (hint,) = client.document("inlayHint", uri, range={"start": first, "end": last})
    line, column = place(text, "step_size")
    assert hint["position"] == {"line": line, "character": column + len("step_size")}
    assert hint["label"] == " : numbers 0..1"
    assert client.document("inlayHint", uri, range={"start": first, "end": fourth}) == []


# Files that import each other ---------------------------------------------------------------------

HOME = "language 1\n\n# 🙂\ntype Digit = 0..9\ntype Shade = {Dark, Light}\n"
ON_THE_WAY = 'language 1\n\nimport "home.causal" { Digit }\n\nfunction f(a : Digit) = a\n'
FAR = (
    'language 1\n\nimport "parts/way.causal" { Digit, f }\n\n'
    "task T { input x : Digit  output y : Digit = f(x) }\n"
)
SHADES = (
    'language 1\n\nimport "parts/home.causal" { Shade }\n\n'
    "task S { input x : Shade  output y : bool = x == Dark }\n"
)
APART = "language 1\n\ntype Digit = 0..3\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "parts").mkdir()
    files = {
        "parts/home.causal": HOME,
        "parts/way.causal": ON_THE_WAY,
        "far.causal": FAR,
        "shades.causal": SHADES,
        "apart.causal": APART,
        ".hidden/far.causal": FAR,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Client]:
    folders = [{"uri": folder.as_uri(), "name": "specs"}]
    with Client(folders=folders) as server:
        yield server
    assert server.status == 0


@pytest.mark.parametrize(
    ("file", "fragment"), [("parts/home.causal", "Digit"), ("far.causal", "Digit }")]
)
def test_references_in_every_file(workspace: Client, folder: Path, file: str, fragment: str):
    text = (folder / file).read_text(encoding="utf-8")
    fragment = fragment if fragment in text else "Digit"
    uri = workspace.open(folder / file)
    found = workspace.at(
        "references", uri, place(text, fragment), context={"includeDeclaration": True}
    )
    assert Counter(entry["uri"] for entry in found) == {
        (folder / "parts/home.causal").as_uri(): 1,
        (folder / "parts/way.causal").as_uri(): 2,
        (folder / "far.causal").as_uri(): 3,
    }
    (declared,) = workspace.at("definition", uri, place(text, fragment))
    assert declared["uri"] == (folder / "parts/home.causal").as_uri()
    assert declared["range"]["start"] == {"line": 3, "character": 5}


def test_rename_in_every_file(workspace: Client, folder: Path):
    uri = workspace.open(folder / "far.causal")
    answer = workspace.at("rename", uri, place(FAR, "Digit", "input"), newName="Cipher")
    changes = answer["changes"]
    expected = {"parts/home.causal": HOME, "parts/way.causal": ON_THE_WAY, "far.causal": FAR}
    assert set(changes) == {(folder / name).as_uri() for name in expected}
    for name, text in expected.items():
        edited = applied(text, changes[(folder / name).as_uri()])
        assert edited == text.replace("Digit", "Cipher")


@pytest.mark.parametrize(
    ("file", "text", "fragment", "name", "message"),
    [
        ("far.causal", FAR, "Digit", "f", "`f` means something else here already"),
        ("far.causal", FAR, "Digit", "T", "`T` means something else here already"),
        (
            "parts/home.causal",
            HOME,
            "Dark",
            "Black",
            "`Dark` of home.causal also stands in shades.causal, which imports from it",
        ),
    ],
)
def test_no_rename_that_another_file_would_feel(
    workspace: Client, folder: Path, file: str, text: str, fragment: str, name: str, message: str
):
    uri = workspace.open(folder / file)
    error = workspace.no_rename(uri, place(text, fragment), name)
    assert error.replace(f"{folder}/", "") == message


def test_symbols_of_the_workspace(workspace: Client, folder: Path):
    found = workspace.request("workspace/symbol", {"query": "dgt"})
    assert sorted((entry["name"], Path(entry["location"]["uri"]).name) for entry in found) == [
        ("Digit", "apart.causal"),
        ("Digit", "home.causal"),
    ]
    every = workspace.request("workspace/symbol", {"query": ""})
    assert {entry["name"] for entry in every} >= {"T", "S", "f", "Shade", "Dark", "x", "y"}
    assert not any(".hidden" in entry["location"]["uri"] for entry in every)
    (dark,) = (entry for entry in every if entry["name"] == "Dark")
    assert dark["containerName"] == "Shade"
