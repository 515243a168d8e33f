"""Readout, mediation and rewriting on the price tagging network that ships, with its own spec.

What they say is held against the task's rule, read off the prompts, and against a plain run of
transformers with hooks of our own.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.data.counterfactuals import generate
from tests.helpers.spec_files import SPECS, spec_file

LONG = os.environ.get("CAUSALSPEC_LONG") == "1"
pytestmark = pytest.mark.skipif(not LONG, reason="a network of four layers on many prompts")

NETWORK = SPECS / "price_tagging" / "network"
LAYERS = 4
ADDED = """
align LastToken of LeftBoundary {
  var above at residual layers 0..3 token last by full_vector
}

counterfactuals Fewer of LeftBoundary {
  swap above
  balance (before = base.answer, after = result.answer)
  split train 600, validation 100, test 100
}

align Rotated of LeftBoundary {
  var above at residual layers 2 token last by das(dim = 16)
}

claim AboveIsRealised {
  of LeftBoundary on Fewer.test with Rotated
  expect iia >= 0.95
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "price_tagging.causal"
    path.write_text(spec_file("price_tagging").read_text("utf-8") + ADDED, encoding="utf-8")
    return path


def said(capsys: pytest.CaptureFixture[str], *command: str) -> dict[str, Any]:
    assert main([*command, "--network", str(NETWORK), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def rule(prompt: str) -> tuple[bool, str]:
    """Whether the amount is above the lower bound, and the right answer."""
    lower, upper, amount = (float(price) for price in re.findall(r"[0-9]\.[0-9]{2}", prompt))
    return lower <= amount, "Yes" if lower <= amount <= upper else "No"


def loaded() -> tuple[Any, Any]:
    untyped: Any = AutoModelForCausalLM
    words: Any = AutoTokenizer
    return untyped.from_pretrained(NETWORK).eval(), words.from_pretrained(NETWORK)


def test_each_input_is_read_as_the_rule_says(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--steps", "100", "--inputs", "100")
    found = said(capsys, "readout", str(spec), "AboveIsRealised", *options)
    [data] = found["data"]
    assert len(data["inputs"]) == 100
    model, tokenizer = loaded()
    realised = 0
    for given in data["inputs"]:
        above, right = rule(given["input"])
        assert given["value"] == given["probed"] == str(above).lower()
        tokens = torch.tensor(tokenizer(given["input"])["input_ids"])[None]
        with torch.no_grad():
            answer = tokenizer.decode(int(model(input_ids=tokens).logits[0, -1].argmax())).strip()
        assert (given["said"].strip(), given["is_right"]) == (answer, answer == right)
        both = (given["as_source"], given["as_base"])  # "NaN" where no swap changes the answer
        assert not any(float(share["upper"]) < 0.5 for share in both)
        realised += all(float(share["lower"]) > 0.5 for share in both)
    assert realised >= 50  # of the others too few swaps change the answer to say


def test_effects_are_those_of_hooks(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "mediate", str(spec), "LastToken", "--data", "SwapAbove")
    effects = {effect["site"]["layer"]: effect for effect in found["sites"]}
    assert sorted(effects) == list(range(LAYERS))

    specification = check_file(spec).specification
    assert specification is not None
    pairs = generate(specification.counterfactuals["SwapAbove"], "validation")
    model, tokenizer = loaded()
    number = {answer: tokenizer.convert_tokens_to_ids(answer) for answer in ("Yes", "No")}

    def side(columns: Any) -> tuple[Tensor, Tensor]:
        prices = zip(*(columns[name] for name in ("lower", "upper", "amount")), strict=True)
        texts = [
            f"Please say yes only if it costs between {lower / 100:.2f} and {upper / 100:.2f} "
            f"dollars, otherwise no.\n{amount / 100:.2f} dollars\n"
            for lower, upper, amount in prices
        ]
        right = [number[rule(text)[1]] for text in texts]
        return torch.tensor(tokenizer(texts)["input_ids"]), torch.tensor(right)

    def run(
        prompts: Tensor, layer: int = 0, given: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        kept: list[Tensor] = []

        def replaced(_module: Any, _inputs: Any, output: Tensor) -> Tensor:
            kept.append(output[:, -1].clone())
            if given is not None:
                output = output.clone()
                output[:, -1] = given
            return output

        handle = model.model.layers[layer].register_forward_hook(replaced)
        with torch.no_grad():
            logits = model(input_ids=prompts).logits[:, -1].double()
        handle.remove()
        return logits, kept

    (bases, own), (sources, theirs) = side(pairs.base), side(pairs.sources[0])
    plays = (run(bases)[0].argmax(-1) == own) & (run(sources)[0].argmax(-1) == theirs)
    used = plays & (own != theirs)
    assert int(used.sum()) > 100
    bases, own, sources, theirs = bases[used], own[used], sources[used], theirs[used]

    def odds(logits: Tensor) -> float:
        return float((logits.gather(1, theirs[:, None]) - logits.gather(1, own[:, None])).mean())

    before, after = odds(run(bases)[0]), odds(run(sources)[0])
    assert found["total"]["mean"] == pytest.approx(after - before, abs=1e-3)
    for layer, effect in effects.items():
        through = odds(run(bases, layer, run(sources, layer)[1][0])[0]) - before
        around = odds(run(sources, layer, run(bases, layer)[1][0])[0]) - before
        assert effect["indirect"]["mean"] == pytest.approx(through, abs=1e-3)
        assert effect["direct"]["mean"] == pytest.approx(around, abs=1e-3)
    last = effects[LAYERS - 1]
    assert last["indirect"]["mean"] == pytest.approx(found["total"]["mean"], abs=1e-3)
    assert last["direct"]["mean"] == pytest.approx(0, abs=1e-3)


def test_a_swap_rewrites_the_answer(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = 0
    for row in range(1, 9):
        options = ("--with", "Rotated", "--length", "4", "--row", str(row))
        found = said(capsys, "rewrite", str(spec), "SwapAbove", *options)
        assert found["replays"] and found["tokens"] == 4
        (_, own), (_, theirs) = rule(found["base"]), rule(found["source"])
        assert found["observed"].strip().startswith(own)
        at_site, after_source = found["rewritten"]
        assert (at_site["site"]["layer"], after_source["site"]) == (2, None)
        for other in (at_site, after_source):
            assert other["text"].strip().startswith(theirs)
            assert (other["same"] == 0) == (own != theirs)
        changed += own != theirs
    assert 0 < changed < 8
