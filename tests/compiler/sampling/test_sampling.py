"""Seeing, doing and imagining, beside brute force by the interpreter and beside a textbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.compile import open_file
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import Expression, Reference
from causalspec.compiler.front.policies import compile_policy
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.sampling import worlds as worlds_module
from causalspec.compiler.sampling.derivations import derivation
from causalspec.compiler.sampling.policies import CircularPolicyError
from causalspec.compiler.sampling.questions import questions
from causalspec.compiler.sampling.rungs import (
    Query,
    Rung,
    UnanswerableError,
    abduce,
    equilibrium_outcomes,
    expectation,
    outcomes,
    sample,
)
from causalspec.compiler.sampling.worlds import TooManyWorldsError
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse, parse_expression
from causalspec.dsl.source import Source
from tests.helpers.cases import LEFT_BOUNDARY, NOISY, THERMOSTAT
from tests.helpers.columns_of import LONG, as_settings
from tests.helpers.compiled import compiled
from tests.helpers.generated.models import models
from tests.helpers.spec_files import SPECS, loaded

FOLDER = SPECS / "firing_squad"
SQUAD = loaded(FOLDER / "firing_squad.causal").models["TwoRiflemen"]
ORDERED, NERVOUS = Fraction(7, 10), Fraction(1, 10)

many = settings(
    max_examples=500 if LONG else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Setting = Mapping[str, int]
Shares = Mapping[tuple[int | None, ...], Fraction]


def brute_force(query: Query, of: Sequence[str]) -> Shares:
    """Every setting one after the other, by the interpreter and in fractions."""
    model = query.model
    names = model.exogenous
    variables = [model.by_name[name] for name in names]
    shares: Counter[tuple[int | None, ...]] = Counter()
    for codes in product(*(variable.domain.codes() for variable in variables)):
        world = dict(zip(names, codes, strict=True))
        if not interpret.satisfies(model, {name: world[name] for name in model.inputs}):
            continue
        solution = interpret.solve(model, world)
        if all(solution.get(name) == code for name, code in query.observed.items()):
            done = {n: c for n, c in query.done.items() if n not in names}
            moved = {n: query.done.get(n, c) for n, c in world.items()}
            after = interpret.solve(model, moved, done)
            weights = (
                variable.weights[variable.domain.codes().index(code)] if variable.weights else 1
                for variable, code in zip(variables, codes, strict=True)
            )
            shares[tuple(after.get(name) for name in of)] += prod(weights)
    total = sum(shares.values())
    return {key: Fraction(share, total) for key, share in shares.items() if share}


def exact(query: Query, of: Sequence[str]) -> Shares:
    return {
        tuple(map(outcome.values.get, of)): outcome.probability for outcome in outcomes(query, of)
    }


@some.composite
def queries(draw: some.DrawFn) -> Query:
    """A model with weighted inputs and noise, evidence from one of its worlds, an intervention."""
    model = draw(models(partial=True))
    weighted = tuple(
        replace(
            variable, weights=(1, *(draw(some.integers(0, 3)) for _ in variable.domain.codes()[1:]))
        )
        if variable.mechanism is None and draw(some.booleans())
        else variable
        for variable in model.variables
    )
    model = replace(model, variables=weighted)
    free = (variable for variable in model.variables if variable.mechanism is None)
    world = {
        variable.name: draw(
            some.sampled_from(
                [
                    c
                    for k, c in enumerate(variable.domain.codes())
                    if not variable.weights or variable.weights[k]
                ]
            )
        )
        for variable in free
    }
    solution = interpret.solve(model, world)
    seen = draw(some.lists(some.sampled_from(list(solution)), unique=True, max_size=3))
    able = [variable.name for variable in model.variables if variable.role is not Role.ABBREVIATION]
    done = draw(some.lists(some.sampled_from(able), unique=True, max_size=2))
    return Query(
        model,
        {name: solution[name] for name in seen},
        {name: draw(some.sampled_from(model.by_name[name].domain.codes())) for name in done},
    )


@many
@given(queries())
def test_probabilities_are_those_of_brute_force(query: Query) -> None:
    of = list(query.model.by_name)
    found = exact(query, of)
    assert found == brute_force(query, of)
    assert sum(found.values()) == 1


@many
@given(queries())
def test_doing_what_was_seen_changes_nothing(query: Query) -> None:
    """Consistency (Pearl, *Causality*, 2009, corollary 7.3.2)."""
    done = {
        name: code
        for name, code in query.observed.items()
        if query.model.by_name[name].role is not Role.ABBREVIATION
    }
    of = list(query.model.by_name)
    seen = replace(query, done={})
    assert exact(replace(query, done=done), of) == exact(seen, of)


@many
@given(queries())
def test_evidence_without_action_is_the_posterior(query: Query) -> None:
    seen = replace(query, done={})
    names = query.model.exogenous
    abduced = abduce(seen)
    posterior: dict[tuple[int, ...], Fraction] = {}
    for row, share in zip(as_settings(abduced.columns), abduced.probabilities(), strict=True):
        key = tuple(row[name] for name in names)
        posterior[key] = posterior.get(key, Fraction(0)) + share
    assert exact(seen, names) == posterior


@many
@given(queries())
def test_an_observation_is_an_intervention_on_nothing(query: Query) -> None:
    nothing = Query(query.model, {}, {})
    drawn = sample(nothing, 20, 5)
    assert nothing.rung is Rung.OBSERVATION
    assert as_settings(drawn.factual) == as_settings(drawn.predicted)
    for row in as_settings(drawn.factual):
        world = {name: row[name] for name in query.model.exogenous}
        assert row == interpret.solve(query.model, world)


@many
@given(queries(), some.integers(0, 2**31))
def test_drawn_rows_meet_the_evidence_and_follow_the_intervention(query: Query, seed: int) -> None:
    drawn = sample(query, 8, seed)
    for factual, predicted in zip(
        as_settings(drawn.factual), as_settings(drawn.predicted), strict=True
    ):
        world = {name: factual[name] for name in query.model.exogenous}
        assert factual == interpret.solve(query.model, world)
        assert factual.items() >= query.observed.items()
        assert predicted.items() >= query.done.items()
        moved = {name: query.done.get(name, code) for name, code in world.items()}
        done = {name: code for name, code in query.done.items() if name not in world}
        assert predicted == interpret.solve(query.model, moved, done)


def test_the_textbooks_prisoner() -> None:
    """Pearl, *Causality*, 2009, section 7.1.3, with p = 7/10 and q = 1/10."""
    p, q = ORDERED, NERVOUS
    dead = p + (1 - p) * q
    alive_had_he_not_shot = (1 - p) * q / dead
    query = Query(SQUAD, {"dead": 1}, {"first": 0})
    assert query.rung is Rung.COUNTERFACTUAL
    assert exact(query, ["dead"]) == {(1,): 1 - alive_had_he_not_shot, (0,): alive_had_he_not_shot}
    assert exact(Query(SQUAD, {}, {}), ["dead"]) == {(1,): dead, (0,): 1 - dead}
    # Doing is not seeing: that he holds fire says nothing about the order, seeing it does.
    assert exact(Query(SQUAD, {}, {"first": 0}), ["dead"]) == {(1,): p, (0,): 1 - p}
    assert exact(Query(SQUAD, {"first": 0}, {}), ["dead"]) == {(0,): 1}


@pytest.mark.parametrize(
    ("observed", "done", "rung"),
    [
        ((), (), Rung.OBSERVATION),
        (("dead",), (), Rung.OBSERVATION),
        ((), ("first",), Rung.INTERVENTION),
        (("ordered", "nervous"), ("first",), Rung.INTERVENTION),
        (("dead",), ("first",), Rung.COUNTERFACTUAL),
        (("ordered",), ("ordered",), Rung.COUNTERFACTUAL),
    ],
)
def test_the_rung_is_the_one_needed(
    observed: tuple[str, ...], done: tuple[str, ...], rung: Rung
) -> None:
    query = Query(SQUAD, dict.fromkeys(observed, 1), dict.fromkeys(done, 1))
    assert query.rung is rung


def test_frequencies_come_near_the_probabilities() -> None:
    rows = 20_000
    drawn = sample(Query(SQUAD, {"dead": 1}, {"first": 0}), rows, 3).predicted["dead"]
    assert abs(int(drawn.sum()) / rows - float(Fraction(70, 73))) < 0.01


def test_the_same_seed_gives_the_same_rows_however_many() -> None:
    query = Query(NOISY, {}, {})
    few, more = (as_settings(sample(query, rows, 9).factual) for rows in (5, 50))
    assert more[:5] == few
    assert as_settings(sample(query, 50, 10).factual) != more


def test_weights_of_any_size() -> None:
    """Twelve rare accidents: the weights of their worlds do not fit in 64 bits."""
    accidents = tuple(
        Variable(f"u{k}", Role.NOISE, Truths(), weights=(999_999, 1)) for k in range(12)
    )
    seen = Variable("seen", Role.OUTPUT, Truths(), Reference("u0"))
    switch = Variable("switch", Role.INPUT, Truths())
    model = CausalModel("Rare", "Rare", (switch, *accidents, seen))
    assert exact(Query(model, {}, {}), ["seen"]) == {
        (0,): Fraction(999_999, 1_000_000),
        (1,): Fraction(1, 1_000_000),
    }
    drawn = sample(Query(model, {}, {}), 200, 0)
    assert int(drawn.factual["seen"].sum()) == 0
    assert 60 < int(drawn.factual["switch"].sum()) < 140


def test_impossible_evidence_says_so() -> None:
    with pytest.raises(UnanswerableError) as caught:
        outcomes(Query(SQUAD, {"dead": 1, "first": 0}, {}), ["dead"])
    assert str(caught.value) == (
        "the evidence is impossible: no inputs and noise of `TwoRiflemen` give "
        "dead = true, first = false"
    )


def test_a_cyclic_model_is_refused() -> None:
    with pytest.raises(UnanswerableError, match="is cyclic: a world may have several solutions"):
        sample(Query(THERMOSTAT, {}, {}), 1, 0)


def test_too_many_worlds_are_refused_but_can_be_drawn_from() -> None:
    with pytest.raises(TooManyWorldsError, match="has 1,000,000,000 settings of inputs and noise"):
        outcomes(Query(LEFT_BOUNDARY, {}, {}), ["answer"])
    rows = as_settings(sample(Query(LEFT_BOUNDARY, {}, {"above": 0}), 50, 0).predicted)
    assert {row["answer"] for row in rows} == {LEFT_BOUNDARY.by_name["answer"].domain.codes()[1]}
    assert all(interpret.satisfies(LEFT_BOUNDARY, row) for row in rows)


def test_the_limit_of_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds_module, "MOST_WORLDS", 4)
    assert len(abduce(Query(SQUAD, {}, {}))) == 4
    monkeypatch.setattr(worlds_module, "MOST_WORLDS", 3)
    with pytest.raises(TooManyWorldsError):
        abduce(Query(SQUAD, {}, {}))
    assert len(abduce(Query(SQUAD, {"ordered": 1}, {}))) == 2


# Questions -------------------------------------------------------------------------------------


def test_a_question_says_all_that_its_answer_follows_from() -> None:
    (first,) = questions(Query(SQUAD, {}, {}), 1, 0)
    seen = setting_text(SQUAD, first.query.observed, first.query.observed)
    assert first.text == f"We see {seen}. What is dead, and with what probability?"
    assert first.model == (
        "ordered is false with probability 3/10, true with probability 7/10",
        "nervous is false with probability 9/10, true with probability 1/10",
        "signal = ordered",
        "first = signal or nervous",
        "second = signal",
        "dead = first or second",
    )
    (priced,) = questions(Query(LEFT_BOUNDARY, {}, {}), 1, 0)
    assert priced.model[0] == ("lower is any of 1,000 values, 0.00 to 9.99, with equal probability")
    assert priced.model[-1] == "only inputs with upper - lower in 2.50..7.50"


@many
@given(models(partial=True), some.integers(0, 100))
def test_answers_are_those_of_brute_force(model: CausalModel, seed: int) -> None:
    found = list(questions(Query(model, {}, {}), 6, seed))
    assert len({question.text for question in found}) == len(found) <= 6
    for question in found:
        assert question.query.rung is question.rung
        assert exact(question.query, [question.of]) == brute_force(question.query, [question.of])
        assert question.answer.probability == max(
            brute_force(question.query, [question.of]).values()
        )
        assert question.text.endswith("with what probability?")
        assert question.derivation[-1].startswith("So ")
    assert [question.text for question in questions(Query(model, {}, {}), 6, seed)] == [
        question.text for question in found
    ]


def test_questions_do_not_repeat_and_their_rungs_take_turns() -> None:
    priced = list(questions(Query(LEFT_BOUNDARY, {}, {}), 30, 0))
    assert [question.rung for question in priced] == list(Rung) * 10
    assert len({question.text for question in priced}) == 30
    few = list(questions(Query(SQUAD, {}, {}), 300, 0))
    assert len({question.text for question in few}) == len(few)
    # Where interventions are used up, the other rungs go on.
    shares = Counter(question.rung for question in few)
    assert shares[Rung.INTERVENTION] < 100 < shares[Rung.COUNTERFACTUAL]


def test_a_derivation_names_every_mechanism_that_it_goes_through() -> None:
    query = Query(SQUAD, {"dead": 1}, {"first": 0})
    assert list(derivation(query, abduce(query), "dead")) == [
        "Abduction: of the 4 settings of ordered and nervous, 3 agree with dead = true: "
        "ordered = true, nervous = false with probability 63/73; "
        "ordered = true, nervous = true with probability 7/73; "
        "ordered = false, nervous = true with probability 3/73.",
        "Action: first = false, instead of signal or nervous.",
        "Prediction: with ordered = true (probability 70/73): "
        "signal = true, since ordered = true; second = true, since signal = true; "
        "dead = true, since second = true.",
        "Prediction: with ordered = false (probability 3/73): "
        "signal = false, since ordered = false; second = false, since signal = false; "
        "dead = false, since first = false (set) and second = false.",
    ]


# Nested values, evidence under an intervention, expectations, equilibria -------------------------


def test_a_nested_query_is_what_going_through_all_worlds_gives() -> None:
    text = """
      task T { input x : bool ~ bernoulli(0.4)  input y : 0..2  output z : 0..9 = 0 }
      model M of T approximately {
        noise u : 0..2 ~ weights { 0 => 3  1 => 2  2 => 1 }
        var m = if x then u else y
        var n = m * y
        output z = n + (if x then 2 else u)
      }
    """
    model = compiled(text).models["M"]
    nested = {"m": {"x": 0}, "n": {"m": 1, "x": 1}}
    query = Query(model, {"y": 2}, {"x": 1}, nested, {"u": 1})
    total, mass, seen = Fraction(0), Fraction(0), set[int]()
    for x, u in product((0, 1), (0, 1, 2)):
        world = {"x": x, "y": 2, "u": u}
        inner = interpret.solve(model, world, {"x": 0})["m"]
        within = interpret.solve(model, world, {"m": 1, "x": 1})["n"]
        solved = interpret.solve(model, world, {"x": 1, "m": inner, "n": within})
        if solved["u"] == 1:
            weight = Fraction((6, 4)[x], 10) * Fraction((3, 2, 1)[u], 6)
            total += weight * solved["z"]
            mass += weight
            seen.add(solved["z"])
    assert expectation(query, "z") == total / mass
    assert {outcome.values["z"] for outcome in outcomes(query, ["z"])} == seen
    assert query.rung is Rung.COUNTERFACTUAL


def test_direct_and_indirect_effects_add_up_where_nothing_interacts() -> None:
    text = """
      task T { input x : bool  output z : 0..9 = 0 }
      model M of T approximately {
        noise u : bool ~ bernoulli(0.3)
        var m : 0..3 = if x then 3 else if u then 1 else 0
        output z = m + (if x then 2 else 0)
      }
    """
    model = compiled(text).models["M"]

    def expected(x: int, mediated: int) -> Fraction:
        return expectation(Query(model, {}, {"x": x}, {"m": {"x": mediated}}), "z")

    plain = [expectation(Query(model, {}, {"x": x}), "z") for x in (0, 1)]
    assert plain == [expected(0, 0), expected(1, 1)]
    direct, indirect = expected(1, 0) - plain[0], expected(0, 1) - plain[0]
    assert (direct, indirect) == (2, Fraction(27, 10))
    assert direct + indirect == plain[1] - plain[0]


def test_evidence_under_an_intervention() -> None:
    query = Query(SQUAD, {}, {"first": 0}, found={"dead": 1})
    assert query.rung is Rung.INTERVENTION
    assert exact(query, ["ordered"]) == {(1,): 1}
    with pytest.raises(UnanswerableError, match="impossible"):
        outcomes(Query(SQUAD, {"ordered": 0}, {"first": 0}, found={"dead": 1}), ["dead"])


def test_what_has_no_expected_value() -> None:
    text = """
      task T { input c : {Red, Green}  input n : 0..3  output o : 0..3 = 0 }
      model M of T approximately { var half : 0..1 = n  output o = half }
    """
    model = compiled(text).models["M"]
    for name, reason in (("c", "neither numbers nor truth values"), ("half", "undefined with")):
        with pytest.raises(UnanswerableError, match=reason):
            expectation(Query(model, {}, {}), name)
    with pytest.raises(UnanswerableError, match="has no value in some world"):
        outcomes(Query(model, {}, {}, {"half": {"n": 3}}), ["o"])


def test_bounds_over_equilibria() -> None:
    text = """
      task T { input a : bool ~ bernoulli(0.25)  input b : bool  output o : bool = a }
      model M of T approximately cyclic {
        var p = (a or q) and b
        var q : bool = if b then p else not q
        output o = p
      }
    """
    model = compiled(text).models["M"]
    bounds, without = equilibrium_outcomes(Query(model, {}, {}), ["o"])
    # Where b is false there is none; where it is true, a makes p true, else p is what q is.
    assert without == Fraction(1, 2)
    found = {bound.values["o"]: (bound.lowest, bound.highest) for bound in bounds}
    assert found == {1: (Fraction(1, 8), Fraction(1, 2)), 0: (0, Fraction(3, 8))}
    with pytest.raises(UnanswerableError, match="leaves open which equilibrium"):
        equilibrium_outcomes(Query(model, {"p": 1}, {}), ["o"])


def test_questions_in_a_models_own_words_have_exact_answers() -> None:
    specification = loaded(FOLDER / "firing_squad.causal")
    texts = specification.question_texts["TwoRiflemen"]
    found = list(questions(Query(SQUAD, {}, {}), 60, 0, texts))
    assert len({question.text for question in found}) == len(found)
    for question in found:
        assert question.asked is not None
        shares = brute_force(question.query, [question.of])
        assert question.answer.probability == shares.get((question.asked,), 0)
        assert " = " not in question.text
        assert question.derivation[-1].endswith(f" is {question.answer.probability}.")


# Policies ----------------------------------------------------------------------------------------

CLINIC = """
  type Dose = {None, Low, High}
  function least(n : 0..3) = min(n, 1)
  task Clinic {
    input severe : bool ~ bernoulli(0.3)
    input age : 0..3
    let old = age >= 2
    output well : bool = severe
  }
  model M of Clinic approximately {
    noise luck : 0..2 ~ weights { 0 => 3  1 => 2  2 => 1 }
    var dose : Dose = if severe then High else None
    var strength : 0..4 = age + (if luck == 2 then 0 else least(age))
    output well = luck > 0 or (dose == High and severe) or strength == luck + 4
  }
