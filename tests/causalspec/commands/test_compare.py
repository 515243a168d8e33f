"""`causalspec compare`: its text, its JSON and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode

SPECS = Path(__file__).parents[3] / "specs"
EQUALITY = str(SPECS / "hierarchical_equality" / "hierarchical_equality.causal")
ADDITION = str(SPECS / "addition" / "addition.causal")


def test_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", EQUALITY, "BothEqualities", "LeftEquality"]) == ExitCode.FINE
    assert capsys.readouterr().out == (
        "BothEqualities and LeftEquality\n"
        "  yes every input gives the same outputs: exhaustive (10,000)\n"
        "  yes every intervention on `left` gives the same outputs: exhaustive (300)\n"
        "variables\n"
        "  `left` of BothEqualities is the same as `left` of LeftEquality: exhaustive (100)\n"
    )


def test_different(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", ADDITION, "CarryChain", "NoCarry"]) == ExitCode.CLAIM_FAILED
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  no  every input gives the same outputs"
    assert lines[2].strip() == "at x[0] = 0, x[1] = 0, x[2] = 1, y[0] = 0, y[1] = 0, y[2] = 9"
    assert lines[-1] == "  without intervention: 16.64%, exhaustive (1,000,000)"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", ADDITION, "CarryChain", "NoCarry", "--format", "json"]
    assert main(arguments) == ExitCode.CLAIM_FAILED
    told = json.loads(capsys.readouterr().out)
    assert told["outputs"]["same"] is False
    assert told["outputs"]["inputs"]["y[2]"] == "9"
    assert told["interventions"] is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("BothEqualitys", "LeftEquality"), "did you mean `BothEqualities`?"),
        (("Nothing", "LeftEquality"), "there is no model `Nothing`"),
    ],
)
def test_unknown_models(
    names: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", EQUALITY, *names]) == ExitCode.WRONG_USAGE
    assert message in capsys.readouterr().err


def test_open_questions_have_their_own_status(tmp_path: Path) -> None:
    spec = tmp_path / "cyclic.causal"
    spec.write_text(
        "language 1\n"
        "task T { input a : 0..999999  output y : bool = a > 3 }\n"
        "model A of T cyclic { var v : 0..9999 = v  output y = a > 3 and v == v }\n"
        "model B of T { output y = a > 3 }\n",
        encoding="utf-8",
    )
    assert main(["compare", str(spec), "A", "B"]) == ExitCode.UNKNOWN


def test_models_of_different_tasks(tmp_path: Path) -> None:
    spec = tmp_path / "two.causal"
    spec.write_text(
        "language 1\n"
        "task T { input a : bool  output y : bool = a }\n"
        "task U { input a : bool  output y : bool = a }\n",
        encoding="utf-8",
    )
    assert main(["compare", str(spec), "T", "U"]) == ExitCode.WRONG_USAGE
