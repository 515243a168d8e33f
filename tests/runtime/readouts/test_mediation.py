"""Effects of sites, beside hooks of our own, and the identities that they obey."""

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
from tests.helpers import tiny_player
from tests.helpers.schemas import validate
from tests.helpers.tiny_player import COLORS

SPEC = (
    tiny_player.TASK
    + tiny_player.DATA
    + """
align Anywhere of Direct {
  var color at residual layers 0..1 token all by full_vector
}
"""
)


def mediated(
    tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str], spec: str = SPEC
) -> dict[str, Any]:
    path = tmp_path / "pick.causal"
    path.write_text(spec, encoding="utf-8")
    command = ["mediate", str(path), "Anywhere", "--network", str(network)]
    assert main([*command, "--out", str(tmp_path / "out"), "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = (tmp_path / "out" / "mediation.json").read_text(encoding="utf-8")
    assert json.loads(written) == printed
    validate(printed, "mediate")
    assert (tmp_path / "out" / "mediation.svg").read_text(encoding="utf-8").startswith("<svg")
    picture = (tmp_path / "out" / "mediation.html").read_text(encoding="utf-8")
    assert picture.count(" title=") == len(printed["sites"])
    return printed


def test_effects_are_those_of_hooks_and_add_up(
    tmp_path: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = mediated(tmp_path, player, capsys)
    total = found["total"]["mean"]
    effects = {(e["site"]["layer"], e["site"]["token"]): e for e in found["sites"]}
    indirect = [e["indirect"]["mean"] for e in found["sites"]]
    assert indirect == sorted(indirect, reverse=True)

    specification = check_file(tmp_path / "pick.causal").specification
    assert specification is not None
    pairs = generate(specification.counterfactuals["SwapColor"], "validation")
    untyped, words = (AutoModelForCausalLM, AutoTokenizer)
    model: Any = untyped.from_pretrained(player)
    tokenizer: Any = words.from_pretrained(player)

    def ids(side: Any) -> Tensor:
        texts = [
            f"{COLORS[first]} {COLORS[second]} {('left', 'right')[which]}"
            for first, second, which in zip(
                side["first"], side["second"], side["which"], strict=True
            )
        ]
        return torch.tensor(tokenizer(texts)["input_ids"])

    def answers(columns: Any) -> Tensor:
        return torch.tensor([tokenizer.convert_tokens_to_ids(COLORS[k]) for k in columns["answer"]])

    bases, sources = ids(pairs.base), ids(pairs.sources[0])
    wanted, other = answers(pairs.source_outputs[0]), answers(pairs.base_outputs)

    def held(prompts: Tensor, layer: int) -> Tensor:
        kept: list[Tensor] = []
        handle = model.model.layers[layer].register_forward_hook(
            lambda _m, _i, output: kept.append(output.clone())
        )
        with torch.no_grad():
            model(input_ids=prompts)
        handle.remove()
        return kept[0]

    def odds(prompts: Tensor, layer: int = 0, place: int = 0, given: Tensor | None = None) -> float:
        def replaced(_module: Any, _inputs: Any, output: Tensor) -> Tensor:
            if given is None:
                return output
            changed = output.clone()
            changed[:, place] = given[:, place]
            return changed

        handle = model.model.layers[layer].register_forward_hook(replaced)
        with torch.no_grad():
            logits = model(input_ids=prompts).logits[:, -1].double()
        handle.remove()
        apart = logits.gather(1, wanted[:, None]) - logits.gather(1, other[:, None])
        return float(apart.mean())

    before = odds(bases)
    assert total == pytest.approx(odds(sources) - before, abs=1e-4)
    for (layer, token), effect in effects.items():
        place = ("first", "first + 1", "first + 2").index(token)
        through = odds(bases, layer, place, held(sources, layer)) - before
        around = odds(sources, layer, place, held(bases, layer)) - before
        assert effect["indirect"]["mean"] == pytest.approx(through, abs=1e-4)
        assert effect["direct"]["mean"] == pytest.approx(around, abs=1e-4)
    # Along the edge past the last layer's attention and MLP, which give what they give in the base.
    edge = SPEC.replace("layers 0..1", "layers 0 to residual layers 1")
    along = mediated(tmp_path, player, capsys, edge)["sites"]
    assert len(along) == 3
    for effect in along:
        place = ("first", "first + 1", "first + 2").index(effect["site"]["token"])
        past = held(bases, 1) + held(sources, 0) - held(bases, 0)
        through = odds(bases, 1, place, past) - before
        assert effect["indirect"]["mean"] == pytest.approx(through, abs=1e-4)
    # All goes through the last vector of all, and nothing through the first token's.
    last, first = effects[1, "first + 2"], effects[1, "first"]
    assert last["indirect"]["mean"] == pytest.approx(total, abs=1e-5)
    assert last["direct"]["mean"] == pytest.approx(0, abs=1e-5)
    assert first["indirect"]["mean"] == pytest.approx(0, abs=1e-5)
    assert first["direct"]["mean"] == pytest.approx(total, abs=1e-5)


def test_the_head_that_carries_a_letter_is_ranked_first(
    tmp_path: Path, planted_network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.helpers import planted_decoder as planted

    spec = (
        planted.TASK
        + """
counterfactuals Swap of Steps { swap asked
  keep where base.star == source.star and base.first == source.first
    and base.second == source.second and result.answer != base.answer
  split test 24 }
align Anywhere of Steps { var asked at head[0..3] layers 0 token last by full_vector }
"""
    )
    found = mediated(tmp_path, planted_network, capsys, spec)
    assert found["counts"]["split"] == "test"
    units = [(effect["site"]["unit"], effect["indirect"]["mean"]) for effect in found["sites"]]
    total = found["total"]["mean"]
    assert total == pytest.approx(4 * planted.SURE, abs=1e-4)
    assert units[0] == (1, pytest.approx(total, abs=1e-4))
    assert all(abs(effect) < 1e-4 for _, effect in units[1:])


def test_what_is_no_mediator_is_said(
    tmp_path: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pick.causal"
    path.write_text(SPEC.replace("residual layers", "query[0] layers"), encoding="utf-8")
    assert main(["mediate", str(path), "Anywhere", "--network", str(player)]) == 5
    assert "`query` of `Anywhere` is not a mediator that is tried" in capsys.readouterr().err
