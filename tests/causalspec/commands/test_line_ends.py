"""Files whose lines end in CRLF: what rewrites a spec leaves that as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from causalspec.command_line import main

FORMATTED = '''\
language 1

task Copy {
  input a : bool  # said twice
  output b : bool = a
  prompt main """Is it
{a}?"""
  say b { true => "yes"  else => "no" }
}

model Same of Copy {
  var c = a
  output b = c
}
'''

File = Callable[[str], Path]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> File:
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        Path("spec.causal").write_bytes(text.encode())
        return Path("spec.causal")

    return write


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def test_a_formatted_file_is_one_with_either_end(file: File) -> None:
    for text in (FORMATTED, crlf(FORMATTED)):
        assert main(["fmt", "--check", str(file(text))]) == 0


def test_formatting_keeps_the_ends(file: File) -> None:
    untidy = FORMATTED.replace("  output b : bool", " output   b:bool")
    path = file(crlf(untidy))
    assert main(["fmt", "--check", str(path)]) == 1
    assert main(["fmt", str(path)]) == 0
    assert path.read_bytes() == crlf(FORMATTED).encode()
    assert main(["fmt", "--check", str(path)]) == 0


def test_a_mixture_becomes_one(file: File) -> None:
    path = file(FORMATTED.replace("\n", "\r\n", 3))
    assert main(["fmt", "--check", str(path)]) == 1
    assert main(["fmt", str(path)]) == 0
    assert path.read_bytes() == FORMATTED.encode()


def test_a_fix_keeps_the_ends(file: File) -> None:
    wrong = FORMATTED.replace("var c = a", "var c == a")
    path = file(crlf(wrong))
    assert main(["check", "--fix", str(path)]) == 0
    assert path.read_bytes() == crlf(FORMATTED).encode()


def test_a_prompt_is_the_same_with_either_end(file: File, tmp_path: Path) -> None:
    written: list[bytes] = []
    swap = "counterfactuals Swap of Same {\n  swap c\n  split test 4\n}\n"
    for text in (FORMATTED + swap, crlf(FORMATTED + swap)):
        assert main(["data", str(file(text)), "--out", str(tmp_path / "d")]) == 0
        written.append((tmp_path / "d" / "Swap.test.jsonl").read_bytes())
    assert b"Is it\\ntrue?" in written[0]
    assert written[0] == written[1]
