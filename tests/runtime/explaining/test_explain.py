"""Why a claim fails: the page's example run as it stands there, and what has no rule to be told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.explanations import Explanation, read_explanations
from causalspec.runtime.results.files import read_results
from causalspec.runtime.scoring.verify import VerifySettings, verify

PAGE = (Path(__file__).parents[3] / "docs" / "explaining.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^<!-- file: (\S+) -->\n```\w*\n(.*?)^```$", PAGE, re.M | re.S))
SHOWN = re.search(r"^```text\n(why .*?)^```$", PAGE, re.M | re.S)
FIT = FitSettings(steps=200, batch=256, learning_rate=3e-2)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(folder: Path, spec: str, fit: FitSettings = FIT, **more: object) -> Explanation:
    """Why the only claim of a spec comes to what it does, by the swaps of 48 inputs."""
    path = folder / "asked.causal"
    path.write_text(spec, encoding="utf-8")
    checked = check_file(path)
    assert checked.specification is not None, list(checked.diagnostics)
    settings = replace(VerifySettings(fit=fit, explain=48), **more)
    network = load_task_network("python:gates:network", "cpu")
    verify(checked.specification, network, folder / "results", settings)
    [found] = read_explanations(folder / "results")
    return found


def test_the_page_shows_what_comes_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = re.search(r"^causalspec (verify exits.causal .*)$", PAGE, re.M)
    assert command is not None and SHOWN is not None
    assert main(command[1].split()) == 1
    printed = capsys.readouterr().out
    start, end = printed.index("why "), printed.index("report: ")
    lines = [line.rstrip() for line in printed[start:end].splitlines()]
    assert " ".join(" ".join(lines).split()) == " ".join(SHOWN[1].split())
    [found] = read_explanations(here / "results" / "exits")
    rule = found.rule
    assert rule is not None
    assert (rule.text, rule.line) == ("not gate", "let exceptional = not gate")
    assert rule.iia == 1 and rule.wrong == 0 and 0.9 < rule.lower < rule.upper
    assert rule.line in FILES["kept.causal"]
    report = (here / "results" / "exits" / "report.html").read_text(encoding="utf-8")
    assert f"<pre><code>{rule.line}</code></pre>" in report
    assert "Where it does not hold, on" in report
    # What was fitted is scored again: the maps stay, and so a rule is judged under them.
    main([*command[1].split(), "--maps", "results/exits", "--out", "again"])
    [scored] = read_explanations(here / "again")
    assert scored.iia == found.iia
    assert scored.rule is None or scored.rule.text != rule.text or scored.rule.iia < rule.iia


def test_pasted_into_the_model_the_distinction_lets_the_claim_hold(here: Path) -> None:
    found = explained(here, FILES["kept.causal"])
    assert found.rule is None
    assert found.reason == "the hypothesis explains all 48 inputs: there is nothing to tell apart"
    assert read_results(here / "results").verdicts[0].score.mean == 1


def test_too_few_pairs_are_told(here: Path) -> None:
    few = FILES["exits.causal"].replace("validation 600", "validation 40")
    found = explained(here, few)
    assert found.rule is None
    assert found.reason == (
        "a rule takes at least 60 validation and as many test pairs, and there are 40: draw more"
    )
    assert found.inputs and found.strengths
