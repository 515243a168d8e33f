"""A variable read out of single inputs, by a network that plays its task and by one that is dazed.

The dazed one takes one colour for a mixture of it and another, and so answers some prompts wrongly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.evaluators.interpret import interchange
from causalspec.runtime.readouts.crossed import crossed, inputs_of
from causalspec.runtime.readouts.predictors import plain_probe, value_probe
from tests.helpers import tiny_player
from tests.helpers.schemas import validate
from tests.helpers.tiny_player import COLORS


def dazed(player: Path, folder: Path) -> Path:
    untyped: Any = AutoModelForCausalLM
    model = untyped.from_pretrained(player)
    words: Any = AutoTokenizer
    tokenizer = words.from_pretrained(player)
    white, black = (tokenizer.convert_tokens_to_ids(word) for word in ("white", "black"))
    with torch.no_grad():
        table = model.model.embed_tokens.weight
        table[black] = 0.45 * table[black] + 0.55 * table[white]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def read(
    spec: Path, network: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    command = ["readout", str(spec), "TheColorFollows", "--network", str(network), "--steps", "60"]
    out = str(spec.parent / "out")
    assert main([*command, "--out", out, "--format", "json", *options]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((spec.parent / "out" / "readout.json").read_text("utf-8")) == printed
    validate(printed, "readout")
    picture = (spec.parent / "out" / "readout.html").read_text("utf-8")
    assert picture.count('<th scope="row">') == 1 + sum(len(d["inputs"]) for d in printed["data"])
    return printed


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "pick.causal"
    path.write_text(tiny_player.SPEC, encoding="utf-8")
    return path


def test_a_network_that_plays_realises_the_variable_in_every_input(
    spec: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read(spec, player, capsys)
    [data] = found["data"]
    assert found["variable"] == "color" and found["reference"] == "SwapColor.train"
    for given in data["inputs"]:
        first, second, side = given["input"].split()
        color = first if side == "left" else second
        assert given["value"] == given["probed"] == given["said"] == color
        assert given["as_source"]["lower"] > 0.5 and given["as_base"]["lower"] > 0.5
    assert all(predictor["note"] for predictor in data["predictors"])


def test_a_dazed_network_is_foretold_by_the_variable(
    spec: Path, player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = dazed(player, tmp_path / "dazed")
    found = read(spec, network, capsys, "--keep-unanswered", "--also", "SwapColor.validation")
    first, second = found["data"]
    assert (first["data"], second["data"]) == ("SwapColor.test", "SwapColor.validation")
    for data in (first, second):
        wrong = [given for given in data["inputs"] if not given["is_right"]]
        assert wrong and {given["value"] for given in wrong} == {"black"}
        assert {given["probed"] for given in wrong} == {"white"}
        scores = {score["predictor"]: score for score in data["predictors"]}
        assert scores["counterfactual simulation"]["auroc"] >= 0.95
        assert scores["counterfactual simulation"]["auroc"] >= scores["confidence"]["auroc"]


def test_another_prompt_is_out_of_distribution(
    spec: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The player was taught one order of words alone. What it says in another, and how confident it
    is, is found by hand.
    """
    turned = '  prompt turned "{which} {first} {second}"\n  say answer'
    text = tiny_player.SPEC.replace("  say answer", turned)
    spec.write_text(text, encoding="utf-8")
    found = read(spec, player, capsys, "--also", "SwapColor.test", "--prompt", "turned")
    within, without = found["data"]
    assert (within["prompt"], without["prompt"]) == ("", "turned")
    assert all(given["is_right"] for given in within["inputs"])
    assert 0 < sum(given["is_right"] for given in without["inputs"]) < len(without["inputs"])

    untyped: Any = AutoModelForCausalLM
    words: Any = AutoTokenizer
    model, tokenizer = untyped.from_pretrained(player), words.from_pretrained(player)
    texts = [given["input"] for given in without["inputs"]]
    with torch.no_grad():
        logits = model(**tokenizer(texts, return_tensors="pt")).logits[:, -1]
    likely, tokens = logits.double().softmax(-1).max(-1)
    said = [tokenizer.convert_ids_to_tokens(int(token)) for token in tokens]
    right: list[bool] = []
    for text, answer, given in zip(texts, said, without["inputs"], strict=True):
        side, first, second = text.split()
        right.append(answer == (first if side == "left" else second))
        assert given["is_right"] == right[-1]
    apart = likely[torch.tensor(right)][:, None] - likely[~torch.tensor(right)][None]
    area = (apart > 0).double() + 0.5 * (apart == 0)
    scores = {score["predictor"]: score["auroc"] for score in without["predictors"]}
    assert scores["confidence"] == pytest.approx(float(area.mean()), abs=0.02)
    assert 0 <= scores["counterfactual simulation"] <= 1 and 0 <= scores["value probing"] <= 1


