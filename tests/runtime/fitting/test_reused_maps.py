"""Maps of an earlier run, scored on other data: the same figures, and nothing fitted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import SpecError, ToolFailure
from causalspec.exit_codes import ExitCode
from causalspec.runtime.fitting import fit as fitting
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.files import read_results
from causalspec.runtime.results.records import Verification
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers.tiny_player import TASK

BOTH = """
model Both of Pick {
  "Both colors are variables."
  var one = first
  var two = second
  output answer = if which == left then one else two
}

counterfactuals Swaps of Both {
  swap one
  swap one from s1, two from s2
  split train 32, validation 16, test 24
}

align Early of Both {
  var one, two at residual layers 0..1 token last by das(dim = 6)
}

claim BothFollow {
  of Both on Swaps.test with Early
  expect iia >= 0.1
  expect iia - iia(no_swap) >= -1
  expect iia - iia(random_network) >= -1
}
"""
SPEC = TASK + BOTH
FIT = FitSettings(steps=15, batch=16)

Spec = Callable[..., Specification]


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """The spec with some replacements, each of which must be possible."""

    def written(*replaced: tuple[str, str]) -> Specification:
        text = SPEC
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "both.causal"
        path.write_text(text, encoding="utf-8")
        checked = check_file(path)
        assert checked.specification is not None, list(checked.diagnostics)
        return checked.specification

    return written


@pytest.fixture(scope="module")
def network(player: Path) -> TaskNetwork:
    return load_task_network(str(player), "cpu")


@pytest.fixture(scope="module")
def earlier(network: TaskNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a run that fitted."""
    folder = tmp_path_factory.mktemp("earlier")
    path = folder / "both.causal"
    path.write_text(SPEC, encoding="utf-8")
    specification = check_file(path).specification
    assert specification is not None
    verify(specification, network, folder / "results", VerifySettings(fit=FIT))
    return folder / "results"


def scored(
    specification: Specification, network: TaskNetwork, folder: Path, maps: Path, seed: int = 0
) -> Verification:
    settings = VerifySettings(fit=FIT, maps=maps, seed=seed, keeps_unanswered=True)
    return verify(specification, network, folder, settings)


