"""Why an output is what it is: on generated specs every line is true, and the way back is whole."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import setting_at
from causalspec.compiler.expressions import Reference, references
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import SwapKind
from causalspec.compiler.views.reasons import (
    MOST_LINES,
    Reason,
    Run,
    lines,
    outputs_to_explain,
    reasons,
    run_of,
)
from tests.helpers.columns_of import LONG, Setting, drawn_settings
from tests.helpers.compiled import compiled
from tests.helpers.generated.narrowed import narrowed
from tests.helpers.generated.specs import compiled_spec, interveneable, random_spec, write_files

MODELS = 2_000 if LONG else 150

SPEC = """
type Name = {Ann, Ben, Cleo}

task Pick(last = 2) {
  input who[i in 0..last] : Name
  input at : 0..last
  input kind : {First, Pointed, Count}
  let wanted = if kind == First then who[0] else who[at]
  output found : Name = if kind == Count then Cleo else wanted
  output many : 0..last + 1 = count(who[i] == found for i in 0..last)
  output alone : bool = many == 1 or kind == First and not (who[0] == Ann)
}

model Steps of Pick {
  var pointer = if kind == First then 0 else at
  var named = who[pointer]
  output found = match kind { Count => Cleo  else => named }
  output many = count(who[i] == found for i in 0..last)
  output alone = many == 1 or kind == First and not (who[0] == Ann)
}

counterfactuals Pointers of Steps {
  swap named from (s1 with pointer from s2)
  swap named
  split test 40
}
"""


def run_in(model: CausalModel, base: Setting, sources: list[Setting], kind: SwapKind) -> Run:
    return run_of(model, base, sources, [f"s{k}" for k in range(len(sources))], kind)


def runs_of(run: Run) -> dict[str, Run]:
    """All runs of a pair, by name; those of one source under different swaps are the same here."""
    found = {run.name: run}
    for other in (*run.taken.values(), run.without):
        if other is not None:
            found.update({**runs_of(other), **found})
    return found


def assert_true(reason: Reason, run: Run) -> None:
    """What a reason says holds in its run, and suffices for the mechanism's value there."""
    model, setting = run.model, run.solution
    variable = model.by_name[reason.variable]
    assert variable.mechanism is not None
    assert reason.variable not in run.taken
    assert reason.code == setting.get(reason.variable)
    value = interpret.evaluate(variable.mechanism, setting)
    parts = (*reason.conditions, *(() if reason.value is None else (reason.value,)))
    assert all(interpret.evaluate(condition, setting) == 1 for condition in reason.conditions)
    if reason.value is not None:
        assert interpret.evaluate(reason.value, setting) == value
    read = {name for part in parts for name in references(part)}
    known = {name: code for name, code in setting.items() if name in read}
    assert interpret.evaluate(variable.mechanism, known) == value


def assert_whole(run: Run, found: list[Reason]) -> None:
    """Whatever a reason reads has a reason of its own, is an input, or was set; nothing else has
    one.
    """
    runs = runs_of(run)
    told = {(reason.run, reason.variable) for reason in found}
    reached = {(reason.run, reason.variable) for reason in found if reason.depth == 0}
    for reason in found:
        here = runs[reason.run]
        parts = (*reason.conditions, *(() if reason.value is None else (reason.value,)))
        for name in {name for part in parts for name in references(part)}:
            origin = here.origin(name)
            assert origin is not None
            if origin.model.by_name[name].role in (Role.INPUT, Role.NOISE):
                continue
            assert (origin.name, name) in told
            reached.add((origin.name, name))
    assert told == reached


def test_every_reason_is_true_and_the_way_back_is_whole(tmp_path: Path) -> None:
    write_files(tmp_path)
    checked = swapped_in = undefined = 0
    for seed in count():
        if checked >= MODELS:
            break
        specification, chance = (
            compiled_spec(random_spec(seed).text(), tmp_path),
            random.Random(seed),
        )
        for model in specification.models.values():
            if model.cyclic:
                continue
            narrow = narrowed(model, chance)
            names = interveneable(narrow)
            base, first, second, third = drawn_settings(narrow, seed, 4)
            swapped = chance.sample(names, chance.randint(1, min(3, len(names))))
            inner = SwapKind((chance.choice(names),), (2,))
            within = ((0, inner),) if chance.random() < 0.5 else ()
            kind = SwapKind(
                tuple(swapped), tuple(chance.randrange(2) for _ in swapped), within=within
            )
            sources = [first, second, third]
            run = run_in(narrow, base, sources, kind)
            assert run.solution == interpret.interchange(narrow, base, sources, kind)
            found = list(reasons(run, outputs_to_explain(run)))
            runs = runs_of(run)
            for reason in found:
                assert_true(reason, runs[reason.run])
            assert_whole(run, found)
            checked += 1
            swapped_in += any(reason.run.startswith("s") for reason in found)
            undefined += any(reason.code is None for reason in found)
    assert swapped_in > checked / 4
    assert undefined > 0


