"""The language server over its protocol: hover, definition, references, rename."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalspec.dsl import syntax
from causalspec.dsl.source import Source
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.moving import nodes_in
from tests.helpers.language_client import Client
from tests.helpers.rising import TEXT, applied, place, span_text
from tests.helpers.spec_files import each_spec

# Names --------------------------------------------------------------------------------------------


def test_hover_on_a_variable(client: Client, uri: str):
    answer = client.at("hover", uri, place(TEXT, "step_size", "output end = start"))
    assert answer["contents"]["value"] == (
        "**variable** `step_size` of `Step`\n\n"
        "`numbers 0..1`, 2 values\n\n"
        "```\n"
        "step_size =\n"
        "⎧1  for level = “High”\n"
        "⎨                     \n"
        "⎩0      otherwise     \n"
        "```\n\n"
        "parents of `step_size`: `level`"
    )


def test_hover_on_a_type_behind_an_emoji(client: Client, uri: str):
    answer = client.at("hover", uri, place(TEXT, "level", "{start as first}"))
    assert answer["contents"]["value"] == (
        "**input** `level` of `Rising`\n\n`Level`, 2 values: `Low`, `High`"
    )
    assert span_text(TEXT, answer["range"]) == "level"


def test_hover_in_a_broken_file_remembers(client: Client, tmp_path: Path):
    uri = client.open(tmp_path / "remembered.causal", TEXT)
    assert client.diagnostics(uri) == []
    text = TEXT.replace("swap step_size", "swap step_size,")
    client.change(uri, 2, text)
    answer = client.at("hover", uri, place(text, "step_size", "output end = start"))
    assert "2 values" in answer["contents"]["value"]


def test_hover_on_what_the_language_brings_along(client: Client, uri: str):
    answer = client.at("hover", uri, place(TEXT, "residual"))
    assert answer["contents"]["value"] == (
        "**built in** `residual`\n\nThe residual stream after a block, at a token."
    )
    assert client.at("hover", uri, (1, 0)) is None


@pytest.mark.parametrize(
    ("fragment", "within", "declared"),
    [
        ("step_size", "swap", ["step_size"]),
        ("level", "keep where", ["level"]),
        ("Level", "input level", ["Level"]),
        ("High", "model Step", ["High"]),
        ("Swaps", "claim", ["Swaps"]),
        ("test", "claim", ["test"]),
        ("Late", "claim", ["Late"]),
        ("first", "slot", ["first"]),
        ("end", "output end = start", ["end", "end"]),
    ],
)
def test_definition(client: Client, uri: str, fragment: str, within: str, declared: list[str]):
    found = client.at("definition", uri, place(TEXT, fragment, within))
    assert [span_text(TEXT, location["range"]) for location in found] == declared
    assert all(location["uri"] == uri for location in found)


def test_definition_of_what_another_file_holds(client: Client, tmp_path: Path):
    (tmp_path / "lexicon.causal").write_text("language 1\n\ntype Digit = 0..9\n", encoding="utf-8")
    (tmp_path / "names.txt").write_text("Mary\nJohn\n", encoding="utf-8")
    text = (
        'language 1\n\nimport "lexicon.causal" { Digit }\ntype Name = words "names.txt"\n'
        'type Out = words "../names.txt"\ntype Same = Digit\n'
    )
    uri = client.open(tmp_path / "main.causal", text)
    (found,) = client.at("definition", uri, (5, 14))
    assert found["uri"] == (tmp_path / "lexicon.causal").as_uri()
    assert found["range"]["start"] == {"line": 2, "character": 5}
    (found,) = client.at("definition", uri, (3, 22))
    assert found["uri"] == (tmp_path / "names.txt").as_uri()
    assert client.at("definition", uri, (4, 22)) == []  # outside the spec's folder
    changes = client.at("rename", uri, (5, 14), newName="Number")["changes"]
    assert {uri: len(edits) for uri, edits in changes.items()} == {
        uri: 2,
        (tmp_path / "lexicon.causal").as_uri(): 1,
    }


ADDITION = """language 1

