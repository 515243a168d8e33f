"""What `check` writes for people, screen readers, programs and CI services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.helpers.schemas import validate, validate_sarif
from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal

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


def test_sarif(run: Terminal):
    run.write(**{"a typo": TYPO})
    status, printed, _ = run("check", "--format", "sarif", "a typo.causal")
    (result,) = json.loads(printed)["runs"][0]["results"]
    region = {
        "startLine": 6,
        "startColumn": 30,
        "endLine": 6,
        "endColumn": 36,
        "charOffset": TYPO.index("nubmer"),
        "charLength": 6,
    }
    place = {"uri": "a%20typo.causal"}
    assert status == 3
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


def test_github_annotations(run: Terminal):
    run.write(**{"a,b:c%": TYPO})
    assert run("check", "--format", "github", "a,b:c%.causal")[:2] == (
        3,
        "::error file=a%2Cb%3Ac%25.causal,line=6,endLine=6,col=30,endColumn=36,"
        "title=causalspec CS201::unknown name `nubmer`%0Ahelp: did you mean `number`?"
        "%0Afix: replace `nubmer` by `number` (`causalspec check --fix` does it)\n",
    )


def test_plain_sentences(run: Terminal):
    run.write(typo=TYPO, twice=FIXED + "type Doubling = 0..9\n")
    assert run("check", "--plain", "typo.causal", "twice.causal") == (
        3,
        "typo.causal: 1 error\ntwice.causal: 1 error\n",
        "Error CS201 in typo.causal, line 6, column 30: unknown name `nubmer`.\n"
        "Help: did you mean `number`?\n"
        "Fix: replace `nubmer` by `number`.\n"
        "Error CS203 in twice.causal, line 8, column 6: `Doubling` is declared twice.\n"
        "Note for twice.causal, line 3, column 6: first declared here.\n"
        "Help: give one of them another name.\n",
    )


def test_the_schemas_take_what_is_right_and_nothing_else(run: Terminal):
    status, printed, _ = run("check", "--format", "json", str(spec_file("addition")))
    content = json.loads(printed)
    validate(content)
    assert (status, bool(content[0]["examinations"])) == (0, True)
    content[0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(content)
    with pytest.raises(jsonschema.ValidationError):
        validate_sarif({"version": "2.1.0", "runs": [{"results": []}]})


# Fixes ------------------------------------------------------------------------------------------


def test_fix_carries_out_what_is_certain_and_reports_the_rest(run: Terminal):
    run.write(mixed=MIXED)
    assert run("check", "--fix", "--plain", "mixed.causal") == (
        3,
        "mixed.causal: 1 error\n",
        "mixed.causal: 3 fixes applied\n"
        "Error CS201 in mixed.causal, line 12, column 15: unknown type `Integer`.\n"
        "Help: known here: `Number`, `bool`, `words`.\n",
    )
    fixed = MIXED.replace(";", "").replace("nubmer", "number").replace("Doublin ", "Doubling ")
    assert Path("mixed.causal").read_text(encoding="utf-8") == fixed


def test_fix_leaves_a_file_alone_that_has_nothing_to_fix(run: Terminal):
    run.write(fine=FIXED.replace("\n", "\r\n"))
    before = Path("fine.causal").stat()
    assert run("check", "--fix", "--quiet", "fine.causal") == (0, "", "")
    after = Path("fine.causal").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_fix_keeps_line_endings_and_the_byte_order_mark(run: Terminal):
    run.write(windows="\ufeff" + TYPO.replace("\n", "\r\n"))
    assert run("check", "--fix", "windows.causal")[0] == 0
    content = Path("windows.causal").read_bytes()
    assert content == ("\ufeff" + FIXED.replace("\n", "\r\n")).encode()


def test_fix_replaces_a_file_as_a_whole_or_not_at_all(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
):
    run.write(typo=TYPO)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run("check", "--fix", "typo.causal")[0] == 5
    assert Path("typo.causal").read_text(encoding="utf-8") == TYPO
    assert [path.name for path in Path().iterdir()] == ["typo.causal"]


def test_findings_of_an_imported_file_name_it_from_here(run: Terminal):
    Path("specs/shared").mkdir(parents=True)
    run.write(
        **{
            "specs/main": 'language 1\n\nimport "shared/lexicon.causal" { Digit }\n',
            "specs/shared/lexicon": "language 1\n\ntype Digit = Nmber\ntype Number = 0..9\n",
        }
    )
    status, printed, _ = run("check", "--format", "github", "specs/main.causal")
    assert status == 3
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