def test_the_parts_that_decided() -> None:
    model = compiled(SPEC).models["Steps"]
    inputs = {"who[0]": 1, "who[1]": 0, "who[2]": 1, "at": 2, "kind": 1}
    run = Run("", model, interpret.solve(model, inputs))
    found = list(reasons(run, ["alone", "found"]))
    assert list(lines(found)) == [
        "alone = false, since many != 1 and kind != First, with many = 2, kind = Pointed",
        "  many = 2, since who[0] == found, who[2] == found and who[1] != found, with "
        "who[0] = Ben,",
        "      found = Ben, who[2] = Ben, who[1] = Ann",
        "    found = Ben, which is named, since kind != Count, with kind = Pointed",
        "      named = Ben, which is who[2], since pointer != 0 and pointer != 1, with pointer = 2",
        "        pointer = 2, which is at, since kind != First, with kind = Pointed",
    ]


def test_back_to_the_source_of_a_source() -> None:
    design = compiled(SPEC).counterfactuals["Pointers"]
    pairs = generate(design, "test")
    rows = (row for row in range(len(pairs)) if design.kinds[pairs.kinds[row]].within)
    row = next(row for row in rows if pairs.base["kind"][row] == 1)
    kind = design.kinds[pairs.kinds[row]]
    base = setting_at(pairs.base, row)
    sources = [setting_at(columns, row) for columns in pairs.sources]
    run = run_of(pairs.model, base, sources, source_names(design), kind)
    result, in_first, in_second = reasons(run, ["found"])
    name, pointer = run.solution["found"], interpret.solve(pairs.model, sources[1])["pointer"]
    named = pairs.model.by_name["found"].domain.text(name)
    assert result.text == (
        f"found = {named}, which is named, since kind != Count, with kind = Pointed, "
        f"named = {named} (from s1)"
    )
    assert (in_first.run, in_second.run) == ("s1", "s2")
    assert in_first.text.startswith(f"named = {named}, which is who[{pointer}], since ")
    assert f"pointer = {pointer} (from s2)" in in_first.text
    assert in_second.text.startswith(f"pointer = {pointer}")


def test_what_is_set_ends_the_way() -> None:
    model = compiled(SPEC).models["Steps"]
    inputs = {"who[0]": 1, "who[1]": 0, "who[2]": 1, "at": 2, "kind": 1}
    run = Run("", model, interpret.solve(model, inputs, {"pointer": 1}), {"pointer": None})
    assert [reason.text for reason in reasons(run, ["found"])] == [
        "found = Ann, which is named, since kind != Count, with kind = Pointed",
        "named = Ann, which is who[1], since pointer == 1, with pointer = 1 (set)",
    ]


def test_a_value_outside_its_type_and_one_that_there_is_not() -> None:
    model = compiled("""
task Ask {
  input says[i in 0..1] : bool
  output who : 0..1 = if says[0] then 0 else 1
}
model Sure of Ask approximately {
  var heard : 0..1 = first(says[i] for i in 0..1)
  var after : 0..1 = heard + 1
  output who = after
}
""").models["Sure"]
    nobody = Run("", model, interpret.solve(model, {"says[0]": 0, "says[1]": 0}))
    assert [reason.text for reason in reasons(nobody, ["who"])] == [
        "who is undefined: it is after",
        "after is undefined: it is heard",
        "heard is undefined: `first` finds no index, since says[0] = false and says[1] = false",
    ]
    second = Run("", model, interpret.solve(model, {"says[0]": 0, "says[1]": 1}))
    assert [reason.text for reason in reasons(second, ["after"])] == [
        "after is undefined: 2, which is heard + 1, is outside its type, with heard = 1",
        "heard = 1, since says[0] = false and says[1] = true",
    ]


def test_many_steps_are_counted() -> None:
    chain = compiled("""
task Odd(bits = 40) {
  input x[i in 0..bits - 1] : bool
  output odd : bool = count(x[i] for i in 0..bits - 1) % 2 == 1
}
model Running of Odd {
  var seen[i in 0..bits] : bool = if i == 0 then false else seen[i - 1] != x[i - 1]
  output odd = seen[bits]
}
""").models["Running"]
    run = Run("", chain, interpret.solve(chain, dict.fromkeys(chain.inputs, 1)))
    found = list(reasons(run, ["odd"]))
    assert len(found) == 42
    assert found[-1].text == "seen[0] = false, always"
    shown = list(lines(found))
    assert (len(shown), shown[-1]) == (MOST_LINES + 1, f"  and {42 - MOST_LINES} more steps")


def test_a_column_is_stated_with_its_key() -> None:
    model = compiled("""
type Pair = (low : 0..4, high : 0..4)
task Wide {
  input low, high : 0..4
  let pair : Pair = (low = low, high = high)
  output wide : bool = pair.high - pair.low > 2
}
model Same of Wide { var both : Pair = pair  output wide = both.high - both.low > 2 }
""").models["Same"]
    run = Run("", model, interpret.solve(model, {"low": 0, "high": 4}))
    text = next(reasons(run, ["wide"])).text
    assert text.startswith("wide = true, since 2 < both.high - both.low, with ")
    assert "both.high = 4" in text
    assert "both = (low = 0, high = 4)" in text
    assert isinstance(next(reasons(run, ["both"])).value, Reference)
