"""Specs as pytest items, in a pytest of their own with the plugin as users have it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

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


def run_pytest(folder: Path, *arguments: str, **files: str) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (folder / f"{name}.causal").write_text(text, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment | {"COLUMNS": "100", "OMP_NUM_THREADS": "1"},
        check=False,
    )


def test_each_example_and_each_check_is_an_item(tmp_path: Path):
    result = run_pytest(tmp_path, "--collect-only", "-q", good=GOOD)
    assert result.stdout.splitlines()[:6] == [
        "good.causal::valid",
        "good.causal::the example of Doubling in line 6 holds",
        "good.causal::some input meets the require of Doubling",
        "good.causal::the mechanisms of Doubling stay in their domains at every input",
        "good.causal::the mechanisms of Adding stay in their domains at every input",
        "good.causal::Adding computes the outputs of Doubling",
    ]


def test_a_good_spec_passes_even_where_warnings_are_errors(tmp_path: Path):
    result = run_pytest(tmp_path, "-q", "-W", "error", good=GOOD)
    assert (result.returncode, result.stdout.splitlines()[-1][:8]) == (0, "6 passed")


def test_a_failing_example_says_what_was_expected(tmp_path: Path):
    result = run_pytest(tmp_path, "--no-header", wrong=WRONG_EXAMPLE)
    assert result.returncode == 1
    shown = """\
_________________________ the example of Doubling in line 6 holds __________________________
it does not hold that the example of `Doubling` in line 6 holds (exhaustive (1))

error[CS321]: this example expects `double = 7`, but `Doubling` gives `6`
 --> wrong.causal:6:3
  |
6 |   example { number = 3 } gives { double = 7 }
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""
    assert shown.partition("\n")[2] in result.stdout
    assert "Traceback" not in result.stdout
    assert "1 failed, 5 passed" in result.stdout


def test_a_failing_check_shows_its_counterexample(tmp_path: Path):
    result = run_pytest(tmp_path, "-q", wrong=WRONG_MODEL)
    assert "it does not hold that `Adding` computes the outputs of `Doubling`" in result.stdout
    assert "error[CS323]" in result.stdout
    assert "::Adding computes the outputs of Doubling" in result.stdout


def test_a_file_with_errors_is_one_item_that_shows_them(tmp_path: Path):
    result = run_pytest(tmp_path, "-q", broken=BROKEN, good=GOOD)
    assert "error[CS201]: unknown name `nubmer`" in result.stdout
    assert "  = help: did you mean `number`?" in result.stdout
    assert "1 failed, 6 passed" in result.stdout


def test_a_warning_is_a_warning(tmp_path: Path):
    idle = GOOD.replace("number + one_more", "2 * number")
    result = run_pytest(tmp_path, "-q", idle=idle)
    assert result.returncode == 0
    assert "SpecWarning: idle.causal:10: CS402" in result.stdout
    assert run_pytest(tmp_path, "-q", "-W", "error", idle=idle).returncode == 1


def test_junit_xml(tmp_path: Path):
    run_pytest(tmp_path, "--junit-xml", "junit.xml", wrong=WRONG_EXAMPLE)
    (suite,) = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "1", "0")
    failed = suite.find("testcase[failure]")
    assert failed is not None
    assert failed.get("name") == "the example of Doubling in line 6 holds"
    assert failed.get("classname") == "wrong.causal"
    assert "error[CS321]" in (failed.findtext("failure") or "")


def test_claims_are_items_when_a_network_is_given(tmp_path: Path, player: Path):
    impossible = QUICK.replace("iia >= 0.80", "iia > 1")
    result = run_pytest(
        tmp_path,
        "--rootdir",
        ".",
        "-k",
        "TheColorFollows",
        "-W",
        "ignore::DeprecationWarning",
        "--causalspec-network",
        str(player),
        colors=QUICK,
        proud=impossible,
        short=QUICK.replace("test 24", "test 4"),
    )
    assert "2 failed, 1 passed" in result.stdout, result.stdout
    assert "TheColorFollows  unknown" in result.stdout
    assert "unknown: on 4 distinct pairs the interval reaches" in result.stdout
    failure = result.stdout.partition("claim TheColorFollows")[2]
    assert "TheColorFollows  fails" in failure
    assert "iia > 1" in failure
    assert "report: results/proud-TheColorFollows" in failure
    assert (tmp_path / "results" / "colors-TheColorFollows" / "result.json").is_file()
    assert (tmp_path / "results" / "proud-TheColorFollows" / "report.html").is_file()


def test_a_network_that_is_not_there_is_said_in_a_sentence(tmp_path: Path):
    result = run_pytest(
        tmp_path, "-k", "TheColorFollows", "--causalspec-network", "./nowhere", colors=SPEC
    )
    assert "1 failed" in result.stdout
    assert "./nowhere" in result.stdout
    assert "Traceback" not in result.stdout


def test_the_plugin_costs_nothing_where_no_spec_is_collected(tmp_path: Path):
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_nothing():\n"
        "    assert 'causalspec.pytest_plugin' in sys.modules\n"
        "    heavy = {'lark', 'numpy', 'sympy', 'z3', 'torch', 'rich'} & set(sys.modules)\n"
        "    own = {m for m in sys.modules if m.startswith('causalspec')}\n"
        "    assert (heavy, own) == (set(), {'causalspec', 'causalspec.pytest_plugin'})\n",
        encoding="utf-8",
    )
    result = run_pytest(tmp_path, "-q")
    assert result.returncode == 0, result.stdout


def test_any_file_is_collected_without_a_traceback(tmp_path: Path):
    for number, content in enumerate((b"\xff\xfe", b"", b"{" * 300)):
        (tmp_path / f"any{number}.causal").write_bytes(content)
    result = run_pytest(tmp_path, "-q")
    assert "3 failed" in result.stdout
    assert "Traceback" not in result.stdout
    assert "INTERNALERROR" not in result.stdout
