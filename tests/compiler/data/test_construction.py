"""Inputs that a `require` leaves few of among many: constructed, not waited for."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import Sampler
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import ColumnExpression
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.examine_data import examine_design
from causalspec.dsl.diagnostics import Diagnostics
from tests.helpers.columns_of import as_settings
from tests.helpers.compiled import compiled, unmet
from tests.helpers.generated.models import Names, models, truths

TREES = """
task Trees(nodes = 4) {
  input parent[j in 0..nodes - 2], child[j in 0..nodes - 2] : 0..nodes - 1
  input level[v in 0..nodes - 1] : 0..2
  require all(all(all(not (parent[j] == u and child[j] == v) or level[v] == level[u] + 1
    for u in 0..nodes - 1) for v in 0..nodes - 1) for j in 0..nodes - 2)
  require all(any(child[j] == v for j in 0..nodes - 2) or level[v] == 0 for v in 0..nodes - 1)
  require all(all(i == j or child[i] != child[j] for j in 0..nodes - 2) for i in 0..nodes - 2)
  output root : 0..nodes - 1 = first(level[v] == 0 for v in 0..nodes - 1)
}
"""

SHUFFLES = """
task Shuffles {
  input card[i in 0..11] : 0..11
  require all(all(i == j or card[i] != card[j] for j in 0..11) for i in 0..11)
  output top : 0..11 = card[0]
}
"""

TWO_OF_MANY = """
task Flags {
  input flag[i in 0..23] : bool
  require count(flag[i] for i in 0..23) == 2
  output first : bool = flag[0]
}
"""

ONE_OF_A_TRILLION = """
task Nothing {
  input digit[i in 0..11] : 0..9
  let total = sum(digit[i] for i in 0..11)
  require total <= 0
  output first : 0..9 = digit[0]
}
"""

PATHS = """
task PathFinding(nodes = 7, depth = 3) {
  input from_node[j in 0..nodes - 2], to_node[j in 0..nodes - 2] : 0..nodes - 1
  input goal : 0..nodes - 1
  input level[v in 0..nodes - 1] : 0..depth
  require all(all(all(not (from_node[j] == u and to_node[j] == v) or level[v] == level[u] + 1
    for u in 0..nodes - 1) for v in 0..nodes - 1) for j in 0..nodes - 2)
  require all(any(to_node[j] == v for j in 0..nodes - 2) or level[v] == 0 for v in 0..nodes - 1)
  require all(all(i == j or to_node[i] != to_node[j] for j in 0..nodes - 2) for i in 0..nodes - 2)
  require all(count(from_node[j] == v for j in 0..nodes - 2) <= 2 for v in 0..nodes - 1)
  let root = first(all(to_node[j] != v for j in 0..nodes - 2) for v in 0..nodes - 1)
  require goal != root
  require all(from_node[j] != goal for j in 0..nodes - 2)
  output back[t in 0..depth] : 0..nodes - 1 =
    if t == 0 then goal
    else if back[t - 1] == root then root
    else sum(if to_node[j] == back[t - 1] then from_node[j] else 0 for j in 0..nodes - 2)
}
model BackwardChaining of PathFinding {
  var step[t in 0..depth] = if t == 0 then goal
    else if step[t - 1] == root then root
    else sum(if to_node[j] == step[t - 1] then from_node[j] else 0 for j in 0..nodes - 2)
  output back[t in 0..depth] = step[t]
}
counterfactuals SwapStep of BackwardChaining {
  swap step[1]
  keep where result.back[2] != base.back[2]
  split train 1_000, test 200
}
"""

DIGITS = """
type Number = 0..1_000_000_000
task Same {
  input x, y : Number
  require x == y
  output digit : 0..9 = x % 10
}
model Copy of Same {
  var whole = x
  output digit = whole % 10
}
counterfactuals SwapWhole of Copy {
  swap whole
  split train 1_000
}
"""


HOPELESS = """
task Squares {
  input x : 0..1_000_000_000
  require x * x % 1_000_003 == 5
  output digit : 0..9 = x % 10
}
model Copy of Squares {
  var whole = x
  output digit = whole % 10
}
counterfactuals SwapWhole of Copy {
  swap whole
  split train 1_000
}
"""


def task_of(text: str) -> CausalModel:
    (task,) = compiled(text).tasks.values()
    return task.model


def is_tree(setting: dict[str, int]) -> bool:
    parent = [setting[f"parent[{j}]"] for j in range(3)]
    child = [setting[f"child[{j}]"] for j in range(3)]
    level = [setting[f"level[{v}]"] for v in range(4)]
    return (
        len(set(child)) == 3
        and all(level[v] == 0 for v in range(4) if v not in child)
        and all(level[v] == level[u] + 1 for u, v in zip(parent, child, strict=True))
    )


def test_every_setting_is_listed_where_they_are_few_enough() -> None:
    model = task_of(TREES)
    population = populate(model, {})
    assert population.is_listed
    (block,) = population.blocks
    rows = set(zip(*(block.columns[name].tolist() for name in model.inputs), strict=True))
    ends = list(product(range(4), repeat=3))
    every = {
        (*parent, *child, *level)
        for parent in ends
        for child in permutations(range(4), 3)
        for level in product(range(3), repeat=4)
        if is_tree(dict(zip(model.inputs, (*parent, *child, *level), strict=True)))
    }
    assert rows == every
    assert block.settings == len(every)


@pytest.mark.parametrize(("text", "count"), [(TWO_OF_MANY, 276), (ONE_OF_A_TRILLION, 1)])
def test_what_can_no_longer_hold_is_dropped_at_once(text: str, count: int) -> None:
    model = task_of(text)
    population = populate(model, {})
    (block,) = population.blocks
    assert (population.is_listed, block.settings) == (True, count)
    drawn = Sampler(population, Stream.of(0, "test")).take(1_000)
    for setting in as_settings(drawn)[:100]:
        assert interpret.satisfies(model, setting)


def test_that_nothing_is_admitted_is_certain() -> None:
    text = TWO_OF_MANY.replace("== 2", "== 2\n  require count(flag[i] for i in 0..22) == 3")
    population = populate(task_of(text), {})
    assert (population.is_listed, population.is_empty) == (True, True)


@settings(suppress_health_check=[HealthCheck.too_slow])  # models and conditions, drawn one by one
@given(data=some.data(), model=models())
def test_nothing_is_dropped_that_can_still_hold(data: some.DataObject, model: CausalModel) -> None:
    truth = [variable.name for variable in model.variables if isinstance(variable.domain, Truths)]
    number = [variable.name for variable in model.variables if variable.name not in truth]
    condition = data.draw(truths(Names(tuple(truth), tuple(number)), 3))
    drawn = model.exogenous
    given_names = data.draw(some.sets(some.sampled_from(drawn)))
    codes = {name: model.by_name[name].domain.codes() for name in drawn}
    every = list(product(*codes.values()))
    columns = {name: numpy.array([row[k] for row in every]) for k, name in enumerate(drawn)}
    ends = {name: (values[0], values[-1]) for name, values in codes.items()}
    asked = ColumnExpression.of(condition, model.by_name)
    holds = asked.over(columns, len(every)) != 0
    given_columns = {name: columns[name] for name in given_names}
    try:
        kept = asked.may_hold(given_columns, ends, len(every))
    except UnsupportedModelError:
        return
    assert not (holds & ~kept).any()
    if given_names == set(drawn):
        assert (holds == kept).all()


def test_of_too_many_each_is_as_likely_as_any_other() -> None:
    population = populate(task_of(SHUFFLES), {})
    assert (population.sampled, population.is_listed, population.rejections) == (8176, False, ())
    drawn = Sampler(population, Stream.of(0, "test")).take(50_000)
    cards = numpy.stack([drawn[f"card[{i}]"] for i in range(12)])
    assert (numpy.sort(cards, axis=0) == numpy.arange(12)[:, None]).all()
    assert len(set(map(tuple, cards.T.tolist()))) > 8_000
    for place in cards:
        counts = Counter(place.tolist())
        assert all(abs(counts[card] / 50_000 - 1 / 12) < 1 / 60 for card in range(12))


def test_an_input_that_is_stated_costs_no_draw() -> None:
    pairs = generate(compiled(DIGITS).counterfactuals["SwapWhole"], "train")
    for side in (pairs.base, *pairs.sources):
        assert (side["x"] == side["y"]).all()
        assert len(set(side["x"].tolist())) > 990


def test_paths_in_trees_are_had_in_seconds() -> None:
    design = compiled(PATHS).counterfactuals["SwapStep"]
    pairs = generate(design, "test")
    for side in (pairs.base, *pairs.sources):
        drawn = as_settings(side)
        assert all(interpret.satisfies(design.model, setting) for setting in drawn)
        assert len({tuple(setting.values()) for setting in drawn}) > 190


def test_a_sample_of_the_inputs_is_told() -> None:
    diagnostics = Diagnostics()
    design = compiled(PATHS).counterfactuals["SwapStep"]
    told = [
        (examination.question, examination.holds, examination.evidence.text)
        for examination in examine_design(design, populate(design.model, {}), diagnostics)
    ]
    assert told == [
        (
            "`SwapStep` draws from a fair sample of the inputs that `PathFinding` admits",
            True,
            "sampled (21,540, seed 0)",
        ),
        ("swapping `step[1]` in `SwapStep` changes some output", True, "exhaustive (1)"),
        (
            "swapping `step[1]` in `SwapStep` changes most labels (0% equal the base's own)",
            True,
            "sampled (11,123, seed 0)",
        ),
    ]
    assert list(diagnostics) == []


def test_what_is_not_found_is_said() -> None:
    diagnostic = unmet(compiled(HOPELESS).counterfactuals["SwapWhole"])
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (
        "CS510",
        "too few inputs of `Squares` meet its `require`",
        "0 of 131,066 settings that were tried did; the inputs that it relates have more than "
        "1,048,576 settings together, too many to list",
    )
