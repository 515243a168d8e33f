"""A hypothesis that says nothing gives no label: one answer from all evaluators and commands."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy
import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.left_out import pairs_left_out
from causalspec.compiler.derived_models import interchanged
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import with_definedness
from causalspec.compiler.evaluators.definedness import defined_name, partial_names
from causalspec.compiler.evaluators.prove import solve_for
from causalspec.compiler.evaluators.vectorize import interchange_columns, solve_columns
from causalspec.compiler.evidence import NoWitness
from causalspec.compiler.expressions import (
    All,
    Any,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    Within,
    apart,
    surely,
)
from causalspec.compiler.proofs.comparison import compare
from causalspec.compiler.proofs.relations import Relation, Square, examine_relation
from causalspec.compiler.sampling.rungs import Query, outcomes
from causalspec.compiler.specification import CounterfactualDesign, Specification
from causalspec.dsl.diagnostics import SpecError
from tests.helpers.columns_of import LONG, as_columns, as_settings
from tests.helpers.compiled import compiled
from tests.helpers.generated.swaps import every_pair, label, swapped_spec, write

SPECS = 2_000 if LONG else 9
MOST_PAIRS = 400
NOTHING, TRUE, FALSE = Undefined("nothing holds"), Constant(1), Constant(0)
KEPT = "keep where defined(result)"


# The rule for expressions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (NOTHING, None),
        (Reference("absent"), None),
        (All((FALSE, NOTHING)), 0),
        (All((NOTHING, FALSE)), 0),
        (All((TRUE, NOTHING)), None),
        (Any((NOTHING, TRUE)), 1),
        (Any((FALSE, NOTHING)), None),
        (Not(NOTHING), None),
        (Compare(ComparisonOperator.EQUAL, NOTHING, NOTHING), None),
        (Choose(TRUE, FALSE, NOTHING), 0),
        (Choose(FALSE, FALSE, NOTHING), None),
        (Choose(NOTHING, TRUE, TRUE), None),
        (Within(NOTHING, 0, 1), None),
        (Lookup((5, 6), NOTHING), None),
        (Defined(NOTHING), 0),
        (Defined(All((FALSE, NOTHING))), 1),
        (surely(NOTHING), 0),
        (apart(NOTHING, NOTHING), 0),
        (apart(NOTHING, TRUE), 1),
        (apart(TRUE, TRUE), 0),
    ],
    ids=str,
)
def test_what_is_read(expression: Expression, expected: int | None) -> None:
    """Branches not taken don't count, `and` and `or` follow Kleene, all else reads its operands."""
    assert interpret.evaluate(expression, {}) == expected


def test_first_and_argmax() -> None:
    """`first` has no value where its body holds nowhere; `argmax` takes the first of several."""
    task = """task T {
      input x[i in 1..3] : 0..3
      output o : 0..9 = if any(x[i] == 3 for i in 1..3) then first(x[i] == 3 for i in 1..3) else 9
      output p : 1..3 = first(x[i] == 3 for i in 1..3)
      output m : 1..3 = argmax(x[i] for i in 1..3)
    }"""
    model = compiled(task).tasks["T"].model
    solution = interpret.solve(model, {"x[1]": 2, "x[2]": 2, "x[3]": 1})
    assert {name: solution.get(name) for name in "opm"} == {"o": 9, "p": None, "m": 1}
    assert interpret.solve(model, {"x[1]": 0, "x[2]": 3, "x[3]": 3})["p"] == 2


def test_a_total_model_stays_as_it_is() -> None:
    """Also one with a variable of steps, of which no interval shows that its values are reached."""
    text = """
      task T { input a, b : 0..3  output o : -3..3 = 0 }
      model M of T approximately { var q = 2 * a  var r : -3..3 = b - q  output o = r }
    """
    model = compiled(text).models["M"]
    once = replace(model, variables=model.total.variables)
    assert partial_names(once) == {"q", "r", "o"}
    assert once.total.variables == once.variables
    columns = {"a": numpy.array([3]), "b": numpy.array([2])}
    wanted = [defined_name("q"), defined_name("r")]
    assert [int(found[0]) for found in solve_columns(once, columns, wanted=wanted).values()] == [
        1,
        0,
    ]


# Generated swaps ----------------------------------------------------------------------------------


