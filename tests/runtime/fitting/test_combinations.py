"""Three variables searched jointly: each way to place them has the score that it has alone."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.command_line import main
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork

PLACES = list(product((1, 2), repeat=3))


def spec_text() -> str:
    def alignment(name: str, layers: tuple[str, str, str]) -> str:
        placed = zip(("left", "middle", "right"), layers, strict=True)
        lines = [f"  var {var} at hidden layers {layer} by full_vector" for var, layer in placed]
        return "\n".join([f"align {name} of Kept {{", *lines, "}"])

    head = """language 1

task Majority {
  input a, b, c : bool
  output most : bool = a and b or a and c or b and c
  encode vector { a, b, c as onehot }
}

model Kept of Majority {
  var left = a
  var middle = b
  var right = c
  output most = left and middle or left and right or middle and right
}

counterfactuals Pairs of Kept {
  swap left from s1
  swap middle from s2
  swap left from s1, right from s3
  split validation 200
}
"""
    alone = [alignment(_name(places), tuple(map(str, places))) for places in PLACES]
    return "\n\n".join([head, alignment("Together", ("1..2", "1..2", "1..2")), *alone, ""])


def _name(places: tuple[int, ...]) -> str:
    return "At" + "".join(map(str, places))


def test_every_combination_is_scored_for_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "majority.causal").write_text(spec_text(), encoding="utf-8")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        size = FeedForwardConfig(input_size=6, hidden_size=8, hidden_layers=2)
        network: Any = FeedForwardNetwork(size)
    network.save_pretrained(tmp_path / "network")

    def sites(alignment: str) -> dict[tuple[int, ...], float]:
        asked = ["--network", str(tmp_path / "network"), "--keep-unanswered", "--format", "json"]
        asked += ["--out", str(tmp_path / alignment)]
        assert main(["align", str(tmp_path / "majority.causal"), alignment, *asked]) == 0
        return {
            tuple(site["layer"] for site in tried["sites"]): tried["validation"]["mean"]
            for tried in json.loads(capsys.readouterr().out)["sites"]
        }

    together = sites("Together")
    assert set(together) == set(PLACES)
    assert together[1, 1, 2] != together[1, 2, 1]  # else nothing tells whose the scores are
    for places in PLACES:
        assert sites(_name(places)) == {places: together[places]}
