"""Cyclic models: all equilibria, inputs without any, and what their outputs mean."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import NoWitness, Unknown, Witness
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.comparison import Difference, compare
from causalspec.compiler.proofs.equilibria import Guessing, without_equilibrium
from causalspec.dsl import catalogue
from tests.compiler.proofs.test_examine import examined, findings
from tests.helpers.columns_of import LONG
from tests.helpers.compiled import attempt, compiled
from tests.helpers.generated.expressions import DIGIT, TRUTH, Expressions, Scope

ROOM = """
language 1

task Room {
  input outside : {Cold, Mild, Hot}
  output heating : bool = outside == Cold
}
"""
KEPT_WARM = (
    ROOM
    + """
model M of Room cyclic {
  var warm : bool   = outside != Cold or heater
  var heater : bool = HEATER
  output heating = heater
}
"""
)


def settled(heater: str) -> list[str]:
    return [
        finding
        for finding in findings(KEPT_WARM.replace("HEATER", heater))
        if "CS402" not in finding
    ]


def test_the_page_of_missing_equilibria() -> None:
    page = catalogue.page("CS326")
    assert page.fails is not None and page.fixed is not None
    assert [diagnostic.code for diagnostic in examined(page.fails)[0]] == ["CS326"]
    assert [diagnostic.code for diagnostic in examined(page.fixed)[0]] == []


def test_a_model_that_settles_computes_its_task() -> None:
    _, examinations = examined(
        KEPT_WARM.replace("HEATER", "outside == Cold and (heater or not warm)")
    )
    assert [
        (examination.question, examination.holds)
        for examination in examinations
        if "`M`" in examination.question
    ] == [
        ("the mechanisms of `M` stay in their domains at every input", True),
        ("`M` has an equilibrium at every input", True),
        ("`M` computes the outputs of `Room`", True),
    ]


def test_an_input_without_equilibrium_is_named() -> None:
    assert settled("outside == Cold and not warm") == [
        "CS326 heating: `M` has no equilibrium at `outside = Cold`"
    ]


def test_every_equilibrium_must_give_the_output() -> None:
    """Where the heater keeps itself as it is, both settings are equilibria."""
    assert settled("outside == Cold and (heater or warm)") == [
        "CS323 heating: `M` does not compute `heating`: at `outside = Cold` it gives `false` in an "
        "equilibrium, expected `heating = true`"
    ]


def test_mechanisms_may_leave_their_domains_where_nothing_settles() -> None:
    text = """
language 1

task T {
  input a : 0..3
  output y : bool = true
}

