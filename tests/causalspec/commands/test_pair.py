"""`causalspec pair`: what it shows of a pair is what the network is given and says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.exit_codes import ExitCode
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.files import read_results
from tests.helpers.schemas import validate
from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

NESTED = """
counterfactuals Nested of Direct {
  swap color from (s1 with color from s2)
  split train 8, validation 8, test 8
}
"""


@pytest.fixture
def spec(run: Terminal) -> str:
    run.write(pick=SPEC)
    return "pick.causal"


@pytest.fixture
def told(player: Path, run: Terminal) -> Any:
    """What the command tells machines, by the schema."""

    def tell(*arguments: str, network: str | None = None) -> Any:
        where = ("--network", network or str(player), "--device", "cpu", "--format", "json")
        status, printed, _ = run("pair", *arguments, *where)
        found = json.loads(printed)
        validate(found, "pair")
        assert status == ExitCode.FINE
        return found

    return tell


def test_probabilities_are_those_of_the_network_run_by_hand(
    spec: str, told: Any, player: Path
) -> None:
    found = told(spec, "SwapColor", "--row", "3")
    base, source = found["inputs"]
    network = load_task_network(str(player), "cpu").network
    ids = [torch.tensor([[token["id"] for token in side["tokens"]]]) for side in (base, source)]
    assert [token["text"] for token in base["tokens"]] == base["text"].split()
    assert [token["at"] for token in base["tokens"]] == [[], [], ["last"]]
    hidden: list[torch.Tensor] = []
    layer: Any = network.layers[1]
    with torch.no_grad():
        kept = layer.register_forward_hook(lambda _m, _a, out: hidden.append(_vectors(out)))
        before, _ = (network.model(prompt).logits[0, -1].softmax(-1) for prompt in ids)
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
    assert [word["text"] for word in top] == network.tokenizer.convert_ids_to_tokens(numbers)
    assert [word["probability"] for word in top] == pytest.approx(values.tolist(), rel=1e-4)
    assert found["under_swap"]["color"] == source["values"]["color"] == found["label"]
    assert base["said"] == base["right"] == base["values"]["answer"]


def _vectors(out: Any) -> torch.Tensor:
    return out if isinstance(out, torch.Tensor) else out[0]


def test_for_people(spec: str, player: Path, run: Terminal) -> None:
    _, printed, _ = run("pair", spec, "SwapColor", "--network", str(player), "--row", "3")
    assert printed.startswith("SwapColor.test, row 3 of 24\nswap color from source\non ")
    assert '2  "left" 7  < last' in printed
    assert "color from source at residual, layer 1, token last  0.9" in printed
    assert "whole vectors swapped at each site of Last" in printed
    lines = printed.splitlines()
    assert all(len(line) <= 80 for line in lines if str(player) not in line)


def test_fitted_maps(spec: str, told: Any, player: Path, run: Terminal) -> None:
    command = ["verify", spec, "--network", str(player), "--device", "cpu", "--steps", "40"]
    run(*command, "--out", "fitted")
    [verdict] = read_results(Path("fitted")).verdicts
    for number, row in enumerate(verdict.rows[:4]):
        found = told(spec, "SwapColor", "--maps", "fitted", "--row", str(number + 1))
        assert [shown["text"] for shown in found["inputs"]] == [row.base, *row.sources]
        assert found["label"] == row.label
        assert found["likeliest"]["said"] == row.said
        assert found["likeliest"]["sites"] == [str(verdict.chosen[0])]
    assert found["maps"]["claim"] == "TheColorFollows"


def test_sources_that_are_intervened_on_and_declared_answers(spec: str, told: Any) -> None:
    Path(spec).write_text(SPEC + NESTED, encoding="utf-8")
    found = told(spec, "Nested", "--seed", "5", "--answers", "declared")
    inner = {"variable": "color", "source": "s2", "within": []}
    assert found["taken"] == [{"variable": "color", "source": "s1", "within": [inner]}]
    assert [shown["name"] for shown in found["inputs"]] == ["base", "s1", "s2"]
    assert found["label"] == found["inputs"][2]["values"]["color"]
    assert found["answers_from"] == "declared"
    assert sum(word["probability"] for word in found["before"]["top"][0]) == pytest.approx(1.0)
    assert told(spec, "Nested", "--seed", "6")["inputs"] != found["inputs"]


def test_a_network_without_tokens(spec: str, told: Any) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FeedForwardNetwork(
            FeedForwardConfig(input_size=16, hidden_size=16, hidden_layers=3, classes=2)
        )
    network.save_pretrained("plain")
    path = str(spec_file("hierarchical_equality"))
    found = told(path, "OneOrBoth", "--row", "9999", network="plain")
    assert found["answers_from"] == "classes"
    assert all(shown["tokens"] == [] for shown in found["inputs"])
    assert [group["sites"] for group in found["sites"]] == [
        [f"hidden, layer {k}"] for k in (1, 2, 3)
    ]
    assert {word["text"] for word in found["before"]["top"][0]} == {"true", "false"}
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
def test_wrong_usage(what: str, spec: str, run: Terminal) -> None:
    arguments, message = WRONG[what]
    status, _, complaint = run("pair", spec, *arguments, "--network", "nowhere")
    assert status == ExitCode.WRONG_USAGE
    assert complaint.startswith("causalspec pair: ") and message in complaint


def test_other_mistakes(spec: str, run: Terminal) -> None:
    nowhere = ("pair", spec, "SwapColor", "--network", "nowhere")
    status, _, complaint = run(*nowhere, "--maps", "missing")
    assert status == ExitCode.TOOL_FAILED
    assert "error: there is no folder `missing`" in complaint
    run.write(pick=SPEC.replace("swap color", "swap colour"))
    status, _, complaint = run(*nowhere)
    assert (status, "did you mean `color`" in complaint) == (ExitCode.SPEC_INVALID, True)