def test_the_same_test_pairs_give_the_same_figures(
    spec: Spec,
    network: TaskNetwork,
    earlier: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("something was fitted")

    monkeypatch.setattr(fitting.torch.optim, "Adam", refused)
    # Another seed, other training data, other sites offered, and variables in another order.
    changed = spec(
        ("train 32, validation 16, test 24", "test 24"),
        ("var one, two at residual layers 0..1", "var two, one at residual layers 0..*"),
    )
    [before] = read_results(earlier).verdicts
    found = scored(changed, network, tmp_path / "again", earlier, seed=7)
    [after] = found.verdicts
    assert before.score.total == 24
    assert (after.score, after.per_kind, after.rows) == (before.score, before.per_kind, before.rows)
    assert (after.chosen, after.fitted) == (before.chosen, before.fitted)
    assert [counts.split for counts in after.counts] == ["test"]
    assert after.sites == ()
    unfitted = {
        control.name: control.score
        for control in before.controls
        if control.name in ("no_swap", "full_vector")
    }
    assert unfitted.items() <= {control.name: control.score for control in after.controls}.items()
    assert {control.name for control in after.controls} == {
        "no_swap",
        "full_vector",
        "random_subspace",
        "self_swap",
        "site_resampled",
        "unmapped_resampled",
    }
    # What would have to be fitted is unknown, and said to be.
    assert [expected.holds for expected in after.expectations] == [
        before.expectations[0].holds,
        True,
        None,
    ]
    assert after.expectations[2].reason == (
        "`random_network` would have to be fitted, and the maps are an earlier run's"
    )
    assert any(
        note.startswith("nothing was fitted: the maps of `BothFollow` in") for note in after.notes
    )
    [left_out] = [note for note in after.notes if note.startswith("left out")]
    assert left_out.endswith(": `random_network`, `shuffled_labels`")
    # The report says so and where the maps come from; they can be reused again.
    report = (tmp_path / "again" / "report.html").read_text("utf-8")
    assert "Nothing was fitted: the maps of an earlier run were scored at" in report
    for _, digest in found.manifest.reused:
        assert digest in report
    assert [name for name, _ in found.manifest.reused] == [
        "results/maps/BothFollow.safetensors",
        "results/result.json",
    ]
    [again] = scored(changed, network, tmp_path / "third", tmp_path / "again").verdicts
    assert again.score == before.score


def test_other_pairs_another_prompt_and_another_checkpoint(
    spec: Spec, network: TaskNetwork, earlier: Path, tmp_path: Path
) -> None:
    paraphrased = spec(
        ('prompt main "{first} {second} {which}"', 'prompt main "{first} {second} {which}"\n'
         '  prompt other "{second as b} {first as a} {second} {first} {which}"'),
        ("on Swaps.test with", "on Swaps.test prompt other with"),
        ("test 24", "test 40"),
    )  # fmt: skip
    [other] = scored(paraphrased, network, tmp_path / "other", earlier).verdicts
    assert other.score.total == 40
    assert other.rows[0].base.count(" ") == 4
    [before] = read_results(earlier).verdicts
    untrained = scored(spec(), network.untrained(3), tmp_path / "untrained", earlier)
    assert untrained.verdicts[0].score.total == before.score.total
    assert untrained.verdicts[0].score != before.score
    assert untrained.manifest.network_sha256 != read_results(earlier).manifest.network_sha256


WRONG = {
    "method": ("by das(dim = 6)", "by random_subspace(dim = 6)", r"place `one` by `das\(dim = 6"),
    "dimension": ("dim = 6", "dim = 5", r"but the alignment places it by `das\(dim = 5\)`"),
    "layer": ("layers 0..1", "layers LAYER", r"does not offer `residual, layer \d, token"),
    "token": ("token last", "token last - 1", "does not offer `residual, layer"),
    "variables": ("  swap one from s1, two from s2\n", "", "but the data swaps `one`$"),
    "claim": ("claim BothFollow", "claim BothFollowed", "has no maps of `BothFollowed`"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_maps_of_something_else(
    what: str,
    spec: Spec,
    network: TaskNetwork,
    earlier: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the network was run")

    old, new, message = WRONG[what]
    [verdict] = read_results(earlier).verdicts
    changed = spec((old, new.replace("LAYER", str(1 - (verdict.chosen[0].layer or 0)))))
    monkeypatch.setattr(network.network.model, "forward", refused)
    with pytest.raises(ToolFailure, match=message) as caught:
        scored(changed, network, tmp_path / "out", earlier)
    assert caught.value.help
    assert not (tmp_path / "out").exists()


def test_a_network_of_another_width(
    spec: Spec, network: TaskNetwork, earlier: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "wider"
    configuration = network.network.model.config.__class__.from_dict(
        network.network.model.config.to_dict() | {"hidden_size": 48, "head_dim": 12}
    )
    with torch.random.fork_rng():
        AutoModelForCausalLM.from_config(configuration).save_pretrained(folder)
    network.network.tokenizer.save_pretrained(folder)
    wider = load_task_network(str(folder), "cpu")
    with pytest.raises(ToolFailure, match=r"of another width: `.*` has 48 numbers at") as caught:
        scored(spec(), wider, tmp_path / "out", earlier)
    assert "they were fitted to" in (caught.value.help or "")


def test_folders_that_are_not_whole_results(
    spec: Spec, network: TaskNetwork, earlier: Path, tmp_path: Path
) -> None:
    def failure(maps: Path, out: str = "out") -> str:
        with pytest.raises(ToolFailure) as caught:
            scored(spec(), network, tmp_path / out, maps)
        assert caught.value.help
        return str(caught.value)

    assert failure(tmp_path / "nowhere") == f"there is no folder `{tmp_path / 'nowhere'}`"
    (tmp_path / "empty").mkdir()
    assert failure(tmp_path / "empty").startswith(f"can't read `{tmp_path / 'empty'}")
    damaged = tmp_path / "damaged"
    shutil.copytree(earlier, damaged)
    maps = damaged / "maps" / "BothFollow.safetensors"
    maps.write_bytes(maps.read_bytes()[:-1] + b"\x01")
    assert failure(damaged) == f"`{maps}` is damaged: it is not what the run wrote"
    maps.unlink()
    assert failure(damaged).startswith(f"can't read `{maps}`")
    shutil.copytree(earlier, tmp_path / "torn")
    (tmp_path / "torn" / "result.json").write_text("{}")
    assert "is damaged" in failure(tmp_path / "torn")
    manifest = tmp_path / "torn" / "manifest.json"
    manifest.write_text(json.dumps({"format": 1}))
    assert "does not say what" in failure(tmp_path / "torn")
    kept = {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()}
    assert "would be replaced" in failure(earlier, str(earlier))
    assert kept == {path: path.read_bytes() for path in earlier.rglob("*") if path.is_file()}


def test_what_is_written_from_training_inputs_needs_them(
    spec: Spec, network: TaskNetwork, earlier: Path, tmp_path: Path
) -> None:
    value = ("by das(dim = 6)", "by das(dim = 6) writing value(red)")
    [found] = scored(spec(value), network, tmp_path / "value", earlier).verdicts
    assert [counts.split for counts in found.counts] == ["train", "test"]
    with pytest.raises(SpecError, match="has no split `train`"):
        scored(spec(value, ("train 32, ", "")), network, tmp_path / "out", earlier)
    zero = ("by das(dim = 6)", "by das(dim = 6) writing zero")
    lines = re.findall(r"  expect .*\n", SPEC)
    unlabelled = [(lines[0], "  expect kl <= 100\n"), *((line, "") for line in lines[1:])]
    [found] = scored(spec(zero, *unlabelled), network, tmp_path / "zero", earlier).verdicts
    assert [counts.split for counts in found.counts] == ["test"]
    assert found.holds is True


def test_the_command(
    player: Path, earlier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "both.causal"
    path.write_text(
        SPEC.replace("  expect iia - iia(random_network) >= -1\n", ""), encoding="utf-8"
    )
    command = ["verify", str(path), "--network", str(player), "--device", "cpu"]
    status = main([*command, "--maps", str(earlier), "--out", str(tmp_path / "out")])
    printed, _ = capsys.readouterr()
    assert status in (ExitCode.FINE, ExitCode.CLAIM_FAILED)
    assert "note: nothing was fitted: the maps of `BothFollow` in" in printed
    assert re.search(r"das\(dim = 6\) at residual, layer \d, token last", printed)
    assert main([*command, "--maps", str(tmp_path), "--out", str(tmp_path / "o")]) == (
        ExitCode.TOOL_FAILED
    )
    assert "help: name a results folder" in capsys.readouterr().err
