"""The fast path is the plain path, whatever the architecture, the site and the padding's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine import keeping, storage
from causalspec.runtime.engine.alone import alone_logits
from causalspec.runtime.engine.batches import Batching, Run, in_batches
from causalspec.runtime.engine.harvest import Harvest, harvest
from causalspec.runtime.engine.harvest_plan import HarvestRequest, estimate_bytes
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.shortcuts import why_not_suffix
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.engine.subjects import Edit, Interchanges
from causalspec.runtime.engine.suffix import suffix_run
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.fitting.placed_maps import PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict, predict_side_by_side
from causalspec.runtime.networks.network import Network, NetworkError
from causalspec.runtime.sites.components import COMPONENTS, tap_of
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import written_size
from tests.helpers.tiny_networks import (
    CONFIGURATIONS,
    LAYERS,
    STATEFUL,
    random_prompts,
    tiny_network,
)

SIDES = ("left", "right")
PADDED = Batching.PADDED
# Their eager attention masks in the lowest float64 and takes the softmax in float32, so that a
# fully masked row is not a number: in transformers itself, in double precision, padded left.
NOT_IN_DOUBLE = {"gemma2": torch.float32, "bloom": torch.float32}
TOKENS = ("last", "first + 1", "middle", "some together")


@dataclass(frozen=True)
class FullDisk(MemoryBudget):
    """No activations but in memory."""

    def disk(self) -> int:
        return 0


def residuals(*layers: int) -> tuple[Site, ...]:
    return tuple(Site("residual", layer, token) for layer in layers for token in TOKENS)


def every_site(network: Network) -> list[Site]:
    """Every component of the network in its lowest and its third block: whole, and a unit."""
    found: list[Site] = []
    for name, component in COMPONENTS.items():
        places = component.places(network)
        if not places or name == "module":
            continue
        for layer in (None,) if None in places else (0, 2):
            units = component.units(network)
            if name != "neuron":
                found.append(Site(name, layer))
            if units is not None:
                found.append(Site(name, layer, unit=units - 1))
    return found


def all_bases(side: str, sites: Sequence[Site]) -> HarvestRequest:
    prompts, places = random_prompts(side)
    every = torch.ones(prompts.rows, dtype=torch.bool)
    return HarvestRequest(prompts, places, tuple(sites), every, batching=PADDED)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_logits_and_gradients_equal_a_full_pass(name: str, side: str) -> None:
    dtype = NOT_IN_DOUBLE.get(name, torch.float64)
    tolerance = 1e-5 if dtype is torch.float64 else 1e-4
    network = tiny_network(CONFIGURATIONS[name], dtype)
    sites = [
        replace(site, token=TOKENS[(number + SIDES.index(side)) % len(TOKENS)])
        for number, site in enumerate(every_site(network))
    ]
    request = all_bases(side, sites)
    kept = harvest(network, request)
    rows = torch.tensor([4, 0])  # the shortest and the longest
    for site in sites:
        width = tap_of(network, site).width
        weight = (1.5 * torch.eye(width, dtype=dtype).roll(1, 0)).requires_grad_()
        edits = (Edit(site, lambda vectors, weight=weight: vectors @ weight),)
        prompts, places = request.prompts, request.places
        run = Run(rows, edits)
        results = [
            (logits, torch.autograd.grad(logits.logsumexp(-1).sum() - logits[..., 7].sum(), weight))
            for logits in (
                alone_logits(network, prompts, places, rows, edits),
                plain_run(network, prompts, places, run).logits,
                suffix_run(network, prompts, places, kept, run).logits,
            )
        ]
        (alone, [alone_gradient]), *others = results
        assert alone.shape == (2, 1, 300)
        assert width == 1 or bool((alone_gradient != 0).any())  # a neuron may be silent
        for logits, [gradient] in others:
            assert torch.allclose(alone, logits, atol=tolerance, rtol=0), site
            assert torch.allclose(alone_gradient, gradient, atol=tolerance, rtol=tolerance), site
    assert why_not_suffix(network, request) is None


@pytest.mark.parametrize("side", SIDES)
def test_edits_and_reads_at_many_sites_happen_in_one_run(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    sites = [replace(site, token=token) for site in every_site(network) for token in TOKENS]
    request = all_bases(side, sites)
    kept = harvest(network, request)
    edits = (
        Edit(Site("head", 2, "last", 1), lambda vectors: vectors * 1.5),
        Edit(Site("residual", 0, "middle"), lambda vectors: vectors.roll(1, -1)),
        Edit(Site("mlp_output", 2, "some together"), lambda vectors: -vectors),
    )
    run = Run(torch.arange(7), edits, tuple(sites))
    plain = plain_run(network, request.prompts, request.places, run)
    fast = suffix_run(network, request.prompts, request.places, kept, run)
    assert torch.allclose(plain.logits, fast.logits, atol=1e-9)
    for site in sites:
        there = (request.places[site.token] >= 0)[..., None]
        difference = (plain.vectors[site] - fast.vectors[site]) * there
        assert float(difference.abs().max()) < 1e-9, site
    alone = plain_run(network, request.prompts, request.places, Run(torch.arange(7)))
    assert not torch.allclose(plain.logits, alone.logits)


@pytest.mark.parametrize("side", SIDES)
def test_padding_changes_nothing(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["gpt2"])
    prompts, places = random_prompts(side)
    padded = plain_run(network, prompts, places, Run(torch.arange(7))).logits[:, 0]
    alone = [
        network.model(input_ids=prompts.ids[row, prompts.mask[row]][None]).logits[0, -1]
        for row in range(7)
    ]
    assert torch.allclose(padded, torch.stack(alone), atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_the_chunks_of_a_harvest_do_not_matter(side: str) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    prompts, places = random_prompts(side)
    is_base = torch.tensor([True, True, False, True, False, True, False])
    request = HarvestRequest(prompts, places, residuals(1, 2), is_base)
    site = Site("residual", 1, "middle")
    run = Run(torch.tensor([0, 1, 3, 5]), (Edit(site, lambda vectors: vectors.roll(1, -1)),))

    def outcome(kept: Harvest) -> list[torch.Tensor]:
        execute = partial(suffix_run, network, prompts, places, kept)
        logits = in_batches(prompts, run, Batching.BY_LENGTH, execute).logits
        return [logits, *kept.vectors.values(), kept.predictions]

    whole = harvest(network, request, chunk_rows=64)
    for chunk_rows in (1, 2, 3):
        parts = harvest(network, request, chunk_rows=chunk_rows)
        for ours, theirs in zip(outcome(whole), outcome(parts), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-9)
    assert whole.slot_of.tolist() == [0, 1, 2, 0, 3, 4, 5]  # equal prompts are run once
    assert bool((whole.predictions >= 0).all())


def test_the_estimate_is_the_memory_taken() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    for sites in (residuals(0, 2), [Site("head", 1, "last", 2), Site("embedding", None, "middle")]):
        request = all_bases("left", sites)
        kept = harvest(network, request)
        pasts = [past for past in (*kept.keys, *kept.values) if past is not None]
        tensors = [*kept.vectors.values(), *kept.streams.values()]
        tensors += [tensor for past in pasts for tensor in (past.shared, past.own)]
        taken = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        assert estimate_bytes(network, request) == taken


def test_what_all_bases_begin_with_is_kept_once() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = all_bases("left", residuals(0, 2))
    prompts = request.prompts
    beginning, rows = prompts.ids[:, :2].clone(), prompts.mask[:, :2].all(1)
    ids = prompts.ids.clone()
    ids[:, :2] = torch.where(rows[:, None], torch.tensor([7, 8]), beginning)
    alike = replace(request, prompts=replace(prompts, ids=ids)).of(rows.nonzero()[:, 0])
    alike = replace(alike, places={**alike.places, "middle": alike.places["last"]})
    alike = replace(alike, sites=(Site("residual", 0, "last"), Site("residual", 2, "last")))
    kept = harvest(network, alike)
    past = kept.keys[1]
    assert past is not None
    assert past.shared.shape[2] == 2
    assert past.own.shape[2] == prompts.length - 1 - 2
    run = Run(torch.arange(alike.prompts.rows), (Edit(alike.sites[0], torch.neg),))
    expected = plain_run(network, alike.prompts, alike.places, run).logits
    found = suffix_run(network, alike.prompts, alike.places, kept, run).logits
    assert torch.allclose(found, expected, atol=1e-9)


def test_a_small_budget_serves_the_fits_in_turn() -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = all_bases("left", residuals(*range(LAYERS)))
    notices: list[str] = []
    one_layer = estimate_bytes(network, replace(request, sites=residuals(0)))
    groups = [residuals(layer) for layer in range(LAYERS)]
    subjects = _subjects(network, request, FullDisk(one_layer), notices, groups)
    assert [{site.layer for site in subject.sites} for subject in subjects] == [{0}, {1}, {2, 3}]
    assert {(subject.plain_because, subject.anew) for subject in subjects} == {(None, None)}
    assert notices == [
        "the activations are kept for 1 of 4 groups of fits at a time",
        "the activations are kept for 1 of 3 groups of fits at a time",
    ]


@pytest.mark.parametrize("side", SIDES)
def test_past_the_budget_a_file_or_a_run_anew_gives_the_same(side: str, tmp_path: Path) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    request = all_bases(side, residuals(0))
    batch = estimate_bytes(network, request)
    notices: list[str] = []
    [fast] = _subjects(network, request, None, notices)
    [in_files] = _subjects(network, request, MemoryBudget(batch - 1, tmp_path), notices)
    assert notices == [f"{written_size(batch)} of activations are kept in a file in `{tmp_path}`"]
    assert not list(tmp_path.iterdir())  # gone with its tensors, however the process ends
    del notices[:]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keeping, "_BATCH", 1)
        [anew] = _subjects(network, request, FullDisk(batch - 1), notices)
    where = ", ".join(str(site) for site in request.sites)
    assert notices == [
        f"{where}: each batch is run anew, since the activations do not fit in memory"
    ]
    assert {subject.plain_because for subject in (fast, in_files, anew)} == {None}
    rows = Interchanges(
        torch.tensor([0, 1]), torch.tensor([[2, -1], [3, 4]]), torch.tensor([[5], [6]])
    )
    method = Method("das", (("dim", 3),))
    placed = [PlacedVariable(Site("residual", 0, token), method) for token in ("middle", "last")]
    maps = build_maps(placed, fast, 0)
    expected, *others = (
        subject.run(rows.bases, maps.edits(subject, rows)).logits
        for subject in (fast, in_files, anew)
    )
    for logits in others:
        assert torch.allclose(logits, expected, atol=1e-9)


def test_less_memory_than_a_batch_takes_is_refused(tmp_path: Path) -> None:
    network = tiny_network(CONFIGURATIONS["llama"])
    with pytest.raises(ToolFailure) as refused:
        _subjects(network, all_bases("left", residuals(0)), FullDisk(10, tmp_path), [])
    assert str(refused.value).startswith("10 bytes of memory are less than a batch of 7 prompts")


def test_a_disk_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_reserve", full)
    network = tiny_network(CONFIGURATIONS["llama"])
    with pytest.raises(ToolFailure, match="No space left on device"):
        _subjects(network, all_bases("left", residuals(0)), MemoryBudget(10, tmp_path), [])
    assert not list(tmp_path.iterdir())


def test_layers_that_keep_a_state_take_the_plain_path() -> None:
    network = tiny_network(STATEFUL)
    request = all_bases("right", residuals(0, 1))
    notices: list[str] = []
    [subject] = _subjects(network, request, None, notices)
    expected = "some layers keep a state instead of keys and values"
    assert subject.plain_because == expected
    assert notices == [f"full forward passes are used: {expected}"]
    edited = subject.run(torch.tensor([0]), [Edit(Site("residual", 0, "last"), torch.neg)])
    assert edited.logits.shape == (1, 1, 300)


def test_outputs_that_are_no_numbers_are_told() -> None:
    network = tiny_network(CONFIGURATIONS["gemma2"], torch.float64)
    request = all_bases("left", residuals(0))
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
    request = all_bases("left", residuals(0))
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


def _subjects(
    network: Any,
    request: HarvestRequest,
    budget: MemoryBudget | None,
    notices: list[str],
    groups: Sequence[tuple[Site, ...]] | None = None,
) -> list[TextSubject]:
    return list(
        text_subjects(
            network,
            request.prompts,
            request.places,
            groups or [request.sites],
            request.is_base,
            memory=budget,
            notice=notices.append,
        )
    )


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize("side", SIDES)
def test_maps_side_by_side_are_the_maps_one_by_one(side: str, is_plain: bool) -> None:
    """Several maps in one batch, with rows of several lengths and swaps of one variable or two."""
    network = tiny_network(CONFIGURATIONS["llama"])
    request = all_bases(side, residuals(1, 2))
    [subject] = _subjects(network, request, None, [])
    if is_plain:
        subject = replace(subject, plain_because="asked for")
    rows = Interchanges(
        torch.tensor([0, 1, 4, 6, 2]),
        torch.tensor([[2, -1], [3, 4], [-1, 0], [5, 5], [1, -1]]),
        torch.zeros(5, 1, dtype=torch.long),
    )
    method = Method("random_subspace", (("dim", 3),))
    placed = [
        PlacedVariable(Site("residual", layer, token), method)
        for layer, token in ((1, "middle"), (2, "some together"))
    ]
    several = [build_maps(placed, subject, seed).eval() for seed in range(4)]
    logits: list[torch.Tensor] = []
    run = TextSubject.run

    def watched(self: TextSubject, *given: Any) -> Any:
        outcome = run(self, *given)
        logits.append(outcome.logits)
        return outcome

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TextSubject, "run", watched)
        alone = [predict(subject, maps, rows) for maps in several]
        expected = torch.cat(logits)
        del logits[:]
        together = predict_side_by_side(subject, several, rows)
    [found] = logits
    assert torch.allclose(found, expected, atol=1e-9)
    assert not torch.allclose(found[:5], found[5:10])
    for ours, theirs in zip(together, alone, strict=True):
        assert torch.equal(ours, theirs)
