"""What other people's CI runs: the pre-commit manifest and the GitHub Action."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from causalspec.command_line import COMMANDS
from tests.helpers.spec_files import ROOT

FINE = "language 1\n\ntype Digit = 0..9\n"
WRONG = "language 1\n\ntype Digit = Nmber\ntype Number = 0..9\n"
RAGGED = "language 1\ntype   Digit = 0..9\n"


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_hooks_run_commands_that_there_are():
    hooks: list[dict[str, str]] = read_yaml(".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["causalspec-check", "causalspec-fmt"]
    for hook in hooks:
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "causalspec"
        assert command in COMMANDS
        assert re.search(hook["files"], "specs/a.causal")
        assert not re.search(hook["files"], "specs/a.causal.md")


@pytest.mark.parametrize(("text", "status"), [(FINE, 0), (WRONG, 3)])
def test_a_hook_fails_where_a_spec_is_wrong(tmp_path: Path, text: str, status: int):
    (tmp_path / "one.causal").write_text(text, encoding="utf-8")
    hook: dict[str, str] = read_yaml(".pre-commit-hooks.yaml")[0]
    _, *arguments = shlex.split(hook["entry"])
    command = [sys.executable, "-m", "causalspec.command_line", *arguments, "one.causal"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == status


def test_the_page_shows_what_the_hook_writes(tmp_path: Path):
    page = (ROOT / "docs" / "continuous-integration.md").read_text(encoding="utf-8")
    spec = re.search(r"^```causal\n(.*?)^```$", page, re.M | re.S)
    shown = re.search(r"^- exit code: (\d)\n\n(.*?)\n\nformat causal specs", page, re.M | re.S)
    assert spec is not None and shown is not None
    (tmp_path / "doubling.causal").write_text(spec[1], encoding="utf-8")
    hook: dict[str, str] = read_yaml(".pre-commit-hooks.yaml")[0]
    _, *arguments = shlex.split(hook["entry"])
    command = [sys.executable, "-m", "causalspec.command_line", *arguments, "doubling.causal"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (str(result.returncode), result.stderr.strip()) == (shown[1], shown[2])


def run_action(folder: Path, specs: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The script of the action's last step, with the action's own defaults."""
    action = read_yaml("action.yml")
    step = action["runs"]["steps"][-1]
    given = {"specs": specs, "format": action["inputs"]["format"]["default"], "sarif": ""} | inputs
    environment = {
        name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step["env"].items()
    }
    binaries = Path(sys.executable).parent
    inherited = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", step["run"]],
        cwd=folder,
        env={**inherited, **environment, "GITHUB_ACTION_PATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_annotates_what_is_wrong(tmp_path: Path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a b.causal").write_text(WRONG, encoding="utf-8")
    (tmp_path / "fine.causal").write_text(FINE, encoding="utf-8")
    result = run_action(tmp_path, "**/*.causal", sarif="log.sarif")
    assert result.returncode == 3
    assert result.stdout.startswith("::error file=deep/er/a b.causal,line=3,")
    assert '"version": "2.1.0"' in (tmp_path / "log.sarif").read_text(encoding="utf-8")


def test_the_action_asks_for_the_layout(tmp_path: Path):
    (tmp_path / "ragged.causal").write_text(RAGGED, encoding="utf-8")
    result = run_action(tmp_path, "*.causal")
    assert result.returncode == 1
    assert "+type Digit = 0..9" in result.stdout
    assert run_action(tmp_path, "*.causal", format="false").returncode == 0


def test_the_action_takes_no_commands_from_its_inputs(tmp_path: Path):
    result = run_action(tmp_path, "$(touch pwned) `touch pwned`; touch pwned")
    assert result.returncode == 5  # there are no files of such names
    assert not (tmp_path / "pwned").exists()


def test_a_file_that_is_named_like_an_option_is_a_file(tmp_path: Path):
    (tmp_path / "--fix.causal").write_text(WRONG, encoding="utf-8")
    assert run_action(tmp_path, "*.causal").returncode == 3
    assert (tmp_path / "--fix.causal").read_text(encoding="utf-8") == WRONG


def test_the_action_fails_where_nothing_matches(tmp_path: Path):
    result = run_action(tmp_path, "*.causal")
    assert (result.returncode, result.stdout) == (2, "::error::no file matches: *.causal\n")
