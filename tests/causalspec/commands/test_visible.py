"""Words of a stranger's spec in what people read: nothing steers the terminal, nothing hides."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from tests.helpers.terminal import Terminal

WORDS = ("Mary", "\x1b[31mred\x1b[0m", "a\u202eb", "bell\x07", "\x9b2J")
SPEC = """\
language 1

type Name = words "names.txt"

task Copy {
  "\u202eSay the name.\u2066"
  input first, second : Name
  require first != second
  output answer : Name = first
  prompt main "\x1b[1m{first}\u200b {second}"
  say answer " {answer}"
}

model Direct of Copy {
  "It is \x1b[2Jcarried."
  var name = first
  output answer = name
}

model Other of Copy approximately {
  var name = second
  output answer = name
}

counterfactuals Swap of Direct {
  swap name
  keep where result.answer != base.answer
  balance (base = base.first)
  split test 20
}
"""
WRONG = SPEC.replace("= first\n  prompt", '= "\x1b[31mred"\n  prompt')

SHOWN = [
    ["check", "spec.causal"],
    ["check", "spec.causal", "--plain"],
    ["check", "wrong.causal"],
    ["check", "wrong.causal", "--plain"],
    ["check", "wrong.causal", "--format", "github"],
    ["fmt", "--diff", "untidy.causal"],
    ["sample", "spec.causal", "Direct", "--rows", "40"],
    ["sample", "spec.causal", "Direct", "--exact", "--of", "name"],
    ["sample", "spec.causal", "Direct", "--questions"],
    ["sample", "spec.causal", "Direct", "--observe", "first=\x1b[31mblue"],
    ["data", "spec.causal", "Swap", "--show", "20"],
    ["data", "spec.causal", "\x1b[31mSwap"],
    ["data", "spec.causal", "Swap", "--audit", "wrong.csv"],
    ["data", "spec.causal", "Swap", "--audit", "wrong.csv", "--by", "base.first"],
    ["data", "spec.causal", "Swap", "--audit", "unreadable.csv"],
    ["compare", "spec.causal", "Direct", "Other"],
    ["distinguish", "spec.causal", "Direct", "Other"],
    ["diff", "spec.causal", "changed.causal"],
    ["diff", "spec.causal", "changed.causal", "--format", "markdown"],
    *(["graph", "spec.causal", "Direct", "--to", form]
      for form in ("svg", "mermaid", "dot", "latex", "markdown")),
]  # fmt: skip


@pytest.fixture
def run(run: Terminal) -> Terminal:
    for name, text in {
        "names.txt": "\n".join(WORDS),
        "spec.causal": SPEC,
        "wrong.causal": WRONG,
        "untidy.causal": SPEC.replace("  require", "      require"),
        "changed.causal": SPEC.replace('"\x1b[1m{first}', '"\x1b[2m{first}').replace(
            "answer = name\n}\n\nmodel Other",
            "answer = if name == second then first else name\n}\n\nmodel Other",
        ),
        "wrong.csv": "base.first,base.second,source.first,source.second,label.answer,\x1b[0mx\n"
        f"{WORDS[1]},{WORDS[2]},{WORDS[2]},{WORDS[1]},{WORDS[1]},\n",
        "unreadable.csv": "base.first,base.second,source.first,source.second,label.answer\n"
        f"{WORDS[1]},{WORDS[2]},{WORDS[2]},{WORDS[1]},\x1b[5mblink\n",
    }.items():
        Path(name).write_text(text, encoding="utf-8", newline="")
    return run


def hidden(text: str) -> set[str]:
    """The characters of a text that a terminal obeys, or that people do not see."""
    return {
        character
        for character in text
        if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


@pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
def test_what_people_read(arguments: list[str], run: Terminal) -> None:
    _, printed, complaint = run(*arguments)
    assert "Traceback" not in complaint
    assert printed + complaint
    assert hidden(printed + complaint) == set()


def test_what_stands_for_a_character(run: Terminal) -> None:
    _, printed, _ = run("sample", "spec.causal", "Direct", "--exact", "--of", "name")
    words = [line.split()[0] for line in printed.splitlines()[1:]]
    assert words == ["Mary", "␛[31mred␛[0m", "a\\u{202E}b", "bell␇", "\\u{9B}2J"]


def test_files_for_programs_keep_every_character(run: Terminal) -> None:
    assert run("data", "spec.causal", "Swap")[0] == 0
    lines = Path("data/Swap.test.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["base.first"] for line in lines} == set(WORDS)
    _, printed, _ = run("sample", "spec.causal", "Direct", "--format", "jsonl", "--rows", "60")
    values = [json.loads(line)["values"] for line in printed.splitlines()]
    assert {value["first"] for value in values} == set(WORDS)
