"""Trees that keep up with typing are those that parsing the whole gives."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from causalspec.compiler.compile import compile_file
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source, Span
from causalspec.language_server.reading import Reading, read, reread
from tests.helpers.spec_files import each_spec

EDITS = 40
"""For each spec, one after the other."""

TYPED = (
    "x", "0", " ", "\n", "#", '"', "{", "}", "(", ")", "+", "==", ",", "..", "do", "let z = 1",
    "\n  var fresh = 1\n", "\n# a comment\n", 'allow CS402 "why"\n', "type Fresh = 0..3\n",
    '"""🙂', "language 1\n",
)  # fmt: skip


def outline(value: Any) -> Any:
    """A tree as plain values, with every place in it."""
    match value:
        case Span():
            return (value.start, value.end, value.text)
        case tuple():
            return [outline(item) for item in value]
        case syntax.Node():
            names = [field.name for field in dataclasses.fields(value) if field.name != "source"]
            return (type(value).__name__, [(name, outline(getattr(value, name))) for name in names])
        case _:
            return value


def findings(reading: Reading, folder: Path) -> list[tuple[str, str, int, int]]:
    diagnostics = Diagnostics(list(reading.mistakes))
    compile_file(reading.file, folder, diagnostics)
    return [
        (diagnostic.code, diagnostic.message, diagnostic.span.start, diagnostic.span.end)
        for diagnostic in diagnostics
    ]


def edited(text: str, choose: random.Random) -> str:
    """A few characters typed, deleted, or a stretch moved to another place."""
    place = choose.randrange(len(text))
    match choose.randrange(4):
        case 0:
            return text[:place] + text[place + choose.randint(1, 3) :]
        case 1:
            line = text.find("\n", place)
            return text[:place] + text[line if line >= 0 else len(text) :]
        case 2:
            start = choose.randrange(len(text))
            return text[:place] + text[start : start + choose.randint(1, 60)] + text[place:]
        case _:
            return text[:place] + choose.choice(TYPED) + text[place:]


@each_spec
def test_random_edits(path: Path):
    choose = random.Random(path.stem)
    text = path.read_text(encoding="utf-8")
    base = read(Source(path.name, text))
    kept_up = guessed = 0
    for _ in range(EDITS):
        changed = edited(base.file.source.text, choose)
        source = Source(path.name, changed)
        soon, whole = reread(base, source), read(source)
        if soon is not None and soon.exact:
            kept_up += 1
            assert whole.mistakes == ()
            assert outline(soon.file) == outline(whole.file)
            assert findings(soon, path.parent) == findings(whole, path.parent)
            base = soon
        elif soon is not None:
            guessed += 1
            assert soon.file.source is source
            findings(soon, path.parent)  # whatever it says, it says it
    assert kept_up > 2 and guessed > 2


BEFORE = """language 1

type Digit = 0..9

task T {
  "what it is"
  input x : Digit
  output y : Digit = x
}

model M of T {
  var v = x   # first
  var w = v
  output y = w
}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("var w = v", "var w = v + 0"),
        ("var w = v", "let u = v\n  var w = u"),
        ("# first", "# the first one"),
        ("  var w = v\n", ""),
        ("x   # first", "x"),
        ("type Digit = 0..9", "type Digit = 0..8"),
        ("model M of", "model Other of"),
        ('"what it is"', '"what it is not"'),
        ("output y = w\n}\n", "output y = w\n}\n\nmodel N of T { output y = x }\n"),
        ("0..9\n", "0..9\nfunction f(a : Digit) = a\n"),
        ("var w = v\n", "var w = v }\nmodel N of T {\n"),
        ("x   # first\n  var", "x   # first var"),
    ],
)
def test_what_is_read_again_is_exact(old: str, new: str):
    source = Source("m.causal", BEFORE.replace(old, new))
    soon = reread(read(Source("m.causal", BEFORE)), source)
    assert soon is not None and soon.exact
    assert outline(soon.file) == outline(read(source).file)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("language 1", "language 2"),
        ("  var w = v\n  output y = w\n}", "# "),
    ],
)
def test_where_only_the_whole_will_do(old: str, new: str):
    text = BEFORE.replace(old, new)
    assert text != BEFORE
    soon = reread(read(Source("m.causal", BEFORE)), Source("m.causal", text))
    assert soon is None or not soon.exact


def test_a_mistake_is_known_from_its_statement():
    source = Source("m.causal", BEFORE.replace("var w = v", "var w = v + + x"))
    soon = reread(read(Source("m.causal", BEFORE)), source)
    assert soon is not None and not soon.exact
    (mistake,) = soon.mistakes
    assert (mistake.code, mistake.span.text) == ("CS104", "+")
    assert outline(read(source).mistakes[0].span) == outline(mistake.span)
