"""What people and programs see of diagnostics."""

# ruff: noqa: E501 (whole output, as it is printed)

from __future__ import annotations

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.render import render_text, to_json
from causalspec.dsl.source import Source, Span

TEXT = (
    'language 1\ntask T {\n  say 日本 "é" 🙂 @\n'
    '  let\ta = b = \x1b c\n  prompt p """two {\nlines"""\n'
)

SHOWN = """\
error[CS118]: `日本` has letters that names cannot have
 --> wide.causal:3:7
  |
3 |   say 日本 "é" 🙂 @
  |       ^^^^
  = help: names are of the letters a to z, digits and `_`; a symbol may be any text in quotes, as in `{"Köln", Bonn}`

error[CS101]: unknown character `🙂`
 --> wide.causal:3:14
  |
3 |   say 日本 "é" 🙂 @
  |                ^^

error[CS101]: unknown character `@`
 --> wide.causal:3:16
  |
3 |   say 日本 "é" 🙂 @
  |                   ^

error[CS110]: expected `==`, found `=`
 --> wide.causal:4:13
  |
4 |   let    a = b = ␛ c
  |                ^
  = help: `==` compares, `=` gives a value
  = fix: write `==`

error[CS101]: unknown character `␛`
 --> wide.causal:4:15
  |
4 |   let    a = b = ␛ c
  |                  ^

error[CS114]: `{` opens a slot that nothing closes
 --> wide.causal:5:19
  |
5 |   prompt p \"""two {
  |                   ^
  = help: a brace that stands for itself is written `{{`
  = fix: write `{{`

error[CS106]: expected `}` before the end of the file
 --> wide.causal:7:1
  |
7 |
  | ^
note: this `{` is never closed
 --> wide.causal:2:8
  |
2 | task T {
  |        ^
"""


def found_in(name: str, text: str) -> Diagnostics:
    diagnostics = Diagnostics()
    parse(Source(name, text), diagnostics)
    return diagnostics


def test_carets_stand_under_the_culprit() -> None:
    assert render_text(found_in("wide.causal", TEXT), color=False, width=80) == SHOWN


def test_a_long_line_is_cut_around_the_culprit() -> None:
    text = f"language 1 type T = {{{'A, ' * 100}@ B{', C' * 100}}}"
    shown = render_text(found_in("long.causal", text), color=False, width=60)
    assert shown == (
        "error[CS101]: unknown character `@`\n"
        " --> long.causal:1:322\n"
        "  |\n"
        "1 | …A, A, A, A, A, A, @ B, C, C, C, C, C, C, C, C, C, C, C…\n"
        "  |                    ^\n"
    )


def test_a_span_of_several_lines_shows_its_ends() -> None:
    source = Source("lines.causal", "language 1\ntype T = {\n  A,\n  B\n}\n")
    diagnostics = Diagnostics()
    diagnostics.warning("CS201", "this set is idle", Span(source, 20, 33))
    assert render_text(diagnostics, color=False, width=80) == (
        "warning[CS201]: this set is idle\n"
        " --> lines.causal:2:10\n"
        "  |\n"
        "2 | type T = {\n"
        "  |          ^\n"
        "...\n"
        "5 | }\n"
        "  | ^\n"
    )


def test_colors() -> None:
    shown = render_text(found_in("one.causal", "language 1\n@"), color=True, width=80)
    assert shown == (
        "\x1b[1;31merror[CS101]\x1b[0m\x1b[1m: unknown character `@`\x1b[0m\n"
        " \x1b[1;34m-->\x1b[0m one.causal:2:1\n"
        "  \x1b[1;34m|\x1b[0m\n"
        "\x1b[1;34m2\x1b[0m \x1b[1;34m|\x1b[0m @\n"
        "  \x1b[1;34m|\x1b[0m \x1b[1;31m^\x1b[0m\n"
    )


def test_plain_data() -> None:
    place = {
        "file": "one.causal",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 5,
        "start": 11,
        "end": 15,
    }
    assert to_json(found_in("one.causal", "language 1\ntpye T = 0..9")) == [
        {
            "code": "CS105",
            "severity": "error",
            "message": "unknown word `tpye`",
            **place,
            "help": "did you mean `type`?",
            "related": [],
            "fix": {"title": "write `type`", "replacement": "type", **place},
        }
    ]