task Addition(digits = 2) {
  input x[i in 0..digits - 1], y[i in 0..digits - 1] : 0..9
  output carried : bool = x[0] + y[0] >= 10
}

model Carry of Addition {
  var carry : 0..1 = (x[0] + y[0]) // 10
  output carried = carry == 1
}
"""
SHORT = """language 1

import "tasks/addition.causal" { Carry }

counterfactuals Pairs of Carry(digits = 1) {
  swap carry
  keep where base.x[0] > 2
  split train 10
}
"""


def test_names_of_an_imported_model(client: Client, tmp_path: Path):
    (tmp_path / "tasks").mkdir()
    home = tmp_path / "tasks" / "addition.causal"
    home.write_text(ADDITION, encoding="utf-8")
    uri = client.open(tmp_path / "short.causal", SHORT)
    assert client.diagnostics(uri) == []
    for fragment, within, line in (
        ("Carry", "of Carry", 7),
        ("digits", "digits = 1", 2),
        ("carry", "swap carry", 8),
        ("x", "base.x", 3),
    ):
        (found,) = client.at("definition", uri, place(SHORT, fragment, within))
        assert (found["uri"], found["range"]["start"]["line"]) == (home.as_uri(), line)
    at = place(SHORT, "carry", "swap carry")
    answer = client.at("hover", uri, at)["contents"]["value"]
    assert answer.startswith("**variable** `carry` of `Carry`\n\n`numbers 0..1`, 2 values\n")
    found = client.at("references", uri, at, context={"includeDeclaration": True})
    assert [(location["uri"], location["range"]["start"]["line"]) for location in found] == [
        (home.as_uri(), 8), (home.as_uri(), 9), (uri, 5),
    ]  # fmt: skip
    message = "`carry` of addition.causal also stands in short.causal, which imports from it"
    assert client.no_rename(uri, at, "carried_over") == message
    renamed = client.at("rename", uri, place(SHORT, "Carry", "of Carry"), newName="Chain")
    assert {file: len(edits) for file, edits in renamed["changes"].items()} == {
        uri: 2,
        home.as_uri(): 1,
    }
    answer = client.at("completion", uri, place(SHORT, "Carry", "of Carry"))
    assert "Carry" in [item["label"] for item in answer]


LEVELS = """language 1

type Level = {Low, High}

task Rising {
  input level : Level
  input side : {Left, Right}
  output end : Level = level
  prompt main "{level as first} on the {side}: "
  say end "{end}"
}

model Step of Rising {
  var rising = level == High
  output end = if rising then High else Low
}
"""
RISEN = """language 1

import "tasks/levels.causal" { Step }

counterfactuals Pairs of Step {
  swap rising
  keep where base.level == High or source.side == Left
  split train 10, validation 10
}

