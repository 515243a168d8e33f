"""The language server over its protocol: completion, layout, fixes, colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.language_client import Client
from tests.helpers.rising import TEXT, applied

# Completion ---------------------------------------------------------------------------------------


def typed_in(client: Client, method: str, folder: Path, before: str, after: str) -> Any:
    """What is answered at the end of `before`, in a file that goes on with `after`."""
    uri = client.open(folder / "typed.causal", before + after)
    last = before.rpartition("\n")[2]
    end = len(last.encode("utf-16-le")) // 2
    return client.at(method, uri, (before.count("\n"), end))


COMPLETIONS = {
    "language 1\n\n‸": ["task", "model", "!end"],
    "input start : ‸": ["Level", "bool", "words", "!start"],
    "model Step of ‸": ["Rising", "!Step"],
    "counterfactuals Swaps of ‸": ["Step", "!Rising"],
    "swap ‸": ["step_size", "!start"],
    "keep where base.‸": ["level", "start", "step_size", "!base"],
    "keep where ‸": ["base", "source", "result", "!step_size"],
    "at ‸": ["residual", "hidden", "!step_size"],
    "token ‸": ["last", "slot", "!residual"],
    "slot(‸": ["first", "level", "!Swaps"],
    "slot(first).‸": ["first", "last", "!level"],
    "last by ‸": ["das", "full_vector", "!last"],
    "of Step on ‸": ["Swaps", "mean", "!Late"],
    "on Swaps.‸": ["train", "test", "!Swaps"],
    "test with ‸": ["Late", "!Swaps"],
    "expect ‸": ["iia", "lower", "!Step"],
    "output end = ‸": ["start", "level", "step_size", "High", "abs", "if", "match", "!Rising"],
    "var step_size : 0..1 = if level == ‸": ["High", "level"],
    "say ‸": ["end", "!start"],
    "    ‸": [],
}


PLACING = {
    "at ": ["residual", "head", "module", "!step_size", "!last"],
    "at head[3] layers 1 to ": ["mlp_output", "!Step"],
    "at residual token ": ["last", "slot", "!residual"],
    "at residual token all ": ["together", "by", "!layers"],
    "at residual token last by ": ["das", "boundless_das", "lda", "!last", "!zero"],
    "at residual token last by revnet(": ["dim", "blocks", "!step_size"],
    "at residual token last by mask(over = ": ["neurons", "pca", "dictionary", "!over"],
    "at residual token last by mask(over = pca(": ["dim", "!over"],
    "at residual token last by das(dim = 3, start = ": ["mean_difference", "!dim"],
    "at residual token last by full_vector ": ["writing", "var"],
    "at residual token last by full_vector writing ": ["zero", "mean", "steer", "!das"],
    "at residual token last by full_vector writing mean(": ["Swaps", "!High"],
    "at residual token last by full_vector writing mean(Swaps.": ["train", "test", "!Swaps"],
    "at residual token last by full_vector writing steer(High, ": ["Low", "away", "!Swaps"],
}


BEFORE_A_FILTER = TEXT[: TEXT.index("keep where")]
DERIVING = {
    "der": ["derive", "!base"],
    "derive ": ["!base", "!start"],
    "derive edited from ": ["base", "!result", "!Step"],
    "derive edited from base { draw ": ["start", "level", "!step_size", "!end"],
    "derive edited from base { start = base.": ["start", "step_size", "!Low"],
    "swap step_size from edited derive edited from base { draw start } keep where ": ["edited"],
}


BEFORE_A_PLACE, BEFORE_A_SCORE = TEXT[: TEXT.index("at residual")], TEXT[: TEXT.index("iia >=")]


def completions() -> Iterator[tuple[str, str, list[str]]]:
    """The text before, the text behind, and what is offered (`!`: is not)."""
    for typed, offered in COMPLETIONS.items():
        written = typed.removesuffix("‸")
        start = TEXT.index(written) if written in TEXT else 0
        yield TEXT[:start] + written, "\n" + TEXT[start:].partition("\n")[2], offered
    for typed, offered in PLACING.items():
        yield BEFORE_A_PLACE + typed, "\n}\n", offered
    for typed, offered in DERIVING.items():
        yield BEFORE_A_FILTER + typed, "\n}\n", offered
    yield BEFORE_A_SCORE + "iia(", " }\n", ["step_size", "no_swap", "Step"]


@pytest.mark.parametrize(("before", "after", "offered"), list(completions()))
def test_completion(client: Client, tmp_path: Path, before: str, after: str, offered: list[str]):
    items: list[dict[str, str]] = typed_in(client, "completion", tmp_path, before, after)
    labels = {item["label"] for item in items}
    assert {name for name in offered if name[0] != "!"} <= labels
    assert not labels & {name[1:] for name in offered if name[0] == "!"}


BEFORE_A_METHOD = TEXT[: TEXT.index("by full_vector")]
SIGNATURES = {
    "by das(": ("das(dim = INTEGER, [start = START])", 0),
    "by revnet(dim = 3, ": ("revnet(dim = INTEGER, blocks = 10)", 1),
    "by revnet(blocks = ": ("revnet(dim = INTEGER, blocks = 10)", 1),
    "by mask(over = pca(": ("pca(dim = INTEGER)", 0),
    "by full_vector writing steer(Low, High, ": (
        "steer(to = VALUE, away = VALUE, scale = 1)",
        2,
    ),
}


@pytest.mark.parametrize("typed", SIGNATURES)
def test_arguments_are_shown_while_they_are_written(client: Client, tmp_path: Path, typed: str):
    shown = typed_in(client, "signatureHelp", tmp_path, BEFORE_A_METHOD + typed, "\n}\n")
    (signature,) = shown["signatures"]
    label, active = SIGNATURES[typed]
    assert (signature["label"], shown["activeParameter"]) == (label, active)
    assert signature["documentation"].endswith(".")
    parameters = [parameter["label"] for parameter in signature["parameters"]]
    assert label == f"{label.partition('(')[0]}({', '.join(parameters)})"


@pytest.mark.parametrize("typed", ["by full_vector", "by full_vector(", "by das(dim = 3) "])
def test_no_arguments_are_shown_elsewhere(client: Client, tmp_path: Path, typed: str):
    before = BEFORE_A_METHOD + typed
    assert typed_in(client, "signatureHelp", tmp_path, before, "\n}\n") is None


# Texts --------------------------------------------------------------------------------------------


def test_formatting(client: Client, tmp_path: Path):
    ragged = TEXT.replace("  input level", "      input   level").replace("{ var", "{var")
    uri = client.open(tmp_path / "ragged.causal", ragged)
    edits = client.document("formatting", uri, options={"tabSize": 8, "insertSpaces": False})
    assert len(edits) == 2  # the lines in between stay untouched
    assert applied(ragged, edits) == TEXT


def test_code_actions_carry_out_the_fixes(client: Client, tmp_path: Path):
    text = TEXT.replace("{level}", "{levle}").replace("swap step_size", "swap step_sizes;")
    uri = client.open(tmp_path / "fixable.causal", text)
    found = client.diagnostics(uri)
    assert len(found) == 3
    context = {"diagnostics": found[:1]}
    actions = client.document("codeAction", uri, range=found[0]["range"], context=context)
    assert [(action["title"], action["kind"]) for action in actions] == [
        ("Replace `levle` by `level`", "quickfix"),
        ("Apply every fix that is certain", "source.fixAll.causalspec"),
    ]
    assert applied(text, actions[0]["edit"]["changes"][uri]) == text.replace("levle", "level")
    (whole,) = actions[1]["edit"]["changes"][uri]
    assert whole["newText"] == TEXT


def test_semantic_tokens(client: Client, uri: str):
    legend: dict[str, list[str]] = client.server["semanticTokensProvider"]["legend"]
    numbers: list[int] = client.document("semanticTokens/full", uri)["data"]
    lines: list[str] = TEXT.split("\n")
    found: list[tuple[str, str, tuple[str, ...]]] = []
    line, column = 0, 0
    for index in range(0, len(numbers), 5):
        down, across, length, kind, bits = numbers[index : index + 5]
        line, column = line + down, across if down else column + across
        units = lines[line].encode("utf-16-le")[2 * column : 2 * (column + length)]
        modifiers = [name for i, name in enumerate(legend["tokenModifiers"]) if bits >> i & 1]
        found.append((units.decode("utf-16-le"), legend["tokenTypes"][kind], tuple(modifiers)))
    assert [token for token in found if token[0] == "Level"] == [
        ("Level", "type", ("declaration",)),
        ("Level", "type", ()),
    ]
    prompt = found.index(("main", "variable", ("declaration",)))
    assert found[prompt : prompt + 8] == [
        ("main", "variable", ("declaration",)),
        ('"""🙂 {', "string", ()),
        ("start", "variable", ("readonly",)),
        (" as ", "string", ()),
        ("first", "variable", ("declaration",)),
        ("} {", "string", ()),
        ("level", "variable", ("readonly",)),
        ('}"""', "string", ()),
    ]
    assert ("das", "function", ("defaultLibrary",)) not in found
    assert ("full_vector", "function", ("defaultLibrary",)) in found
    assert ("High", "enumMember", ("declaration",)) in found
