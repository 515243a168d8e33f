"""Files whose lines end in CRLF: what rewrites a spec leaves that as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.terminal import Terminal

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

SPEC = Path("spec.causal")


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize("text", [FORMATTED, crlf(FORMATTED)])
def test_a_formatted_file_is_one_with_either_end(text: str, run: Terminal) -> None:
    run.write(spec=text)
    assert run("fmt", "--check", "spec.causal")[0] == 0


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        (crlf(FORMATTED.replace("  output b : bool", " output   b:bool")), crlf(FORMATTED)),
        (FORMATTED.replace("\n", "\r\n", 3), FORMATTED),
    ],
    ids=["ends are kept", "a mixture becomes one"],
)
def test_formatting(text: str, formatted: str, run: Terminal) -> None:
    run.write(spec=text)
    assert run("fmt", "--check", "spec.causal")[0] == 1
    assert run("fmt", "spec.causal")[0] == 0
    assert SPEC.read_bytes() == formatted.encode()
    assert run("fmt", "--check", "spec.causal")[0] == 0


def test_a_fix_keeps_the_ends(run: Terminal) -> None:
    run.write(spec=crlf(FORMATTED.replace("var c = a", "var c == a")))
    assert run("check", "--fix", "spec.causal")[0] == 0
    assert SPEC.read_bytes() == crlf(FORMATTED).encode()


def test_a_prompt_is_the_same_with_either_end(run: Terminal) -> None:
    written: list[bytes] = []
    swap = "counterfactuals Swap of Same {\n  swap c\n  split test 4\n}\n"
    for text in (FORMATTED + swap, crlf(FORMATTED + swap)):
        run.write(spec=text)
        assert run("data", "spec.causal", "--out", "d")[0] == 0
        written.append(Path("d/Swap.test.jsonl").read_bytes())
    assert b"Is it\\ntrue?" in written[0]
    assert written[0] == written[1]
