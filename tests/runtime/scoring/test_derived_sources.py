"""Designs whose sources are made of the base, on a network: its runs are those of the sources as
they are made.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file

DATA = """counterfactuals Flipped of BothEqualities {
  swap left from flipped
  derive flipped from base { b = if base.a == base.b then (base.a + 1) % 10 else base.a }
  balance base.same, base.left
  split train 64, validation 32, test 128
}

align Whole of BothEqualities {
  var left at hidden layers 1..2 by full_vector
}

claim FlippedAtOnce {
  of BothEqualities on Flipped.test with Whole
  expect iia >= 0.99
}
"""


def test_a_whole_layer_of_a_source_that_differs_in_one_variable_gives_its_answer(
    tmp_path: Path,
) -> None:
    """Such a source is the base but for `left`, so exchanging everything exchanges `left` alone;
    independent sources would bring `right` along.
    """
    study = spec_file("equality_at_two_sites")
    network, spec = tmp_path / "network", tmp_path / "flipped.causal"
    subprocess.run([sys.executable, str(study.parent / "build.py"), str(network)], check=True)
    written = study.read_text(encoding="utf-8").partition("counterfactuals")[0]
    spec.write_text(written + DATA, encoding="utf-8")
    out = tmp_path / "results"
    options = ["--network", str(network), "--device", "cpu", "--out", str(out)]
    assert main(["verify", str(spec), *options]) == 0
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    (verdict,) = result["verdicts"]
    scores = {control["name"]: control["score"]["mean"] for control in verdict["controls"]}
    assert result["holds"]
    assert scores["no_swap"] == 0.0
