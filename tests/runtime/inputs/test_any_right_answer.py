"""A network whose answer may be any of several: how it is asked, scored, fitted and shown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from causalspec.command_line import main
from causalspec.compiler.compile import check_source
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics, SpecError
from causalspec.dsl.source import Source
from causalspec.exit_codes import ExitCode
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.inputs.experiment import PreparedSplit, experiment_of, present_splits
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.files import read_results
from causalspec.runtime.scoring.observed import observe
from causalspec.runtime.watch import Unwatched
from tests.helpers.tiny_player import COLORS

WARM, COLD = ("red", "green"), ("blue", "white", "black")
SPEC = """\
language 1

type Color = {red, green, blue, white, black}

task Warmth {
  "Any color of the warmth that is asked for is right."
  input first, second : Color
  input which : {left, right}
  output warmth = (if which == left then first else second) in {red, green}
  prompt main "{first} {second} {which}"
  say warmth {
    true  => " red" or " green"
    false => " {color}" for color in Color where color != red and color != green
  }
}

model Direct of Warmth {
  var color = if which == left then first else second
  output warmth = color in {red, green}
}

counterfactuals SwapColor of Direct {
  swap color
  balance result.warmth == base.warmth
  split train 64, validation 40, test 120
}

align Last of Direct {
  var color at residual layers 1 token last by METHOD
}