def test_evaluators_proofs_and_data_agree_on_which_labels_exist(tmp_path: Path) -> None:
    checked, without = 0, 0
    for seed in count():
        spec = swapped_spec(seed)
        if spec is None:
            continue
        if checked == SPECS:
            break
        checked += 1
        try:
            specification, kept = spec.specification(), spec.specification(KEPT)
            found = {
                name: assert_design_agrees(design, kept.counterfactuals[name], seed)
                for name, design in specification.counterfactuals.items()
            }
            without += any(found.values())
            checked_file = check_file(write(tmp_path, spec, ""))
            assert any(found.values()) == any(
                diagnostic.code == "CS540" for diagnostic in checked_file.diagnostics
            )
            assert not any(
                diagnostic.code in ("CS540", "CS542")
                for diagnostic in check_file(write(tmp_path, spec, KEPT)).diagnostics
            )
            models = specification.models
            answer = compare(models["M"], models["Same"]).under_interventions
            assert answer is not None
            assert answer.holds is True
            answer = compare(models["M"], models["Wide"]).under_interventions
            assert answer is not None
            assert not (answer.holds and part_on_some_pair(specification))
            abstraction = specification.abstractions["ToSame"]
            relation = Relation.of(abstraction.fine, abstraction.coarse, abstraction.values)
            assert not isinstance(examine_relation(relation), Square)
        except BaseException:
            print(f"seed {seed}:\n{spec.text}")
            raise
    assert 0 < without < SPECS
    print(f"one answer to {checked} specs, of which {without} have swaps without a label")


def assert_design_agrees(
    design: CounterfactualDesign, kept: CounterfactualDesign, seed: int
) -> bool:
    """Interpreter, columns, solver and data; whether some pair has no label."""
    model, (kind,) = design.model, design.kinds
    pairs = every_pair(design, random.Random(seed), MOST_PAIRS)
    expected = [label(model, base, sources, kind) for base, sources in pairs]
    base = as_columns([base for base, _ in pairs])
    sources = [as_columns(side) for side in zip(*(others for _, others in pairs), strict=True)]
    wanted = with_definedness(model, ["o"])
    columns = interchange_columns(model, base, sources, kind, wanted=wanted)
    assert [solution.get("o") for solution in as_settings(columns)] == expected
    undefined = Not(Defined(Reference("result.o")))
    proof = solve_for(interchanged(model, kind), undefined)
    exists = not isinstance(proof, NoWitness)
    assert exists or (proof.is_certain and None not in expected)
    assert exists == bool(list(pairs_left_out(kept)))
    assert not list(pairs_left_out(design))
    for experiment in (design, kept):
        try:
            made = generate(experiment, "train")
        except SpecError as error:
            assert exists
            assert [found.code for found in error.diagnostics] == ["CS540"] * (experiment is design)
            continue
        for row in range(len(made)):
            first, *others = (
                {name: int(column[row]) for name, column in side.items()}
                for side in (made.base, *made.sources)
            )
            assert int(made.label["o"][row]) == label(model, first, others, kind)
    assert_sampling_agrees(design, random.Random(seed))
    return exists


def assert_sampling_agrees(design: CounterfactualDesign, chance: random.Random) -> None:
    model = design.model
    codes = model.by_name["p"].domain.codes()
    done = {"p": codes[chance.randrange(len(codes))]}
    solutions = [interpret.solve(model, setting, done) for setting in interpret.settings(model)]
    shares = {
        outcome.values.get("o"): outcome.probability
        for outcome in outcomes(Query(model, {}, done), ["o"])
    }
    labels = [solution.get("o") for solution in solutions]
    assert {value: share * len(labels) for value, share in shares.items()} == {
        value: labels.count(value) for value in set(labels)
    }


def part_on_some_pair(specification: Specification) -> bool:
    """Whether `M` and `Wide` have different labels, one of them perhaps none."""
    models = specification.models
    return any(
        label(models["M"], base, sources, design.kinds[0])
        != label(models["Wide"], base, sources, design.kinds[0])
        for name in ("C0", "C1")
        for design in [specification.counterfactuals[name]]
        for base, sources in every_pair(design, random.Random(0), MOST_PAIRS)
    )


# The cases that went wrong ------------------------------------------------------------------------

BOXES = """language 1
type L = {A, B, C, D}
task Boxes {
  input box[i in 0..1], item[i in 0..1] : L
  input at : 0..1
  require box[0] != box[1] and item[0] != item[1]
  output answer : L = if at == 0 then item[0] else item[1]
}
model Lookup of Boxes {
  var label = if at == 0 then box[0] else box[1]
  var position : 0..1 = first(box[i] == label for i in 0..1)
  output answer = match position { 0 => item[0]  1 => item[1] }
}
counterfactuals C of Lookup {
  swap label
  KEEP
  split test 1_000
}
"""
DIGITS = """language 1
task Sum {
  input a, b : 0..9
  output total : 0..18 = a + b
}
model Digits of Sum {
  var ones = (a + b) % 10
  var carry = (a + b) // 10
  output total = 10 * carry + ones
}
counterfactuals C of Digits {
  swap carry from s1, ones from s2
  KEEP
  split test 300
}
"""