model M of T cyclic {
  var p : 0..3 = q
  var q : 0..3 = if p == a then p else p + CHANGE
  output y = p == a
}
"""
    assert findings(text.replace("p + CHANGE", "a")) == []
    found = findings(text.replace("p + CHANGE", "min(p + 1, 4)"))
    assert found == []


def test_comparing_sets_of_equilibria_under_interventions() -> None:
    models = compiled("""
    task T {
      input a : bool
      output y : bool = a
    }
    model Locked of T cyclic approximately {
      var p : bool = q
      var q : bool = p or a
      output y = q
    }
    model Free of T cyclic approximately {
      var p : bool = q
      var q : bool = p
      output y = q or a
    }
    """).models
    same = compare(models["Locked"], models["Locked"])
    assert same.outputs.holds
    assert same.under_interventions is not None and same.under_interventions.holds
    found = compare(models["Locked"], models["Free"]).under_interventions
    assert found is not None and found.holds is False
    assert isinstance(found.difference, Difference)
    assert found.difference.inputs == {"a": 1}
    assert found.difference.done == {}
    assert found.difference.left == ({"y": 1, "p": 1, "q": 1},)
    assert found.difference.right == ({"y": 1, "p": 0, "q": 0}, {"y": 1, "p": 1, "q": 1})


def test_a_difference_that_only_an_intervention_shows() -> None:
    models = compiled("""
    task T {
      input a : bool
      output y : bool = a
    }
    model Chain of T {
      var p = a
      output y = p
    }
    model Loop of T cyclic {
      var p : bool = if p == a then p else a
      output y = a and (p or not p)
    }
    """).models
    found = compare(models["Chain"], models["Loop"])
    assert found.outputs.holds
    assert found.under_interventions is not None
    difference = found.under_interventions.difference
    assert isinstance(difference, Difference)
    assert (difference.inputs, difference.done) == ({"a": 0}, {"p": 1})
    assert (difference.left, difference.right) == (({"y": 1, "p": 1},), ({"y": 0, "p": 1},))


def test_too_many_guesses_are_left_open() -> None:
    text = (catalogue.page("CS325").fails or "").replace("language 1\n", "")
    specification, _ = attempt(text)
    assert specification is not None
    assert without_equilibrium(specification.models["Feedback"]) == NoWitness(Unknown())


@some.composite
def loops(draw: some.DrawFn) -> CausalModel:
    """Two variables that read each other and an input, and themselves."""
    chance = draw(some.randoms(use_true_random=False))
    scope = Scope({TRUTH: ["a", "p"], DIGIT: ["b", "q"]})
    expressions = Expressions(chance, scope)
    specification = compiled(f"""
    type Digit = 0..4
    function apart(left : Digit, right : Digit) = abs(left - right)
    function doubled(number : Digit) = 2 * number
    function halved(number : Digit) = number / 2
    function two() = 2
    task T {{
      input a : bool
      input b : 0..4
      output y : bool = a
    }}
    model M of T cyclic approximately {{
      var p : bool = {expressions.truth(2)}
      var q : 0..4 = {expressions.of(DIGIT, 2)}
      output y = p != (q == b)
    }}
    """)
    return specification.models["M"]


@settings(
    max_examples=1_000 if LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(loops())
def test_guesses_and_enumeration_agree(model: CausalModel) -> None:
    """The interpreter's equilibria are those of all settings; those of the guesses are, too."""
    guessing = Guessing.of(model)
    empty: list[dict[str, int]] = []
    for inputs in interpret.settings(model):
        every = [{"p": p, "q": q} for p in (None, 0, 1) for q in (None, *range(5))]
        by_hand = [
            {**inputs, **values} for values in every if is_equilibrium(model, inputs, values)
        ]
        found = interpret.equilibria(model, inputs)
        seen = [{name: solution.get(name) for name in (*inputs, "p", "q")} for solution in found]
        assert (
            sorted(seen, key=lambda values: every.index({"p": values["p"], "q": values["q"]}))
            == by_hand
        )
        settled_guesses = [
            setting
            for setting in interpret.settings(guessing.model)
            if all(setting[name] == code for name, code in inputs.items())
            and interpret.evaluate(guessing.settled, interpret.solve(guessing.model, setting))
        ]
        assert len(settled_guesses) == len(by_hand)
        if not by_hand:
            empty.append(inputs)
    answer = without_equilibrium(model)
    if not guessing.guesses:
        assert not empty
    elif empty:
        assert isinstance(answer, Witness) and answer.setting in empty
    else:
        assert isinstance(answer, NoWitness) and answer.is_certain


def is_equilibrium(
    model: CausalModel, inputs: Mapping[str, int], values: Mapping[str, int | None]
) -> bool:
    """By the definition: each variable is what its mechanism gives, None where that is nothing or
    outside its domain, which must not be so on a cycle.
    """
    known = {name: code for name, code in values.items() if code is not None}
    for name, code in values.items():
        variable = model.by_name[name]
        assert variable.mechanism is not None
        given = interpret.evaluate(variable.mechanism, {**inputs, **known})
        if code != (given if given in variable.domain.codes() else None):
            return False
        if code is None and name in interpret.on_cycles(model):
            return False
    return True


def test_an_output_may_stand_on_a_cycle_itself() -> None:
    text = """
language 1

task T {
  input a : bool
  output y : bool = a
}

model M of T cyclic {
  var p : bool = y
  output y = a and (y or not p)
}
"""
    assert findings(text) == []


def test_an_example_that_only_some_equilibria_meet_names_them_all() -> None:
    text = """
language 1

task Ring {
  input treated[i in 0..2] : bool
  output all_eat : bool = treated[0]
}

model M of Ring cyclic approximately {
  var eats[i in 0..2] = treated[i] or eats[(i + 1) % 3] and eats[(i + 2) % 3]
  output all_eat = eats[0] and eats[1] and eats[2]

  example { treated[0] = false  treated[1] = false  treated[2] = false } gives { all_eat = true }
  example { treated[0] = true  treated[1] = true  treated[2] = false } gives { all_eat = false }
}
"""
    assert [diagnostic.message for diagnostic in examined(text)[0]] == [
        "this example expects `all_eat = true`, but `M` gives `false` or `true`, by the "
        "equilibrium",
        "this example expects `all_eat = false`, but `M` gives `true`",
    ]
