"""A claim's data as a network meets it: numbered inputs, interchanges of them, labels as tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from causalspec.compiler.compile import check_source
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.specification import Anchor, Method, Specification, TokenPosition
from causalspec.dsl.diagnostics import Diagnostics, SpecError
from causalspec.dsl.source import Source
from causalspec.runtime.fitting.candidates import Candidates, Offer, candidates
from causalspec.runtime.inputs.encoded_splits import lay_out
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_player import SPEC

LAST = TokenChoice((TokenPosition(Anchor.LAST),))


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
    encoded = lay_out(network, spec.tasks["Pick"], pairs, [LAST], None)
    rows = [split.rows for split in encoded.splits]
    assert encoded.variables == ("color",)
    assert encoded.presentation.count == 10
    assert [one.bases.tolist() for one in rows] == [[0, 1, 2], [6, 7]]
    assert [one.origins.tolist() for one in rows] == [[[3], [4], [5]], [[8], [9]]]
    assert encoded.is_base.tolist() == [
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
    shown = encoded.presentation
    for rows, drawn in zip([split.rows for split in encoded.splits], pairs, strict=True):
        for row in range(rows.rows):
            setting = {
                name: spec.tasks["Pick"].model.by_name[name].domain.text(int(column[row]))
                for name, column in drawn.base.items()
            }
            base, source = int(rows.bases[row]), int(rows.origins[row, 0])
            words = shown.text(base).split()
            assert words == [setting["first"], setting["second"], setting["which"]]
            # Under the interchange the base is answered as the source is.
            assert torch.equal(rows.labels[row], shown.correct[source])
            assert shown.said(rows.labels[row]).strip() in shown.text(source).split()


def test_pairs_are_answered_where_base_and_source_are(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    pairs = [generate(spec.counterfactuals["SwapColor"], "test", rows=3)]
    encoded = lay_out(network, spec.tasks["Pick"], pairs, [LAST], None)
    [split] = encoded.splits
    right = encoded.presentation.correct
    assert encoded.answered(split, right).tolist() == [True, True, True]
    base_wrong, source_wrong = right.clone(), right.clone()
    base_wrong[1] += 1
    source_wrong[3 + 2] += 1
    assert encoded.answered(split, base_wrong).tolist() == [True, False, True]
    assert encoded.answered(split, source_wrong).tolist() == [True, True, False]
    left_alone = torch.full_like(split.rows.origins, -1)
    split.rows.origins.copy_(left_alone)
    assert encoded.answered(split, source_wrong).tolist() == [True, True, True]


def test_candidates(network: TaskNetwork) -> None:
    spec = specification(SPEC)
    [claim] = spec.claims.values()
    alignment = spec.alignments["Last"]
    offered = candidates(network, alignment, ["color"], claim)
    [placement] = alignment.placements
    sites = (Site("residual", 0), Site("residual", 1))
    method = Method("das", (("dim", 8),))
    offer = Offer((placement,), sites, TokenChoice(placement.tokens))
    assert offered == Candidates(("color",), (offer,))
    assert (offered.methods, offered.writes, offered.choices) == ((method,), (None,), (LAST,))
    assert offered.combinations({LAST: ("last",)}) == [
        (Site("residual", 0, "last"),),
        (Site("residual", 1, "last"),),
    ]
    assert offered.is_trained
    assert offered.fitting_splits == ("train", "validation")
    open_ended = specification(
        SPEC.replace("0..1 token", "1..* token").replace("das(dim = 8)", "full_vector")
    )
    offered = candidates(network, open_ended.alignments["Last"], ["color"], claim)
    [offer] = offered.offers
    assert (offer.sites, offered.fitting_splits) == ((Site("residual", 1),), ("validation",))


TWO_VARIABLES = (
    SPEC.replace("  var color = ", "  var second_color = second\n  var color = ")
    .replace(
        "first else second\n  output answer = color",
        "first else second_color\n  output answer = color",
    )
    .replace("  swap color\n", "  swap color from s1, second_color from s2\n")
)


def test_variables_of_two_statements_are_searched_jointly(network: TaskNetwork) -> None:
    more = "  var second_color at residual layers 1..1 token first by das(dim = 4)\n}"
    spec = specification(TWO_VARIABLES.replace("by das(dim = 8)\n}", f"by das(dim = 8)\n{more}"))
    [claim] = spec.claims.values()
    offered = candidates(network, spec.alignments["Last"], ["second_color", "color"], claim)
    first = TokenChoice((TokenPosition(Anchor.FIRST),))
    names = {LAST: ("last",), first: ("first",)}
    assert offered.count(names) == 2
    assert offered.combinations(names) == [
        (Site("residual", 1, "first"), Site("residual", layer, "last")) for layer in (0, 1)
    ]
    assert [method.dimension for method in offered.methods] == [4, 8]
    [placed, other] = offered.placed(offered.combinations(names)[0])
    assert (placed.site.token, other.site.token) == ("first", "last")


@pytest.mark.parametrize(
    ("layers", "code", "message"),
    [
        ("0..7", "CS724", "the network has no layer 7"),
        ("7..7", "CS724", "the network has no layer 7"),
    ],
)
def test_what_does_not_fit(network: TaskNetwork, layers: str, code: str, message: str) -> None:
    more = f"  var second_color at residual layers {layers} token last by das(dim = 8)\n}}"
    spec = specification(TWO_VARIABLES.replace("by das(dim = 8)\n}", f"by das(dim = 8)\n{more}"))
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
