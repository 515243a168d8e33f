"""Data that tells rivals apart, sampled where such pairs are common and solved for where rare."""

from __future__ import annotations

import numpy
import pytest

from causalspec.compiler.counterparts import counterparts_of
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.specification import SwapKind
from tests.helpers.compiled import compiled, findings, unmet

EQUALITY = """
type Shape = 0..9

task Same {
  input a, b, c, d : Shape
  output same : bool = (a == b) == (c == d)
}
model Both of Same {
  var left = a == b
  var right = c == d
  output same = left == right
}
model First of Same {
  var first = a
  output same = (first == b) == (c == d)
}
model Left of Same {
  var left = a == b
  output same = left == (c == d)
}
"""


def assert_told_apart(pairs: InterchangePairs) -> None:
    """Every label, and every rival's, by the interpreter."""
    design = pairs.design
    for row in range(len(pairs)):
        base = {name: int(column[row]) for name, column in pairs.base.items()}
        sources = [{n: int(c[row]) for n, c in source.items()} for source in pairs.sources]
        kind = int(pairs.kinds[row])
        solution = interpret.interchange(design.model, base, sources, design.kinds[kind])
        label = {name: solution[name] for name in design.model.outputs}
        assert label == {name: int(column[row]) for name, column in pairs.label.items()}
        for distinction in design.distinctions:
            for other in distinction.kinds[kind]:
                theirs = interpret.interchange(distinction.rival, base, sources, other)
                assert label != {name: theirs[name] for name in label}


def test_every_pair_tells_the_rival_apart() -> None:
    specification = compiled(
        EQUALITY
        + """
    counterfactuals D of Both {
      swap left
      swap right
      distinguish from First
      balance result.same
      split train 100, test 60 disjoint by (a, b)
    }
    """
    )
    design = specification.counterfactuals["D"]
    for split in ("train", "test"):
        pairs = generate(design, split)
        assert_told_apart(pairs)
    assert pairs.label["same"].tolist().count(1) == 30


def test_rivals_named_together_are_all_told_apart() -> None:
    specification = compiled(
        EQUALITY
        + """
    counterfactuals D of Both {
      swap right
      distinguish from First, Left
      split train 50
    }
    """
    )
    assert_told_apart(generate(specification.counterfactuals["D"], "train"))


def test_a_rival_that_is_the_same_cannot_be_told_apart() -> None:
    specification = compiled(
        EQUALITY
        + """
    counterfactuals D of Both {
      swap left
      distinguish from Left
      split train 50
    }
    """
    )
    found = unmet(specification.counterfactuals["D"])
    assert found.code == "CS511"
    assert found.message == "no pair of kind `left` meets `Left`"


RARE = """
task Rare {
  input a, b, c : 0..9999
  output y : 0..19998 = a + b
}
model Plain of Rare {
  var left = a
  output y = left + b
}
model Odd of Rare approximately {
  var left = a
  output y = if left == b + c and c > 5000 then 0 else left + b
}
counterfactuals D of Plain {
  swap left
  distinguish from Odd
  split train 24, test 8 disjoint by (b)
}
"""


def test_rare_pairs_are_solved_for_and_spread() -> None:
    design = compiled(RARE).counterfactuals["D"]
    pairs = generate(design, "train")
    assert_told_apart(pairs)
    assert len(numpy.unique(pairs.base["b"])) >= 12
    assert len(numpy.unique(pairs.sources[0]["a"])) >= 12
    seen = {covered.name: covered.seen for covered in pairs.summary.coverage}
    assert seen["c"] > 24
    test = generate(design, "test")
    assert not set(test.base["b"].tolist()) & set(pairs.base["b"].tolist())
    again = generate(design, "train")
    assert all((again.base[name] == column).all() for name, column in pairs.base.items())


def test_rare_pairs_that_do_not_exist_are_refused_by_proof() -> None:
    text = RARE.replace("left == b + c and c > 5000", "left == b + c and c > 9999")
    text = text.replace(" disjoint by (b)", "")
    design = compiled(text.replace("c > 9999", "c * 2 == 19999")).counterfactuals["D"]
    found = unmet(design)
    assert (found.code, found.help) == ("CS511", "proved by the solver")


def test_what_stands_beside_a_swap() -> None:
    models = compiled(EQUALITY).models
    left = SwapKind(("left",), (0,))
    both = SwapKind(("left", "right"), (0, 1))
    assert counterparts_of(left, models["Left"]) == (left,)
    assert counterparts_of(left, models["First"]) == (SwapKind(("first",), (0,)),)
    assert counterparts_of(both, models["First"]) == ()
    together = SwapKind(("left", "right"), (1, 1))
    assert counterparts_of(together, models["First"]) == (SwapKind(("first",), (1,)),)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("Both", "`Both` is the model of this data, not a rival"),
        ("First, First", "`First` is named twice"),
        ("Fist", "unknown model `Fist`"),
    ],
)
def test_rivals_that_are_none(named: str, message: str) -> None:
    (found,) = findings(
        EQUALITY + f"counterfactuals D of Both {{ swap left  distinguish from {named}  "
        "split train 50 }"
    )
    assert message in found