def test_wrong_use_is_said_plainly(
    spec: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["readout", str(spec), "TheColorFollows", "--network", str(player)]
    assert main([*command, "--also", "SwapColor"]) == 2
    assert "--also SwapColor: write it like Pairs.test" in capsys.readouterr().err
    assert main([*command, "--also", "SwapColor.tset"]) == 2
    assert "`SwapColor` has no split `tset`" in capsys.readouterr().err
    assert main(["readout", str(spec), "TheColour", "--network", str(player)]) == 2
    assert main([*command, "--prompt", "main"]) == 2
    assert "--prompt says how the inputs of --also are shown" in capsys.readouterr().err
    assert main([*command, "--also", "SwapColor.test", "--prompt", "maim"]) == 2
    assert "`Pick` has no prompt `maim`; did you mean `main`?" in capsys.readouterr().err


# The parts ----------------------------------------------------------------------------------------


def test_crossed_rows_have_the_labels_that_the_interpreter_gives(spec: Path) -> None:
    specification = check_file(spec).specification
    assert specification is not None
    pairs = generate(specification.counterfactuals["SwapColor"], "test")
    inputs = inputs_of(pairs, 7)
    others = inputs_of(generate(pairs.design, "train"), 11).spread()
    assert len(inputs) == 7 and len(set(others.values[: len(COLORS)].tolist())) == len(COLORS)
    rows = crossed(inputs, others, 3)
    assert len(rows.pairs) == 7 + 2 * 7 * 3
    [kind] = pairs.design.kinds
    for row in range(len(rows.pairs)):
        base = {name: int(column[row]) for name, column in rows.pairs.base.items()}
        source = {name: int(column[row]) for name, column in rows.pairs.sources[0].items()}
        solved = interchange(pairs.model, base, [source], kind)
        assert rows.pairs.label["answer"][row] == solved["answer"]
        mine = source if rows.is_source[row] else base
        number = rows.numbers[row]
        assert mine == {name: int(column[number]) for name, column in inputs.columns.items()}
    assert np.array_equal(rows.partners[:7], np.full(7, -1))


def test_a_value_probe_takes_the_nearest_mean() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.arange(3).repeat(20) * 5
    centres = torch.tensor([[0.0, 0], [4, 0], [0, 4]], dtype=torch.double)
    noise = torch.randn(60, 2, generator=generator, dtype=torch.double)
    features = centres[values // 5] + 0.5 * noise
    probe = value_probe(features, values)
    means = torch.stack([features[values == value].mean(0) for value in (0, 5, 10)])
    apart = (features[:, None] - means).norm(dim=-1)
    assert torch.equal(probe.nearest(features), apart.argmin(1) * 5)
    assert probe.scores(features, torch.full((60,), 7)).isnan().all()
    likely = probe.log_likelihoods(features).exp()
    assert torch.allclose(likely.sum(1), torch.ones(60, dtype=torch.double))


def test_a_plain_probe_learns_what_is_linear_and_nothing_of_one_class() -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(200, 6, generator=generator, dtype=torch.double)
    right = vectors[:, 2] - vectors[:, 4] > 0
    probe = plain_probe(vectors[:150], right[:150])
    assert probe is not None
    scores = probe.scores(vectors[150:])
    pairs = scores[right[150:]][:, None] > scores[~right[150:]][None]
    assert float(pairs.double().mean()) >= 0.97
    assert plain_probe(vectors, torch.ones(200, dtype=torch.bool)) is None
