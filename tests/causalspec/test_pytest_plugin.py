"""Specs as pytest items, in a pytest of their own with the plugin as users have it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.helpers.forked_runs import ForkedRuns, Run
from tests.helpers.tiny_player import ALIGNMENT, SPEC

# Nothing is trained, so that verifying takes no time.
QUICK = SPEC.replace(ALIGNMENT, ALIGNMENT.replace("das(dim = 8)", "full_vector"))

GOOD = """\
language 1

task Doubling {
  input number : 0..4
  output double : 0..8 = 2 * number
  example { number = 3 } gives { double = 6 }
}

model Adding of Doubling {
  var one_more = number
  output double = number + one_more
}
"""
WRONG_EXAMPLE = GOOD.replace("double = 6", "double = 7")
WRONG_MODEL = GOOD.replace("number + one_more", "number + 4")
BROKEN = GOOD.replace("2 * number", "2 * nubmer")


SURROUNDINGS = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {
    "COLUMNS": "100",
    "OMP_NUM_THREADS": "1",
}
Pytest = Callable[..., tuple[int, str]]


@pytest.fixture
def run_pytest(tmp_path: Path, forked: ForkedRuns, monkeypatch: pytest.MonkeyPatch) -> Pytest:
    """Runs pytest on some specs: its status and what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **specs: str) -> tuple[int, str]:
        for name, text in specs.items():
            Path(f"{name}.causal").write_text(text, encoding="utf-8")
        command = ["pytest", "-p", "no:cacheprovider", *arguments]
        output = tmp_path.with_suffix(".txt")
        (status,) = forked(Run(command, output=str(output), environment=SURROUNDINGS))
        return status, output.read_text(encoding="utf-8")

    return run


def test_each_example_and_each_check_is_an_item(run_pytest: Pytest):
    _, printed = run_pytest("--collect-only", "-q", good=GOOD)
    assert printed.splitlines()[:6] == [
        "good.causal::valid",
        "good.causal::the example of Doubling in line 6 holds",
        "good.causal::some input meets the require of Doubling",
        "good.causal::the mechanisms of Doubling stay in their domains at every input",
        "good.causal::the mechanisms of Adding stay in their domains at every input",
        "good.causal::Adding computes the outputs of Doubling",
    ]


def test_a_good_spec_passes_even_where_warnings_are_errors(run_pytest: Pytest):
    status, printed = run_pytest("-q", "-W", "error", good=GOOD)
    assert (status, printed.splitlines()[-1][:8]) == (0, "6 passed")


