"""Claims about variables that read noise: what they are at an input hangs on the noise there."""

from __future__ import annotations

import json
from pathlib import Path

from causalspec.command_line import main
from tests.helpers.tiny_player import CLAIM, DATA, TASK

MODELS = """
model Slipping of Pick approximately {
  noise slips : bool ~ bernoulli(0.1)
  var color = if (which == left) != slips then first else second
  output answer = color
}
"""

ALIGNMENT = """
align Last of Slipping {
  var color at residual layers 1 token last by METHOD
}
"""


def test_a_variable_that_reads_noise_has_a_map(player: Path, tmp_path: Path) -> None:
    spec = tmp_path / "slipping.causal"
    for method in ("das(dim = 8)", "lda"):
        text = TASK + MODELS + DATA + ALIGNMENT.replace("METHOD", method) + CLAIM
        text = text.replace("SwapColor of Direct", "SwapColor of Slipping")
        spec.write_text(text.replace("of Direct on", "of Slipping on"), encoding="utf-8")
        out = tmp_path / "results"
        options = ["--network", str(player), "--device", "cpu", "--steps", "20", "--out", str(out)]
        assert main(["verify", str(spec), *options]) in (0, 1, 4)
        (verdict,) = json.loads((out / "result.json").read_text(encoding="utf-8"))["verdicts"]
        assert verdict["score"]["total"] > 0
        assert verdict["fitted"][0]["variables"] == ["color"]
