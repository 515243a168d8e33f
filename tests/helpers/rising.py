"""A spec with emoji in it, and how to speak of its places as editors do, in UTF-16."""

from __future__ import annotations

from typing import Any

TEXT: str = """\
language 1

type Level = {Low, High}

task Rising {
  "🙂🙂 It rises."
  input start : 0..9
  input level : Level
  output end : 0..10 = start + (if level == High then 1 else 0)
  prompt main \"""🙂 {start as first} {level}\"""
  say end "{end}"
  example { start = 3  level = High } gives { end = 4 }
}

model Step of Rising {
  var step_size : 0..1 = if level == High then 1 else 0
  output end = start + step_size
}

counterfactuals Swaps of Step {
  swap step_size
  keep where base.level != source.level
  split train 20, test 10
}

align Late of Step { var step_size at residual layers 0..1 token slot(first).last by full_vector }

claim Holds { of Step on Swaps.test with Late  expect iia >= 0.5 }
"""


def place(text: str, fragment: str, within: str = "", occurrence: int = 0) -> tuple[int, int]:
    """Line and UTF-16 column of a fragment, of the one behind `within`."""
    start = text.index(within)
    for _ in range(occurrence + 1):
        start = text.index(fragment, start) + 1
    line_start = text.rindex("\n", 0, start) + 1
    column = len(text[line_start : start - 1].encode("utf-16-le")) // 2
    return text.count("\n", 0, line_start), column


def span_text(text: str, where: dict[str, Any]) -> str:
    """What a range of the protocol covers."""
    lines = text.split("\n")
    start, end = where["start"], where["end"]
    assert start["line"] == end["line"]
    units = lines[int(start["line"])].encode("utf-16-le")
    return units[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    def offset(position: dict[str, int]) -> int:
        lines = text.split("\n")
        units = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]]
        return sum(len(line) + 1 for line in lines[: position["line"]]) + len(
            units.decode("utf-16-le")
        )

    for edit in sorted(edits, key=lambda edit: -offset(edit["range"]["start"])):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text