"""


def strength_of(age: int, luck: int) -> int:
    return age + (0 if luck == 2 else min(age, 1))


def gets_well(dosed: int, severe: int, luck: int, strong: int | None) -> int | None:
    if luck > 0 or (dosed == 2 and severe) or strong == luck + 4:
        return 1
    return None if strong is None else 0


def policy(name: str, text: str) -> Mapping[str, Expression]:
    diagnostics = Diagnostics()
    source = Source("clinic", f"language 1\n{CLINIC}")
    specification, known = open_file(parse(source, diagnostics), None, diagnostics)
    assert specification is not None, list(diagnostics)
    written = parse_expression(Source("--do", text), diagnostics)
    assert written is not None
    found = compile_policy(known, specification.models["M"], name, written)
    assert found is not None, list(diagnostics)
    return {name: found}


def test_a_policy_is_what_going_through_all_patients_gives() -> None:
    """In Python's own numbers, with nothing of the compiler but the names of the values."""
    model = compiled(CLINIC).models["M"]
    dose = policy("dose", "if old and not severe then Low else if severe then High else None")
    strength = policy("strength", "age + 2")
    shares: Counter[tuple[int | None, ...]] = Counter()
    for severe, age, luck in product((0, 1), range(4), range(3)):
        dosed = 1 if age >= 2 and not severe else 2 if severe else 0
        strong = age + 2 if age < 3 else None  # 5 is beyond its type
        well = gets_well(dosed, severe, luck, strong)
        weight = Fraction((7, 3)[severe], 10) * Fraction((3, 2, 1)[luck], 6) / 4
        shares[dosed, strong, well] += weight
    query = Query(model, {}, {}, policies={**dose, **strength})
    assert exact(query, ["dose", "strength", "well"]) == shares
    assert query.rung is Rung.INTERVENTION
    drawn = sample(query, 50, 1)
    for before, after in zip(as_settings(drawn.factual), as_settings(drawn.predicted), strict=True):
        assert after == interpret.solve(model, {n: before[n] for n in model.exogenous},
                                        query.policies)  # fmt: skip


