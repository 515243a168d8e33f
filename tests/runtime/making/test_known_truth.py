"""Networks that are built: they compute their model exactly, where the truth beside them says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causalspec import load_specification
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.making.made import MadeReport, build, write_made
from causalspec.runtime.making.truth import TRUTH, read_truth
from causalspec.runtime.networks.locations import load_task_network
from tests.helpers.spec_files import spec_file


def specified(name: str) -> Specification:
    specification, diagnostics = load_specification(spec_file(name))
    assert specification is not None, diagnostics
    return specification


def built(name: str, model: str, folder: Path, seed: int = 0) -> MadeReport:
    specification = specified(name)
    made = build(specification, specification.models[model], None, None, seed)
    return write_made(folder, made, specification, specification.models[model], seed)


@pytest.mark.parametrize(
    ("name", "model", "sites"),
    [
        ("hierarchical_equality", "BothEqualities", {"left": "hidden layers 2"}),
        ("boxes", "Lookup", {"label": "residual layers 0", "position": "residual layers 1"}),
    ],
)
def test_a_built_network_is_its_model(
    name: str, model: str, sites: dict[str, str], tmp_path: Path
) -> None:
    report = built(name, model, tmp_path / "network", seed=3)
    assert report.right == 1.0
    assert report.truth is not None
    assert report.truth.iia.mean == 1.0
    assert report.truth.shuffled.mean <= 0.6
    network = load_task_network(str(tmp_path / "network"), "cpu").network
    found = {site.variable: site.site for site in read_truth(tmp_path / "network", network).sites}
    assert found.items() >= sites.items()


def test_a_truth_of_other_weights_is_refused(tmp_path: Path) -> None:
    for seed in (0, 1):
        built("hierarchical_equality", "BothEqualities", tmp_path / str(seed), seed)
    other = (tmp_path / "1" / TRUTH).read_text(encoding="utf-8")
    (tmp_path / "0" / TRUTH).write_text(other, encoding="utf-8")
    network = load_task_network(str(tmp_path / "0"), "cpu").network
    with pytest.raises(ToolFailure, match="is not that of the weights beside it"):
        read_truth(tmp_path / "0", network)
    record = json.loads(other)
    record["network_sha256"] = network.content_hash
    (tmp_path / "0" / TRUTH).write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ToolFailure, match="is not what `truth"):
        read_truth(tmp_path / "0", network)


@pytest.mark.parametrize(
    ("name", "model", "layers", "width", "message"),
    [
        ("hierarchical_equality", "BothEqualities", None, 12, "takes 36 neurons of one layer"),
        ("hierarchical_equality", "BothEqualities", 2, None, "takes 3 hidden layers"),
        ("boxes", "Lookup", 2, None, "`Lookup` takes 3 layers"),
        ("negation", "WordsThenNegation", None, None, "worded in several ways"),
        ("thermostat", "Feedback", None, None, "neither a prompt nor an `encode`"),
    ],
)
def test_what_cannot_be_built_is_said(
    name: str, model: str, layers: int | None, width: int | None, message: str
) -> None:
    specification = specified(name)
    with pytest.raises(ToolFailure, match=message):
        build(specification, specification.models[model], layers, width, 0)
