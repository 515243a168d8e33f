"""`causalspec graph`: pictures and tables, what is marked, and what it cannot draw."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode

SPECS = Path(__file__).parents[2] / "specs"
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
