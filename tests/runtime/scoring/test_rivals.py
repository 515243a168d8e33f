"""Pairs for a rival, drawn in the same way as for the hypothesis."""

from __future__ import annotations

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.rival_designs import rival_design
from causalspec.compiler.specification import SwapKind
from tests.helpers.compiled import compiled

SPEC = compiled("""
task Pick {
  input first, second : 0..4
  input which : {left, right}
  output answer : 0..4 = if which == left then first else second
}
model Side of Pick {
  var side = which
  output answer = if side == left then first else second
}
model Direct of Pick {
  var chosen = if which == left then first else second
  output answer = chosen
}
counterfactuals SwapSide of Side {
  swap side
  keep where base.first != source.second
  keep where base.side != source.side
  balance result.answer != base.answer
  split train 40, test 20
  seed 3
}
counterfactuals BySide of Side {
  swap side
  balance base.side
  split train 40
}
""")


def test_what_speaks_of_inputs_and_outputs_stays() -> None:
    design = SPEC.counterfactuals["SwapSide"]
    rival = rival_design(design, SPEC.models["Direct"])
    assert (rival.name, rival.model.name) == ("SwapSide for Direct", "Direct")
    assert rival.kinds == (SwapKind(("chosen",), (0,)),)
    assert rival.keep == design.keep[:1]  # the other one speaks of `side`
    assert (rival.balance, rival.balance_domain) == (design.balance, design.balance_domain)
    assert (rival.splits, rival.seed) == (design.splits, 3)
    pairs = generate(rival, "test")
    assert len(pairs) == 20
    assert (pairs.label["answer"] == pairs.source_outputs[0]["answer"]).all()
    assert (pairs.base["first"] != pairs.sources[0]["second"]).all()
    assert pairs.floor == 0.5


def test_a_balance_of_the_models_own_goes() -> None:
    rival = rival_design(SPEC.counterfactuals["BySide"], SPEC.models["Direct"])
    assert (rival.balance, rival.balance_domain) == (None, None)
