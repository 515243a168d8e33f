"""Tables of a model's variables: what stands in them, families on one line, LaTeX that holds up."""

from __future__ import annotations

import re

import pytest

from causalspec.compiler.expressions import Expression, renamed
from causalspec.compiler.views.families import lines
from causalspec.compiler.views.model_table import latex_table, markdown_table
from tests.helpers.cases import CASES, LEFT_BOUNDARY, Case, addition
from tests.helpers.compiled import compiled

CARRY = addition(3)[1]


def test_markdown() -> None:
    assert markdown_table(LEFT_BOUNDARY) == (
        "### LeftBoundary\n"
        "\n"
        "| variable | kind | values | mechanism |\n"
        "|---|---|---|---|\n"
        "| `lower` | input | 0.00..9.99 step 0.01 |  |\n"
        "| `upper` | input | 0.00..9.99 step 0.01 |  |\n"
        "| `amount` | input | 0.00..9.99 step 0.01 |  |\n"
        "| `above` | var | bool | `lower ≤ amount` |\n"
        "| `answer` | output | {Yes, No} | `if above and amount ≤ upper then Yes else No` |\n"
        "\n"
        "where `upper - lower in 2.50..7.50`\n"
    )


def test_latex() -> None:
    assert latex_table(CARRY) == LATEX


LATEX = r"""% CarryChain: needs amsmath
\begin{tabular}{lll}
variable & values & mechanism \\
\hline
$x_{i}$ & $\{0, 1, \dots, 9\}$ & input for $i = 0, \dots, 2$ \\
$y_{i}$ & $\{0, 1, \dots, 9\}$ & input for $i = 0, \dots, 2$ \\
$\mathit{carry}_{0}$ & $\{0, 1\}$ & $\displaystyle 0$ \\
$\mathit{carry}_{i}$ & $\{0, 1\}$ & $\displaystyle \left\lfloor{\frac{\mathit{carry}_{i - 1} + x_{i - 1} + y_{i - 1}}{10}}\right\rfloor$ for $i = 1, \dots, 3$ \\
$z_{i}$ & $\{0, 1, \dots, 9\}$ & $\displaystyle \left(\mathit{carry}_{i} + x_{i} + y_{i}\right) \bmod 10$ for $i = 0, \dots, 2$ \\
$z_{3}$ & $\{0, 1, \dots, 9\}$ & $\displaystyle \mathit{carry}_{3}$ \\
\end{tabular}
"""  # noqa: E501


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_latex_is_balanced(case: Case) -> None:
    text = latex_table(case.model)
    plain = re.sub(r"\\[{}$&%_#\\]", "", text.replace("\\\\", ""))
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    opened: list[str] = []
    for word, environment in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if word == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert opened == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_table_in_markdown_has_four_cells_a_row(case: Case) -> None:
    rows = [line for line in markdown_table(case.model).splitlines() if line.startswith("|")]
    assert len(rows) >= 2 + 1
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 5


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_line_of_a_family_is_each_of_its_members(case: Case) -> None:
    model = case.model
    covered: list[str] = []
    for line in lines(model):
        first, last = line.indices or (0, 0)
        for index in range(first, last + 1):

            def of_member(name: str, index: int = index) -> str:
                return re.sub(
                    r"\[i(?: ([+-]) (\d+))?\]",
                    lambda found: f"[{index + int((found[1] or '+') + (found[2] or '0'))}]",
                    name,
                )

            name = of_member(line.name)
            covered.append(name)
            mechanism: Expression | None = line.variable.mechanism
            if line.indices is not None and mechanism is not None:
                assert renamed(mechanism, of_member) == model.by_name[name].mechanism
            assert line.variable.domain == model.by_name[name].domain
    assert covered == [variable.name for variable in model.variables]


def test_members_that_differ_stand_apart() -> None:
    names = [(line.name, line.indices) for line in lines(CARRY)]
    assert names == [
        ("x[i]", (0, 2)),
        ("y[i]", (0, 2)),
        ("carry[0]", None),
        ("carry[i]", (1, 3)),
        ("z[i]", (0, 2)),
        ("z[3]", None),
    ]


def test_scaled_decimals_are_shown_in_their_own_units() -> None:
    model = compiled(
        """
type Price = 0.00..9.99 step 0.01
task T {
  input a, b : Price
  input s : {Low, High}
  input k : 0..3
  output o : 0.00..19.98 step 0.01 = a + b
}
model M of T approximately {
  var m = if s == Low then 1.50 else 2.25
  var n = match k { 0 => 0.50  1 => 1.25  2 => 2.00  3 => 9.75 }
  var rest = a % 0.25
  var pair = (low = min(a, b), high = max(a, 3.5))
  var mixed = if k == 0 then k else a
  output o = m + n + rest + pair.low + pair.high + mixed
}
"""
    ).models["M"]
    mechanisms = [line.split(" | ")[-1] for line in markdown_table(model).splitlines()[8:-1]]
    assert mechanisms == [
        "`if s = Low then 1.50 else 2.25` |",
        "`if k = 0 then 0.50 else if k = 1 then 1.25 else if k = 2 then 2 else 9.75` |",
        "`a mod 0.25` |",
        "`(min(a, b), max(a, 3.50))` |",
        "`if k = 0 then k else a` |",
    ]
    assert r"\min\left(a, b\right)" in latex_table(model)
    assert "100" not in latex_table(model)