def findings_of(folder: Path, text: str, keep: str = "") -> list[str]:
    file = folder / "spec.causal"
    file.write_text(text.replace("KEEP", keep), encoding="utf-8")
    return [
        f"{diagnostic.code} {diagnostic.message}" for diagnostic in check_file(file).diagnostics
    ]


def test_a_label_that_stands_nowhere(tmp_path: Path) -> None:
    assert findings_of(tmp_path, BOXES) == [
        "CS540 swapping `label` in `C` leaves pairs without a label: `position` has no value "
        "(`first` finds no index) at base `box[0] = A, box[1] = B, item[0] = A, item[1] = B, at = "
        "0`, source `box[0] = C, box[1] = A, item[0] = A, item[1] = B, at = 0`"
    ]
    (examination,) = (
        examination
        for examination in check_file(tmp_path / "spec.causal").examinations
        if examination.holds is False
    )
    assert list(examination.details) == [
        "         base                                  after the swap",
        "swapped  label = A                             label = C",
        "         position = 0                          position = undefined",
        "         answer = A                            answer = undefined",
    ]
    assert findings_of(tmp_path, BOXES, KEPT) == []


def test_a_sum_past_the_end_of_its_type(tmp_path: Path) -> None:
    assert findings_of(tmp_path, DIGITS) == [
        "CS540 swapping `carry, ones` in `C` leaves pairs without a label: `total` leaves its "
        "domain (it is `19`) at base `a = 0, b = 0`, s1 `a = 1, b = 9`, s2 `a = 0, b = 9`"
    ]
    assert findings_of(tmp_path, DIGITS, KEPT) == []


def test_a_filter_that_reads_what_is_undefined(tmp_path: Path) -> None:
    changed = "keep where result.total != base.total"
    assert findings_of(tmp_path, DIGITS, changed) == [
        "CS542 `result.total != base.total` has no value at base `a = 0, b = 0`, "
        "s1 `a = 1, b = 9`, s2 `a = 0, b = 9`"
    ]
    assert findings_of(tmp_path, DIGITS, f"{KEPT} {changed}") == []
    assert findings_of(tmp_path, DIGITS, f"{KEPT} balance result.total > base.total") == []


def test_what_is_left_out_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings_of(tmp_path, DIGITS, KEPT) == []
    file = tmp_path / "spec.causal"
    assert main(["data", str(file), "C", "--out", str(tmp_path / "d")]) == 0
    manifest = json.loads((tmp_path / "d" / "C.test.manifest.json").read_text(encoding="utf-8"))
    # A carry in s1 and a nine in s2: 45 of 100 times 10 of 100, so 737 or so.
    assert manifest["without_label"] == {"carry, ones": {"left_out": 727, "of": 16384}}
    capsys.readouterr()
    assert main(["check", str(file)]) == 0
    assert (
        "  yes `C` leaves out the pairs of `carry, ones` without a label, 4% of all: "
        "sampled (16,384, seed 0)" in capsys.readouterr().out.splitlines()
    )


def test_an_audit_knows_what_has_no_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert findings_of(tmp_path, DIGITS, KEPT) == []
    rows = tmp_path / "rows.csv"
    header = "base.a,base.b,s1.a,s1.b,s2.a,s2.b,label.total\n"
    rows.write_text(f"{header}0,0,1,9,0,9,18\n0,0,1,9,0,8,18\n", encoding="utf-8")
    assert main(["data", str(tmp_path / "spec.causal"), "C", "--audit", str(rows)]) == 1
    assert "line 2: label.total is 18, should be undefined" in capsys.readouterr().out


