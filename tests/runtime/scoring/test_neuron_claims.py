"""A neuron of the network that ships, by its claims and by hooks of our own; and a wrong one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.data.counterfactuals import generate
from tests.helpers.spec_files import spec_file

SPEC = spec_file("price_tagging").with_name("neurons.causal")
NETWORK = SPEC.with_name("network")
NEURON = "neuron[119] layers 3"


def verified(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str], claim: str
) -> tuple[int, dict[str, Any]]:
    for name, written in (("neurons.causal", text), ("price_tagging.causal", _task())):
        (folder / name).write_text(written, encoding="utf-8")
    command = ["verify", str(folder / "neurons.causal"), "--network", str(NETWORK)]
    status = main([*command, "--claim", claim, "--out", str(folder / "out"), "--format", "json"])
    [verdict] = json.loads(capsys.readouterr().out)["verdicts"]
    return status, verdict


def _task() -> str:
    return SPEC.with_name("price_tagging.causal").read_text(encoding="utf-8")


def test_a_neuron_tells_what_hooks_find_and_moves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SPEC.read_text(encoding="utf-8")
    status, verdict = verified(tmp_path, text, capsys, "TheNeuronReadsIt")
    assert status == 0 and verdict["holds"] is True
    values = {measure["metric"]: measure["value"] for measure in verdict["measures"]}

    specification = check_file(SPEC).specification
    assert specification is not None
    pairs = generate(specification.counterfactuals["Boundary"], "test")
    lower, upper, amount = (
        torch.tensor(pairs.base[name].astype("int64")) for name in ("lower", "upper", "amount")
    )
    untyped, words = (AutoModelForCausalLM, AutoTokenizer)
    model: Any = untyped.from_pretrained(NETWORK)
    tokenizer: Any = words.from_pretrained(NETWORK)
    texts = [
        f"Please say yes only if it costs between {low / 100:.2f} and {high / 100:.2f} dollars, "
        f"otherwise no.\n{price / 100:.2f} dollars\n"
        for low, high, price in zip(lower, upper, amount, strict=True)
    ]
    held: list[Tensor] = []
    model.model.layers[3].mlp.down_proj.register_forward_pre_hook(
        lambda _module, given: held.append(given[0][:, -1, 119].clone())
    )
    with torch.no_grad():
        model(**tokenizer(texts, return_tensors="pt"))
    [fires], true = held, lower <= amount
    apart = fires[true][:, None] - fires[~true][None]
    assert values["auroc"] == pytest.approx(float((apart > 0).double().mean()), abs=0.01)


def test_the_wrong_neuron_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SPEC.read_text(encoding="utf-8")
    assert NEURON in text
    wrong = text.replace(NEURON, "neuron[0] layers 0")
    status, verdict = verified(tmp_path, wrong, capsys, "TheNeuronReadsIt")
    assert status == 1 and verdict["holds"] is False
    came_to = {line["text"]: line["holds"] for line in verdict["expectations"]}
    assert came_to["auroc >= 0.95"] is False and came_to["iia - iia(no_swap) <= 0.05"] is True
