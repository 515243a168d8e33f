"""The words that editors colour are the grammar's; what is coloured is what is written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pygments.lexers
import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, Token

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import span_of, tokenize
from causalspec.dsl.words import joining_words, keywords
from tests.helpers.spec_files import ROOT, each_spec
from tests.helpers.textmate import TextMate

lexers: Any = pygments.lexers
EXTENSION = ROOT / "editors" / "vscode"
TEXTMATE = TextMate(EXTENSION / "syntaxes" / "causal.tmLanguage.json")


def lists_of_the_extension() -> list[set[str]]:
    text = (EXTENSION / "syntaxes" / "causal.tmLanguage.json").read_text(encoding="utf-8")
    patterns: list[dict[str, str]] = json.loads(text)["repository"]["word"]["patterns"]
    found = [re.fullmatch(r"\\b\(\?:([a-z|]+)\)\\b", pattern["match"]) for pattern in patterns]
    return [set(match[1].split("|")) for match in found if match is not None][:6]


def test_every_word_of_the_grammar_is_coloured():
    text = " ".join(sorted(keywords()))
    kinds = {value: kind for kind, value in lexers.get_lexer_by_name("causal").get_tokens(text)}
    coloured = {
        word for word in keywords() if kinds[word] in Keyword or kinds[word] in Operator.Word
    }
    assert coloured == set(keywords())


def test_every_word_of_the_grammar_is_in_one_list_of_the_extension():
    lists = lists_of_the_extension()
    assert {word for words in lists for word in words} == set(keywords())
    assert sum(map(len, lists)) == len(keywords())


def test_words_that_may_be_names_stand_apart():
    assert lists_of_the_extension()[-1] == joining_words()


@each_spec
def test_every_spec_is_coloured_without_an_error(path: Path):
    text = path.read_text(encoding="utf-8")
    tokens = list(lexers.get_lexer_for_filename("x.causal").get_tokens(text))
    assert "".join(value for _, value in tokens) == text
    assert [value for kind, value in tokens if kind in Error] == []


def test_what_a_line_is_coloured_as():
    text = 'type T = 0..9 # no\nprompt p """{a.b} \\n {{"""\nvar v = base.language'
    tokens = [
        (kind, value)
        for kind, value in lexers.get_lexer_by_name("causal").get_tokens(text)
        if value.strip() and kind not in Token.Punctuation and kind not in Token.Operator
    ]
    assert tokens == [
        (Keyword.Declaration, "type"),
        (Name, "T"),
        (Number, "0"),
        (Number, "9"),
        (Comment.Single, "# no"),
        (Keyword, "prompt"),
        (Name, "p"),
        (String, '"""'),
        (String.Interpol, "{a.b}"),
        (String.Escape, "\\n"),
        (String.Escape, "{{"),
        (String, '"""'),
        (Keyword, "var"),
        (Name, "v"),
        (Name, "base"),
        (Name.Attribute, "language"),
    ]


def scopes_in(text: str) -> dict[int, tuple[str, ...]]:
    """The scopes of every character that the extension colours."""
    pieces = TEXTMATE.pieces(text)
    return {place: piece.scopes for piece in pieces for place in range(piece.start, piece.end)}


@each_spec
def test_the_extension_colours_every_word_text_number_and_operator(path: Path):
    text = path.read_text(encoding="utf-8")
    scopes = scopes_in(text)
    source = Source(path.name, text)
    words = set(keywords().values())
    expected = {"NUMBER": "constant.numeric", "SHORT_TEXT": "string", "LONG_TEXT": "string"}
    for token in tokenize(source, 0, len(text), Diagnostics()):
        span = span_of(source, token)
        first = scopes.get(span.start, ("nothing",))
        if token.type in words:
            # Words that join may be names; after a dot, or where they are declared, they are.
            names = ("variable.other.property", "entity.name") if token in joining_words() else ()
            allowed = ("keyword", "constant.language", *names)
            assert first[-1].startswith(allowed), (span.text, source.position(span.start), first)
        elif token.type in expected:
            assert first[0].startswith(expected[token.type]), (span.text, first)
        elif token.type != "NAME" and not set(token) & set("(){}[],.:"):
            assert first[-1].startswith("keyword.operator"), (span.text, first)


def test_what_the_extension_colours_a_line_as():
    text = 'task T { # no\nprompt p """{a.b} \\n {{"""\nvar v = base.language'
    scopes = scopes_in(text)
    shown = [
        ("task", "keyword.declaration.causal"),
        ("T {", "entity.name.type.causal"),
        ("# no", "comment.line.number-sign.causal"),
        ("prompt", "keyword.other.statement.causal"),
        ("{a", "punctuation.section.interpolation.begin.causal"),
        ("b}", "variable.other.property.causal"),
        ("\\n", "constant.character.escape.causal"),
        ("{{", "constant.character.escape.causal"),
        ("language", "variable.other.property.causal"),
    ]
    assert [(part, scopes[text.index(part)][-1]) for part, _ in shown] == shown
    assert scopes[text.index("{a")][0] == "string.quoted.triple.causal"
    assert text.index('p "') not in scopes


def test_texts_in_slots_are_coloured_as_texts():
    text = (
        'prompt p "{"{x[i]} or {if a then "b" else "c"}" for i in 0..1 by ", "}." allow CS605 "d"'
    )
    scopes = scopes_in(text)
    inside = text.index("{"), text.index("}.")
    assert all(
        scopes[place][0] == "string.quoted.double.causal" for place in range(9, inside[1] + 3)
    )
    assert scopes[text.index("for")][-1] == "keyword.other.causal"
    assert scopes[text.index("x[i]")][1:3] == (
        "meta.interpolation.causal",
        "string.quoted.double.causal",
    )
    assert scopes[text.index('b"')][-1] == "string.quoted.double.causal"
    assert [scopes[place][-1].split(".")[3] for place in inside] == ["begin", "end"]
    assert scopes[text.index("allow")] == ("keyword.other.statement.causal",)
    tokens = lexers.get_lexer_by_name("causal").get_tokens(text)
    slot = text[inside[0] : inside[1] + 1]
    assert [value for kind, value in tokens if kind is String.Interpol] == [slot]


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
def test_the_extension_packages():
    result = subprocess.run(
        ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"],
        cwd=EXTENSION,
        capture_output=True,
        text=True,
        check=True,
    )
    (package,) = json.loads(result.stdout)
    assert {file["path"] for file in package["files"]} == {
        "LICENSE",
        "README.md",
        "extension.js",
        "language-configuration.json",
        "package.json",
        "syntaxes/causal.tmLanguage.json",
    }


def test_the_extension_names_files_that_are_there():
    manifest: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    contributes = manifest["contributes"]
    paths = [manifest["main"], contributes["languages"][0]["configuration"]]
    paths += [grammar["path"] for grammar in contributes["grammars"]]
    assert all((EXTENSION / path).is_file() for path in paths)
    assert contributes["configuration"]["properties"]["causalspec.command"]["default"] == [
        "causalspec",
        "lsp",
    ]
    assert not list(EXTENSION.glob("*lock*"))
