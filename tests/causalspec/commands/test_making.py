"""`build`, `train` and `plant` as they are called, with networks and requests that fail, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.making.pace import Pace
from causalspec.runtime.making.scored_truth import score_truth
from causalspec.runtime.making.truth import read_truth
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.watch import Unwatched
from tests.helpers.spec_files import loaded

SPEC = """\
language 1

task Same {
  input a, b, c, d : 0..3
  output same : bool = (a == b) == (c == d)
  encode vector { a, b, c, d as onehot }
}

model Both of Same {
  var left  = a == b
  var right = c == d
  output same = left == right
}

model RightAlone of Same {
  var right = c == d
  output same = (a == b) == right
}

counterfactuals Swaps of Both {
  swap left
  swap right
  balance (before = base.same, after = result.same)
  split train 500, validation 100, test 200
}

counterfactuals Swap of RightAlone {
  swap right
  balance result.same != base.same
  split train 500, validation 100, test 200
}

align Second of Both { var left, right at hidden layers 2 by das(dim = 2) }
align Third of RightAlone { var right at hidden layers 3 by das(dim = 2) }

claim BothAreHeld { of Both on Swaps.test with Second  expect iia >= 0.9 }
claim RightIsHeld { of RightAlone on Swap.test with Third  expect iia >= 0.9 }
"""


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "same.causal"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_a_built_network_is_exact_and_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "same.causal", "Both", "--out", "built", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["right"] == report["truth"]["iia"]["mean"] == 1.0
    assert report["truth"]["shuffled"]["mean"] <= 0.6
    assert 0.4 <= report["truth"]["no_swap"]["mean"] <= 0.6
    verified = ["verify", "same.causal", "--claim", "BothAreHeld", "--network", "built"]
    assert main([*verified, "--steps", "100", "--out", "results"]) == 0


def test_what_is_not_learned_is_said_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    trained = ["train", "same.causal", "Same", "--steps", "1", "--batch", "8", "--out", "trained"]
    assert main(trained) == 5
    said = capsys.readouterr()
    assert "1 steps of 8 exercises, on one thread, for a plain network" in " ".join(
        said.err.split()
    )
    assert "of new inputs answered rightly" in said.out
    assert "error: training did not converge: " in said.err
    assert sorted(path.name for path in Path("trained").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_planting_says_where_nothing_is_kept_silent(capsys: pytest.CaptureFixture[str]) -> None:
    planted = ["plant", "same.causal", "RightAlone", "--steps", "1", "--batch", "8"]
    assert main([*planted, "--layers", "4", "--out", "one"]) == 5
    said = " ".join(capsys.readouterr().err.split())
    assert "what lies beside `right` is not kept silent: the output reads more than" in said
    both = ["plant", "same.causal", "Both", "--steps", "1", "--batch", "8", "--out", "both"]
    assert main(both) == 5
    assert "not kept silent" not in capsys.readouterr().err
    network = load_task_network("both", "cpu").network
    sites = {site.variable: site.site for site in read_truth(Path("both"), network).sites}
    assert sites == {"left": "hidden layers 2", "right": "hidden layers 2"}


def test_sites_that_a_network_has_not_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    planted = ["plant", "same.causal", "RightAlone", "--layers", "2", "--out", "small"]
    assert main(planted) == 3
    assert "the network has no layer 3" in capsys.readouterr().err
    assert not Path("small").exists()


def test_a_folder_with_something_else_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine", "thesis.txt").write_text("all of it", encoding="utf-8")
    for made in (["build", "same.causal", "Both"], ["train", "same.causal", "Same"]):
        assert main([*made, "--out", "mine"]) == 5
        assert "holds `thesis.txt`, which is no part of a network" in capsys.readouterr().err
    assert Path("mine", "thesis.txt").read_text(encoding="utf-8") == "all of it"


def test_a_truth_about_another_spec_is_refused(spec: Path) -> None:
    assert main(["build", "same.causal", "Both", "--out", "built"]) == 0
    network = load_task_network("built", "cpu")
    truth = read_truth(Path("built"), network.network)
    other = spec.with_name("other.causal")
    other.write_text(SPEC.replace("test 200", "test 150"), encoding="utf-8")
    with pytest.raises(ToolFailure, match="the truth is about another text than"):
        score_truth(loaded(other), network, truth)


def test_a_training_that_diverges_ends() -> None:
    steps: list[int] = []
    pace = Pace(Unwatched(), lambda done, _word: steps.append(done), 10)
    pace.advance(1, 0.5)
    with pytest.raises(ToolFailure, match="the loss is not a number at step 2"):
        pace.advance(2, float("nan"))
    assert steps == [1]
