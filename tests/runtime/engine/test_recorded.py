"""Runs as functions of tensors: on any device they are the runs that they stand for, and on a GPU
a fit that replays its steps ends as one that takes them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.recorded import RecordedLoss
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.engine.subjects import (
    Edit,
    EditedInputs,
    Interchanges,
    Prepared,
    Subject,
)
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.engine.vector_subject import vector_subject
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.fit import fit
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import moved
from tests.helpers.equality_by_hand import equality_inputs, equality_network
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

LAST = Site("residual", 1, "last")
HIDDEN = Site("hidden", 2)
TOGETHER = Site("residual", 1, "some together")
HEAD = Site("head", 1, "middle", 1)
METHODS = {
    "das": Method("das", (("dim", 3),)),
    "boundless_das": Method("boundless_das", (("dim", 4),)),
    "mask": Method("mask"),
    "revnet": Method("revnet", (("dim", 4), ("blocks", 2))),
}
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def text_subject(side: str = "left", sites: Sequence[Site] = (LAST, TOGETHER, HEAD)) -> TextSubject:
    network = tiny_network(CONFIGURATIONS["llama"], torch.float32)
    moved(network.model, DEVICE, network.dtype)
    prompts, places = random_prompts(side)
    every = torch.ones(prompts.rows, dtype=torch.bool)
    [found] = text_subjects(network, prompts, places, [tuple(sites)], every)
    assert found.plain_because is None
    return found


def a_vector_subject() -> Subject:
    network = equality_network()
    moved(network.model, DEVICE, network.dtype)
    return vector_subject(network, equality_inputs(6, seed=0), (2,), [HIDDEN])


def rows_of(inputs: int) -> Interchanges:
    bases = torch.arange(inputs)
    return Interchanges(bases, bases.roll(1)[:, None], bases[:, None] % 2)


def edits_of(subject: Subject, site: Site, rows: Interchanges) -> list[Edit]:
    maps = build_maps([PlacedVariable(site, METHODS["das"])], subject, seed=0)
    return maps.edits(subject, rows)


def executed(prepared: Prepared | None) -> Tensor:
    assert prepared is not None
    return prepared.execute(prepared.tensors)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("site", [LAST, TOGETHER, HEAD], ids=str)
def test_a_prepared_run_is_the_run(side: str, site: Site) -> None:
    subject = text_subject(side)
    rows = rows_of(subject.prompts.rows)
    edits = edits_of(subject, site, rows)
    expected = subject.run(rows.bases, edits).logits
    assert torch.equal(executed(subject.prepare([EditedInputs(rows.bases, edits)])), expected)


def test_a_prepared_run_serves_other_rows_of_its_shapes() -> None:
    subject = text_subject()
    rows = rows_of(subject.prompts.rows)
    first, second = rows.take(torch.tensor([0, 1, 2])), rows.take(torch.tensor([3, 0, 2]))
    runs = [
        subject.prepare([EditedInputs(one.bases, edits_of(subject, LAST, one))])
        for one in (first, second)
    ]
    prepared, other = runs
    assert prepared is not None and other is not None
    shapes = [{name: one.shape for name, one in run.tensors.items()} for run in (prepared, other)]
    assert shapes[0] == shapes[1]
    expected = subject.run(second.bases, edits_of(subject, LAST, second)).logits
    assert torch.equal(prepared.execute(other.tensors), expected)


def test_a_network_of_vectors_is_prepared_too() -> None:
    subject = a_vector_subject()
    rows = rows_of(6)
    edits = edits_of(subject, HIDDEN, rows)
    expected = subject.run(rows.bases, edits).logits
    assert torch.equal(executed(subject.prepare([EditedInputs(rows.bases, edits)])), expected)


def test_what_cannot_be_recorded() -> None:
    subject = text_subject()
    rows = rows_of(subject.prompts.rows)
    along = Site("residual", 1, "last", receiver=Site("mlp_output", 2, "last"))
    for edits in ([], [Edit(along, torch.neg)]):
        assert subject.prepare([EditedInputs(rows.bases, edits)]) is None


class HostQuestions(TorchDispatchMode):
    """Notes every operation that on a GPU would have the host wait for an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def __torch_dispatch__(self, function, types, given=(), named=None):  # type: ignore[no-untyped-def]
        name = str(function)
        picks = [part for part in given if isinstance(part, list)]
        by_mask = any(
            isinstance(index, Tensor) and index.dtype == torch.bool
            for part in picks
            for index in part
        )
        if any(word in name for word in ASKING) or ("aten.index" in name and by_mask):
            self.asked.append(name)
        return function(*given, **(named or {}))


