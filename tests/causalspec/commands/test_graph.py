"""`causalspec graph`: pictures and tables, what is marked, and what it cannot draw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode

SPECS = Path(__file__).parents[3] / "specs"
EQUALITY = str(SPECS / "hierarchical_equality" / "hierarchical_equality.causal")
ADDITION = str(SPECS / "addition" / "addition.causal")


def test_variables_of_a_claim_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", EQUALITY, "BothEqualities"]) == ExitCode.FINE
    assert "  class n4,n5 marked\n" in capsys.readouterr().out


def test_families_are_folded_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(ADDITION).read_text(encoding="utf-8").replace("digits = 3", "digits = 10")
    spec = tmp_path / "ten.causal"
    start, end = text.index("  example"), text.index("}\n\nmodel NoCarry")
    spec.write_text(text[:start] + text[end : text.index("derive")], encoding="utf-8")
    assert main(["graph", str(spec), "CarryChain"]) == ExitCode.FINE
    assert '(["carry[0..10]"])' in capsys.readouterr().out
    assert main(["graph", str(spec), "CarryChain", "--unfold"]) == ExitCode.FINE
    assert '(["carry[10]"])' in capsys.readouterr().out


@pytest.mark.parametrize("form", ["latex", "markdown"])
def test_tables_of_every_model(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", ADDITION, "--to", form]) == ExitCode.FINE
    out = capsys.readouterr().out
    assert all(name in out for name in ("CarryChain", "NoCarry", "OnlyTheFirstCarry"))


def test_a_picture_into_a_file(tmp_path: Path) -> None:
    place = tmp_path / "graph.svg"
    arguments = ["graph", ADDITION, "NoCarry", "--to", "svg", "--out", str(place)]
    assert main(arguments) == ExitCode.FINE
    assert place.read_text(encoding="utf-8").startswith("<svg ")


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
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", ADDITION, *arguments]) == ExitCode.WRONG_USAGE
    assert said in capsys.readouterr().err


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


def test_a_model_is_drawn_though_an_example_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "add.causal"
    spec.write_text(FAILING_EXAMPLE, encoding="utf-8")
    assert main(["check", "--quiet", str(spec)]) == ExitCode.SPEC_INVALID
    capsys.readouterr()
    assert main(["graph", str(spec), "Whole"]) == ExitCode.FINE
    printed = capsys.readouterr()
    assert printed.err == ""
    assert '(["total"])' in printed.out


def test_what_does_not_compile_is_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "add.causal"
    spec.write_text(FAILING_EXAMPLE.replace("a + b", "a + c"), encoding="utf-8")
    assert main(["graph", str(spec), "Whole"]) == ExitCode.SPEC_INVALID
    printed = capsys.readouterr()
    assert (printed.out, "unknown name `c`" in printed.err) == ("", True)


def test_drawing_proves_nothing_and_samples_nothing() -> None:
    program = (
        "import sys\n"
        "from causalspec.command_line import main\n"
        "status = main(sys.argv[1:])\n"
        "print(status, *(one for one in sys.modules if one.endswith(('.examine', 'z3'))))"
    )
    command = [sys.executable, "-c", program, "graph", ADDITION, "CarryChain", "--to", "dot"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
