"""Resampled controls on networks set by hand, where it is known what the complement does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from causalspec.compiler.compile import check_file
from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.scoring.verify import VerifySettings, verify
from causalspec.runtime.untyped import save_tensors

WIDTH = 16
NEURONS = "neurons.safetensors"

SPEC = """\
language 1

type Shape = 0..3

task SameRelation {{
  input a, b, c, d : Shape
  output same : bool = (a == b) == (c == d)
  encode vector {{ a, b, c, d as symbol(dim = 4) }}
}}

model BothEqualities of SameRelation {{
  var left = a == b
  var right = c == d
  output same = left == right
}}

counterfactuals Pairs of BothEqualities {{
  {swaps}
  {kept}
  split validation 50, test 400
}}

align Layer of BothEqualities {{
  {placed}
}}

claim Found {{
  of BothEqualities on Pairs.test with Layer
  expect iia >= 0.95
  expect iia(site_resampled) >= 0.95
  expect iia(unmapped_resampled) >= 0.95
}}
"""
LEFT = f'var left at hidden layers 3 by dictionary("{NEURONS}", features = {{0}})'
RIGHT = f'var right at hidden layers 3 by dictionary("{NEURONS}", features = {{1}})'
BOTH = "swap left\n  swap right\n  swap left from s1, right from s2"


def decided() -> FeedForwardNetwork:
    """The third of four hidden layers has `left` in neuron 0 and `right` in neuron 1, and a copy of
    `left` in neurons 2 and 3 that nothing reads.
    """
    network = FeedForwardNetwork(
        FeedForwardConfig(input_size=WIDTH, hidden_size=WIDTH, hidden_layers=4)
    )
    unit = torch.eye(4)
    difference = torch.cat([torch.cat([unit, -unit], 1), torch.cat([-unit, unit], 1)])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, second, third, fourth = network.hidden
        first.weight[:8, :8] = first.weight[8:, 8:] = difference
        second.weight[0, :8] = second.weight[1, 8:] = -4.0
        second.bias[:2] = 1
        third.weight[:4] = torch.eye(WIDTH)[[0, 1, 0, 0]]
        fourth.weight[0, :2] = torch.tensor([1.0, -1.0])
        fourth.weight[1, :2] = torch.tensor([-1.0, 1.0])
        network.output.weight[0, :2] = 20
        network.output.bias[1] = 5
    return network.eval()


def beside() -> FeedForwardNetwork:
    """The two copies are read, too, one less the other: nothing, as long as they are equal."""
    network = decided()
    with torch.no_grad():
        network.hidden[3].weight[0, 2:4] = torch.tensor([1.0, -1.0])
        network.hidden[3].weight[1, 2:4] = torch.tensor([-1.0, 1.0])
    return network


def gated() -> FeedForwardNetwork:
    """`left` is read where its first copy holds, too, and taken as false elsewhere."""
    network = decided()
    with torch.no_grad():
        network.hidden[3].weight[0, :3] = torch.tensor([1.0, -1.0, 1.0])
        network.hidden[3].bias[0] = -1
        network.hidden[3].weight[1, :3] = torch.tensor([-0.5, 1.0, -0.5])
    return network


def judged(
    folder: Path,
    network: FeedForwardNetwork,
    *,
    swaps: str = BOTH,
    kept: str = "",
    placed: str = f"{LEFT}\n  {RIGHT}",
) -> ClaimVerdict:
    identity, zeros = torch.eye(WIDTH), torch.zeros(WIDTH)
    tensors = {"W_enc": identity, "W_dec": identity, "b_enc": zeros, "b_dec": zeros}
    save_tensors({name: tensor.clone() for name, tensor in tensors.items()}, folder / NEURONS)
    path = folder / "equality.causal"
    path.write_text(SPEC.format(swaps=swaps, kept=kept, placed=placed), encoding="utf-8")
    checked = check_file(path)
    assert checked.specification is not None, list(checked.diagnostics)
    untyped: Any = network
    untyped.save_pretrained(folder / "network")
    loaded = load_task_network(str(folder / "network"), "cpu")
    found = verify(checked.specification, loaded, folder / "results", VerifySettings())
    return found.verdicts[0]


def scores(verdict: ClaimVerdict) -> dict[str, float]:
    return {control.name: control.score.mean for control in verdict.controls}


def test_a_true_abstraction_stays_exact(tmp_path: Path) -> None:
    verdict = judged(tmp_path, decided())
    found = scores(verdict)
    assert verdict.score.mean == 1
    assert found["self_swap"] == found["no_swap"]
    assert not any(note.startswith("self_swap") for note in verdict.notes)
    assert found["site_resampled"] == found["unmapped_resampled"] == 1
    assert all(expectation.holds for expectation in verdict.expectations)


def test_a_parallel_path_that_cancels_is_seen_by_halves_alone(tmp_path: Path) -> None:
    verdict = judged(tmp_path, beside())
    found = scores(verdict)
    assert verdict.score.mean == found["site_resampled"] == 1
    assert found["unmapped_resampled"] < 0.95
    assert verdict.holds is False


def test_a_complement_that_gates_is_seen_where_the_data_never_varies_it(tmp_path: Path) -> None:
    verdict = judged(tmp_path, gated(), swaps="swap left", kept="keep where base.left", placed=LEFT)
    found = scores(verdict)
    assert verdict.score.mean == 1
    assert found["site_resampled"] < 0.95


def test_what_cannot_be_tested_says_why(tmp_path: Path) -> None:
    verdict = judged(tmp_path, decided(), swaps="swap left", placed=LEFT)
    [control] = [row for row in verdict.controls if row.name == "unmapped_resampled"]
    reason = "the outputs of `BothEqualities` read `right`, which no placement swaps"
    assert control.not_tested == reason
    assert verdict.expectations[2].holds is None
    assert verdict.expectations[2].reason == f"`unmapped_resampled` is not tested: {reason}"


def test_a_whole_vector_leaves_nothing_to_resample(tmp_path: Path) -> None:
    placed = "var left at hidden layers 3 by full_vector"
    verdict = judged(tmp_path, decided(), swaps="swap left", placed=placed)
    reasons = {row.name: row.not_tested for row in verdict.controls}
    assert reasons["site_resampled"] == "the maps own all there is at the site"
