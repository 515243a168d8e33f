"""Abstractions of cyclic models keep every equilibrium under every intervention, or are refuted."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import NoWitness
from causalspec.compiler.proofs.cyclic_relations import UnlikeEquilibria, examine_cyclic_relation
from causalspec.compiler.proofs.relations import Relation
from tests.compiler.proofs.test_examine import examined
from tests.helpers.columns_of import LONG
from tests.helpers.compiled import attempt
from tests.helpers.spec_files import SPECS

MECHANISMS = some.sampled_from(
    ["a", "p", "q", "not p", "not q", "p or a", "q and a", "p == q", "if a then q else not p"]
)
TEXT = """
task T {
  input a : bool
  output y : bool = a
}
model Fine of T cyclic approximately {
  var p : bool = FINE_P
  var q : bool = FINE_Q
  output y = q
}
model Coarse of T cyclic approximately {
  var p : bool = COARSE_P
  var q : bool = COARSE_Q
  output y = q
}
abstraction Kept from Fine to Coarse { p = VALUE_P  q = q }
"""


def relation_of(text: str) -> Relation:
    """Of `Kept`; a model without a cycle may call itself cyclic, with a warning."""
    specification, _ = attempt(text)
    assert specification is not None
    kept = specification.abstractions["Kept"]
    return Relation.of(kept.fine, kept.coarse, kept.values)


def keeps_equilibria(relation: Relation) -> bool:
    """By trying every input and every intervention."""
    for inputs in interpret.settings(relation.fine):
        for size in range(3):
            for names in combinations(relation.aligned, size):
                for codes in product((0, 1), repeat=size):
                    done = dict(zip(names, codes, strict=True))
                    coarse_done = relation.translated(done, names)
                    fine = interpret.equilibria(relation.fine, inputs, done)
                    coarse = interpret.equilibria(relation.coarse, inputs, coarse_done)
                    seen = {
                        tuple(relation.translated(solution, relation.observed).items())
                        for solution in fine
                    }
                    wanted = {
                        tuple((name, solution[name]) for name in relation.observed)
                        for solution in coarse
                    }
                    if seen != wanted:
                        return False
    return True


@settings(
    max_examples=2_000 if LONG else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(MECHANISMS, MECHANISMS, some.sampled_from(["p", "not p"]), some.booleans(), MECHANISMS)
def test_the_answer_is_that_of_enumeration(
    first: str, second: str, value: str, same: bool, other: str
) -> None:
    """The coarse model is the fine one itself, or another second mechanism."""
    text = TEXT.replace("FINE_P", first).replace("FINE_Q", second).replace("VALUE_P", value)
    text = text.replace("COARSE_P", first).replace("COARSE_Q", second if same else other)
    relation = relation_of(text)
    answer = examine_cyclic_relation(relation)
    assert isinstance(answer, NoWitness) == keeps_equilibria(relation)
    if isinstance(answer, NoWitness):
        assert answer.is_certain
    else:
        assert answer.translated != answer.expected


def test_an_equilibrium_is_lost_only_under_an_intervention() -> None:
    text = TEXT.replace("FINE_P", "a").replace("FINE_Q", "if p == a then a else p")
    text = text.replace("COARSE_P", "a").replace("COARSE_Q", "a").replace("VALUE_P", "p")
    answer = examine_cyclic_relation(relation_of(text))
    assert isinstance(answer, UnlikeEquilibria)
    assert answer.inputs == {"a": 0}
    assert (answer.done, answer.coarse_done) == ({"p": 1}, {"p": 1})
    assert answer.translated == ({"p": 1, "q": 1, "y": 1},)
    assert answer.expected == ({"p": 1, "q": 0, "y": 0},)


def test_the_equilibria_are_shown_side_by_side() -> None:
    path = SPECS / "abstraction" / "equilibria.causal"
    text = path.read_text(encoding="utf-8")
    diagnostics, examinations = examined(text)
    assert not diagnostics
    assert [examination.holds for examination in examinations] == [True] * len(examinations)

    diagnostics, examinations = examined(text.replace("reading >= 1", "reading >= 2"))
    assert [diagnostic.message for diagnostic in diagnostics] == [
        "`Loop` does not abstract `Devices`, a square fails: at `outside = Cold` `Devices` has the "
        "equilibrium `runs = true, warm = false, heated = true`, `Loop` the equilibrium "
        "`runs = true, warm = true, heated = true`"
    ]
    assert [line.split() for line in examinations[-1].details][1] == [
        *("inputs", "outside", "=", "Cold", "outside", "=", "Cold"),
    ]
    assert sum("differs" in line for line in examinations[-1].details) == 2
