"""The whole vocabulary, or the task's declared answers alone: what a network chooses among."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.exit_codes import ExitCode
from causalspec.runtime.engine.right_answers import cross_entropy
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.inputs.experiment import experiment_of, present_splits
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.files import read_results
from causalspec.runtime.watch import Unwatched
from tests.helpers.tiny_player import COLORS, SPEC

WHOLE_VECTOR = SPEC.replace("das(dim = 8)", "full_vector").replace("test 24", "test 200")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "pick.causal"
    path.write_text(WHOLE_VECTOR, encoding="utf-8")
    return path


def test_loss_and_answers_are_over_the_declared_answers_alone(player: Path, spec: Path) -> None:
    specification = check_file(spec).specification
    assert specification is not None
    whole = load_task_network(str(player), "cpu").untrained(0)
    assert isinstance(whole, TextNetwork)
    claim = specification.claims["TheColorFollows"]
    asked = experiment_of(specification, claim, keeps_unanswered=True)
    logits = {}
    for network in (whole, replace(whole, only_declared=True)):
        offered = candidates(network, specification.alignments["Last"], ["color"], claim)
        harvester = present_splits(network, asked, [asked.draw_test()], offered.choices, None)
        sites = offered.combinations(harvester.encoded.presentation.token_names)
        [[prepared]] = next(harvester.prepared_splits(sites, Unwatched()))
        found = prepared.subject.run(prepared.rows.bases, ()).logits
        assert torch.equal(found.argmax(-1), prepared.subject.predictions[prepared.rows.bases])
        logits[network.answers] = (
            found[:, 0],
            cross_entropy(found, prepared.rows.labels),
            prepared,
        )
    everything, loss, prepared = logits["vocabulary"]
    narrowed, declared_loss, _ = logits["declared"]
    colors = [whole.network.tokenizer.convert_tokens_to_ids(color) for color in COLORS]
    assert torch.equal(narrowed[:, colors], everything[:, colors])
    others = torch.ones(narrowed.shape[1], dtype=torch.bool)
    others[colors] = False
    assert bool((narrowed[:, others] == -torch.inf).all())
    assert not set(everything.argmax(-1).tolist()) <= set(colors)
    assert set(narrowed.argmax(-1).tolist()) <= set(colors)
    by_hand = torch.logsumexp(everything[:, colors], -1)
    by_hand = by_hand - everything.gather(1, prepared.rows.labels)[:, 0]
    torch.testing.assert_close(declared_loss, by_hand)
    assert bool((declared_loss < loss).all())


def test_the_command_and_what_it_leaves(
    player: Path, spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def verified(*more: str) -> Path:
        out = tmp_path / "-".join(("out", *more)).replace("--", "")
        command = ["verify", str(spec), "--network", str(player), "--device", "cpu"]
        status = main([*command, "--out", str(out), *more])
        assert status in (ExitCode.FINE, ExitCode.UNKNOWN, ExitCode.CLAIM_FAILED)
        return out

    whole, declared = verified(), verified("--answers", "declared")
    assert read_results(whole).manifest.answers == "vocabulary"
    assert read_results(declared).manifest.answers == "declared"
    assert "the whole vocabulary" in (whole / "report.html").read_text("utf-8")
    assert "the task’s declared answers alone" in (declared / "report.html").read_text("utf-8")
    # An untrained network that may say colors alone says the right one more often.
    means = [
        next(control.score.mean for control in verdict.controls if control.name == "random_network")
        for folder in (whole, declared)
        for verdict in read_results(folder).verdicts
    ]
    assert means[0] < means[1]
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["align", str(spec), "Last", "--network", str(player), "--answers", "some"])
    assert "invalid choice: 'some'" in capsys.readouterr().err
