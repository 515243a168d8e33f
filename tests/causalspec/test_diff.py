"""`causalspec diff`: what changed, the witness, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode

OLD = """language 1

task Sum {
  input a, b : 0..9
  require a <= b
  let both = a + b
  output total : 0..18 = both
}

model Plain of Sum {
  var left = a
  output total = left + b
}

counterfactuals Pairs of Plain {
  swap left
  split train 100, test 50
}
"""


def changed(tmp_path: Path, *replacements: tuple[str, str]) -> tuple[str, str]:
    new = OLD
    for before, after in replacements:
        assert before in new
        new = new.replace(before, after)
    paths = tmp_path / "old.causal", tmp_path / "new.causal"
    for path, text in zip(paths, (OLD, new), strict=True):
        path.write_text(text, encoding="utf-8")
    return str(paths[0]), str(paths[1])


SAME = [
    ((), "nothing changed"),
    ((("let both = a + b", "let both = b + a"),), "only the text changed"),
    ((("var left = a", "var left = a + 0 * b"),), "only the text changed"),
    ((("total : 0..18 = both", "total : 0..18 = a + b"),), "only the text changed"),
    ((("require a <= b", "require not (b < a)"),), "only the text changed"),
]


@pytest.mark.parametrize(("replacements", "said"), SAME)
def test_the_same_meaning(
    tmp_path: Path,
    replacements: tuple[tuple[str, str], ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", *changed(tmp_path, *replacements)]) == ExitCode.FINE
    assert capsys.readouterr().out.startswith(said)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "left + b",
            "left + min(b, 8)",
            "meaning: Plain: `total` was `9` and is `8` at `b = 9, left = 0`",
        ),
        (
            "let both = a + b",
            "let both = max(a, b)",
            "meaning: Sum: `total` was `2` and is `1` at `a = 1, b = 1`",
        ),
        (
            "require a <= b",
            "require a < b",
            "meaning: Sum: `require` was `true` and is `false` at `a = 0, b = 0`",
        ),
        ("input a, b : 0..9", "input a, b : 0..8", "interface: Sum: `a` takes other values"),
        ("var left = a", "var left = a  var more = b", "interface: Plain: `more`: the variable"),
        ("train 100", "train 200", "data: Pairs: split `train` had 100 pairs and has 200"),
        ("swap left", "swap left  balance result.total > 3", "data: Pairs: its balance changed"),
    ],
)
def test_a_change(
    tmp_path: Path, before: str, after: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *changed(tmp_path, (before, after))]) == ExitCode.CLAIM_FAILED
    assert said in capsys.readouterr().out


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = changed(tmp_path, ("left + b", "left + min(b, 8)"))
    assert main(["diff", *paths, "--format", "json"]) == ExitCode.CLAIM_FAILED
    assert json.loads(capsys.readouterr().out) == {
        "changes": [
            {
                "area": "meaning",
                "where": "Plain",
                "text": "`total` was `9` and is `8` at `b = 9, left = 0`",
            }
        ],
        "files": [],
        "text": True,
    }
