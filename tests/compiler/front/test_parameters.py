"""Parameters of tasks, set where a task or model is used, or from outside the file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file, compile_file
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.compiled import attempt, compiled, findings

PARITY = """task Parity(bits = 3, odd = bits % 2) {
  input x[i in 0..bits - 1] : bool
  output parity : bool = (count(x[i] for i in 0..bits - 1) + odd) % 2 == 1
  prompt main "{x[0]} {x[1]}"
  say parity { true => "odd"  false => "even" }
  example { x[0] = true  x[1] = false  x[2] = false } gives { parity = false }
}
model Counted of Parity {
  var total : 0..bits + 1 = count(x[i] for i in 0..bits - 1) + odd
  output parity = total % 2 == 1
}
model Running of Parity {
  var seen[i in 0..bits] : bool = if i == 0 then odd == 1 else seen[i - 1] != x[i - 1]
  var total : 0..bits = count(x[i] for i in 0..bits - 1)
  output parity = if total == 0 then odd == 1 else seen[bits]
}
"""


def _sizes(specification: Specification, name: str) -> tuple[int, int]:
    model = specification.models[name]
    return len(model.inputs), model.by_name["total"].domain.size


def test_parameters_where_a_model_is_used() -> None:
    specification = compiled(
        f"""{PARITY}
model Directly of Parity(bits = 4) {{ output parity = count(x[i] for i in 0..bits - 1) % 2 == 1 }}
counterfactuals Five of Counted(bits = 5) {{
  swap total
  distinguish from Running
  split train 10
}}
counterfactuals Three of Counted(bits = 3) {{ swap total  split train 10 }}
align Places of Counted(bits = 5) {{ var total at residual layers 0 token last by das(dim = 4) }}
claim Holds {{
  of Counted(bits = 5) on Five.train with Places
  expect iia - iia(Running) >= 0.10
}}
"""
    )
    assert {name: dict(task.parameters) for name, task in specification.tasks.items()} == {
        "Parity": {"bits": "3", "odd": "1"},
        "Parity(bits = 4, odd = 0)": {"bits": "4", "odd": "0"},
        "Parity(bits = 5)": {"bits": "5", "odd": "1"},
    }
    assert list(specification.models) == [
        "Counted", "Running", "Directly", "Counted(bits = 5)", "Running(bits = 5)",
    ]  # fmt: skip
    assert _sizes(specification, "Counted") == (3, 5)
    assert _sizes(specification, "Counted(bits = 5)") == (5, 7)
    assert specification.models["Directly"].task == "Parity(bits = 4, odd = 0)"
    # The declared parameters make no other model.
    assert specification.counterfactuals["Three"].model is specification.models["Counted"]
    claim = specification.claims["Holds"]
    assert claim.model is specification.models["Counted(bits = 5)"]
    assert [metric.of for metric in claim.metrics] == [None, "Running(bits = 5)"]


def test_parameters_of_an_imported_model(tmp_path: Path) -> None:
    (tmp_path / "parity.causal").write_text(f"language 1\n{PARITY}", encoding="utf-8")
    text = """import "parity.causal" { Counted, Running }
derive Pairwise from Running(bits = 2) { marginalize seen[0], seen[1] }
abstraction Same from Running(bits = 2) to Counted(bits = 2) {
  total = total
  parity = parity
}
"""
    specification = compiled(text, tmp_path)
    assert specification.models["Pairwise"].task == "Parity(bits = 2, odd = 0)"
    assert specification.abstractions["Same"].coarse.name == "Counted(bits = 2, odd = 0)"


@pytest.mark.parametrize(
    ("used", "found"),
    [
        ("Counted(bit = 4)", "CS231 19:30 unknown parameter `bit` (did you mean `bits`?)"),
        (
            "Counted(4)",
            "CS231 19:30 `4` does not say which parameter it is for (write `Counted(bits = 4)`)",
        ),
        (
            "Counted(bits = 4, bits = 5)",
            "CS203 19:40 `bits` is declared twice (give one of them another name)",
        ),
        ("Counted(bits = Four)", "CS201 19:37 unknown name `Four`"),
        ("Cuonted(bits = 4)", "CS201 19:22 unknown model `Cuonted` (did you mean `Counted`?)"),
        (
            "Derived(bits = 4)",
            "CS232 19:22 `Derived` is derived, and has the parameters of the model that it comes "
            "from (write `derive … from Running(…)` with the parameters)",
        ),
    ],
)
def test_what_is_wrong_with_parameters(used: str, found: str) -> None:
    text = f"{PARITY}derive Derived from Running {{ marginalize seen[0] }}\n"
    text += f"counterfactuals P of {used} {{ swap total  split train 10 }}\n"
    assert findings(text) == [found]


def test_mistakes_through_parameters_say_where_these_are_set() -> None:
    text = f"{PARITY}counterfactuals P of Counted(bits = 0) {{ swap total  split train 10 }}\n"
    _, diagnostics = attempt(text)
    found = {(found.code, found.span.text, found.related[-1].span.text) for found in diagnostics}
    assert found == {("CS301", "0..bits - 1", "Counted")}


def test_parameters_from_outside() -> None:
    """The examples of the file hold for what it says, and are not asked of another task."""

    def sizes(**settings: int) -> tuple[int, int, int]:
        text, diagnostics = f"language 1\n{PARITY}", Diagnostics()
        values = {name.replace("_", "."): Fraction(value) for name, value in settings.items()}
        file = parse(Source("test.causal", text), diagnostics)
        found = compile_file(file, None, diagnostics, settings=values)
        assert found is not None
        return *_sizes(found, "Counted"), len(found.examples)

    assert sizes() == (3, 5, 1)
    assert sizes(bits=4) == (4, 6, 0)
    assert sizes(Parity_bits=5, bits=4) == (5, 7, 0)
    assert sizes(other=7) == (3, 5, 1)


def test_imported_tasks_are_set_from_outside_too(tmp_path: Path) -> None:
    (tmp_path / "parity.causal").write_text(f"language 1\n{PARITY}", encoding="utf-8")
    text = (
        'language 1\nimport "parity.causal" { Counted, Running }\n'
        "counterfactuals P of Counted { swap total  split train 10 }\n"
        "counterfactuals Q of Counted(bits = 2) { swap total  split train 10 }\n"
    )
    (tmp_path / "use.causal").write_text(text, encoding="utf-8")
    specification = check_file(tmp_path / "use.causal", {"bits": Fraction(6)}).specification
    assert specification is not None
    designs = specification.counterfactuals
    assert [len(design.model.inputs) for design in designs.values()] == [6, 2]
