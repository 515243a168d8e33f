"""Every row of the vocabulary, on a network whose places are known: found there, and not elsewhere.

No swap agrees with half of the pairs, since half of them keep their answer, so .5 is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from causalspec.compiler.compile import check_file
from causalspec.compiler.specification import Anchor
from causalspec.compiler.vocabulary import BUILT_IN
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.writes import WRITES
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps import BUILDERS
from causalspec.runtime.maps.methods.das import STARTS
from causalspec.runtime.maps.methods.mask import BASES
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.scoring.controls import CONTROLS
from causalspec.runtime.scoring.metrics import METRICS
from causalspec.runtime.scoring.verify import VerifySettings, verify
from causalspec.runtime.sites.components import COMPONENTS
from tests.helpers.planted_claims import Asked, verified

FOUND, CHANCE = 0.95, 0.5


@pytest.fixture(scope="module")
def network(planted_network: Path) -> TaskNetwork:
    return load_task_network(str(planted_network), "cpu")


# Rows and what carries them out -------------------------------------------------------------------


def test_every_row_is_carried_out_and_all_that_can_be_carried_out_has_a_row() -> None:
    assert set(COMPONENTS) == set(BUILT_IN.sites)
    assert set(BUILDERS) == set(BUILT_IN.methods)
    assert set(BASES) == set(BUILT_IN.bases)
    assert set(STARTS) == set(BUILT_IN.starts)
    assert set(CONTROLS) == set(BUILT_IN.controls)
    assert set(METRICS) == set(BUILT_IN.metrics)
    assert {*WRITES, "interchange"} == set(BUILT_IN.writes)
    assert set(BUILT_IN.anchors) == set(Anchor)
    assert set(BUILT_IN.bounds) == {"lower", "upper"}


def test_every_site_is_walked() -> None:
    assert {*SITES, "hidden"} == set(BUILT_IN.sites)


# Sites --------------------------------------------------------------------------------------------

LETTERS_TOGETHER = "token slot(first).first .. slot(second).last together"


@dataclass(frozen=True, slots=True)
class Known:
    """A search over many places, and all those where a whole swap finds the variable. `partly` are
    those where it meets some of what the variable is made of, or others with it.
    """

    variable: str
    places: str
    found: frozenset[str]
    partly: frozenset[str] = frozenset()


def known(variable: str, places: str, found: str, partly: str = "") -> Known:
    split = (frozenset(filter(None, vocabulary.split("; "))) for vocabulary in (found, partly))
    return Known(variable, places, *split)


SITES = {
    "embedding": known(
        "which",
        "embedding token first .. last",
        "embedding, token first + 3",
        "embedding, token first + 1; embedding, token first + 2",  # letters and star
    ),
    "residual": known(
        "differs",
        "residual token first .. last",
        "residual, layer 0, token first + 3; residual, layer 1, token first + 3",
    ),
    "attention_output": known(
        "differs",
        "attention_output token first .. last",
        "attention_output, layer 0, token first + 3",
    ),
    "mlp_output": known(
        "differs",
        "mlp_output token slot(second).last .. last",
        "mlp_output, layer 0, token slot(second).last + 1; "
        "mlp_output, layer 1, token slot(second).last + 1",
    ),
    "mlp_activation": known(
        "differs",
        "mlp_activation token slot(second).last .. last",
        "mlp_activation, layer 0, token slot(second).last + 1; "
        "mlp_activation, layer 1, token slot(second).last + 1",
    ),
    "head": known(
        "marked",
        "head[0..3] token last",
        "head 0, layer 0, token last",
        "head 1, layer 0, token last",  # the other letter, which is mostly the same
    ),
    "query": known("which", "query[0..3] token last", "query 1, layer 0, token last"),
    "key": known(
        "mark",
        f"key[0..3] {LETTERS_TOGETHER}",
        "key 0, layer 0, token slot(first).first .. slot(second).last together",
    ),
    "value": known(
        "letter",
        "value token first .. last",
        "value, layer 0, token first + 1",
        "value, layer 0, token first + 2",  # the other letter
    ),
    "neuron": known(
        "differs",
        "neuron[0..7] token last",
        "neuron 5, layer 1, token last",
        "neuron 0, layer 0, token last; neuron 1, layer 0, token last",  # a half of it each
    ),
    "module": known(
        "differs",
        'module["transformer.h.0.mlp"] token first .. last',
        "module transformer.h.0.mlp, token first + 3",
    ),
}
OTHER_PLACES = {
    "another_module": known("differs", 'module["transformer.h.1.attn"] token last', ""),
    "one_letters_key": known(
        "mark",
        "key[0] layers 0 token slot(first).last .. slot(second).last",
        "",
        "key 0, layer 0, token slot(first).last; key 0, layer 0, token slot(first).last + 1",
    ),
    "edge": known(
        "marked",
        "head[0..3] layers 0 to mlp_output token last",
        "head 0, layer 0, token last, to mlp_output, layer 0, token last",
        "head 1, layer 0, token last, to mlp_output, layer 0, token last",
    ),
    "edge_between_layers": known(
        "differs",
        "mlp_output layers 0 to mlp_output layers 1 token last",
        "mlp_output, layer 0, token last, to mlp_output, layer 1, token last",
    ),
    "edge_to_what_does_not_read_it": known(
        "differs", "mlp_output layers 0 to head layers 1 token last", ""
    ),
    "anchor_all": known(
        "mark", "key[0] layers 0 token all together", "key 0, layer 0, token all together"
    ),
    "anchor_text": known(
        "marked", 'value[0] layers 0 token text("*").last', 'value 0, layer 0, token text("*").last'
    ),
    "anchor_slot": known(
        "letter",
        "value layers 0 token slot(first).first",
        "value, layer 0, token slot(first).first",
    ),
}


@pytest.fixture(scope="module")
def searches(
    network: TaskNetwork, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ClaimVerdict]:
    asked = {
        name: Asked(place.variable, f"{place.places} by full_vector")
        for name, place in (SITES | OTHER_PLACES).items()
    }
    return verified(tmp_path_factory.mktemp("sites"), network, asked)


@pytest.mark.parametrize("name", [*SITES, *OTHER_PLACES])
def test_a_variable_is_found_where_it_is_and_nowhere_else(
    searches: dict[str, ClaimVerdict], name: str
) -> None:
    place = (SITES | OTHER_PLACES)[name]
    verdict = searches[name]
    assert [control.score.mean for control in verdict.controls if control.name == "no_swap"] == [
        0.5
    ]
    scores = {str(site.sites[0]): site.validation.mean for site in verdict.sites}
    assert {score_name for score_name, score in scores.items() if score >= FOUND} == place.found
    assert {
        score_name for score_name, score in scores.items() if CHANCE < score < FOUND
    } <= place.partly
    assert all(
        score == 0.5
        for score_name, score in scores.items()
        if score_name not in place.found | place.partly
    )
    if place.found:
        assert str(verdict.chosen[0]) in place.found
        assert verdict.score.mean == 1


def test_anchors_are_walked() -> None:
    walked = " ".join(place.places for place in (SITES | OTHER_PLACES).values())
    assert all(f"token {anchor}" in walked for anchor in Anchor)


def test_a_layer_of_a_network_without_tokens(tmp_path: Path) -> None:
    pairs_network().save_pretrained(tmp_path / "network")
    spec = tmp_path / "pairs.causal"
    spec.write_text(PAIRS, encoding="utf-8")
    checked = check_file(spec).specification
    assert checked is not None
    network = load_task_network(str(tmp_path / "network"), "cpu")
    settings = VerifySettings(fit=FitSettings(steps=150, batch=64, learning_rate=0.1))
    (verdict,) = verify(checked, network, tmp_path / "results", settings).verdicts
    scores = {str(site.sites[0]): site.validation.mean for site in verdict.sites}
    assert scores["hidden, layer 1"] >= FOUND  # the sum of the pair's two differences
    assert scores["hidden, layer 2"] >= FOUND
    assert scores["hidden, layer 3"] < 0.8  # both pairs are one comparison there
    assert verdict.score.mean >= FOUND


def pairs_network() -> FeedForwardNetwork:
    """Layer 1 has the differences within each pair, by sign; layer 2 has in unit 0 whether a and b
    differ, in unit 1 whether c and d do; layer 3 has the difference of these, by sign.
    """
    network = FeedForwardNetwork(
        FeedForwardConfig(input_size=4, hidden_size=8, hidden_layers=3, classes=2)
    )
    first, second, third = (layer.weight for layer in network.hidden)
    with torch.no_grad():
        for weight in (second, third, network.output.weight):
            weight.zero_()
        first[:4] = torch.tensor([[1.0, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]])
        second[0, :2], second[1, 2:4] = 1.0, 1.0
        second[2:, 4:] = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
        third[0, :2], third[1, :2] = torch.tensor([1.0, -1]), torch.tensor([-1.0, 1])
        network.output.weight[0, :2] = 8.0
        network.output.bias.copy_(torch.tensor([-4.0, 0]))
    return network


PAIRS = """\
language 1