def test_a_failing_example_says_what_was_expected(run_pytest: Pytest):
    status, printed = run_pytest("--no-header", "--junit-xml", "junit.xml", wrong=WRONG_EXAMPLE)
    assert status == 1
    shown = """\
_________________________ the example of Doubling in line 6 holds __________________________
it does not hold that the example of `Doubling` in line 6 holds (exhaustive (1))

error[CS321]: this example expects `double = 7`, but `Doubling` gives `6`
 --> wrong.causal:6:3
  |
6 |   example { number = 3 } gives { double = 7 }
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""
    assert shown.partition("\n")[2] in printed
    assert "Traceback" not in printed
    assert "1 failed, 5 passed" in printed
    (suite,) = ElementTree.parse("junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "1", "0")
    failed = suite.find("testcase[failure]")
    assert failed is not None
    assert failed.get("name") == "the example of Doubling in line 6 holds"
    assert failed.get("classname") == "wrong.causal"
    assert "error[CS321]" in (failed.findtext("failure") or "")


@pytest.mark.parametrize(
    ("specs", "shown"),
    [
        (
            {"wrong": WRONG_MODEL},
            (
                "it does not hold that `Adding` computes the outputs of `Doubling`",
                "error[CS323]",
                "::Adding computes the outputs of Doubling",
            ),
        ),
        (
            {"broken": BROKEN, "good": GOOD},
            (
                "error[CS201]: unknown name `nubmer`",
                "  = help: did you mean `number`?",
                "1 failed, 6 passed",
            ),
        ),
    ],
    ids=["a check", "a file with errors"],
)
def test_what_fails_is_shown(specs: dict[str, str], shown: tuple[str, ...], run_pytest: Pytest):
    status, printed = run_pytest("-q", **specs)
    assert status == 1
    assert [text for text in shown if text not in printed] == []


def test_a_warning_is_a_warning(run_pytest: Pytest):
    idle = GOOD.replace("number + one_more", "2 * number")
    status, printed = run_pytest("-q", idle=idle)
    assert status == 0
    assert "SpecWarning: idle.causal:10: CS402" in printed
    assert run_pytest("-q", "-W", "error", idle=idle)[0] == 1


def test_claims_are_items_when_a_network_is_given(run_pytest: Pytest, player: Path):
    _, printed = run_pytest(
        *("--rootdir", ".", "-k", "TheColorFollows", "-W", "ignore::DeprecationWarning"),
        *("--causalspec-network", str(player)),
        colors=QUICK,
        proud=QUICK.replace("iia >= 0.80", "iia > 1"),
        short=QUICK.replace("test 24", "test 4"),
    )
    assert "2 failed, 1 passed" in printed
    assert "TheColorFollows  unknown" in printed
    assert "unknown: on 4 independent pairs the interval reaches" in printed
    failure = printed.partition("claim TheColorFollows")[2]
    assert "TheColorFollows  fails" in failure
    assert "iia > 1" in failure
    assert "report: results/proud-TheColorFollows" in failure
    assert Path("results/colors-TheColorFollows/result.json").is_file()
    assert Path("results/proud-TheColorFollows/report.html").is_file()


def test_a_network_that_is_not_there_is_said_in_a_sentence(run_pytest: Pytest):
    _, printed = run_pytest(
        "-k", "TheColorFollows", "--causalspec-network", "./nowhere", colors=SPEC
    )
    assert "1 failed" in printed
    assert "./nowhere" in printed
    assert "Traceback" not in printed


def test_the_plugin_costs_nothing_where_no_spec_is_collected(tmp_path: Path):
    """In a process of its own, where nothing has been imported."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_nothing():\n"
        "    assert 'causalspec.pytest_plugin' in sys.modules\n"
        "    heavy = {'lark', 'numpy', 'sympy', 'z3', 'torch', 'rich'} & set(sys.modules)\n"
        "    own = {m for m in sys.modules if m.startswith('causalspec')}\n"
        "    assert (heavy, own) == (set(), {'causalspec', 'causalspec.pytest_plugin'})\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=tmp_path, env=SURROUNDINGS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_any_file_is_collected_without_a_traceback(run_pytest: Pytest):
    for number, content in enumerate((b"\xff\xfe", b"", b"{" * 300)):
        Path(f"any{number}.causal").write_bytes(content)
    _, printed = run_pytest("-q")
    assert "3 failed" in printed
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed


SIZED = """\
language 1

task Doubling(most = 4) {
  input number : 0..most
  output double : 0..8 = 2 * number
}
"""


def test_parameters_are_set_in_the_specs_that_have_them(run_pytest: Pytest):
    status, printed = run_pytest("-q", good=GOOD, sized=SIZED)
    assert (status, "9 passed" in printed) == (0, True), printed
    status, printed = run_pytest("-q", "--causalspec-set", "most=5", good=GOOD, sized=SIZED)
    assert status == 1
    assert "error[CS322]" in printed
    assert "1 failed, 7 passed, 1 skipped" in printed
    Path("pytest.ini").write_text("[pytest]\ncausalspec_set =\n  Doubling.most=5\n")
    assert run_pytest("-q", sized=SIZED)[0] == 1
    Path("good.causal").unlink()
    assert run_pytest("-q", "--causalspec-set", "Doubling.most=3", sized=SIZED)[0] == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (["most=four"], "--causalspec-set: `four` is not a number: a parameter's value is like"),
        (["most=4", "most=5"], "--causalspec-set sets `most` twice"),
        (["mots=4"], "--causalspec-set: no spec has a parameter `mots`; did you mean `most`?"),
    ],
)
def test_what_is_no_setting_ends_the_run(settings: list[str], complaint: str, run_pytest: Pytest):
    given = [part for setting in settings for part in ("--causalspec-set", setting)]
    status, printed = run_pytest("-q", *given, sized=SIZED)
    assert status == 4
    assert complaint in printed
