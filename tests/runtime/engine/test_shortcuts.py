"""What a network allows is tried out once, and again where it could be otherwise."""

from __future__ import annotations

from dataclasses import replace

import torch

from causalspec.runtime.engine.harvest_plan import HarvestRequest
from causalspec.runtime.engine.precision import products_in
from causalspec.runtime.engine.shortcuts import shortcuts
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network


def test_what_was_tried_of_a_network_is_not_tried_again() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    prompts, places = random_prompts("left")
    every = torch.ones(prompts.rows, dtype=torch.bool)
    by_length = prompts.mask.sum(1).argsort()
    low, middle, high = (Site("residual", layer, "last") for layer in range(3))
    whole = HarvestRequest(prompts, places, (low, high), every)
    inner = whole.of(by_length[1:-1])
    runs: list[int] = []
    network.layers[-1].register_forward_hook(lambda *_: runs.append(1))

    def times_run(request: HarvestRequest) -> int:
        before = len(runs)
        found = shortcuts(network, request)
        assert found.plain_because is None
        assert found.rows_join
        return len(runs) - before

    assert times_run(inner) > 0
    assert times_run(whole) > 0  # shorter and longer prompts
    assert times_run(inner) == times_run(replace(inner, sites=(high,))) == 0
    assert times_run(replace(whole, sites=(low, middle))) > 0
    with products_in("bfloat16"):
        assert times_run(whole) > 0
    with torch.no_grad():
        network.model.lm_head.weight.mul_(2)
    assert times_run(whole) > 0