def test_sampling_says_what_is_undefined(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert findings_of(tmp_path, DIGITS, KEPT) == []
    command = ["sample", str(tmp_path / "spec.causal"), "Digits", "--do", "carry=1"]
    assert main([*command, "--do", "ones=9", "--exact", "--format", "jsonl"]) == 0
    (outcome,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (outcome["values"], outcome["probability"]) == ({"total": None}, "1")


def test_no_command_makes_data_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [finding[:5] for finding in findings_of(tmp_path, DIGITS)] == ["CS540"]
    spec = str(tmp_path / "spec.causal")
    out = ["--out", str(tmp_path / "out")]
    assert main(["data", spec, "C", *out]) == 3
    assert main(["verify", spec, "--network", "nowhere", *out]) == 3
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().err.count("error[CS540]") == 2


def test_rows_of_a_design_that_was_not_checked_are_held_to_the_rule() -> None:
    design = compiled(DIGITS.replace("language 1\n", "").replace("KEEP", "")).counterfactuals["C"]
    with pytest.raises(SpecError) as refusal:
        generate(design, "test")
    assert [diagnostic.code for diagnostic in refusal.value.diagnostics] == ["CS540"]


def test_a_task_that_says_nothing_of_an_input(tmp_path: Path) -> None:
    text = """language 1
task T {
  input x[i in 0..1], y : 0..1
  let at = first(x[i] == y for i in 0..1)
  WHERE
  output o : 0..1 = WHAT
  prompt main "{x[0]} {x[1]} {y}"
}
"""

    def found(where: str, what: str, prompt: str = "{y}") -> list[str]:
        return findings_of(
            tmp_path,
            text.replace("WHERE", where).replace("WHAT", what).replace("{y}", prompt),
        )

    place = "at `x[0] = 0, x[1] = 0, y = 1`"
    assert found("", "at") == [f"CS327 `o` has no value {place}: `first` finds no index"]
    assert found("require at == 0", "y") == [f"CS327 the `require` of `T` has no value {place}"]
    assert found("", "y", "{y} {at}") == [f"CS327 a slot of `main` has no value {place}"]
    there = "any(x[i] == y for i in 0..1)"
    assert found(f"require {there} and at == 0", "at", "{y} {at}") == []
    assert found("", f"if {there} then at else 0") == []
    assert found("", f"if y == 0 or {there} then y else at") == [
        f"CS327 `o` has no value {place}: `first` finds no index"
    ]


def test_two_models_without_a_value_agree(tmp_path: Path) -> None:
    """One answer to `abstraction`, `compare` and `distinguish`."""
    text = """language 1
task Sum { input a, b : 0..9  output big : bool = a + b > 17 }
model Digits of Sum {
  var ones = (a + b) % 10
  var carry = (a + b) // 10
  var s : 0..18 = 10 * carry + ones
  output big = s >= 18
}
model Digits2 of Sum {
  var ones = (a + b) % 10
  var carry = (a + b) // 10
  var s : 0..18 = 10 * carry + ones
  output big = s == 18
}
model Wider of Sum {
  var ones = (a + b) % 10
  var carry = (a + b) // 10
  output big = 10 * carry + ones >= 18
}
abstraction Same from Digits to Digits2 { ones = ones  carry = carry  s = s }
"""
    assert findings_of(tmp_path, text) == []
    file = str(tmp_path / "spec.causal")
    assert main(["compare", file, "Digits", "Digits2"]) == 0
    assert main(["distinguish", file, "Digits", "Digits2"]) == 1
    assert main(["compare", file, "Digits", "Wider"]) == 1


def test_derived_models_are_undefined_where_the_fine_one_is(tmp_path: Path) -> None:
    text = """language 1
task Sum { input a, b : 0..9  output big : bool = a + b > 9 }
model Digits of Sum {
  var ones = (a + b) % 10
  var carry = (a + b) // 10
  var s : 0..18 = 10 * carry + ones
  output big = s > 9
}
derive Without from Digits { marginalize s }
derive Pair from Digits { merge (carry, s) as both }
derive Coarse from Digits { collapse s { 0..9 => Low  10..18 => High } }
"""
    assert findings_of(tmp_path, text) == []
    models = compiled(text.removeprefix("language 1\n")).models
    for name in ("Without", "Coarse"):
        solution = interpret.solve(models[name], {"a": 0, "b": 0}, {"carry": 1, "ones": 9})
        assert "big" not in solution
    assert "both" not in interpret.solve(models["Pair"], {"a": 9, "b": 9}, {"ones": 9})


@pytest.mark.parametrize(
    "step",
    ["marginalize s", "merge (carry, s) as both", "collapse s { 0..9 => Low  10..18 => High }"],
)
def test_a_reported_mechanism_is_the_only_thing_that_its_derivations_report(
    step: str, tmp_path: Path
) -> None:
    text = f"""language 1
task Sum {{ input a, b : 0..9  output big : bool = a + b > 9 }}
model Digits of Sum {{
  var carry = (a + b) // 10
  var s : 0..18 = 10 * carry + one
  output big = s > 9
}}
derive Other from Digits {{ {step} }}
"""
    assert findings_of(tmp_path, text) == ["CS201 unknown name `one`"]
