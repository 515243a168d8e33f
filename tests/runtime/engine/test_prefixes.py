"""Beginnings that prompts share are run once, and everything harvested stays the same."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch

from causalspec.runtime.engine.alone import how_to_batch, rotation
from causalspec.runtime.engine.batches import Run, in_batches
from causalspec.runtime.engine.harvest import harvest
from causalspec.runtime.engine.harvest_plan import HarvestRequest
from causalspec.runtime.engine.suffix import suffix_run
from causalspec.runtime.sites.hooks import main_output
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

BESIDE = (Site("residual", 0, "some together"), Site("residual", 2, "last"))


@pytest.mark.parametrize(
    ("name", "side"),
    [*((name, "left") for name in CONFIGURATIONS), ("llama", "right"), ("gpt2", "right")],
)
def test_what_neighbours_begin_with_is_run_once(name: str, side: str) -> None:
    network = tiny_network(CONFIGURATIONS[name])
    sites = (Site("mlp_output", 1, "last"), Site("head", 2, "middle", 1), *BESIDE)
    prompts, places = random_prompts(side)
    every = torch.ones(prompts.rows, dtype=torch.bool)
    request = HarvestRequest(prompts, places, sites, every).of(torch.arange(7).repeat(40))
    bases = torch.arange(request.prompts.rows) % 3 == 1  # they are run among mere sources
    prompts, ends = request.prompts, request.places["last"]
    numbers = torch.arange(len(ends))[:, None]
    ids = prompts.ids.scatter(1, ends, 3 + numbers)
    ids = ids.scatter(1, ends - 1, 3 + numbers % 9)
    batching, _ = how_to_batch(network, prompts, request.places, sites)
    prompts = replace(prompts, ids=ids)
    request = replace(request, prompts=prompts, batching=batching, is_base=bases)
    shapes: list[tuple[int, ...]] = []
    hook = network.layers[0].register_forward_hook(
        lambda _module, _inputs, output: shapes.append(tuple(main_output(output).shape))
    )
    together = harvest(network, request)
    hook.remove()
    tokens = int(prompts.mask.sum())
    assert sum(rows * columns for rows, columns, _ in shapes) < tokens
    # Padded on the right, the shortest prompt is answered before the last but one token of others.
    assert len({rows for rows, _, _ in shapes}) >= (3 if side == "left" else 2)
    alone = harvest(network, request, chunk_rows=1)  # nothing is shared
    assert torch.equal(together.slot_of, alone.slot_of)
    assert torch.equal(together.predictions, alone.predictions)
    pairs = [
        (together.vectors[site][there], alone.vectors[site][there])
        for site in sites
        for there in [request.places[site.token][alone.representatives] >= 0]
    ]
    run = Run(bases.nonzero()[:, 0], tuple(map(rotation, sites)))
    from_each = [
        in_batches(
            prompts, run, batching, partial(suffix_run, network, prompts, request.places, kept)
        ).logits
        for kept in (together, alone)
    ]
    for found, expected in [*pairs, from_each]:
        assert torch.allclose(found, expected, rtol=0, atol=1e-9)
