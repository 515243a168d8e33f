"""Under one fixed rotation the losses are pyvene's, at every component of GPT-2 that both know."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, GPT2Config

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import text_subjects
from causalspec.runtime.fitting.placed_maps import PlacedVariable, build_maps
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import wrap_network
from causalspec.runtime.sites.site import Site
from tests.helpers.byte_tokenizer import VOCABULARY, byte_tokenizer

pyvene = pytest.importorskip("pyvene")
pytestmark = pytest.mark.filterwarnings("default")  # pyvene warns of its own code

ROWS, TOKENS, PLACE, DIMENSION = 12, 9, 5, 3
CONFIGURATION = GPT2Config(
    vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=16,
    bos_token_id=1, eos_token_id=2, initializer_range=0.3,
)  # fmt: skip
# What both call it: ours, theirs, and which head.
COMPONENTS = (
    ("residual", "block_output", None),
    ("attention_output", "attention_output", None),
    ("mlp_output", "mlp_output", None),
    ("head", "head_attention_value_output", 2),
)


def prompts() -> TokenizedPrompts:
    """Bases, then sources, all of one length."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(3, VOCABULARY, (2 * ROWS, TOKENS), generator=generator)
    positions = torch.arange(TOKENS).expand(2 * ROWS, -1)
    return TokenizedPrompts(
        texts=tuple(str(row) for row in ids.tolist()),
        spans={},
        ids=ids,
        mask=torch.ones_like(ids, dtype=torch.bool),
        position_ids=positions,
        offsets=torch.stack([positions, positions + 1], dim=-1),
        answer_positions=torch.full((2 * ROWS, 1), TOKENS - 1),
    )


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize(("ours", "theirs", "head"), COMPONENTS)
def test_losses_agree(ours: str, theirs: str, head: int | None, layer: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = AutoModelForCausalLM.from_config(CONFIGURATION)
        peers: Any = AutoModelForCausalLM.from_config(CONFIGURATION)
    peers.load_state_dict(model.state_dict())
    network = wrap_network("gpt2", model, byte_tokenizer())
    asked = prompts()
    site = Site(ours, layer, "the sixth", head)
    places = {"the sixth": torch.full((2 * ROWS, 1), PLACE)}
    is_base = torch.arange(2 * ROWS) < ROWS
    [subject] = text_subjects(network, asked, places, [(site,)], is_base)
    assert subject.plain_because is None
    labels = asked.ids[:ROWS, 3]
    rows = Interchanges(torch.arange(ROWS), torch.arange(ROWS, 2 * ROWS)[:, None], labels[:, None])
    maps = build_maps([PlacedVariable(site, Method("das", (("dim", DIMENSION),)))], subject, 0)
    untouched = subject.run(rows.bases, []).logits[:, 0]
    swapped = subject.run(rows.bases, maps.edits(subject, rows)).logits[:, 0]

    [rotation] = [placed.map.featurizer.basis().detach() for placed in maps.placed]
    logits = _pyvene_logits(peers, asked, theirs, layer, head, rotation)
    loss, expected = (functional.cross_entropy(side, labels) for side in (swapped, logits))
    assert float((loss - expected).detach().abs()) <= 1e-4
    assert torch.allclose(swapped, logits, atol=1e-4)
    assert float((swapped - untouched).detach().abs().max()) > 0.1  # the swap did something


def _pyvene_logits(
    model: Any,
    asked: TokenizedPrompts,
    component: str,
    layer: int,
    head: int | None,
    rotation: torch.Tensor,
) -> torch.Tensor:
    unit = "pos" if head is None else "h.pos"
    config = pyvene.IntervenableConfig(
        model_type=type(model),
        representations=[
            pyvene.RepresentationConfig(
                layer, component, unit, 1, low_rank_dimension=rotation.shape[1]
            )
        ],
        intervention_types=pyvene.LowRankRotatedSpaceIntervention,
    )
    intervenable = pyvene.IntervenableModel(config, model)
    intervenable.disable_model_gradients()
    [intervention] = intervenable.interventions.values()
    with torch.no_grad():
        intervention.rotate_layer.weight = rotation.clone()  # through its own parametrization
    units: dict[str, Any] = {"sources->base": PLACE}
    if head is not None:
        place = [[[head]] * ROWS, [[PLACE]] * ROWS]
        units = {"sources->base": ([place], [place])}
    base, source = {"input_ids": asked.ids[:ROWS]}, {"input_ids": asked.ids[ROWS:]}
    _, output = intervenable(base, [source], units)
    return output.logits[:, -1]
