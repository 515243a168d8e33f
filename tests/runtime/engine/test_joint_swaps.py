"""Swaps at several sites, of several places, and from intervened sources, beside plain hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.writes import Written
from causalspec.runtime.maps.methods.das import Rotation
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

LOW, HIGH = Site("residual", 0, "middle"), Site("residual", 2, "last")
TOGETHER = Site("residual", 1, "some together")
DAS = Method("das", (("dim", 3),))
LABELS = torch.zeros(3, 1, dtype=torch.long)


@pytest.fixture(scope="module", params=["in memory", "in files"])
def subject(request: pytest.FixtureRequest) -> TextSubject:
    network = tiny_network(CONFIGURATIONS["llama"])
    prompts, places = random_prompts("left")
    every = torch.ones(prompts.rows, dtype=torch.bool)
    budget = 0 if request.param == "in files" else None
    groups = [(LOW, HIGH, TOGETHER)]
    [found] = text_subjects(network, prompts, places, groups, every, memory=MemoryBudget(budget))
    assert found.plain_because is None
    return found


Write = tuple[Site, Sequence[int], Tensor]
"""Vectors [places, width] that are written at a site, at these positions."""


def alone(subject: TextSubject, row: int, writes: Sequence[Write]) -> tuple[Tensor, list[Tensor]]:
    """The logits [vocabulary] of one prompt by itself, and its streams after every block."""
    network, prompts = subject.network, subject.prompts
    streams: list[Tensor] = []

    def hook(number: int) -> Any:
        def edited(_block: Any, _given: Any, output: Tensor) -> Tensor:
            stream = output.clone()
            for site, positions, vectors in writes:
                if site.layer == number:
                    stream[0, list(positions)] = vectors
            streams.append(stream[0])
            return stream

        return edited

    handles = [
        block.register_forward_hook(hook(number)) for number, block in enumerate(network.layers)
    ]
    ids = prompts.ids[row, prompts.mask[row]][None]
    logits = network.model(input_ids=ids).logits[0, -1]
    for handle in handles:
        handle.remove()
    return logits, streams


def positions(subject: TextSubject, site: Site, row: int) -> list[int]:
    padding = int((~subject.prompts.mask[row]).sum())
    found: list[int] = subject.positions[site.token][row].tolist()
    return [place - padding for place in found if place >= 0]


def at(subject: TextSubject, site: Site, row: int, streams: Sequence[Tensor]) -> Tensor:
    assert site.layer is not None
    return streams[site.layer][positions(subject, site, row)]


def swapped(maps: PlacedMaps, number: int, base: Tensor, source: Tensor) -> Tensor:
    """Three dimensions of the base's vectors replaced by the source's."""
    featurizer = maps.placed[number].map.featurizer
    assert isinstance(featurizer, Rotation)
    directions = featurizer.basis()
    return base + (source - base) @ directions @ directions.T


def assert_same(
    subject: TextSubject, maps: PlacedMaps, rows: Interchanges, by_hand: Tensor
) -> None:
    """Logits and the gradients of every parameter."""
    ours = subject.run(rows.bases, maps.edits(subject, rows)).logits[:, 0]
    assert torch.allclose(ours, by_hand, atol=1e-9, rtol=0)
    trained = [parameter for parameter in maps.parameters() if parameter.requires_grad]
    mine, theirs = (
        torch.autograd.grad(logits.logsumexp(-1).sum() - logits[:, 7].sum(), trained)
        for logits in (ours, by_hand)
    )
    for some, others in zip(mine, theirs, strict=True):
        assert bool((others != 0).any())
        assert torch.allclose(some, others, atol=1e-9)


def test_two_variables_at_two_sites_are_swapped_in_one_run(subject: TextSubject) -> None:
    maps = build_maps([PlacedVariable(HIGH, DAS), PlacedVariable(LOW, DAS)], subject, 0).double()
    assert [placed.site for placed in maps.placed] == [LOW, HIGH]
    bases, origins = [0, 1, 4], [[2, 5], [4, -1], [-1, 6]]
    rows = Interchanges(torch.tensor(bases), torch.tensor(origins), LABELS)
    answers: list[Tensor] = []
    for base, (high, low) in zip(bases, origins, strict=True):
        writes: list[Write] = []
        _, own = alone(subject, base, [])
        if low >= 0:
            given = at(subject, LOW, low, alone(subject, low, [])[1])
            vectors = swapped(maps, 0, at(subject, LOW, base, own), given)
            writes.append((LOW, positions(subject, LOW, base), vectors))
            own = alone(subject, base, writes)[1]
        if high >= 0:
            given = at(subject, HIGH, high, alone(subject, high, [])[1])
            vectors = swapped(maps, 1, at(subject, HIGH, base, own), given)
            writes.append((HIGH, positions(subject, HIGH, base), vectors))
        answers.append(alone(subject, base, writes)[0])
    assert_same(subject, maps, rows, torch.stack(answers))


def test_a_source_may_be_intervened_on(subject: TextSubject) -> None:
    """The high variable is taken from a run in which the low one is taken from a third prompt."""
    maps = build_maps([PlacedVariable(HIGH, DAS), PlacedVariable(LOW, DAS)], subject, 0).double()
    bases, sources, thirds = [0, 1, 4], [2, 4, 5], [6, 2, 0]
    inner = Interchanges(
        torch.tensor(sources), torch.tensor([[-1, source] for source in thirds]), LABELS
    )
    rows = Interchanges(
        torch.tensor(bases),
        torch.tensor([[source, -1] for source in sources]),
        LABELS,
        inner,
        torch.tensor([[0, -1], [1, -1], [2, -1]]),
    )
    answers: list[Tensor] = []
    for base, source, third in zip(bases, sources, thirds, strict=True):
        given = at(subject, LOW, third, alone(subject, third, [])[1])
        own = at(subject, LOW, source, alone(subject, source, [])[1])
        write = (LOW, positions(subject, LOW, source), swapped(maps, 0, own, given))
        given = at(subject, HIGH, source, alone(subject, source, [write])[1])
        own = at(subject, HIGH, base, alone(subject, base, [])[1])
        write = (HIGH, positions(subject, HIGH, base), swapped(maps, 1, own, given))
        answers.append(alone(subject, base, [write])[0])
    assert_same(subject, maps, rows, torch.stack(answers))
    taken = rows.take(torch.tensor([2, 0]))
    again = subject.run(taken.bases, maps.edits(subject, taken)).logits[:, 0]
    assert torch.allclose(again, torch.stack(answers)[[2, 0]], atol=1e-9, rtol=0)


def test_tokens_together_are_swapped_place_by_place(subject: TextSubject) -> None:
    maps = build_maps([PlacedVariable(TOGETHER, DAS)], subject, 0).double()
    bases, sources = [0, 1, 4], [2, 5, 6]  # three places each, but two in 1 and 5
    rows = Interchanges(torch.tensor(bases), torch.tensor(sources)[:, None], LABELS)
    assert subject.places(TOGETHER, rows.bases).tolist() == [3, 2, 3]
    answers: list[Tensor] = []
    for base, source in zip(bases, sources, strict=True):
        given = at(subject, TOGETHER, source, alone(subject, source, [])[1])
        own = at(subject, TOGETHER, base, alone(subject, base, [])[1])
        vectors = swapped(maps, 0, own, given)
        write = (TOGETHER, positions(subject, TOGETHER, base), vectors)
        answers.append(alone(subject, base, [write])[0])
    assert_same(subject, maps, rows, torch.stack(answers))


def test_a_place_that_the_source_lacks_stays_the_bases_own(subject: TextSubject) -> None:
    maps = build_maps([PlacedVariable(TOGETHER, DAS)], subject, 0).double()
    rows = Interchanges(torch.tensor([0, 4, 6]), torch.tensor([[1], [5], [1]]), LABELS)
    answers: list[Tensor] = []
    for base, source in ((0, 1), (4, 5), (6, 1)):
        given = at(subject, TOGETHER, source, alone(subject, source, [])[1])
        own = at(subject, TOGETHER, base, alone(subject, base, [])[1])
        vectors = torch.cat([swapped(maps, 0, own[:2], given), own[2:]])
        write = (TOGETHER, positions(subject, TOGETHER, base), vectors)
        answers.append(alone(subject, base, [write])[0])
    assert_same(subject, maps, rows, torch.stack(answers))


@pytest.mark.parametrize("kind", ["zero", "mean", "steer"])
def test_what_is_written_takes_the_variables_share_alone(subject: TextSubject, kind: str) -> None:
    maps = build_maps([PlacedVariable(HIGH, DAS)], subject, 0).double()
    vector = torch.linspace(-1, 1, 32, dtype=torch.float64)
    written = {"zero": Written(None), "mean": Written(vector), "steer": Written(vector, 2.5)}[kind]
    bases = [0, 1, 4]
    rows = Interchanges(torch.tensor(bases), torch.tensor([[2], [-1], [5]]), LABELS)
    answers: list[Tensor] = []
    for base, source in zip(bases, (2, -1, 5), strict=True):
        logits, streams = alone(subject, base, [])
        if source >= 0:
            own = at(subject, HIGH, base, streams)
            given = {"zero": 0 * own, "mean": vector[None], "steer": own + 2.5 * vector}[kind]
            write = (HIGH, positions(subject, HIGH, base), swapped(maps, 0, own, given))
            logits, _ = alone(subject, base, [write])
        answers.append(logits)
    assert_same(subject, maps.writing([written]), rows, torch.stack(answers))
