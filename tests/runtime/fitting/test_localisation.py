"""A search cut short: the site and maps of a search in full, at a fraction of the steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from causalspec.runtime.fitting.localisation import FEW, MANY, fits, rounds, staying
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from tests.helpers.planted_claims import FIT, Asked, verified
from tests.helpers.planted_decoder import write_planted

STEPS = 80
SITES = "head[0..3] layers 0..1 token slot(first).first .. last by das(dim = 1)"
MORE_SITES = "head[0..3] layers 0..1 token last - 3 .. last by das(dim = 1)"


def all_steps(sites: int, steps: int) -> int:
    """The steps of every fit of a search."""
    taken, left = 0, sites
    for part in rounds(sites, steps):
        taken += left * part.steps
        left = part.kept
    return taken + left * steps


def test_ninety_sites_take_a_tenth_of_the_steps() -> None:
    assert all_steps(90, 200) == 90 * 10 + 9 * 50 + 2 * 200
    assert 10 * all_steps(90, 200) <= 90 * 200
    assert all_steps(FEW, 200) == FEW * 200  # few sites are fitted in full


@given(sites=st.integers(1, 10_000), steps=st.integers(1, 5_000))
def test_rounds(sites: int, steps: int) -> None:
    found = list(rounds(sites, steps))
    assert all_steps(sites, steps) <= sites * steps
    kept = [sites, *(part.kept for part in found)]
    lengths = [*(part.steps for part in found), steps]
    assert kept == sorted(kept, reverse=True)
    assert lengths == sorted(lengths)
    assert kept[-1] >= min(sites, 2)


@given(
    sites=st.integers(1, 300), steps=st.integers(1, 500), dropped=st.floats(0, 1, exclude_max=True)
)
def test_rounds_of_those_that_stay(sites: int, steps: int, dropped: float) -> None:
    stay = sites - int(dropped * sites)
    whole, short = ([*fits(sites, steps, halving=True, stay=left)] for left in (None, stay))
    counts = [count for count, _ in short]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == len(counts)
    assert sum(count * each for count, each in short) <= sum(count * each for count, each in whole)


@given(st.lists(st.floats(0, 1), min_size=MANY + 1, max_size=200))
def test_sites_stay_where_whole_vectors_change_answers(changed: list[float]) -> None:
    stay = staying(changed)
    assert stay == sorted(set(stay))
    best, left = max(changed), set(range(len(changed))) - set(stay)
    assert all(changed[number] < best / 10 for number in left)
    assert all(changed[number] <= min(changed[kept] for kept in stay) for number in left)
    assert len(stay) >= 3  # a first round has something to choose from


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[ClaimVerdict, Path]]:
    """The verdict on a letter's place, of a search cut short and of one in full."""
    return {
        exhaustive: searched_among(SITES, exhaustive, tmp_path_factory)
        for exhaustive in (False, True)
    }


def searched_among(
    sites: str, exhaustive: bool, folders: pytest.TempPathFactory
) -> tuple[ClaimVerdict, Path]:
    """The verdict and its results."""
    network, folder = folders.mktemp("network"), folders.mktemp("search")
    write_planted(network)
    fit = replace(FIT, steps=STEPS, exhaustive=exhaustive)
    asked = {"Marked": Asked("marked", sites)}
    shown = load_task_network(str(network), "cpu")
    with pytest.MonkeyPatch.context() as patch:  # controls are others' question
        patch.setattr("causalspec.runtime.scoring.controls.CONTROLS", {})
        return verified(folder, shown, asked, fit)["Marked"], folder / "results"


def test_the_same_site_and_maps(searched: dict[bool, tuple[ClaimVerdict, Path]]) -> None:
    (short, here), (full, there) = searched[False], searched[True]
    assert [str(site) for site in short.chosen] == ["head 0, layer 0, token slot(first).first + 2"]
    assert short.chosen == full.chosen
    assert short.score == full.score
    assert short.score.mean >= 0.95
    ours, theirs = (load_file(folder / "maps/Marked.safetensors") for folder in (here, there))
    # Other fits have shared its batches: they come to the same but for rounding.
    assert all(torch.allclose(ours[name], theirs[name], atol=1e-3) for name in theirs)


def test_what_was_dropped_is_told(searched: dict[bool, tuple[ClaimVerdict, Path]]) -> None:
    (short, here), (full, _) = searched[False], searched[True]
    assert [fit.sites for fit in short.sites] == [fit.sites for fit in full.sites]
    assert {fit.dropped_after for fit in full.sites} == {None}
    lengths = [fit.dropped_after for fit in short.sites]
    assert (lengths.count(10), lengths.count(20), lengths.count(None)) == (21, 1, 2)
    told = (
        "Marked: tried 24 sites for 10 steps, the best 3 for 20 steps, the best 2 for 80; the "
        "others were dropped on their validation pairs (`--exhaustive` fits all)"
    )
    assert told in short.notes
    assert not any("dropped" in note for note in full.notes)
    report = (here / "report.html").read_text(encoding="utf-8")
    assert "Paler ones were dropped after a short fit." in report
    assert "after 10 steps, dropped" in report


def test_many_sites_are_dropped_before_a_fit(tmp_path_factory: pytest.TempPathFactory) -> None:
    found, here = searched_among(MORE_SITES, False, tmp_path_factory)
    assert [str(site) for site in found.chosen] == ["head 0, layer 0, token last"]
    assert found.score.mean >= 0.95
    lengths = [fit.dropped_after for fit in found.sites]
    swapped = lengths.count(0)
    assert len(lengths) == 32 and swapped > 20
    told = f"tried 32 sites by swaps of whole vectors, the {32 - swapped} where these change most"
    assert any(told in note for note in found.notes)
    report = (here / "report.html").read_text(encoding="utf-8")
    assert "by a swap of the whole vector, dropped" in report