task Pairs {
  input a, b, c, d : bool
  output same : bool = (a == b) == (c == d)
  encode vector { a, b, c, d as scalar }
}
model Both of Pairs {
  var left = a == b
  var right = c == d
  output same = left == right
}
counterfactuals Swaps of Both {
  swap left
  balance result.same != base.same
  split train 128, validation 48, test 48
}
align Hidden of Both { var left at hidden layers 1..3 by das(dim = 1) }
claim LeftIsThere { of Both on Swaps.test with Hidden  expect iia >= 0.95 }
"""


def test_a_method_that_finds_no_map_anywhere_leaves_its_claim_open(tmp_path: Path) -> None:
    pairs_network().save_pretrained(tmp_path / "network")
    spec = tmp_path / "pairs.causal"
    more = "\nclaim Known { of Both on Swaps.test with Hidden  expect iia >= 0.95 }\n"
    hopeless = PAIRS.replace("align Hidden", "align Three").replace("das(dim = 1)", "lda(dim = 3)")
    hopeless = hopeless.replace("with Hidden", "with Three")
    known = PAIRS[PAIRS.index("align Hidden") : PAIRS.index("claim")].replace("1..3", "2")
    spec.write_text(hopeless + known + more, encoding="utf-8")
    checked = check_file(spec).specification
    assert checked is not None
    network = load_task_network(str(tmp_path / "network"), "cpu")
    settings = VerifySettings(fit=FitSettings(steps=150, batch=64, learning_rate=0.1))
    unknown, other = verify(checked, network, tmp_path / "results", settings).verdicts
    assert (unknown.holds, unknown.chosen, unknown.sites) == (None, (), ())
    assert unknown.notes[-1] == (
        "no site has a map: `lda` finds too little: 1 directions tell the 2 values of the variable "
        "apart"
    )
    assert other.holds is True
