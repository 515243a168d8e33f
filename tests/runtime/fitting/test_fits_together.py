"""Fits that share batches end as they do alone, and keep their promises one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.alone import rotation
from causalspec.runtime.engine.subjects import EditedInputs, Interchanges, Subject, run_one_by_one
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.engine.vector_subject import vector_subject
from causalspec.runtime.fitting.fit import (
    FitProgress,
    Fitted,
    Fitting,
    NotFiniteError,
    fit,
    fit_together,
)
from causalspec.runtime.fitting.placed_maps import PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict, predict_together
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.shared_batches import shared_batches
from causalspec.runtime.results.run_folder import RunFolder, Stage
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import moved
from tests.helpers.equality_by_hand import equality_inputs, equality_interchanges, equality_network
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

DAS = Method("das", (("dim", 2),))
BOUNDLESS = Method("boundless_das", (("dim", 4),))
REVNET = Method("revnet", (("dim", 4), ("blocks", 2)))
MASK = Method("mask")
LAYERS = range(4)
LAST = [Site("residual", layer, "last") for layer in LAYERS]
TOGETHER = Site("residual", 2, "some together")
PARTS = [Site("head", 1, "middle", 2), Site("mlp_output", 2, "last"), Site("mlp_output", 0, "last")]
SETTINGS = FitSettings(steps=50, batch=5)


def decoder(name: str, side: str, sites: Sequence[Site]) -> TextSubject:
    prompts, places = random_prompts(side)
    every = torch.ones(prompts.rows, dtype=torch.bool)
    network = tiny_network(CONFIGURATIONS[name])
    [found] = text_subjects(network, prompts, places, [(site,) for site in sites], every)
    return found


def interchanges(order: int) -> Interchanges:
    bases = torch.arange(7)
    return Interchanges(
        bases, bases.roll(1 + order)[:, None], (5 + (3 * bases + order) % 7)[:, None]
    )


def fitting(subject: Subject, site: Site, method: Method, seed: int = 0, order: int = 0) -> Fitting:
    maps = build_maps([PlacedVariable(site, method)], subject, seed).double()
    return Fitting(maps, interchanges(order), replace(SETTINGS, seed=seed))


def assert_as_alone(subject: Subject, fits: Sequence[Fitting]) -> None:
    together = fit_together(subject, fits)
    for own, found in zip(fits, together, strict=True):
        assert isinstance(found, Fitted)
        alone = fit(subject, own.maps, own.rows, own.settings)
        assert torch.allclose(found.losses, alone.losses, rtol=0, atol=1e-9)
        for some, other in zip(found.maps.parameters(), alone.maps.parameters(), strict=True):
            assert torch.allclose(some, other, rtol=0, atol=1e-9)
        assert any(
            not torch.allclose(some, before, rtol=0, atol=1e-2)
            for some, before in zip(found.maps.parameters(), own.maps.parameters(), strict=True)
        )
    maps = [found.maps for found in together if isinstance(found, Fitted)]
    said = predict_together(subject, maps, [own.rows for own in fits])
    for here, own, found in zip(maps, fits, said, strict=True):
        assert torch.equal(found, predict(subject, here, own.rows))


# Runs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "side"),
    [*((name, "left") for name in CONFIGURATIONS), ("llama", "right"), ("gpt2", "right")],
)
def test_rows_that_enter_on_the_way_come_to_what_they_come_to_alone(name: str, side: str) -> None:
    sites = [Site("residual", layer, token) for layer in LAYERS for token in ("last", "middle")]
    sites += [Site("embedding", None, "first + 1"), TOGETHER, PARTS[1]]
    subject = decoder(name, side, sites)
    assert subject.plain_because is None
    assert subject.joins is (name != "bloom")  # whose blocks are given biases by row and head
    generator = torch.Generator().manual_seed(0)
    parts = [
        EditedInputs(torch.randperm(7, generator=generator), [rotation(site)]) for site in sites
    ]
    parts.append(EditedInputs(torch.arange(7), [rotation(sites[0]), rotation(sites[5])]))
    with torch.no_grad():
        found, alone = subject.run_together(parts), run_one_by_one(subject, parts)
        assert torch.allclose(found, alone, rtol=0, atol=1e-9)
        prepared = subject.prepare(parts)
        assert (prepared is None) == (name in ("bloom", "gemma2"))
        if prepared is not None:
            assert torch.equal(prepared.execute(prepared.tensors), found)


# Fits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "side"), [("llama", "left"), ("gpt2", "right"), ("bloom", "left")]
)
def test_every_layer_and_seed_ends_as_alone(name: str, side: str) -> None:
    subject = decoder(name, side, LAST)
    fits = [fitting(subject, site, DAS, 0) for site in LAST[: 2 if name == "bloom" else 4]]
    fits += [fitting(subject, LAST[0], DAS, 1, 1)]
    assert_as_alone(subject, fits)


@pytest.mark.parametrize("side", ["left", "right"])
def test_every_method_and_component_ends_as_alone(side: str) -> None:
    subject = decoder("llama", side, [*LAST, TOGETHER, *PARTS])
    tried = [
        (LAST[3], DAS), (LAST[0], BOUNDLESS), (LAST[1], MASK), (LAST[2], REVNET), (TOGETHER, DAS),
        (PARTS[0], DAS), (PARTS[1], MASK), (PARTS[2], DAS),
    ]  # fmt: skip
    assert_as_alone(subject, [fitting(subject, site, method) for site, method in tried])


def test_fits_in_a_plain_network_end_as_alone() -> None:
    network = equality_network()
    moved(network.model, network.device, torch.float64)
    inputs = equality_inputs(60, seed=1)
    sites = [Site("hidden", 1), Site("hidden", 2)]
    subject = vector_subject(network, inputs, (2,), sites)
    rows = [equality_interchanges(inputs, 40, seed=seed) for seed in (2, 3)]
    fits = [
        Fitting(
            build_maps([PlacedVariable(site, method)] * 2, subject, seed).double(),
            rows[seed],
            replace(SETTINGS, seed=seed),
        )
        for site, method in ((sites[0], DAS), (sites[1], Method("das", (("dim", 1),))))
        for seed in (0, 1)
    ]
    revnets = [
        Fitting(
            build_maps([PlacedVariable(sites[0], REVNET)] * 2, subject, seed).double(),
            rows[0],
            replace(SETTINGS, seed=seed),
        )
        for seed in (2, 3)
    ]
    assert_as_alone(subject, [*fits, *revnets])


# Promises -----------------------------------------------------------------------------------------


def test_fits_that_were_interrupted_together_go_on_bit_for_bit(tmp_path: Path) -> None:
    subject, folder = decoder("llama", "left", LAST), RunFolder(tmp_path)
    settings = replace(SETTINGS, steps=20, checkpoint_every=8)
    fits = [
        replace(fitting(subject, site, DAS, seed), settings=replace(settings, seed=seed))
        for seed, site in enumerate(LAST)
    ]
    whole = fit_together(subject, fits)

    def interrupt(done: FitProgress) -> None:
        if done.step == 13:
            raise KeyboardInterrupt

    def keep(state: Stage) -> None:
        folder.finish("so far", state)

    with pytest.raises(KeyboardInterrupt):
        fit_together(subject, fits, progress=interrupt, checkpoint=keep)
    again = fit_together(subject, fits, resume_from=folder.find("so far"))
    for some, other in zip(whole, again, strict=True):
        assert isinstance(some, Fitted) and isinstance(other, Fitted)
        assert torch.equal(some.losses, other.losses)
        for ours, theirs in zip(some.maps.parameters(), other.maps.parameters(), strict=True):
            assert torch.equal(ours, theirs)


def test_one_that_is_not_finite_is_told_and_the_others_go_on() -> None:
    subject = decoder("llama", "left", LAST)
    fits = [fitting(subject, site, DAS) for site in LAST]
    alone = [fit(subject, own.maps, own.rows, own.settings) for own in fits]
    with torch.no_grad():
        next(fits[1].maps.parameters()).fill_(torch.nan)
    found = fit_together(subject, fits)
    assert str(found[1]) == (
        "the loss is not a finite number at step 1 of 50, at residual, layer 1, token last, with a "
        "learning rate of 0.002"
    )
    for number in (0, 2, 3):
        outcome = found[number]
        assert isinstance(outcome, Fitted)
        assert torch.allclose(outcome.losses, alone[number].losses, rtol=0, atol=1e-9)
    with pytest.raises(NotFiniteError):
        fit(subject, fits[1].maps, fits[1].rows, fits[1].settings)


def test_fits_that_differ_in_more_than_their_seeds_share_nothing() -> None:
    subject = decoder("llama", "left", LAST)
    fits = [fitting(subject, site, DAS) for site in LAST[:2]]
    longer = replace(fits[1], settings=replace(SETTINGS, steps=51))
    with pytest.raises(ValueError, match=r"^fits that share batches differ in nothing but their"):
        fit_together(subject, [fits[0], longer])


# The plan -----------------------------------------------------------------------------------------


def test_neighbours_share_batches() -> None:
    sites = [Site("residual", layer, token) for layer in range(30) for token in ("a", "last")]
    batches = shared_batches([(site,) for site in sites], 32, {"last": 1, "a": 12})
    assert sorted(number for batch in batches for number in batch) == list(range(60))
    for batch in batches:
        layers = [sites[number].layer or 0 for number in batch]
        assert layers == list(range(layers[0], layers[0] + len(batch)))
        [token] = {sites[number].token for number in batch}
        assert len(batch) in ((7, 8) if token == "last" else (2,))


def test_long_runs_and_edges_are_on_their_own() -> None:
    first, second = Site("residual", 1, "a"), Site("residual", 2, "a")
    assert shared_batches([(first,), (second,)], 32, {"a": 40}) == [[0], [1]]
    assert shared_batches([(first,), (second,)], 300, {"a": 1}) == [[0], [1]]
    edge = replace(first, receiver=second)
    assert shared_batches([(edge,), (edge,), (second,), (first,)], 1, {}) == [[0], [1], [3, 2]]
