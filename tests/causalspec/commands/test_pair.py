"""`causalspec pair`: what it shows of a pair is what the network is given and says."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.files import read_results
from tests.helpers.tiny_player import SPEC

NESTED = """
counterfactuals Nested of Direct {
  swap color from (s1 with color from s2)
  split train 8, validation 8, test 8
}
"""
EQUALITY = Path(__file__).parents[3] / "specs" / "hierarchical_equality"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("pick.causal").write_text(SPEC, encoding="utf-8")
    return "pick.causal"


@pytest.fixture
def told(player: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command tells machines, by the schema."""
    text = files("causalspec.schemas").joinpath("pair.json").read_text("utf-8")
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)

    def run(*arguments: str, network: str | None = None) -> Any:
        where = ["--network", network or str(player), "--device", "cpu", "--format", "json"]
        capsys.readouterr()
        assert main(["pair", *arguments, *where]) == ExitCode.FINE
        found = json.loads(capsys.readouterr().out)
        jsonschema.validate(found, schema)
        return found

    return run


def test_probabilities_are_those_of_the_network_run_by_hand(
    spec: str, told: Any, player: Path
) -> None:
    found = told(spec, "SwapColor", "--row", "3")
    base, source = found["inputs"]
    network = load_task_network(str(player), "cpu").network
    ids = [torch.tensor([[one["id"] for one in side["tokens"]]]) for side in (base, source)]
    assert [one["text"] for one in base["tokens"]] == base["text"].split()
    assert [one["at"] for one in base["tokens"]] == [[], [], ["last"]]
    hidden: list[torch.Tensor] = []
    layer: Any = network.layers[1]
    with torch.no_grad():
        kept = layer.register_forward_hook(lambda _m, _a, out: hidden.append(_vectors(out)))
        before, _ = (network.model(one).logits[0, -1].softmax(-1) for one in ids)
        kept.remove()

        def swapped(_module: object, _given: object, out: Any) -> Any:
            vectors = _vectors(out).clone()
            vectors[:, -1] = hidden[1][:, -1]
            return vectors if isinstance(out, torch.Tensor) else (vectors, *out[1:])

        kept = layer.register_forward_hook(swapped)
        after = network.model(ids[0]).logits[0, -1].softmax(-1)
        kept.remove()
    label = network.tokenizer.convert_tokens_to_ids(found["label"])
    assert found["before"]["probability"] == pytest.approx(float(before[label]), rel=1e-4)
    second = found["sites"][1]
    assert second["sites"] == ["residual, layer 1, token last"]
    assert second["probability"] == pytest.approx(float(after[label]), rel=1e-4)
    [top] = found["before"]["top"]
    values, numbers = before.topk(5)
    assert [one["text"] for one in top] == network.tokenizer.convert_ids_to_tokens(numbers)
    assert [one["probability"] for one in top] == pytest.approx(values.tolist(), rel=1e-4)
    assert found["under_swap"]["color"] == source["values"]["color"] == found["label"]
    assert base["said"] == base["right"] == base["values"]["answer"]


def _vectors(out: Any) -> torch.Tensor:
    return out if isinstance(out, torch.Tensor) else out[0]


def test_for_people(spec: str, player: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", spec, "SwapColor", "--network", str(player), "--row", "3"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("SwapColor.test, row 3 of 24\nswap color from source\non ")
    assert '2  "left" 7  < last' in printed
    assert "color from source at residual, layer 1, token last  0.9" in printed
    assert "whole vectors swapped at each site of Last" in printed
    lines = printed.splitlines()
    assert all(len(line) <= 80 for line in lines if str(player) not in line)


def test_fitted_maps(spec: str, told: Any, player: Path) -> None:
    command = ["verify", spec, "--network", str(player), "--device", "cpu", "--steps", "40"]
    main([*command, "--out", "fitted"])
    [verdict] = read_results(Path("fitted")).verdicts
    for number, row in enumerate(verdict.rows[:4]):
        found = told(spec, "SwapColor", "--maps", "fitted", "--row", str(number + 1))
        assert [one["text"] for one in found["inputs"]] == [row.base, *row.sources]
        assert found["label"] == row.label
        assert found["likeliest"]["said"] == row.said
        assert found["likeliest"]["sites"] == [str(verdict.chosen[0])]
    assert found["maps"]["claim"] == "TheColorFollows"


def test_sources_that_are_intervened_on_and_declared_answers(spec: str, told: Any) -> None:
    Path(spec).write_text(SPEC + NESTED, encoding="utf-8")
    found = told(spec, "Nested", "--seed", "5", "--answers", "declared")
    inner = {"variable": "color", "source": "s2", "within": []}
    assert found["taken"] == [{"variable": "color", "source": "s1", "within": [inner]}]
    assert [one["name"] for one in found["inputs"]] == ["base", "s1", "s2"]
    assert found["label"] == found["inputs"][2]["values"]["color"]
    assert found["answers_from"] == "declared"
    assert sum(one["probability"] for one in found["before"]["top"][0]) == pytest.approx(1.0)
    assert told(spec, "Nested", "--seed", "6")["inputs"] != found["inputs"]


def test_a_network_without_tokens(spec: str, told: Any) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FeedForwardNetwork(
            FeedForwardConfig(input_size=16, hidden_size=16, hidden_layers=3, classes=2)
        )
    network.save_pretrained("plain")
    path = str(EQUALITY / "hierarchical_equality.causal")
    found = told(path, "OneOrBoth", "--row", "9999", network="plain")
    assert found["answers_from"] == "classes"
    assert all(one["tokens"] == [] for one in found["inputs"])
    assert [one["sites"] for one in found["sites"]] == [[f"hidden, layer {k}"] for k in (1, 2, 3)]
    assert {one["text"] for one in found["before"]["top"][0]} == {"true", "false"}
    assert found["places"] == ["same"]


WRONG = {
    "row": (["SwapColor", "--row", "25"], "`SwapColor.test` has 24 rows, no row 25"),
    "data": (["SwapColour"], "did you mean `SwapColor`?"),
    "split": (["SwapColor", "--split", "tset"], "did you mean `test`?"),
    "alignment": (["SwapColor", "--with", "Lats"], "did you mean `Last`?"),
    "prompt": (["SwapColor", "--prompt", "mian"], "has no prompt `mian`; did you mean `main`?"),
    "claim": (["SwapColor", "--claim", "A"], "--claim says whose maps: it goes with --maps"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage(what: str, spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message = WRONG[what]
    assert main(["pair", spec, *arguments, "--network", "nowhere"]) == ExitCode.WRONG_USAGE
    complaint = capsys.readouterr().err
    assert complaint.startswith("causalspec pair: ") and message in complaint


def test_other_mistakes(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = ["pair", spec, "SwapColor", "--network", "nowhere"]
    assert main([*nowhere, "--maps", "missing"]) == ExitCode.TOOL_FAILED
    assert "error: there is no folder `missing`" in capsys.readouterr().err
    Path(spec).write_text(SPEC.replace("swap color", "swap colour"), encoding="utf-8")
    assert main(nowhere) == ExitCode.SPEC_INVALID
    assert "did you mean `color`" in capsys.readouterr().err
