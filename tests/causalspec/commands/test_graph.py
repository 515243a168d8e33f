"""`causalspec graph`: pictures and tables, what is marked, and what it cannot draw."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.spec_files import spec_file, spec_text
from tests.helpers.terminal import Terminal

EQUALITY = str(spec_file("hierarchical_equality"))
ADDITION = str(spec_file("addition"))


def test_variables_of_a_claim_are_marked(run: Terminal) -> None:
    status, printed, _ = run("graph", EQUALITY, "BothEqualities")
    assert (status, "  class n4,n5 marked\n" in printed) == (0, True)


def test_families_are_folded_unless_asked_for(run: Terminal) -> None:
    text = spec_text("addition").replace("digits = 3", "digits = 10")
    start, end = text.index("  example"), text.index("}\n\nmodel NoCarry")
    run.write(ten=text[:start] + text[end : text.index("derive")])
    assert '(["carry[0..10]"])' in run("graph", "ten.causal", "CarryChain")[1]
    assert '(["carry[10]"])' in run("graph", "ten.causal", "CarryChain", "--unfold")[1]


@pytest.mark.parametrize("form", ["latex", "markdown"])
def test_tables_of_every_model(form: str, run: Terminal) -> None:
    status, printed, _ = run("graph", ADDITION, "--to", form)
    assert status == 0
    assert all(name in printed for name in ("CarryChain", "NoCarry", "OnlyTheFirstCarry"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["CarryChian"], "there is no model `CarryChian`; did you mean `CarryChain`?"),
        (
            ["Xyzzy"],
            "there is no model `Xyzzy`; there are `Addition`, `CarryChain`, `NoCarry`, `Only",
        ),
        (["--to", "svg"], "name the model to draw: Addition, CarryChain, NoCarry, Only"),
        (["NoCarry", "--unfold", "--to", "latex"], "`--unfold` is for pictures, not for `--to lat"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, run: Terminal) -> None:
    status, _, complaint = run("graph", ADDITION, *arguments)
    assert (status, said in complaint) == (2, True)


FAILING_EXAMPLE = """language 1
task Add {
  input a, b : 0..4
  output sum : 0..8 = a + b
  example { a = 1  b = 1 } gives { sum = 3 }
}
model Whole of Add {
  var total = a + b
  output sum = total
}
"""


def test_a_model_is_drawn_though_an_example_fails(run: Terminal) -> None:
    run.write(add=FAILING_EXAMPLE)
    assert run("check", "--quiet", "add.causal")[0] == 3
    status, printed, complaint = run("graph", "add.causal", "Whole")
    assert (status, complaint) == (0, "")
    assert '(["total"])' in printed


def test_what_does_not_compile_is_not_drawn(run: Terminal) -> None:
    run.write(add=FAILING_EXAMPLE.replace("a + b", "a + c"))
    status, printed, complaint = run("graph", "add.causal", "Whole")
    assert (status, printed, "unknown name `c`" in complaint) == (3, "", True)


def test_drawing_proves_nothing_and_samples_nothing() -> None:
    program = (
        "import sys\n"
        "from causalspec.command_line import main\n"
        "status = main(sys.argv[1:])\n"
        "print(status, *(name for name in sys.modules if name.endswith(('.examine', 'z3'))))"
    )
    command = [sys.executable, "-c", program, "graph", ADDITION, "CarryChain", "--to", "dot"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
