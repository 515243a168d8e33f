"""`derive NAME from RUN { … }`: sources that are made of other runs instead of drawn."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_file
from causalspec.compiler.data.counterfactuals import generate, generate_all, generate_chunks
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.rival_designs import rival_design
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from tests.compiler.data.test_counterfactuals import check_labels
from tests.helpers.compiled import compiled, findings, unmet

CHOICES = """
type Colour = {red, green, blue, grey, pink}
task Choice {
  input colour : Colour
  input choice[i in 0..2] : Colour
  input mark : 0..9
  require choice[0] != choice[1] and choice[0] != choice[2] and choice[1] != choice[2]
  require any(choice[i] == colour for i in 0..2)
  output answer : 0..2 = first(choice[i] == colour for i in 0..2)
}
model Pointer of Choice {
  var pointer : 0..2 = first(choice[i] == colour for i in 0..2)
  output answer = pointer
}
counterfactuals D of Pointer {
  swap pointer
  STATEMENTS
  split train 900, test 300
}
"""
SUM = """
task Sum {
  input a, b : 0..9
  input c : 0..3 ~ weights { 0 => 3  else => 1 }
  REQUIRE
  output y : 0..21 = a + b + c
}
model Parts of Sum {
  var left = a + b
  var right = c
  output y = left + right
}
model Whole of Sum {
  var total = a + b + c
  output y = total
}
counterfactuals D of Parts {
  STATEMENTS
  split train 2_000, test 500
}
"""


def of(text: str, statements: str, require: str = "") -> CounterfactualDesign:
    text = text.replace("STATEMENTS", statements).replace("REQUIRE", require)
    return compiled(text).counterfactuals["D"]


def choices(pairs: InterchangePairs, side: int) -> numpy.ndarray:
    run = (pairs.base, *pairs.sources)[side]
    return numpy.stack([run[f"choice[{i}]"] for i in range(3)])


def test_what_is_neither_stated_nor_drawn_is_shared() -> None:
    pairs = generate(
        of(
            CHOICES,
            "derive source from base { choice[0] = base.choice[1], choice[1] = base.choice[0] }",
        ),
        "train",
    )
    base, source = choices(pairs, 0), choices(pairs, 1)
    assert (source == base[[1, 0, 2]]).all()
    for name in ("colour", "mark"):
        assert (pairs.base[name] == pairs.sources[0][name]).all()
    check_labels(pairs)


def test_a_whole_family_by_index() -> None:
    pairs = generate(
        of(CHOICES, "derive source from base { choice[i in 0..2] = base.choice[2 - i] }"), "train"
    )
    assert (choices(pairs, 1) == choices(pairs, 0)[::-1]).all()


def test_what_the_model_computes_in_a_run_can_be_read() -> None:
    statements = """swap left from edited
  derive edited from base { a = max(base.left - 9, 0)  b = min(base.left, 9) }"""
    pairs = generate(of(SUM, statements), "train")
    left = pairs.base["a"].astype(int) + pairs.base["b"]
    assert (pairs.sources[0]["a"] == numpy.maximum(left - 9, 0)).all()
    assert (pairs.sources[0]["b"] == numpy.minimum(left, 9)).all()
    assert pairs.unchanged.all()
    check_labels(pairs)


def test_sources_are_made_of_sources() -> None:
    statements = """swap left from second, right from drawn
  derive first from drawn { a = base.b }
  derive second from first { b = 9 - first.a }"""
    experiment = of(SUM, statements)
    assert experiment.source_names == ("second", "drawn", "first")
    pairs = generate(experiment, "train")
    second, drawn, first = pairs.sources
    assert (first["a"] == pairs.base["b"]).all()
    assert (first["b"] == drawn["b"]).all()
    assert (second["a"] == first["a"]).all()
    assert (second["b"] == 9 - first["a"].astype(int)).all()
    assert (drawn["b"] != pairs.base["b"]).any()
    check_labels(pairs)


def test_draws_are_as_the_task_draws_them_given_the_rest() -> None:
    experiment = of(SUM, "swap left  derive source from base { draw b, c }", "require a > b + c")
    pairs = generate(experiment, "train", rows=60_000)
    a, source = pairs.base["a"], pairs.sources[0]
    assert (source["a"] == a).all()
    assert (source["b"].astype(int) + source["c"] < source["a"]).all()
    # Given `a`, each admitted (b, c) is as likely as its weight says.
    for given in (3, 9):
        mine = numpy.flatnonzero(a == given)
        counts = numpy.zeros((10, 4))
        numpy.add.at(counts, (source["b"][mine], source["c"][mine]), 1)
        wanted = numpy.array(
            [[(3, 1, 1, 1)[c] * (b + c < given) for c in range(4)] for b in range(10)], float
        )
        wanted *= len(mine) / wanted.sum()
        off = counts[wanted > 0] - wanted[wanted > 0]
        assert (numpy.abs(off) < 5 * numpy.sqrt(wanted[wanted > 0])).all()
    check_labels(pairs.select(slice(100)))


def test_draws_do_not_depend_on_the_base_where_nothing_links_them() -> None:
    pairs = generate(
        of(SUM, "swap left  derive source from base { draw b, c }"), "train", rows=40_000
    )
    table = numpy.zeros((10, 10))
    numpy.add.at(table, (pairs.base["b"], pairs.sources[0]["b"]), 1)
    assert numpy.abs(table - 400).max() < 110
    assert abs(int((pairs.sources[0]["c"] == 0).sum()) - 20_000) < 600


def test_chunks_are_the_same_rows() -> None:
    experiment = of(SUM, "swap left  derive source from base { draw b, c }", "require a > b + c")
    whole = generate(experiment, "train")
    parts = InterchangePairs.concatenated(list(generate_chunks(experiment, "train", chunk_rows=37)))
    assert all((whole.columns[name] == parts.columns[name]).all() for name in whole.columns)


def test_a_source_that_leaves_its_type_is_told_with_the_smallest_base(tmp_path: Path) -> None:
    text = SUM.replace("REQUIRE", "")
    text = text.replace("STATEMENTS", "swap left  derive source from base { a = base.a + 2 }")
    spec = tmp_path / "sum.causal"
    spec.write_text(f"language 1\n{text}")
    (found,) = (error for error in check_file(spec).diagnostics if error.code != "CS502")
    assert (found.code, found.message) == (
        "CS550",
        "`derive source from base { a = base.a + 2 }` gives `source.a` no value of its type at "
        "base `a = 8, b = 0, c = 0`",
    )
    spec.write_text(
        f"language 1\n{text}".replace("  split", "  keep where defined(source)\n  split")
    )
    assert {warning.code for warning in check_file(spec).diagnostics} == {"CS541"}
    pairs = generate(
        compiled(spec.read_text().removeprefix("language 1\n")).counterfactuals["D"], "test"
    )
    assert set(pairs.base["a"].tolist()) == set(range(8))
    assert (pairs.sources[0]["a"] == pairs.base["a"] + 2).all()


def test_a_source_that_require_does_not_admit_is_told() -> None:
    experiment = of(SUM, "swap left  derive source from base { a = base.b }", "require a > b")
    found = unmet(experiment)
    assert found.code == "CS550"
    assert "makes a `source` that the task's `require` does not admit at base" in found.message
    kept = "swap left  derive source from base { a = base.b + 1 }  keep where defined(source)"
    pairs = generate(of(SUM, kept, "require a > b"), "train")
    assert (pairs.sources[0]["a"] == pairs.base["b"] + 1).all()
    unasked = unmet(
        of(
            SUM,
            kept.replace("defined(source)", "defined(source.a)").replace("+ 1", ""),
            "require a > b",
        )
    )
    assert unasked.code == "CS550"


def test_where_no_draw_fits_it_is_told() -> None:
    experiment = of(SUM, "swap left  derive source from base { a = 0  draw b }", "require a >= b")
    assert set(generate(experiment, "train").sources[0]["b"].tolist()) == {0}
    never = of(SUM, "swap left  derive source from base { a = 0  draw b }", "require a > b")
    found = unmet(never)
    assert found.code == "CS551"
    assert found.message.startswith(
        "`derive source from base { a = 0 draw b }` finds no draw that `require` admits at base `"
    )


def test_rare_pairs_are_listed_and_solved_for_among_those_that_can_be_made() -> None:
    listed = of(
        SUM,
        "swap left  derive source from base { draw a }\n"
        "  keep where base.a == 7 and base.b == 1 and base.c == 3 and source.a == 2",
    )
    pairs = generate(listed, "train")
    assert {int(code) for code in pairs.sources[0]["a"]} == {2}
    assert (pairs.sources[0]["b"] == 1).all()
    wide = """