ASKING = ("_local_scalar_dense", "nonzero", "unique", "masked_select", "aten.equal", "item")


def test_what_would_ask_the_host_is_noticed() -> None:
    numbers = torch.arange(3.0)
    questions: list[Callable[[], object]] = [
        lambda: float(numbers[0]), lambda: numbers[numbers > 1], lambda: bool(numbers.any()),
        lambda: numbers.nonzero(), lambda: numbers.unique(), lambda: numbers.tolist(),
    ]  # fmt: skip
    for question in questions:
        with HostQuestions() as host:
            question()
        assert host.asked or question() == [0.0, 1.0, 2.0]  # a list of CPU numbers is read off
    with HostQuestions() as host:
        torch.where(numbers > 1, numbers, 0.0).sum()
    assert host.asked == []


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("site", [LAST, TOGETHER, HEAD, HIDDEN], ids=str)
def test_a_step_never_asks_the_host(name: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward and backward, from what is prepared of a batch to the gradients of the maps, as a GPU
    records them: a network's own library looks at its masks where it is not being recorded.
    """
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
    subject = a_vector_subject() if site is HIDDEN else text_subject()
    rows = rows_of(len(subject.predictions))
    maps = build_maps([PlacedVariable(site, METHODS[name])], subject, seed=0).train()
    edits = maps.edits(subject, rows)
    prepared = subject.prepare([EditedInputs(rows.bases, edits)])
    assert prepared is not None
    labels = rows.labels.to(subject.device)
    with HostQuestions() as host:
        logits = prepared.execute(prepared.tensors)
        loss = cross_entropy(logits, labels).mean() + maps.penalty()
        loss.backward()
    assert host.asked == []
    assert any(parameter.grad is not None for parameter in maps.parameters())


class Counted(RecordedLoss):
    """Counts what it records and what it replays."""

    recorded = replayed = 0

    def __call__(self, loss, tensors):  # type: ignore[no-untyped-def]
        found = super().__call__(loss, tensors)
        Counted.replayed += found is not None
        return found

    def _record(self, loss, tensors):  # type: ignore[no-untyped-def]
        Counted.recorded += 1
        return super()._record(loss, tensors)


@on_a_gpu
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("site", [LAST, HEAD], ids=str)
def test_a_recorded_fit_ends_as_one_step_by_step(
    name: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("causalspec.runtime.fitting.backward.RecordedLoss", Counted)
    subject = text_subject()
    Counted.recorded = Counted.replayed = 0
    rows = rows_of(subject.prompts.rows).take(torch.tensor([0, 1, 2, 3, 0, 2, 3, 1]))
    maps = build_maps([PlacedVariable(site, METHODS[name])], subject, seed=0)
    settings = FitSettings(steps=30, batch=4)
    replayed = fit(subject, maps, rows, settings)
    assert Counted.replayed == 30 and 1 <= Counted.recorded <= 4
    stepwise = fit_stepwise(subject, maps, rows, settings, monkeypatch)
    assert torch.allclose(replayed.losses, stepwise, rtol=1e-4, atol=1e-5)


def fit_stepwise(
    subject: Subject,
    maps: PlacedMaps,
    rows: Interchanges,
    settings: FitSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Tensor:
    monkeypatch.setattr(Backward, "_replayed", lambda *_: None)
    return fit(subject, maps, rows, settings).losses


@on_a_gpu
def test_a_fit_of_more_shapes_than_are_kept_goes_on() -> None:
    recorded = RecordedLoss([torch.ones(1, device="cuda", requires_grad=True)])
    weight = recorded._parameters[0]

    def loss(tensors):  # type: ignore[no-untyped-def]
        return (weight * tensors["x"]).sum()

    for size in range(1, 9):
        found = recorded(loss, {"x": torch.full((size,), 2.0, device="cuda")})
        assert found is not None and found.item() == 2 * size
        assert weight.grad is not None and weight.grad.item() == 2 * size
    assert recorded(loss, {"x": torch.ones(9, device="cuda")}) is None
    again = recorded(loss, {"x": torch.full((3,), 5.0, device="cuda")})
    assert again is not None and again.item() == 15
