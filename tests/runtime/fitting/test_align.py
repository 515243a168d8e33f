"""A planted variable is found, a random map is not one, and a fit is the same however it ran."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.engine.vector_subject import VectorSubject, vector_subject
from causalspec.runtime.fitting.fit import FitProgress, Fitted, fit
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict, predict_without_swap
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.maps.methods.das import Rotation
from causalspec.runtime.networks.feed_forward import FeedForwardNetwork
from causalspec.runtime.networks.network import Network, random_network
from causalspec.runtime.results.run_folder import RunFolder, Stage
from causalspec.runtime.sites.site import Site
from tests.helpers.equality_by_hand import equality_inputs, equality_interchanges, equality_network
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

DAS = Method("das", (("dim", 1),))


HIDDEN = (Site("hidden", 1), Site("hidden", 2))


def _both_at(subject: Subject, layer: int, method: Method) -> PlacedMaps:
    return build_maps([PlacedVariable(Site("hidden", layer), method)] * 2, subject, seed=0)


def _subject(network: Network | None = None) -> VectorSubject:
    return vector_subject(network or equality_network(), equality_inputs(500, seed=1), (2,), HIDDEN)


def _iia(subject: VectorSubject, maps: PlacedMaps) -> float:
    test = equality_interchanges(equality_inputs(500, seed=1), 1000, seed=3)
    return float(agreement(predict(subject, maps, test), test.labels).double().mean())


def _fitted(subject: VectorSubject, maps: PlacedMaps) -> Fitted:
    train = equality_interchanges(equality_inputs(500, seed=1), 2000, seed=2)
    return fit(subject, maps, train, FitSettings(steps=300, learning_rate=0.05))


def test_two_planted_variables_are_found_at_once() -> None:
    subject = _subject()
    fitted = _fitted(subject, _both_at(subject, 2, DAS))
    assert _iia(subject, fitted.maps) == 1.0
    found = fitted.maps.placed[0].map
    assert isinstance(found.featurizer, Rotation)
    # Unit 0 is `left` and unit 1 `right`, up to sign.
    assert torch.allclose(found.featurizer.basis()[:2].abs(), torch.eye(2), atol=0.1)
    assert fitted.losses[-20:].mean() < fitted.losses[:20].mean() / 10


def test_variables_at_different_layers_are_swapped_in_one_run() -> None:
    subject = _subject()
    placed = [
        PlacedVariable(Site("hidden", 2), DAS),
        PlacedVariable(Site("hidden", 1), Method("das", (("dim", 4),))),
    ]
    fitted = _fitted(subject, build_maps(placed, subject, seed=0))
    assert tuple(placed.site for placed in fitted.maps.placed) == HIDDEN
    assert _iia(subject, fitted.maps) >= 0.99


def test_what_is_not_there_is_not_found() -> None:
    subject = _subject()
    random_map = _iia(subject, _both_at(subject, 2, Method("random_subspace", (("dim", 1),))))
    untrained = _subject(random_network(equality_network(), seed=5))
    on_random_network = _iia(untrained, _fitted(untrained, _both_at(untrained, 2, DAS)).maps)
    test = equality_interchanges(equality_inputs(500, seed=1), 1000, seed=3)
    floor = float(agreement(predict_without_swap(subject, test), test.labels).double().mean())
    assert random_map <= 0.65
    assert on_random_network <= 0.65
    assert floor <= 0.55


def test_the_full_vector_carries_a_lone_variable_with_everything_else() -> None:
    subject = _subject()
    inputs = equality_inputs(500, seed=1)
    labels = torch.zeros(100, 1, dtype=torch.long)
    rows = Interchanges(torch.arange(100), torch.arange(100, 200)[:, None], labels)
    maps = build_maps([PlacedVariable(HIDDEN[1], Method("full_vector"))], subject, seed=0)
    assert torch.equal(predict(subject, maps, rows), subject.predictions[100:200])
    same = (inputs[:, 0] == inputs[:, 1]) == (inputs[:, 2] == inputs[:, 3])
    assert torch.equal(subject.predictions[:, 0], same.long())


# Resuming -----------------------------------------------------------------------------------------


FIRST, SECOND = Site("residual", 1, "last"), Site("residual", 2, "middle")


def _decoder() -> TextSubject:
    network = tiny_network(CONFIGURATIONS["llama"], torch.float32)
    prompts, places = random_prompts("left")
    every = torch.ones(prompts.rows, dtype=torch.bool)
    [subject] = text_subjects(network, prompts, places, [(FIRST, SECOND)], every)
    return subject


def _decoder_rows() -> Interchanges:
    return Interchanges(
        torch.tensor([0, 1, 2, 4, 5]),
        torch.tensor([[3, -1], [-1, 2], [0, 1], [6, 6], [2, -1]]),
        torch.tensor([9, 8, 7, 6, 5])[:, None],
    )


def _decoder_maps(subject: TextSubject) -> PlacedMaps:
    method = Method("das", (("dim", 2),))
    placed = [PlacedVariable(site, method) for site in (FIRST, SECOND)]
    return build_maps(placed, subject, seed=7)


SETTINGS = FitSettings(steps=30, batch=2, checkpoint_every=10)


def test_a_resumed_fit_is_bit_identical(tmp_path: Path) -> None:
    subject, rows, folder = _decoder(), _decoder_rows(), RunFolder(tmp_path)
    states: list[Stage] = []
    whole = fit(subject, _decoder_maps(subject), rows, SETTINGS, checkpoint=states.append)
    assert [len(state.tensors["losses"]) for state in states] == [10, 20]
    for state in states:
        folder.finish("fit so far", state)
        again = folder.find("fit so far")
        resumed = fit(subject, _decoder_maps(subject), rows, SETTINGS, resume_from=again)
        assert torch.equal(whole.losses, resumed.losses)
        for parameter, other in zip(
            whole.maps.parameters(), resumed.maps.parameters(), strict=True
        ):
            assert torch.equal(parameter, other)
    assert len(list(tmp_path.iterdir())) == 1


def test_interrupted_fits_resume_and_a_seed_gives_one_result() -> None:
    subject, rows = _decoder(), _decoder_rows()
    whole = fit(subject, _decoder_maps(subject), rows, SETTINGS)
    states: list[Stage] = []

    def interrupt(progress: FitProgress) -> None:
        if progress.step == 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(
            subject,
            _decoder_maps(subject),
            rows,
            SETTINGS,
            progress=interrupt,
            checkpoint=states.append,
        )
    resumed = fit(subject, _decoder_maps(subject), rows, SETTINGS, resume_from=states[-1])
    other_seed = fit(subject, _decoder_maps(subject), rows, FitSettings(steps=30, batch=2, seed=1))
    assert torch.equal(whole.losses, resumed.losses)
    assert not torch.equal(whole.losses, other_seed.losses)


def test_a_state_belongs_to_its_settings() -> None:
    subject, rows = _decoder(), _decoder_rows()
    states: list[Stage] = []
    fit(subject, _decoder_maps(subject), rows, SETTINGS, checkpoint=states.append)
    with pytest.raises(ValueError, match=r"^the state is of a fit with other settings$"):
        fit(subject, _decoder_maps(subject), rows, FitSettings(steps=40), resume_from=states[0])


def test_a_fit_leaves_the_maps_it_was_given_alone() -> None:
    subject, rows = _decoder(), _decoder_rows()
    maps = _decoder_maps(subject)
    before = {name: tensor.clone() for name, tensor in maps.state_dict().items()}
    fit(subject, maps, rows, SETTINGS)
    assert all(torch.equal(before[name], tensor) for name, tensor in maps.state_dict().items())


def test_rows_without_labels_are_refused() -> None:
    rows = Interchanges(torch.tensor([0]), torch.tensor([[1, -1]]), torch.tensor([[-1]]))
    subject = _decoder()
    with pytest.raises(ValueError, match=r"^some rows have no label$"):
        fit(subject, _decoder_maps(subject), rows, SETTINGS)


def test_plain_networks_are_saved_and_loaded(tmp_path: Path) -> None:
    network = equality_network().model
    network.save_pretrained(tmp_path)
    again = FeedForwardNetwork.from_pretrained(tmp_path, use_safetensors=True)
    inputs = equality_inputs(20, seed=4)
    assert torch.equal(network(inputs).logits, again(inputs).logits)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
