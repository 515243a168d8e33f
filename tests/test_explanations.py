"""Every code has a page, and the examples on it do what the page says, in every form of output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import CheckedFile, check_file
from causalspec.dsl import catalogue
from tests.helpers.page_examples import has_examples, write_example
from tests.helpers.schemas import validate, validate_sarif
from tests.helpers.spec_files import ROOT
from tests.helpers.wording import well_put

REPORTED = {
    room: {
        code
        for file in (ROOT / room).rglob("*.py")
        for code in re.findall(r'"(CS[0-9]{3})"', file.read_text(encoding="utf-8"))
    }
    for room in ("dsl", "compiler", "runtime", "causalspec")
}
WITHOUT_SPEC = ["CS530", "CS531", "CS532", "CS533"]
"""Found in data files: the pages show those."""
BESIDE = {
    "CS501": ({"CS402"}, {"CS402"}),
    "CS502": ({"CS402"}, {"CS402"}),
    "CS510": ({"CS325"}, set[str]()),
    "CS517": ({"CS325"}, set[str]()),
    "CS904": ({"CS109"}, set[str]()),
    "CS214": (set[str](), {"CS541"}),
    "CS642": ({"CS643"}, set[str]()),
}
"""What else is found in the example that fails and in the one that is fixed."""


def test_every_code_that_is_reported_has_a_page_and_every_page_a_code():
    assert set().union(*REPORTED.values()) == set(catalogue.codes())
    assert [code for code in catalogue.codes() if not has_examples(code)] == WITHOUT_SPEC


@pytest.mark.parametrize("code", [code for code in catalogue.codes() if has_examples(code)])
def test_page(
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    path = write_example(code, "Fails", tmp_path)
    failing = check_file(path)
    well_put(failing.diagnostics)
    fails, fixed = BESIDE.get(code, (set[str](), set[str]()))
    found = {diagnostic.code for diagnostic in failing.diagnostics}
    assert found == fails | ({code} - REPORTED["runtime"])  # those show with a network alone

    def known(*_: object) -> CheckedFile:
        return failing

    monkeypatch.setattr("causalspec.compiler.compile.check_file", known)
    main(["check", "--format", "json", str(path)])
    validate(json.loads(capsys.readouterr().out))
    main(["check", "--format", "sarif", str(path)])
    log = json.loads(capsys.readouterr().out)
    validate_sarif(log)
    (run,) = log["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]

    content = path.read_bytes()
    repaired = write_example(code, "Fixed", tmp_path)
    assert code not in REPORTED["runtime"] or repaired.read_bytes() != content
    assert {diagnostic.code for diagnostic in check_file(repaired).diagnostics} == fixed
