"""The fast path is the plain path, whatever the architecture and the side of the padding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.alone import alone_logits
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.decoder_subject import (
    DecoderSubject,
    decoder_subjects,
    why_not_suffix,
)
from causalspec.runtime.engine.harvest import Harvest, HarvestRequest, estimate_bytes, harvest
from causalspec.runtime.engine.plain_path import plain_logits
from causalspec.runtime.engine.subjects import Edit, Interchanges, Site
from causalspec.runtime.engine.suffix import suffix_logits
from causalspec.runtime.maps.site_maps import PlacedVariable, build_maps
from causalspec.runtime.networks.network import NetworkError

from .tiny_networks import CONFIGURATIONS, LAYERS, STATEFUL, random_prompts, tiny_network

SIDES = ("left", "right")
PADDED = Batching.PADDED
# Their eager attention masks in the lowest float64 and takes the softmax in float32, so that a
# fully masked row is not a number: in transformers itself, in double precision, padded left.
NOT_IN_DOUBLE = {"gemma2": torch.float32, "bloom": torch.float32}


def _all_bases(side: str) -> HarvestRequest:
    prompts, columns = random_prompts(side)
    every = torch.ones(prompts.rows, dtype=torch.bool)
    return HarvestRequest(prompts, columns, tuple(range(LAYERS)), every, batching=PADDED)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_logits_and_gradients_equal_a_full_pass(name: str, side: str) -> None:
    dtype = NOT_IN_DOUBLE.get(name, torch.float64)
    tolerance = 1e-5 if dtype is torch.float64 else 1e-4
    network = tiny_network(CONFIGURATIONS[name], dtype)
    request = _all_bases(side)
    positions = request.columns.positions
    kept = harvest(network, request)
    rows = torch.tensor([4, 0])  # the shortest and the longest
    for layer in range(LAYERS):
        for column in range(3):
            weight = torch.eye(32, dtype=dtype).roll(1, 0).requires_grad_()
            edits = [Edit(Site(layer, column), lambda vectors, weight=weight: vectors @ weight)]
            results: list[tuple[torch.Tensor, torch.Tensor]] = []
            for run in (
                lambda edits: alone_logits(network, request.prompts, positions, rows, edits),
                lambda edits: plain_logits(
                    network, request.prompts, positions, rows, edits, PADDED
                ),
                lambda edits: suffix_logits(
                    network, request.prompts, positions, kept, rows, edits, PADDED
                ),
            ):
                logits = run(edits)
                loss = logits.logsumexp(-1).sum() - logits[:, 7].sum()
                results.append((logits, torch.autograd.grad(loss, weight)[0]))
            (alone, alone_gradient), *others = results
            for logits, gradient in others:
                assert torch.allclose(alone, logits, atol=tolerance, rtol=0)
                assert torch.allclose(alone_gradient, gradient, atol=tolerance, rtol=tolerance)
    assert why_not_suffix(network, request) is None


@pytest.mark.parametrize("side", SIDES)
def test_edits_at_two_layers_and_columns_happen_in_one_run(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = _all_bases(side)
    positions = request.columns.positions
    kept = harvest(network, request)
    rows = torch.arange(7)
    edits = [
        Edit(Site(2, 0), lambda vectors: vectors * 1.5),
        Edit(Site(0, 2), lambda vectors: vectors.roll(1, -1)),
        Edit(Site(2, 2), lambda vectors: -vectors),
    ]
    plain = plain_logits(network, request.prompts, positions, rows, edits)
    fast = suffix_logits(network, request.prompts, positions, kept, rows, edits)
    assert torch.allclose(plain, fast, atol=1e-9)
    assert not torch.allclose(plain, plain_logits(network, request.prompts, positions, rows, []))


@pytest.mark.parametrize("side", SIDES)
def test_padding_changes_nothing(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["gpt2"])
    prompts, columns = random_prompts(side)
    padded = plain_logits(network, prompts, columns.positions, torch.arange(7), [], PADDED)
    alone = [
        network.model(input_ids=prompts.ids[row, prompts.mask[row]][None]).logits[0, -1]
        for row in range(7)
    ]
    assert torch.allclose(padded, torch.stack(alone), atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_the_chunks_of_a_harvest_do_not_matter(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    prompts, columns = random_prompts(side)
    is_base = torch.tensor([True, True, False, True, False, True, False])
    request = HarvestRequest(prompts, columns, (1, 2), is_base)
    rows = torch.tensor([0, 1, 3, 5])
    edits = [Edit(Site(1, 2), lambda vectors: vectors.roll(1, -1))]

    def outcome(kept: Harvest) -> list[torch.Tensor]:
        logits = suffix_logits(network, prompts, columns.positions, kept, rows, edits)
        return [logits, kept.vectors[1], kept.vectors[2], kept.predictions]

    whole = harvest(network, request, chunk_rows=64)
    for chunk_rows in (1, 2, 3):
        parts = harvest(network, request, chunk_rows=chunk_rows)
        for ours, theirs in zip(outcome(whole), outcome(parts), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-9)
    assert whole.slot_of.tolist() == [0, 1, 2, 0, 3, 4, 5]  # equal prompts are run once
    assert bool((whole.predictions >= 0).all())


def test_the_estimate_is_the_memory_taken() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = _all_bases("left")
    kept = harvest(network, request)
    past = [one for one in (*kept.keys, *kept.values) if one is not None]
    tensors = [*kept.vectors.values(), *kept.streams.values(), *past]
    taken = sum(one.numel() * one.element_size() for one in tensors)
    assert estimate_bytes(network, request) == taken


def test_a_small_budget_serves_the_layers_in_turn() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = _all_bases("left")
    notices: list[str] = []
    one_layer = estimate_bytes(network, replace(request, layers=(0,)))
    subjects = list(_subjects(network, request, one_layer, notices))
    assert [one.layers for one in subjects] == [(0,), (1,), (2, 3)]  # upper ones keep less
    assert {one.plain_because for one in subjects} == {None}
    assert notices == [
        "the activations are kept for 1 of 4 layers at a time",
        "the activations are kept for 1 of 3 layers at a time",
    ]


def test_without_memory_the_plain_path_gives_the_same() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = _all_bases("left")
    notices: list[str] = []
    [fast] = _subjects(network, request, None, notices)
    slow = next(iter(_subjects(network, request, 0, notices)))
    assert fast.plain_because is None
    assert slow.plain_because == "the activations do not fit in memory"
    rows = Interchanges(torch.tensor([0, 1]), torch.tensor([[2, -1], [3, 4]]), torch.tensor([5, 6]))
    method = Method("das", (("dim", 3),))
    maps = build_maps([PlacedVariable(Site(0, 2), method), PlacedVariable(Site(0), method)], 32, 0)
    first, second = (one.logits(rows.bases, maps.edits(one, rows)) for one in (fast, slow))
    assert torch.allclose(first, second, atol=1e-9)


def test_layers_that_keep_a_state_take_the_plain_path() -> None:
    network = tiny_network(STATEFUL)
    request = replace(_all_bases("right"), layers=(0, 1))
    notices: list[str] = []
    [subject] = _subjects(network, request, None, notices)
    expected = "some layers keep a state instead of keys and values"
    assert subject.plain_because == expected
    assert notices == [f"full forward passes are used: {expected}"]
    assert subject.logits(torch.tensor([0]), [Edit(Site(0), torch.neg)]).shape == (1, 300)


def test_outputs_that_are_no_numbers_are_told() -> None:
    network = tiny_network(CONFIGURATIONS["gemma2"], torch.float64)
    request = _all_bases("left")
    notices: list[str] = []
    [subject] = _subjects(network, request, None, notices)
    assert notices == [
        "prompts are run with others of their length only: "
        "padding takes its outputs beyond all numbers"
    ]
    assert subject.plain_because is None
    with torch.no_grad():
        network.model.get_input_embeddings().weight[int(request.prompts.ids[2, -1])] = torch.nan
    with pytest.raises(NetworkError) as raised:
        _subjects(network, request, None, notices)
    assert str(raised.value) == "`gemma2` gives no finite outputs on these prompts"


def test_running_out_of_memory_halves_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = _all_bases("left")
    plain_forward = network.model.forward

    def forward(*arguments: Any, **named: Any) -> Any:
        if named["input_ids"].shape[0] > 2:
            raise torch.OutOfMemoryError("no more memory")
        return plain_forward(*arguments, **named)

    whole = harvest(network, request)
    monkeypatch.setattr(network.model, "forward", forward)
    notices: list[str] = []
    parts = harvest(network, request, notice=notices.append)
    assert notices == [
        "memory ran out: going on with 3 prompts at a time",
        "memory ran out: going on with 1 prompts at a time",
    ]
    assert torch.equal(whole.predictions, parts.predictions)


def _subjects(network: Any, request: HarvestRequest, budget: int | None, notices: list[str]) -> Any:
    subjects: list[DecoderSubject] = list(
        decoder_subjects(
            network,
            request.prompts,
            request.columns,
            request.layers,
            request.is_base,
            memory_budget=budget,
            notice=notices.append,
        )
    )
    return subjects
