"""`causalspec data --show`: pairs as a person compares them."""

from __future__ import annotations

import pytest

from causalspec.compiler.data.counterfactuals import generate
from tests.helpers.compiled import compiled
from tests.helpers.terminal import Terminal

SPEC = """\
language 1

task Sum {
  input a, b : 0..5
  input sure : bool
  output total : 0..10 = a + b
  output fine : bool = sure
}

model Carried of Sum {
  var kept = a
  var doubled = kept + b
  output total = doubled
  output fine =
    sure
}

counterfactuals Kept of Carried {
  swap kept
  keep where result.total != base.total
  split test 40
}

counterfactuals Inner of Carried {
  swap doubled from (s1 with kept from s2)
  split test 4
}
"""
KEPT = """\
pair 1: swap kept from source
                base                source
a               {a}                   {source_a}
b               {b}                   {source_b}
sure            {sure:5}               {source_sure}
kept            {a}                   {source_a} (swapped in)
total           {total}                   {source_total}
label of total  {label} (changed)
fine            {sure:5}               {source_sure}
label of fine   {sure} (as in the base)
  total = {label}, which is doubled
    doubled = {label}, which is kept + b, with kept = {source_a} (from source), b = {b}
      in source: kept = {source_a}, which is a

Kept.test, all 40 rows: 0.0% keep the base's label
swap  label    rows
kept  changed    40
"""


@pytest.fixture
def shown(run: Terminal) -> Terminal:
    run.write(sum=SPEC)
    return run


def squeezed(text: str) -> list[list[str]]:
    """The words of every line: columns are as wide as what stands in them."""
    return [line.split() for line in text.splitlines()]


def test_base_and_source_stand_side_by_side(shown: Terminal) -> None:
    design = compiled(SPEC.removeprefix("language 1")).counterfactuals["Kept"]
    pairs = generate(design, "test")
    a, b, source_a, source_b = (
        int(side[name][0]) for side in (pairs.base, pairs.sources[0]) for name in ("a", "b")
    )
    truths = [("false", "true")[int(side["sure"][0])] for side in (pairs.base, pairs.sources[0])]
    wanted = KEPT.format(
        a=a,
        b=b,
        sure=truths[0],
        source_a=source_a,
        source_b=source_b,
        source_sure=truths[1],
        total=a + b,
        source_total=source_a + source_b,
        label=source_a + b,
    )
    status, printed, _ = shown("data", "sum.causal", "Kept", "--show", "1")
    assert (status, squeezed(printed)) == (0, squeezed(wanted))
    assert all(line == line.rstrip() and len(line) <= 80 for line in printed.splitlines())


def test_a_source_that_is_intervened_on_is_shown_as_it_runs(shown: Terminal) -> None:
    lines = shown("data", "sum.causal", "Inner", "--show", "1")[1].splitlines()
    assert lines[0] == "pair 1: swap doubled from (s1 with kept from s2)"
    cells = {line.split()[0]: line.split()[1:] for line in lines[2:7]}
    # The inner swap gives s1 the `kept` of s2, which is its `a`.
    assert int(cells["doubled"][1]) == int(cells["a"][2]) + int(cells["b"][1])


def test_the_width_is_respected(shown: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    status, printed, _ = shown("data", "sum.causal", "Kept", "--show", "3")
    assert (status, max(map(len, printed.splitlines())) <= 40) == (0, True)
    assert "\x1b" not in printed


def test_a_split_without_rows(shown: Terminal) -> None:
    arguments = ("data", "sum.causal", "Kept", "--show", "3", "--rows", "0")
    assert shown(*arguments) == (0, "test has no rows\n", "")
