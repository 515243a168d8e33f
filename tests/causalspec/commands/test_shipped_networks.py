"""Networks whose truth is known, that ship beside their specs, are what their commands make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import safetensors.torch

from causalspec.command_line import main
from causalspec.runtime.making.scored_truth import score_truth
from causalspec.runtime.making.truth import DIRECTIONS, read_truth
from causalspec.runtime.networks.locations import load_task_network
from tests.helpers.spec_files import SPECS, loaded, spec_file


@dataclass(frozen=True, slots=True)
class Shipped:
    """A folder beside a spec, and the model that a command made it of."""

    spec: str
    model: str
    command: str = "build"
    options: str = ""

    @property
    def folder(self) -> Path:
        return SPECS / self.spec / ("built" if self.command == "build" else "planted")

    @property
    def line(self) -> str:
        """As the library's page shows it."""
        where = self.folder.relative_to(SPECS)
        spec = f"{self.spec}/{self.spec}.causal"
        return f"causalspec {self.command} {spec} {self.model}{self.options} --out {where}"


BUILT = (
    Shipped("hierarchical_equality", "BothEqualities"),
    Shipped("minimal_pairs", "SubjectNumber"),
)
PLANTED = Shipped("and_or", "ThreeEqualities", "plant", " --layers 3")


def name_of(shipped: Shipped) -> str:
    return shipped.spec


@pytest.mark.parametrize("shipped", (*BUILT, PLANTED), ids=name_of)
def test_it_is_small_shown_and_true(shipped: Shipped) -> None:
    assert sum(path.stat().st_size for path in shipped.folder.iterdir()) < 2_000_000
    assert shipped.line in (SPECS / "README.md").read_text(encoding="utf-8")
    network = load_task_network(str(shipped.folder), "cpu")
    truth = read_truth(shipped.folder, network.network)
    scored = score_truth(loaded(spec_file(shipped.spec)), network, truth)
    assert scored is not None
    if shipped.command == "build":
        assert scored.iia.mean == 1 and scored.shuffled.mean <= 0.6
    else:
        assert scored.iia.mean >= 0.99 and scored.shuffled.mean <= 0.7


@pytest.mark.parametrize("shipped", BUILT, ids=name_of)
def test_what_is_built_is_built_again(
    shipped: Shipped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = str(spec_file(shipped.spec))
    assert main(["build", spec, shipped.model, "--out", "again"]) == 0
    for name in ("model.safetensors", DIRECTIONS):
        ours = safetensors.torch.load_file(shipped.folder / name)
        again = safetensors.torch.load_file(Path("again") / name)
        assert {key: tensor.shape for key, tensor in ours.items()} == {
            key: tensor.shape for key, tensor in again.items()
        }
    # Which directions a decomposition of equal values picks differs between processors; what the
    # network does along them does not.
    network = load_task_network("again", "cpu")
    scored = score_truth(
        loaded(spec_file(shipped.spec)), network, read_truth(Path("again"), network.network)
    )
    assert scored is not None
    assert scored.iia.mean == 1 and scored.shuffled.mean <= 0.6
