"""What `check` writes for people, screen readers, programs and CI services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import CheckedFile, check_file
from causalspec.dsl import catalogue
from tests.helpers.page_examples import has_examples, write_example

SPECS = Path(__file__).parents[3] / "specs"
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text(encoding="utf-8"))

TYPO = """\
language 1

task Doubling {
  "🙂 = 🙂"
  input number : 0..4
  output double : 0..8 = 2 * nubmer
}
"""
FIXED = TYPO.replace("nubmer", "number")

MIXED = """\
language 1

task Doubling {
  input number : 0..4;
  output double : 0..8 = 2 * nubmer
}

model Adding of Doublin {
  output double = number + number
}

type Number = Integer
"""


def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, **texts: str) -> None:
    monkeypatch.chdir(folder)
    for name, text in texts.items():
        (folder / f"{name}.causal").write_text(text, encoding="utf-8", newline="")


def validate_sarif(log: Any) -> None:
    validator: Any = jsonschema.Draft4Validator(SARIF)
    validator.validate(log)


@pytest.fixture(params=[code for code in catalogue.codes() if has_examples(code)])
def failing(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The failing example of each code's page."""
    return write_example(request.param, "Fails", tmp_path)


def test_only_pages_on_data_files_show_no_spec_that_fails() -> None:
    others = [code for code in catalogue.codes() if not has_examples(code)]
    assert others == ["CS530", "CS531", "CS532", "CS533"]


def test_findings_of_every_code_have_the_published_forms(
    failing: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    checked = check_file(failing)

    def known(_: Path) -> CheckedFile:
        return checked

    monkeypatch.setattr("causalspec.compiler.compile.check_file", known)
    main(["check", "--format", "json", str(failing)])
    jsonschema.validate(json.loads(capsys.readouterr().out), published_schema())
    main(["check", "--format", "sarif", str(failing)])
    log = json.loads(capsys.readouterr().out)
    validate_sarif(log)
    (run,) = log["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_sarif_schema_refuses_what_is_no_sarif():
    with pytest.raises(jsonschema.ValidationError):
        validate_sarif({"version": "2.1.0", "runs": [{"results": []}]})


def test_sarif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    in_folder(tmp_path, monkeypatch, **{"a typo": TYPO})
    assert main(["check", "--format", "sarif", "a typo.causal"]) == 3
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    region = {
        "startLine": 6,
        "startColumn": 30,
        "endLine": 6,
        "endColumn": 36,
        "charOffset": TYPO.index("nubmer"),
        "charLength": 6,
    }
    place = {"uri": "a%20typo.causal"}
    assert result == {
        "ruleId": "CS201",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "unknown name `nubmer`\ndid you mean `number`?"},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region}}],
        "fixes": [
            {
                "description": {"text": "replace `nubmer` by `number`"},
                "artifactChanges": [
                    {
                        "artifactLocation": place,
                        "replacements": [
                            {"deletedRegion": region, "insertedContent": {"text": "number"}}
                        ],
                    }
                ],
            }
        ],
    }


def test_github_annotations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    in_folder(tmp_path, monkeypatch, **{"a,b:c%": TYPO})
    assert main(["check", "--format", "github", "a,b:c%.causal"]) == 3
    assert capsys.readouterr().out == (
        "::error file=a%2Cb%3Ac%25.causal,line=6,endLine=6,col=30,endColumn=36,"
        "title=causalspec CS201::unknown name `nubmer`%0Ahelp: did you mean `number`?"
        "%0Afix: replace `nubmer` by `number` (`causalspec check --fix` does it)\n"
    )


def test_plain_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    in_folder(tmp_path, monkeypatch, typo=TYPO, twice=FIXED + "type Doubling = 0..9\n")
    assert main(["check", "--plain", "typo.causal", "twice.causal"]) == 3
    captured = capsys.readouterr()
    assert captured.err == (
        "Error CS201 in typo.causal, line 6, column 30: unknown name `nubmer`.\n"
        "Help: did you mean `number`?\n"
        "Fix: replace `nubmer` by `number`.\n"
        "Error CS203 in twice.causal, line 8, column 6: `Doubling` is declared twice.\n"
        "Note for twice.causal, line 3, column 6: first declared here.\n"
        "Help: give one of them another name.\n"
    )
    assert captured.out == "typo.causal: 1 error\ntwice.causal: 1 error\n"