align Late of Step {
  var rising at residual layers 0..1 token slot(first).last .. slot(side).last by full_vector
}
"""


def test_values_and_slots_of_an_imported_task(client: Client, tmp_path: Path):
    (tmp_path / "tasks").mkdir()
    home = tmp_path / "tasks" / "levels.causal"
    home.write_text(LEVELS, encoding="utf-8")
    uri = client.open(tmp_path / "risen.causal", RISEN)
    assert client.diagnostics(uri) == []
    for fragment, within, line, said in (
        ("High", "base.level", 2, "**value** `High`"),
        ("Left", "source.side", 6, "**value** `Left`"),
        ("first", "slot(first)", 8, "**slot** `first` of `Rising`"),
        ("side", "slot(side)", 6, "**input** `side` of `Rising`\n\n`{Left, Right}`, 2 values: "
         "`Left`, `Right`"),
    ):  # fmt: skip
        at = place(RISEN, fragment, within)
        (found,) = client.at("definition", uri, at)
        assert (found["uri"], found["range"]["start"]["line"]) == (home.as_uri(), line)
        assert client.at("hover", uri, at)["contents"]["value"] == said
        message = f"`{fragment}` of levels.causal also stands in risen.causal, "
        message += "which imports from it"
        assert client.no_rename(uri, at, "another") == message
        origin = client.open(home, LEVELS)
        assert client.no_rename(origin, place(LEVELS, fragment), "another") == message
    at = place(RISEN, "High", "base.level")
    found = client.at("references", uri, at, context={"includeDeclaration": True})
    assert [(location["uri"], location["range"]["start"]["line"]) for location in found] == [
        (home.as_uri(), 2), (home.as_uri(), 13), (home.as_uri(), 14), (uri, 6),
    ]  # fmt: skip
    proposed = client.at("completion", uri, place(RISEN, "High", "base.level"))
    assert {"Low", "High", "Left", "Right"} <= {item["label"] for item in proposed}


def test_no_rename_of_what_cannot_be_found(client: Client, tmp_path: Path):
    text = 'language 1\n\nimport "nowhere.causal" { Digit }\ntype Same = Digit\n'
    uri = client.open(tmp_path / "main.causal", text)
    message = "`Digit` is declared in a file that cannot be read"
    assert client.no_rename(uri, (3, 14), "Number") == message


def test_references(client: Client, uri: str):
    at = place(TEXT, "step_size", "var step_size")
    found = client.at("references", uri, at, context={"includeDeclaration": True})
    assert [location["range"]["start"]["line"] for location in found] == [15, 16, 20, 25]
    found = client.at("references", uri, at, context={"includeDeclaration": False})
    assert [location["range"]["start"]["line"] for location in found] == [16, 20, 25]


# Renaming -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fragment", "within", "name", "expected"),
    [
        ("level", "input level", "height", TEXT.replace("level", "height")),
        ("end", "say end", "top", TEXT.replace("end", "top")),
        ("High", "type", "Up", TEXT.replace("High", "Up")),
        ("first", "slot", "begin", TEXT.replace("first", "begin")),
    ],
)
def test_rename(client: Client, uri: str, fragment: str, within: str, name: str, expected: str):
    at = place(TEXT, fragment, within)
    assert span_text(TEXT, client.at("prepareRename", uri, at)) == fragment
    answer = client.at("rename", uri, at, newName=name)
    assert applied(TEXT, answer["changes"][uri]) == expected


PLACED = TEXT.replace(
    "by full_vector",
    "together\n  by mask(over = pca(dim = 4)) writing mean(Swaps.train)",
).replace(
    "residual layers 0..1 token slot(first).last",
    "head[{0, 2}] layers 0 to mlp_output layers 1 token slot(first).first .. last",
)
SCORED = TEXT.replace("iia >= 0.5", "lower(iia(step_size)) >= 0.5  expect kl(no_swap) >= 0")


@pytest.mark.parametrize(
    ("text", "fragment", "within", "name"),
    [
        (PLACED, "Swaps", "counterfactuals", "Pairs"),
        (PLACED, "train", "split", "fit"),
        (SCORED, "step_size", "var step_size", "step"),
    ],
)
def test_rename_in_placements_and_scores(
    client: Client, tmp_path: Path, text: str, fragment: str, within: str, name: str
):
    uri = client.open(tmp_path / "renamed.causal", text)
    answer = client.at("rename", uri, place(text, fragment, within), newName=name)
    changed = applied(text, answer["changes"][uri])
    assert changed == re.sub(rf"\b{fragment}\b", name, text)


@pytest.mark.parametrize(
    ("text", "fragment", "within", "said"),
    [
        (PLACED, "head", "align", "What a head of attention yields before the output "
         "projection; without an index all heads."),
        (PLACED, "mlp_output", "to mlp", "What a block's MLP adds to the residual stream."),
        (PLACED, "mask", "by", "A trained choice among neurons, principal components or "
         "features of a dictionary.\n\n- `over = neurons`: what is chosen from"),
        (PLACED, "pca", "over", "Principal components of the training inputs' vectors.\n\n"
         "- `dim = INTEGER`: how many components"),
        (PLACED, "mean", "writing", "The mean over the base inputs of a split.\n\n"
         "- `data = DATA`: a split, as in `Pairs.train`"),
        (SCORED, "lower", "expect", "`lower(iia)`: the lower end of the confidence interval."),
        (SCORED, "no_swap", "expect", "The network's own answer to the base: the floor that the "
         "data gives away."),
    ],
)  # fmt: skip
def test_hover_on_rows_of_the_vocabulary(
    client: Client, tmp_path: Path, text: str, fragment: str, within: str, said: str
):
    uri = client.open(tmp_path / "hovered.causal", text)
    answer = client.at("hover", uri, place(text, fragment, within))
    assert answer["contents"]["value"] == f"**built in** `{fragment}`\n\n{said}"


@pytest.mark.parametrize(
    ("fragment", "name", "message"),
    [
        ("step_size", "start", "`start` means something else here already"),
        ("step_size", "model", "`model` is not a name"),
        ("step_size", "2", "`2` is not a name"),
        ("residual", "site", "`residual` is the language's own name"),
    ],
)
def test_no_rename_that_changes_the_meaning(
    client: Client, uri: str, fragment: str, name: str, message: str
):
    assert client.no_rename(uri, place(TEXT, fragment), name) == message


# What the compiler notes --------------------------------------------------------------------------

WITHOUT_PLACE = {"a", "blocks", "dim", "distinct", "features", "first", "last", "over", "start"}
"""An argument of a method, which token of a slot, what writes its noun: no file declares them."""


def analysis_of(text: str, folder: Path | None = None) -> Analysis:
    return Analysis(Source("spec.causal", text), folder, "utf-16")


@each_spec
def test_every_name_of_a_spec_means_something(path: Path):
    analysis = analysis_of(path.read_text(encoding="utf-8"), path.parent)
    known = {occurrence.span for occurrence in analysis.index.occurrences}
    lists = [file.read_text(encoding="utf-8") for file in path.parent.glob("*.[tc][xs][tv]")]
    words = {word for text in lists for word in re.findall(r"\w+", text)}
    for declaration in analysis.file.declarations:
        for node in nodes_in(declaration):
            if isinstance(node, syntax.Name) and node.span not in known:
                assert node.text in WITHOUT_PLACE | words


def uses_of(text: str, name: str) -> list[tuple[int, bool]]:
    """The lines, from 0, where a name that is declared once means that."""
    analysis = analysis_of(text)
    (symbol,) = {
        occurrence.symbol
        for occurrence in analysis.index.occurrences
        if occurrence.span.text == name
    }
    return [
        (analysis.positions.position(occurrence.span.start).line, occurrence.declares)
        for occurrence in analysis.index.of(symbol)
    ]


@pytest.mark.parametrize("broken", ["= = if", "= if level == then"])
def test_a_broken_file_keeps_what_can_be_resolved(broken: str):
    text = TEXT.replace("= if level == High then", f"{broken} level == High then")
    assert uses_of(text, "start") == uses_of(TEXT, "start")
    assert uses_of(text, "Swaps") == uses_of(TEXT, "Swaps")
    assert uses_of(text, "level") == [use for use in uses_of(TEXT, "level") if use[0] != 15]
    wrong = TEXT.replace("if level == High then 1 else 0\n", "if level == Hihg then start else 0\n")
    assert (15, False) in uses_of(wrong, "start")


BRANCHES = """\
language 1

function twice(digit: 0..9) = digit + digit

task T(size = 2) {
  input x : 0..9
  input s[i in 0..1] : 0..9
  output y : 0..40 = if size == 2 then twice(x) else s[1] + x
}
"""


def test_a_branch_that_no_index_takes_has_its_names():
    assert uses_of(BRANCHES, "x") == [(5, True), (7, False), (7, False)]
    assert uses_of(BRANCHES, "s") == [(6, True), (7, False)]
    assert uses_of(BRANCHES, "size") == [(4, True), (7, False)]
    assert uses_of(BRANCHES, "twice") == [(2, True), (7, False)]
    assert uses_of(BRANCHES, "digit") == [(2, True), (2, False), (2, False)]


def test_a_model_of_an_unknown_task_has_its_own_names():
    text = TEXT.replace("model Step of Rising", "model Step of Rsing")
    assert [use for use in uses_of(text, "step_size") if use[0] < 18] == [(15, True), (16, False)]
    assert uses_of(text, "High") == [(2, True), (8, False), (11, False), (15, False)]