def test_a_policy_of_an_input_and_evidence_from_before_it() -> None:
    model = compiled(CLINIC).models["M"]
    query = Query(model, {"well": 1}, {}, policies=policy("severe", "age == 3"))
    expected: Counter[int] = Counter()
    for severe, luck, age in product((0, 1), range(3), range(4)):
        if gets_well(2 * severe, severe, luck, strength_of(age, luck)):
            after = int(age == 3)
            well = gets_well(2 * after, after, luck, strength_of(age, luck))
            assert well is not None
            expected[well] += (7, 3)[severe] * (3, 2, 1)[luck]
    total = sum(expected.values())
    assert query.rung is Rung.COUNTERFACTUAL
    assert exact(query, ["well"]) == {
        (well,): Fraction(share, total) for well, share in expected.items()
    }
    assert expectation(query, "well") == Fraction(expected[1], total)
    assert list(derivation(query, abduce(query), "well"))[1] == "Action: severe = age == 3."


def test_a_policy_reads_nothing_that_it_changes() -> None:
    model = compiled(CLINIC).models["M"]
    circle = Query(model, {}, {}, policies=policy("luck", "if well then 1 else 0"))
    with pytest.raises(CircularPolicyError) as caught:
        outcomes(circle, ["well"])
    assert str(caught.value) == (
        "`luck` would depend on itself: `luck` reads `well`, `well` reads `luck`"
    )
    cut = Query(model, {}, {"well": 1}, policies=circle.policies)
    assert exact(cut, ["luck", "well"]) == {(1, 1): 1}


def test_questions_of_a_policy_have_its_answers() -> None:
    model = compiled(CLINIC).models["M"]
    asked = Query(model, {}, {}, policies=policy("dose", "if severe then Low else High"))
    found = list(questions(asked, 9, 0))
    assert {question.rung for question in found} == set(Rung)
    for question in found:
        seen = question.query.observed
        acted = question.rung is not Rung.OBSERVATION
        shares: Counter[int] = Counter()
        for severe, age, luck in product((0, 1), range(4), range(3)):
            given = {"severe": severe, "age": age, "luck": luck}
            if seen.items() <= interpret.solve(model, given).items():
                dosed = (1 if severe else 2) if acted else (2 if severe else 0)
                well = gets_well(dosed, severe, luck, strength_of(age, luck))
                assert well is not None
                shares[well] += (7, 3)[severe] * (3, 2, 1)[luck]
        total = sum(shares.values())
        assert {a.values["well"]: a.probability for a in question.answers} == {
            well: Fraction(share, total) for well, share in shares.items()
        }