# The schema of `--format json` -----------------------------------------------------------------


def published_schema() -> Any:
    text = (files("causalspec") / "schemas" / "check.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def test_json_of_a_valid_spec_has_the_published_schema(capsys: pytest.CaptureFixture[str]):
    assert main(["check", "--format", "json", str(SPECS / "addition" / "addition.causal")]) == 0
    content = json.loads(capsys.readouterr().out)
    jsonschema.validate(content, published_schema())
    assert content[0]["examinations"]


def test_the_schema_refuses_other_output(capsys: pytest.CaptureFixture[str]):
    main(["check", "--format", "json", str(SPECS / "addition" / "addition.causal")])
    content = json.loads(capsys.readouterr().out)
    content[0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, published_schema())


# Fixes ------------------------------------------------------------------------------------------


def test_fix_carries_out_what_is_certain_and_reports_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    in_folder(tmp_path, monkeypatch, mixed=MIXED)
    assert main(["check", "--fix", "--plain", "mixed.causal"]) == 3
    fixed = MIXED.replace(";", "").replace("nubmer", "number").replace("Doublin ", "Doubling ")
    assert (tmp_path / "mixed.causal").read_text(encoding="utf-8") == fixed
    captured = capsys.readouterr()
    assert captured.err == (
        "mixed.causal: 3 fixes applied\n"
        "Error CS201 in mixed.causal, line 12, column 15: unknown type `Integer`.\n"
        "Help: known here: `Number`, `bool`, `words`.\n"
    )
    assert captured.out == "mixed.causal: 1 error\n"


def test_fix_leaves_a_file_alone_that_has_nothing_to_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    text = FIXED.replace("\n", "\r\n")
    in_folder(tmp_path, monkeypatch, fine=text)
    before = (tmp_path / "fine.causal").stat()
    assert main(["check", "--fix", "--quiet", "fine.causal"]) == 0
    after = (tmp_path / "fine.causal").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert capsys.readouterr().err == ""


def test_fix_keeps_line_endings_and_the_byte_order_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    in_folder(tmp_path, monkeypatch, windows="\ufeff" + TYPO.replace("\n", "\r\n"))
    assert main(["check", "--fix", "windows.causal"]) == 0
    content = (tmp_path / "windows.causal").read_bytes()
    assert content == ("\ufeff" + FIXED.replace("\n", "\r\n")).encode()


def test_fix_replaces_a_file_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    in_folder(tmp_path, monkeypatch, typo=TYPO)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert main(["check", "--fix", "typo.causal"]) == 5
    assert (tmp_path / "typo.causal").read_text(encoding="utf-8") == TYPO
    assert [path.name for path in tmp_path.iterdir()] == ["typo.causal"]


# Where an imported file's mistakes are -----------------------------------------------------------


def test_findings_of_an_imported_file_name_it_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs" / "shared").mkdir(parents=True)
    spec = 'language 1\n\nimport "shared/lexicon.causal" { Digit }\n'
    (tmp_path / "specs" / "main.causal").write_text(spec, encoding="utf-8")
    lexicon = tmp_path / "specs" / "shared" / "lexicon.causal"
    lexicon.write_text("language 1\n\ntype Digit = Nmber\ntype Number = 0..9\n", encoding="utf-8")
    assert main(["check", "--format", "github", "specs/main.causal"]) == 3
    printed = capsys.readouterr().out
    assert printed.startswith("::error file=specs/shared/lexicon.causal,line=3,")


# Terminals ---------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("script") is None, reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_color_only_where_it_is_wanted(tmp_path: Path, environment: dict[str, str], colored: bool):
    (tmp_path / "typo.causal").write_text(TYPO, encoding="utf-8")
    command = f"{sys.executable} -m causalspec.command_line check typo.causal"
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    result = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        cwd=tmp_path,
        env={**inherited, **environment},
        capture_output=True,
        check=False,
    )
    assert (b"\x1b[" in result.stdout) == colored