claim TheWarmthFollows {
  of Direct on SwapColor.test with Last
  expect iia >= 0.90
  expect log_odds >= 1.00
  expect kl <= 0.20
}
""".replace("METHOD", "das(dim = 8)")


def specification(text: str = SPEC) -> Specification:
    checked = check_source(Source("warmth.causal", text), None, Diagnostics())
    assert [found.message for found in checked.diagnostics] == []
    assert checked.specification is not None
    return checked.specification


@pytest.fixture
def network(player: Path) -> TextNetwork:
    found = load_task_network(str(player), "cpu")
    assert isinstance(found, TextNetwork)
    return found


def prepared(network: TextNetwork, text: str = SPEC) -> Iterator[PreparedSplit]:
    found = specification(text)
    claim = found.claims["TheWarmthFollows"]
    asked = experiment_of(found, claim, keeps_unanswered=True)
    offered = candidates(network, found.alignments["Last"], ["color"], claim)
    harvester = present_splits(network, asked, [asked.draw_test()], offered.choices, None)
    sites = offered.combinations(harvester.encoded.presentation.token_names)
    [[split]] = next(harvester.prepared_splits(sites, Unwatched()))
    yield split


def test_labels_are_the_tokens_of_all_right_texts(network: TextNetwork) -> None:
    [split] = prepared(network)
    ids = {color: network.network.tokenizer.convert_tokens_to_ids(color) for color in COLORS}
    warm, cold = ([ids[color] for color in some] for some in (WARM, COLD))
    codes = split.pairs.label["warmth"]
    expected = [[[*warm, -1]] if code else [cold] for code in codes]
    assert split.rows.labels.tolist() == expected
    # The trained network says a color of the right warmth to every prompt.
    assert split.count.answered == split.count.drawn == 120
    assert split.presentation.said(split.rows.labels[0]) in (
        "red or green",
        "blue or white or 1 more",
    )


@pytest.mark.parametrize("only_declared", [False, True])
def test_scores_are_those_by_hand(network: TextNetwork, only_declared: bool) -> None:
    shown = replace(network.untrained(0), only_declared=only_declared)
    [split] = prepared(shown)
    [seen] = observe((split,), None)
    rows, tokens = split.rows, network.network.tokenizer
    logits = split.subject.run(rows.bases, ()).logits[:, 0].double()
    ids = {color: tokens.convert_tokens_to_ids(color) for color in COLORS}
    if only_declared:
        others = [number for number in range(logits.shape[1]) if number not in ids.values()]
        assert bool((logits[:, others] == -torch.inf).all())
    own = split.presentation.correct[split.own_bases]
    base_warm = [row[0][0] == ids["red"] for row in own.tolist()]
    losses = cross_entropy(logits[:, None], rows.labels).tolist()
    odds = seen.label_odds(swapped=False).tolist()
    for row, code in enumerate(split.pairs.label["warmth"].tolist()):
        scores = logits[row].tolist()
        total = math.fsum(math.exp(score) for score in scores)
        probability = {
            warm: math.fsum(math.exp(scores[ids[color]]) for color in (WARM if warm else COLD))
            / total
            for warm in (True, False)
        }
        label, base = probability[bool(code)], probability[base_warm[row]]
        assert losses[row] == pytest.approx(-math.log(label), abs=1e-9)
        assert odds[row] == pytest.approx(math.log(label) - math.log(base), abs=1e-5)
        likeliest = max(range(len(scores)), key=scores.__getitem__)
        right = [ids[color] for color in (WARM if code else COLD)]
        assert bool(seen.agrees[row]) is (likeliest in right)
        assert bool(seen.changes[row]) is (bool(code) is not base_warm[row])
    assert 0 < int(seen.changes.sum()) < 120
    # Divergence is that of the warmths, and of what is no color.
    inputs = torch.arange(len(rows.bases)).flip(0)
    found = seen.divergence(inputs).tolist()
    plain = split.subject.run(inputs, ()).logits[:, 0].double().softmax(-1)
    given = logits.softmax(-1)
    warm, cold = ([ids[color] for color in some] for some in (WARM, COLD))
    rest = [[number] for number in range(logits.shape[1]) if number not in (*warm, *cold)]
    for row in range(len(found)):
        expected = 0.0
        for outcome in (warm, cold, *rest):
            before, after = float(plain[row, outcome].sum()), float(given[row, outcome].sum())
            expected += before * math.log(before / after) if before else 0.0
        assert found[row] == pytest.approx(expected, abs=1e-5)


def test_verify_fits_scores_and_reports(
    player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "warmth.causal"
    spec.write_text(SPEC, encoding="utf-8")
    out = tmp_path / "out"
    command = ["verify", str(spec), "--network", str(player), "--device", "cpu"]
    assert main([*command, "--out", str(out)]) == ExitCode.FINE
    [verdict] = read_results(out).verdicts
    scores = {control.name: control.score.mean for control in verdict.controls}
    assert verdict.score.mean >= 0.9 > scores["random_network"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "red or green" in page
    assert "blue or white or 1 more" in page
    capsys.readouterr()
    look = ["pair", str(spec), "SwapColor", "--network", str(player), "--device", "cpu"]
    assert main([*look, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "blue or white or 1 more" in json.dumps(shown)


def test_an_answer_without_a_token_among_several(network: TextNetwork) -> None:
    with pytest.raises(SpecError) as failure:
        list(prepared(network, SPEC.replace('" red" or " green"', '" red" or " "')))
    [found] = failure.value.diagnostics
    assert (found.code, found.message) == ("CS622", "the answer ` ` has no token of its own")


def test_texts_that_are_one_token_count_once_and_tell_no_answers_apart(
    network: TextNetwork,
) -> None:
    [split] = prepared(network, SPEC.replace('" red" or " green"', '" red" or "  red" or " green"'))
    red, green = (network.network.tokenizer.convert_tokens_to_ids(name) for name in WARM)
    warm = split.pairs.label["warmth"] == 1
    assert split.rows.labels[torch.tensor(warm)].tolist() == [[[red, green, -1]]] * int(warm.sum())
    mixed = SPEC.replace('" {color}" for color', '" {color}" or "  red" for color')
    with pytest.raises(SpecError) as failure:
        list(prepared(network, mixed))
    [found] = failure.value.diagnostics
    assert found.code == "CS623"
    assert "are not told apart by their tokens, `red`" in found.message
