"""A network that says its answer in two ways of different lengths: verdict, report and `pair`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode
from causalspec.runtime.results.files import read_results
from tests.helpers.two_ways_player import TWO_WAYS_SPEC, train_two_ways

CLAIM = "expect iia - iia(no_swap) >= 0.50\n"
MORE = """\
  expect log_odds >= 3.00
  expect kl <= 0.50
  expect iia(self_swap) <= 0.20
"""
TWO_WAYS = TWO_WAYS_SPEC.replace(CLAIM, CLAIM + MORE).replace("layers 0..1", "layers 0")


@pytest.fixture(scope="module")
def two_ways(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks") / "two_ways"
    train_two_ways(folder)
    return folder


def verified(folder: Path, network: Path, text: str, *options: str) -> int:
    spec = folder / "two_ways.causal"
    spec.write_text(text, encoding="utf-8")
    where = ("--network", str(network), "--device", "cpu", "--out", str(folder / "out"))
    return main(["verify", str(spec), *where, *options])


@pytest.mark.parametrize("answers", ["vocabulary", "declared"])
def test_verify_adds_both_ways_up(
    two_ways: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: str
) -> None:
    ended = verified(tmp_path, two_ways, TWO_WAYS, "--answers", answers, "--steps", "80")
    assert ended == ExitCode.FINE, capsys.readouterr()
    [verdict] = read_results(tmp_path / "out").verdicts
    assert verdict.score.mean >= 0.8
    assert {row.label for row in verdict.rows} <= {
        f"{color} or dark {color}" for color in ("red", "green", "blue", "white", "black")
    }
    said = {row.said for row in verdict.rows if row.agrees}
    assert said and all(text.split()[-1] in text for text in said)
    for row in verdict.rows:
        assert row.agrees is (row.said in row.label.split(" or "))


def test_pair_shows_what_both_ways_come_to(
    two_ways: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def looked(text: str) -> dict[str, Any]:
        spec = tmp_path / "spec.causal"
        spec.write_text(text, encoding="utf-8")
        command = ["pair", str(spec), "SwapColor", "--network", str(two_ways), "--device", "cpu"]
        assert main([*command, "--format", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    both = looked(TWO_WAYS)
    short, long = (
        looked(TWO_WAYS.replace('" {answer}" or " dark {answer}"', way))
        for way in ('" {answer}"', '" dark {answer}"')
    )
    for name in ("before", "swapped"):
        parts = [_label_probability(shown, name) for shown in (short, long)]
        assert _label_probability(both, name) == pytest.approx(sum(parts), abs=1e-6)
    assert (
        _label_probability(both, "swapped") > 0.8 > 0.7 > _label_probability(short, "swapped") > 0.2
    )


def _label_probability(shown: dict[str, Any], name: str) -> float:
    return shown["before" if name == "before" else "likeliest"]["probability"]


def test_other_commands_take_them(
    two_ways: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.causal"
    spec.write_text(TWO_WAYS, encoding="utf-8")
    where = ("--network", str(two_ways), "--device", "cpu")
    read = ["readout", str(spec), "TheColorFollows", *where, "--steps", "20", "--inputs", "8"]
    assert main([*read, "--out", str(tmp_path / "a")]) == ExitCode.FINE
    assert " dark " in capsys.readouterr().out
    # One output has to tell two answers apart there.
    assert main(["mediate", str(spec), "Last", *where]) == ExitCode.TOOL_FAILED
    assert "the answers have several tokens or outputs" in capsys.readouterr().err
