"""`--set`: parameters from the command line, for every command that reads a spec."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file

CHECK, USAGE, SPEC = 0, 2, 3


@pytest.fixture
def spec(tmp_path: Path) -> str:
    """A file that imports its task and models."""
    for name in ("arithmetic", "two_digits"):
        shutil.copy(spec_file("arithmetic").with_name(f"{name}.causal"), tmp_path)
    text = """language 1
import "arithmetic.causal" { CarryChain, OwnColumn }
counterfactuals Pairs of CarryChain { swap carry[1]  split train 20 }
"""
    (tmp_path / "sums.causal").write_text(text, encoding="utf-8")
    return str(tmp_path / "sums.causal")


def test_data_with_other_parameters(spec: str, tmp_path: Path) -> None:
    command = ["data", spec, "Pairs", "--out", str(tmp_path / "out")]
    for settings, digits in (
        ([], "3"),
        (["--set", "digits=4"], "4"),
        (["--set", "Addition.digits=2", "--set", "digits=4"], "2"),
    ):
        assert main([*command, *settings]) == 0
        manifest = json.loads((tmp_path / "out" / "Pairs.train.manifest.json").read_bytes())
        assert manifest["parameters"] == {"digits": digits}
        rows = (tmp_path / "out" / "Pairs.train.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(str(max(json.loads(row)["base.x"] for row in rows))) == int(digits)


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["graph", "CarryChain"],
        ["sample", "CarryChain", "--rows", "1"],
        ["compare", "CarryChain", "OwnColumn"],
        ["distinguish", "CarryChain", "OwnColumn", "--rows", "5"],
        ["data", "Pairs", "--show", "1"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_says_which_parameters_there_are(
    command: list[str], spec: str, capfd: pytest.CaptureFixture[str]
) -> None:
    name, *rest = command
    assert main([name, spec, *rest, "--set", "digts=4"]) == 2
    told = f"causalspec {name}: --set: no task has a parameter `digts`; did you mean `digits`?\n"
    assert capfd.readouterr().err.endswith(told)
    assert main([name, spec, *rest, "--set", "digits=2"]) in (0, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("digits", "argument --set: `digits` is not like digits=4"),
        (
            "digits=four",
            "argument --set: `four` is not a number: a parameter's value is like 4 or 0.5",
        ),
        (
            "digits=1e9",
            "argument --set: `1e9` is not a number: a parameter's value is like 4 or 0.5",
        ),
    ],
)
def test_what_is_not_a_setting(
    given: str, told: str, spec: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["check", spec, "--set", given])
    assert told in capfd.readouterr().err


def test_one_parameter_is_set_once(spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", spec, "--set", "digits=1", "--set", "digits=2"]) == 2
    assert capfd.readouterr().err == "causalspec check: --set sets `digits` twice\n"


def test_diff_with_other_parameters(spec: str, capfd: pytest.CaptureFixture[str]) -> None:
    """What differs with two digits alone shows with two alone."""
    other = Path(spec).with_name("other.causal")
    text = Path(spec).read_text(encoding="utf-8")
    other.write_text(f"{text}counterfactuals More of OwnColumn {{ swap carry[2]  split t 9 }}\n")
    assert main(["diff", spec, str(other), "--set", "digits=2"]) == 6
    assert "More: the data set is new" in capfd.readouterr().out


def test_a_sum_too_large_to_enumerate_is_asked_about(capfd: pytest.CaptureFixture[str]) -> None:
    """Two questions within each other have a condition each."""
    assert main(["check", str(spec_file("arithmetic")), "--set", "digits=5", "--quiet"]) == 4
    assert "CS325" in capfd.readouterr().err
