"""The resampled control on a path through other tokens than those of the aligned site.

In the decoder whose weights are set by hand, `differs` alone decides the answer from layer 0 on.
Beside it stands one that also compares, at layer 1, what its first two tokens hold of the opening.
In every normal run they hold the same, so that nothing comes of it, whatever is swapped at the last
token: the swaps work only as long as that path sleeps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.untyped import save_tensors
from tests.helpers import planted_decoder as planted
from tests.helpers.planted_claims import Asked, verified

DIRECTION = "differs.safetensors"
OPENING, COPY, NOTHING = planted.OPENING[0], planted.COPY[0], planted.LETTER
"""The opening's first bit at its own token, its copy at the second, and what neither has at the
last.
"""


def with_path(model: Any) -> None:
    """Layer 1's second head brings the copy at the second token to the last one, where its first
    brings the bit itself, so that they cancel; what is left moves the neuron that decides.
    """
    block = model.transformer.h[1]
    query, key, value = block.attn.c_attn.weight.split(planted.WIDTH, 1)
    head = planted.SIZE
    for part in (query, key, value):
        part[:, head : 2 * head] = 0
    scale = planted.AGREEING * planted.SIZE**0.25
    read(query, planted.END, head, scale)
    read(key, planted.PLACE, head, scale)
    read(value, COPY, head, 1.0)
    own, copied = brought(model, 0), brought(model, head)
    assert own.abs().min() > 0.5
    ratio = own / copied
    assert ratio.max() - ratio.min() < 1e-3
    block.attn.c_proj.weight[head, 2 * NOTHING] = -ratio.mean()
    block.attn.c_proj.weight[head, 2 * NOTHING + 1] = ratio.mean()
    read(block.mlp.c_fc.weight, NOTHING, planted.DIFFERS_NEURON, 2.0)


def brought(model: Any, number: int) -> torch.Tensor:
    """What a number of layer 1's heads is at the last token [openings], one prompt an opening."""
    words = [[planted.WORDS.index(word), *rest()] for word in planted.OPENINGS]
    found: list[torch.Tensor] = []
    heads = model.transformer.h[1].attn.c_proj

    def keep(_module: Any, given: tuple[torch.Tensor]) -> None:
        found.append(given[0])

    hook = heads.register_forward_pre_hook(keep)
    model(input_ids=torch.tensor(words))
    hook.remove()
    return found[0][:, -1, number]


def rest() -> list[int]:
    return [planted.WORDS.index(word) for word in ("*a", "b", "left")]


def read(weight: Any, number: int, column: int, factor: float) -> None:
    """Add a number of the stream times `factor` to a column of a weight [width, columns]."""
    weight[2 * number, column] += factor / 2
    weight[2 * number + 1, column] -= factor / 2


def judged(folder: Path, network: Path) -> ClaimVerdict:
    encoder, decoder = torch.zeros(planted.WIDTH, 2), torch.zeros(2, planted.WIDTH)
    place = 2 * planted.DIFFERS
    for feature, sign in enumerate((1.0, -1.0)):  # a feature for true, and one for false
        encoder[place, feature], encoder[place + 1, feature] = sign / 2, -sign / 2
        decoder[feature, place], decoder[feature, place + 1] = sign, -sign
    none = {"b_enc": torch.zeros(2), "b_dec": torch.zeros(planted.WIDTH)}
    save_tensors({"W_enc": encoder, "W_dec": decoder} | none, folder / DIRECTION)
    there = f'residual layers 0 token last by dictionary("{DIRECTION}", features = {{0, 1}})'
    asked = {"Decides": Asked("differs", there)}
    return verified(folder, load_task_network(str(network), "cpu"), asked)["Decides"]


@pytest.fixture
def beside(planted_network: Path, tmp_path: Path) -> Path:
    """The folder of the network with the path."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    untyped: Any = AutoModelForCausalLM
    model = untyped.from_pretrained(planted_network).eval()
    with torch.no_grad():
        with_path(model)
    folder = tmp_path / "beside"
    model.save_pretrained(folder)
    tokenizer: Any = AutoTokenizer
    tokenizer.from_pretrained(planted_network).save_pretrained(folder)
    return folder


def scores(verdict: ClaimVerdict) -> dict[str, float]:
    return {control.name: control.score.mean for control in verdict.controls}


def test_a_true_abstraction_stays_exact_whatever_other_tokens_hold(
    planted_network: Path, tmp_path: Path
) -> None:
    verdict = judged(tmp_path, planted_network)
    assert verdict.score.mean == scores(verdict)["unmapped_resampled"] == 1


def test_a_path_through_other_tokens_is_seen(beside: Path, tmp_path: Path) -> None:
    verdict = judged(tmp_path, beside)
    found = scores(verdict)
    assert verdict.score.mean == found["site_resampled"] == 1
    assert 0.75 < found["unmapped_resampled"] < 0.95