task Wide {
  input a, b : 0..1_000_000
  output y : 0..2_000_000 = a + b
}
model Left of Wide {
  var left = a
  output y = left + b
}
counterfactuals D of Left {
  swap left
  derive source from base { a = 1_000_000 - base.a }
  cover source.a == base.a + 4
  split train 100
}
"""
    solved = generate(compiled(wide).counterfactuals["D"], "train")
    assert int((solved.base["a"] == 499_998).sum()) == 50
    assert (solved.sources[0]["b"] == solved.base["b"]).all()
    check_labels(solved)


def test_noise_is_as_in_other_sources() -> None:
    text = """
task Noisy {
  input x : 0..9
  output y : 0..9 = x
}
model Slips of Noisy approximately {
  noise slip : bool ~ bernoulli(0.5)
  var seen = if slip then 9 - x else x
  output y = seen
}
counterfactuals D of Slips {
  swap seen
  derive source from base { x = 9 - base.x }
  NOISE
  split train 2_000
}
"""
    for noise, alike in (("noise shared", 2000), ("noise fresh", 1000)):
        pairs = generate(compiled(text.replace("NOISE", noise)).counterfactuals["D"], "train")
        same = int((pairs.base["slip"] == pairs.sources[0]["slip"]).sum())
        assert abs(same - alike) <= (0 if alike == 2000 else 120)
        assert (pairs.sources[0]["x"] == 9 - pairs.base["x"]).all()
        check_labels(pairs)


SPLIT = "split train 900, test 300"


@pytest.mark.parametrize(
    ("statement", "held_out"),
    [
        ("choice[0] = base.choice[1]  choice[1] = base.choice[0]", "colour, choice"),
        ("draw mark", "mark"),
        ("draw mark", "mark % 5"),
        ("choice[0] = base.choice[1]  choice[1] = base.choice[0]", "mark"),
    ],
)
def test_derived_sources_stay_in_their_split(statement: str, held_out: str) -> None:
    statements = f"derive source from base {{ {statement} }}"
    text = CHOICES.replace("blue, grey, pink", "blue, grey, pink, teal, tan, gold, lime, plum")
    text = text.replace(SPLIT, f"{SPLIT} disjoint by ({held_out})")
    used: list[set[int]] = []
    for pairs in generate_all(of(text, statements)).values():
        values: set[int] = set()
        for run in (pairs.base, *pairs.sources):
            if held_out.startswith("mark"):
                values |= {int(mark) % (5 if "%" in held_out else 10) for mark in run["mark"]}
            else:
                values |= {int(v) for i in range(3) for v in run[f"choice[{i}]"]}
        used.append(values)
    assert not used[0] & used[1]


def test_a_derivation_that_leaves_its_split_is_refused_with_a_base() -> None:
    text = SUM.replace("test 500", "test 500 disjoint by (a)")
    found = unmet(of(text, "swap left  derive source from base { a = 9 - base.a }"))
    assert found.code == "CS555"
    assert found.message.startswith(
        "`derive source from base { a = 9 - base.a }` leaves the values of `train` at base `a = "
    )


def test_a_file_whose_sources_are_not_what_they_are_made_of_has_wrong_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CHOICES.replace(
        "STATEMENTS",
        "derive source from base { choice[0] = base.choice[1]  "
        "choice[1] = base.choice[0]  draw mark }",
    )
    spec = tmp_path / "choice.causal"
    spec.write_text(f"language 1\n{text}")
    assert main(["data", str(spec), "D", "--form", "csv", "--out", str(tmp_path)]) == 0
    rows = tmp_path / "D.test.csv"
    assert main(["data", str(spec), "D", "--audit", str(rows)]) == 0
    capsys.readouterr()
    header, first, second, *rest = rows.read_text().splitlines()
    names, cells = header.split(","), first.split(",")
    marks = second.split(",")
    place = names.index("source.choice[2]")
    cells[place] = next(c for c in ("red", "green", "blue", "grey", "pink") if c not in cells)
    marks[names.index("source.mark")] = str((int(marks[names.index("source.mark")]) + 1) % 10)
    rows.write_text("\n".join([header, ",".join(cells), ",".join(marks), *rest]))
    assert main(["data", str(spec), "D", "--audit", str(rows)]) == 1
    said = capsys.readouterr().out
    assert f"line 2: source.choice[2] is {cells[place]}, should be " in said
    assert "line 3:" not in said  # what is drawn anew may be anything


def test_a_rivals_data_is_made_alike_where_it_can_be() -> None:
    text = SUM.replace("STATEMENTS", "swap left  derive source from base { a = base.b }")
    specification = compiled(text.replace("REQUIRE", ""))
    rival = rival_design(specification.counterfactuals["D"], specification.models["Whole"])
    pairs = generate(rival, "test")
    assert (pairs.sources[0]["a"] == pairs.base["b"]).all()
    own = text.replace("base.b", "min(base.left, 9)").replace("REQUIRE", "")
    specification = compiled(own)
    rival = rival_design(specification.counterfactuals["D"], specification.models["Whole"])
    assert rival.derivations == ()


def test_what_is_wrong_with_a_derivation() -> None:
    def said(statements: str) -> list[str]:
        found = findings(SUM.replace("REQUIRE", "").replace("STATEMENTS", statements))
        return [line.partition(" ")[0] + " " + line.split(" ", 2)[2] for line in found]

    assert said("swap left from e  derive e from base { a = e.b }") == [
        "CS212 `e` is the source that is being made: its inputs follow from other runs"
    ]
    assert said("swap left from e  derive e from base { a = result.y }") == [
        "CS212 `result` comes of the sources: no source is made of it"
    ]
    assert said("swap left from e  derive e from base { a = 9 - a }") == [
        "CS212 `a` belongs to a run: write `base.a`"
    ]
    assert said("swap left from e  derive e from f { a = 1 }  derive f from base { b = 2 }") == [
        "CS553 `f` is derived after `e`, which is made of it (put its `derive` before this one)"
    ]
    assert said("swap left from e  derive e from base { left = 3 }") == [
        "CS554 `left` is not an input of `Sum` (a source is made by its inputs: all else follows "
        "from them)"
    ]
    assert said("swap left from e  derive e from base { a = 3  draw a }") == [
        "CS203 `a` is given twice"
    ]
    assert said("swap left from e  derive e from base { a = 10 }") == [
        "CS302 `10` lies outside numbers 0..9"
    ]
    assert said("swap left from e  derive f from base { a = 1 }") == [
        "CS552 nothing is taken from `f` (write `swap v from f` for a variable `v`, or leave the "
        "source out)"
    ]
    assert said("swap left from e  derive e from bas { a = 1 }")[0].startswith(
        "CS201 unknown run `bas` (did you mean `base`?"
    )
    text = SUM.replace("input a, b : 0..9", "input a, b : 0..9  input x[i in 0..2] : 0..9")
    text = text.replace("STATEMENTS", "swap left from e  derive e from base { x = base.x }")
    assert findings(text.replace("REQUIRE", "")) == [
        "CS211 19:42 `x` is a family, not a variable (state its members by index, as in "
        "`x[i in 0..2] = …`)"
    ]
    assert said("swap left  derive base from base { a = 1 }")[0].startswith(
        "CS701 a source cannot be called `base`"
    )


def test_the_layout_and_draw_as_a_name() -> None:
    written = """language 1
task T { input draw, x : 0..3  output y : 0..3 = x }
model M of T { var v = x  output y = v }
counterfactuals D of M { swap v from s
derive s from base { draw = base.x draw x }
split train 9 }
"""
    once = format_source(Source("t.causal", written))
    assert "  derive s from base { draw = base.x  draw x }\n" in once
    assert format_source(Source("t.causal", once)) == once
    assert compiled(once.removeprefix("language 1\n")).counterfactuals["D"].derivations[
        0
    ].drawn == ("x",)
