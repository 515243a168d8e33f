"""A claim's data as a network meets it: numbered inputs, interchanges of them, labels as tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from causalspec.compiler.compile import check_source
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.specification import Anchor, Specification, TokenPosition
from causalspec.dsl import Diagnostics, Source, SpecError
from causalspec.runtime.fitting.candidates import Candidates, candidates
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.scoring.trial import lay_out

from ..tiny_player import SPEC

LAST = TokenPosition(Anchor.LAST)


@pytest.fixture(scope="module")
def network(player: Path) -> TaskNetwork:
    return load_task_network(str(player), "cpu")


def specification(text: str) -> Specification:
    checked = check_source(Source("test.causal", text), None, Diagnostics())
    assert list(checked.diagnostics) == []
    assert checked.specification is not None
    return checked.specification


def test_splits_are_laid_out_one_after_the_other(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    design = spec.counterfactuals["SwapColor"]
    pairs = [generate(design, "validation", rows=3), generate(design, "test", rows=2)]
    trial = lay_out(network, spec.tasks["Pick"], pairs, [LAST], None)
    assert trial.variables == ("color",)
    assert trial.presentation.count == 10
    assert [one.bases.tolist() for one in trial.rows] == [[0, 1, 2], [6, 7]]
    assert [one.origins.tolist() for one in trial.rows] == [[[3], [4], [5]], [[8], [9]]]
    assert trial.is_base.tolist() == [
        True,
        True,
        True,
        False,
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    shown = trial.presentation
    for rows, one in zip(trial.rows, pairs, strict=True):
        for row in range(rows.rows):
            setting = {
                name: spec.tasks["Pick"].model.by_name[name].domain.text(int(column[row]))
                for name, column in one.base.items()
            }
            base, source = int(rows.bases[row]), int(rows.origins[row, 0])
            words = shown.text(base).split()
            assert words == [setting["first"], setting["second"], setting["which"]]
            # Under the interchange the base is answered as the source is.
            assert int(rows.labels[row]) == int(shown.correct[source])
            assert shown.said(int(rows.labels[row])).strip() in shown.text(source).split()


def test_pairs_are_answered_where_base_and_source_are(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    pairs = [generate(spec.counterfactuals["SwapColor"], "test", rows=3)]
    trial = lay_out(network, spec.tasks["Pick"], pairs, [LAST], None)
    right = trial.presentation.correct
    assert trial.answered(0, right).tolist() == [True, True, True]
    base_wrong, source_wrong = right.clone(), right.clone()
    base_wrong[1] = -1
    source_wrong[3 + 2] = -1
    assert trial.answered(0, base_wrong).tolist() == [True, False, True]
    assert trial.answered(0, source_wrong).tolist() == [True, True, False]
    left_alone = torch.full_like(trial.rows[0].origins, -1)
    trial.rows[0].origins.copy_(left_alone)
    assert trial.answered(0, source_wrong).tolist() == [True, True, True]


def test_candidates(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    [claim] = spec.claims.values()
    alignment = spec.alignments["Last"]
    offered = candidates(network, alignment, ["color"], claim)
    [placement] = alignment.placements
    assert offered == Candidates("residual", (0, 1), placement.tokens, (placement.method,))
    assert offered.is_trained
    assert offered.fitting_splits == ("train", "validation")
    open_ended = specification(
        SPEC.replace("0..1 token", "1..* token").replace("das(dim = 8)", "full_vector")
    )
    offered = candidates(network, open_ended.alignments["Last"], ["color"], claim)
    assert (offered.layers, offered.fitting_splits) == ((1,), ("validation",))


@pytest.mark.parametrize(
    ("layers", "code", "message"),
    [
        ("1..1", "CS720", "`color` and `second_color` are placed at different sites"),
        ("0..7", "CS724", "the network has no layer 7"),
    ],
)
def test_what_does_not_fit(network: TaskNetwork, layers: str, code: str, message: str) -> None:
    placed = "  var color at residual layers 0..1 token last by das(dim = 8)\n"
    text = SPEC.replace(
        placed,
        f"{placed}  var second_color at residual layers {layers} token last by das(dim = 8)\n",
    )
    text = text.replace("  var color = ", "  var second_color = second\n  var color = ")
    text = text.replace(
        "first else second\n  output answer = color",
        "first else second_color\n  output answer = color",
    )
    spec = specification(text)
    [claim] = spec.claims.values()
    with pytest.raises(SpecError) as caught:
        candidates(network, spec.alignments["Last"], ["color", "second_color"], claim)
    [found] = caught.value.diagnostics
    assert (found.code, found.message) == (code, message)


def test_a_variable_without_a_place(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    [claim] = spec.claims.values()
    with pytest.raises(SpecError) as caught:
        candidates(network, spec.alignments["Last"], ["shade"], claim)
    [found] = caught.value.diagnostics
    assert (found.code, found.message, found.help) == (
        "CS721",
        "`Last` says nothing of `shade`, which the data swaps",
        "add `var shade at …`",
    )
