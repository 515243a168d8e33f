"""Every method where it can find a variable, and where it can't, with the reason.

Half of the pairs keep their answer, so a method that finds nothing scores about .5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from causalspec.compiler.vocabulary import BUILT_IN
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from tests.helpers.planted_claims import FIT, LETTERS, Asked, verified

FOUND, MISSED = 0.95, 0.7

BOTH = "attention_output layers 0 token last"  # both letters, and the opening three times as loud
ALONE = "head[0] layers 0 token last"  # the starred letter, and nothing else
TOGETHER = "key[0] layers 0 token slot(first).first .. slot(second).last together"
ONE_NEURON = "neuron[5] layers 1 token last"


@dataclass(frozen=True, slots=True)
class Tried:
    """A method at a place. `why` says why it finds nothing there, and is empty where it does."""

    method: str
    variable: str
    place: str
    why: str = ""
    dimensions: int | None = None
    slow: bool = False

    @property
    def name(self) -> str:
        return self.method.partition("(")[0]


TRIED = {
    "whole_head": Tried("full_vector", "marked", ALONE, dimensions=8),
    "whole_attention": Tried("full_vector", "marked", BOTH, "it takes both letters"),
    "das": Tried("das(dim = 1)", "marked", BOTH, dimensions=1),
    "das_of_a_difference": Tried("das(dim = 1)", "differs", BOTH, dimensions=1, slow=True),
    "das_elsewhere": Tried("das(dim = 1)", "marked", BOTH.replace("0", "1"), "nothing is there"),
    "boundless": Tried("boundless_das(dim = 6)", "marked", ALONE),
    "boundless_early": Tried(
        "boundless_das(dim = 6)", "marked", BOTH, "its rates are too small for forty steps"
    ),
    "mask": Tried("mask(over = neurons)", "marked", BOTH),
    "mask_of_neurons": Tried(
        "mask(over = neurons)", "differs", "mlp_activation layers 0 token last"
    ),
    "mask_of_components": Tried("mask(over = pca(1))", "marked", ALONE, dimensions=1),
    "mask_of_mixed_components": Tried(
        "mask(over = pca(5))", "marked", BOTH, "letters that go together share their components"
    ),
    "mask_of_dictionary": Tried(
        f'mask(over = dictionary("{LETTERS}"))', "marked", BOTH, dimensions=2
    ),
    "pca": Tried("pca(dim = 1)", "marked", ALONE, dimensions=1),
    "pca_of_noise": Tried("pca(dim = 1)", "marked", BOTH, "the opening varies more"),
    "mean_difference": Tried("mean_difference", "marked", ALONE, dimensions=1),
    "mean_difference_of_two": Tried(
        "mean_difference", "marked", BOTH, "the other letter's mean goes with the starred one's"
    ),
    "mean_difference_of_a_comparison": Tried(
        "mean_difference", "differs", BOTH, "its values differ in spread, not in mean"
    ),
    "probe": Tried("probe", "marked", BOTH, dimensions=1),
    "probe_of_a_comparison": Tried("probe", "differs", BOTH, "no straight line parts its values"),
    "lda": Tried("lda", "marked", BOTH, dimensions=1),
    "lda_of_a_comparison": Tried("lda", "differs", BOTH, "no straight line parts its values"),
    "kmeans": Tried("kmeans", "marked", ALONE, dimensions=1),
    "kmeans_of_opposites": Tried("kmeans", "mark", TOGETHER, dimensions=1),
    "kmeans_of_noise": Tried("kmeans", "marked", BOTH, "clusters are of the opening"),
    "dictionary": Tried(
        f'dictionary("{LETTERS}", features = {{0, 1}})', "marked", BOTH, dimensions=2
    ),
    "dictionary_of_others": Tried(
        f'dictionary("{LETTERS}", features = {{2, 3}})',
        "marked",
        BOTH,
        "these are the other letter",
    ),
    "factors": Tried("factors(dim = 4)", "which", "query[1] layers 0 token last"),
    "factors_of_noise": Tried(
        "factors(dim = 2)", "marked", BOTH, "the nearest factors are of the opening"
    ),
    "revnet": Tried("revnet(dim = 5, blocks = 1)", "marked", ALONE, dimensions=5),
    "revnet_early": Tried(
        "revnet(dim = 1, blocks = 1)", "marked", BOTH, "its rate is too small for forty steps"
    ),
    "random_subspace": Tried("random_subspace(dim = 1)", "differs", ONE_NEURON, dimensions=1),
    "random_subspace_of_many": Tried(
        "random_subspace(dim = 1)", "marked", BOTH, "one direction in 32 at random is not the one"
    ),
}
UNDETERMINED = {
    "differences_of_one_number": (
        Tried("mean_difference", "differs", ONE_NEURON),
        "`mean_difference` finds too much: the 2 values of the variable span the whole vector",
    ),
    "differences_of_opposites": (  # the star means at one letter what it denies at the other
        Tried("mean_difference", "mark", TOGETHER),
        "`mean_difference` finds nothing: the vectors do not differ by the values of the variable",
    ),
    "components_of_one_number": (
        Tried("pca(dim = 2)", "marked", ALONE),
        "`pca` finds too little: the vectors vary in 1 directions, not in 2",
    ),
}


@pytest.fixture(scope="module")
def network(planted_network: Path) -> TaskNetwork:
    return load_task_network(str(planted_network), "cpu")


@pytest.fixture(scope="module")
def verdicts(
    network: TaskNetwork, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ClaimVerdict]:
    found: dict[str, ClaimVerdict] = {}
    for slow in (False, True):
        asked = {
            name: Asked(tried.variable, f"{tried.place} by {tried.method}")
            for name, tried in TRIED.items()
            if tried.slow is slow
        }
        fit = replace(FIT, steps=100) if slow else FIT
        with pytest.MonkeyPatch.context() as patch:  # controls are others' question
            patch.setattr("causalspec.runtime.scoring.controls.CONTROLS", {})
            found |= verified(tmp_path_factory.mktemp("methods"), network, asked, fit)
    return found


def test_every_method_is_walked() -> None:
    found = {tried.name for tried in TRIED.values() if not tried.why}
    assert found == set(BUILT_IN.methods)
    over = " ".join(
        tried.method for tried in TRIED.values() if tried.name == "mask" and not tried.why
    )
    assert all(basis in over for basis in BUILT_IN.bases)


@pytest.mark.parametrize("name", TRIED)
def test_a_method_finds_what_it_can_and_nothing_else(
    verdicts: dict[str, ClaimVerdict], name: str
) -> None:
    tried, verdict = TRIED[name], verdicts[name]
    if tried.why:
        assert verdict.score.mean <= MISSED, tried.why
    else:
        assert verdict.score.mean >= FOUND
    if tried.dimensions is not None:
        assert verdict.fitted[0].dimensions == (tried.dimensions,)


@pytest.mark.parametrize("name", UNDETERMINED)
def test_a_method_says_where_it_finds_nothing(
    tmp_path: Path, network: TaskNetwork, name: str
) -> None:
    tried, message = UNDETERMINED[name]
    asked = {name: Asked(tried.variable, f"{tried.place} by {tried.method}")}
    [verdict] = verified(tmp_path, network, asked).values()
    assert verdict.holds is None
    assert verdict.notes[-1] == f"no site has a map: {message}"


def test_halves_of_one_number(tmp_path: Path, network: TaskNetwork) -> None:
    with pytest.raises(ToolFailure, match=r"^a vector of one number has no halves$"):
        verified(
            tmp_path, network, {"halves": Asked("differs", f"{ONE_NEURON} by revnet(dim = 1)")}
        )
