"""The package of docs/extending.md, as it stands there: installed, named in a spec, verified."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.compiler.compile import check_file
from causalspec.compiler.extensions import GROUP, installed_entries
from causalspec.compiler.specification import Method
from causalspec.compiler.vocabulary import BUILT_IN, full_vocabulary
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import build_map
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers import planted_decoder as planted
from tests.helpers.planted_claims import DATA, FIT

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S
)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the installed package."""
    for text in blocks("python"):
        first, _, _ = text.partition("\n")
        file = tmp_path / first.removeprefix("# ")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (project,) = blocks("toml")
    points = tomllib.loads(project)["project"]["entry-points"][GROUP]
    information = tmp_path / "axes-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: axes\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (information / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")
    monkeypatch.syspath_prepend(tmp_path)
    installed_entries.cache_clear()
    importlib.invalidate_caches()
    yield tmp_path / "axes"
    installed_entries.cache_clear()
    for name in [module for module in sys.modules if module.partition(".")[0] == "axes"]:
        del sys.modules[name]


def test_the_pages_package_is_found_in_a_claim(
    installed: Path, planted_network: Path, tmp_path: Path
) -> None:
    (asked,) = blocks("causal")
    spec = tmp_path / "match.causal"
    spec.write_text(planted.TASK + DATA + asked, encoding="utf-8")
    checked = check_file(spec)
    assert checked.specification is not None, checked.diagnostics
    network = load_task_network(str(planted_network), "cpu")
    found = verify(checked.specification, network, tmp_path / "out", VerifySettings(fit=FIT))
    (verdict,) = found.verdicts
    assert found.holds is True
    assert str(verdict.chosen[0]) == "block_input, layer 1, token last"
    values = [expected.value for expected in verdict.expectations]
    assert values[:2] == [1.0, 0.5]
    controls = {control.name: control.score.mean for control in verdict.controls}
    assert controls["principal_components"] == pytest.approx(values[2])
    assert not [
        note for note in verdict.notes if "full forward passes" in note
    ]  # the fast path holds


def test_it_brings_one_row_of_every_kind(installed: Path) -> None:
    known = full_vocabulary()
    kinds = ("methods", "sites", "metrics", "controls")
    new = {kind: set(getattr(known, kind)) - set(getattr(BUILT_IN, kind)) for kind in kinds}
    assert new == {
        "methods": {"top_neurons"},
        "sites": {"block_input"},
        "metrics": {"moved"},
        "controls": {"principal_components"},
    }


def test_its_method_keeps_what_the_page_asks_of_one(installed: Path) -> None:
    method = Method("top_neurons", (("dim", 2),))
    made = build_map([method, method], 8, 0)
    generator = torch.Generator().manual_seed(0)
    values = torch.arange(40)[:, None] % 2
    vectors = torch.randn((40, 8), generator=generator, dtype=torch.float64)
    vectors[:, 3] += 9 * values[:, 0]
    made.prepare(vectors, values.expand(-1, 2))
    features, rest = made.featurizer.encode(vectors)
    assert torch.equal(made.featurizer.decode(features, rest), vectors)
    both = torch.ones(40, 2)
    assert torch.equal(made.swap(vectors, vectors[:, None].expand(-1, 2, -1), both), vectors)
    assert 3 in dict(made.named_buffers())["featurizer.chosen"].tolist()
    assert made.dimensions() == (2, 2)
    again = build_map([method, method], 8, 1)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.project(vectors), made.project(vectors))
    module: Any = importlib.import_module("axes.methods")
    for part in ("What it is: ", "Source: ", "Cost: ", "Cannot: "):
        assert part in module.top_neurons.__doc__


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        (
            "sites.py", "    name =", "    title =",
            "`axes.sites:BlockInput`, named by `block_input`, gives a `BlockInput` instead of a "
            "`Component`",
        ),
        (
            "metrics.py", "return mean_of(", "return len(",
            "`axes.metrics:moved`, named by `moved`, gives a `int` instead of a `Estimate`",
        ),
        (
            "controls.py", "    FITS = True", "    FITS = 1 / 0",
            "`principal_components` cannot be imported from `axes.controls:PrincipalComponents`: "
            "ZeroDivisionError: division by zero",
        ),
    ],
)  # fmt: skip
def test_a_package_that_does_not_keep_its_word_is_told(
    installed: Path, planted_network: Path, tmp_path: Path, file: str, before: str, after: str,
    told: str,
) -> None:  # fmt: skip
    source = (installed / file).read_text(encoding="utf-8")
    assert source.count(before) == 1
    (installed / file).write_text(source.replace(before, after), encoding="utf-8")
    importlib.invalidate_caches()
    (asked,) = blocks("causal")
    spec = tmp_path / "match.causal"
    spec.write_text(planted.TASK + DATA + asked, encoding="utf-8")
    specification = check_file(spec).specification
    assert specification is not None
    network = load_task_network(str(planted_network), "cpu")
    with pytest.raises(ToolFailure) as failure:
        verify(specification, network, tmp_path / "out", VerifySettings(fit=FIT))
    assert str(failure.value) == told
    assert failure.value.help == "install its package again, or ask who wrote it"
