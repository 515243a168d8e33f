"""`causalspec check --tokenizer`: prompts and answers as a network is given them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from causalspec.command_line import main
from causalspec.dsl import catalogue
from causalspec.exit_codes import ExitCode
from causalspec.runtime.results.files import read_results
from tests.helpers.tiny_player import SPEC


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of two letters at a time, spaces standing with the letter that follows."""
    place = tmp_path_factory.mktemp("tokenizer")
    letters = "abcdefghijklmnopqrstuvwxyzYNITL?0123456789 "
    vocabulary = {one: number for number, one in enumerate(["?!", *letters])}
    for one in letters:
        vocabulary[f" {one}"] = len(vocabulary)
    merges = [(" ", one) for one in letters if one != " "]
    made: Any = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="?!"))
    made.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_next")
    made.save(str(place / "tokenizer.json"))
    return place


def checked(text: str | None, folder: Path, place: Path, *more: str) -> int:
    assert text is not None
    spec = place / "page.causal"
    spec.write_text(text, encoding="utf-8")
    return main(["check", str(spec), "--tokenizer", str(folder), *more])


@pytest.mark.parametrize("code", ["CS622", "CS623"])
def test_page(code: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(catalogue.page(code).fails, folder, tmp_path) == ExitCode.FINE
    assert f"warning[{code}]" in capsys.readouterr().err
    assert checked(catalogue.page(code).fixed, folder, tmp_path) == ExitCode.FINE
    assert capsys.readouterr().err == ""


def test_the_message_names_answers_and_token(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(catalogue.page("CS623").fails, folder, tmp_path)
    assert (
        "the answers ` Yes and no` and ` Yes` are not told apart by their tokens, ` Yes and no`"
        in capsys.readouterr().err
    )


def test_the_warning_can_be_accepted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'{catalogue.page("CS623").fails}\nallow CS623 "the end is never asked"\n'
    checked(text, folder, tmp_path)
    assert capsys.readouterr().err == ""
    # Without a tokenizer nobody can say whether it silences anything.
    assert main(["check", str(tmp_path / "page.causal")]) == ExitCode.FINE
    assert capsys.readouterr().err == ""


def test_there_is_no_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "nothing.json"
    assert checked(catalogue.page("CS623").fixed, place, tmp_path) == ExitCode.TOOL_FAILED
    assert f"there is no file or folder `{place}`" in capsys.readouterr().err


# Prompts as tokens --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lowering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer that lowers case, knows few words, and puts `<s>` before every text."""
    place = tmp_path_factory.mktemp("lowering")
    words = ("[UNK]", "<s>", "mary", "john", "likes", "the", "color", "red", "blue", "a")
    vocabulary = {word: number for number, word in enumerate(words)}
    made: Any = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(["<s>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    made.save(str(place / "tokenizer.json"))
    return place


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (
            "CS606",
            ExitCode.FINE,
            "warning[CS606]: `main` of `Loud` writes `<s>`, which the tokenizer puts before every "
            "text: the network is given it twice",
        ),
        (
            "CS607",
            ExitCode.FINE,
            "warning[CS607]: the tokenizer does not know `Xerxes` in the slot `who` of `main` of "
            "`Loud`",
        ),
        (
            "CS608",
            ExitCode.SPEC_INVALID,
            "error[CS608]: `main` of `Loud` is the same tokens at `who = Mary` and at `who = "
            "MARY`, whose answers differ",
        ),
        (
            "CS609",
            ExitCode.FINE,
            "warning[CS609]: `main` of `Loud` ends in a space and its answer begins with a space: "
            "`Mary likes the color  red`",
        ),
    ],
)
def test_prompts_are_judged_as_tokens(
    code: str,
    status: ExitCode,
    message: str,
    lowering: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = catalogue.page(code)
    assert checked(page.fails, lowering, tmp_path) == status
    found = [line for line in capsys.readouterr().err.splitlines() if "[CS" in line]
    assert found == [message]
    assert checked(page.fixed, lowering, tmp_path) == ExitCode.FINE
    captured = capsys.readouterr()
    assert captured.err == ""
    assert (
        "  yes `main` of `Loud` tells inputs with different answers apart as tokens: exhaustive (2)"
        in captured.out
    )


@pytest.mark.parametrize(
    ("ending", "answer", "reason"),
    [
        ("color", " {answer}", None),
        ("color ", "{answer}", None),
        ('"color"', " {answer}", None),
        ("color' ", " {answer}", "a space"),
        ('color: \\"', " {answer}", "an opening quote"),
        ('color:\\"', " {answer}", "an opening quote"),
        ('\\"', " {answer}", "an opening quote"),
        ("the color (", " {answer}", "an opening bracket or quote"),
        ("color\\n", " {answer}", "a line break or a tab"),
    ],
)
def test_seams(
    ending: str,
    answer: str,
    reason: str | None,
    lowering: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = catalogue.page("CS609").fixed
    assert page is not None
    ending = ending if "\\" in ending else ending.replace('"', '\\"')
    text = page.replace("color", ending).replace(" {answer}", answer)
    checked(text, lowering, tmp_path)
    errors = capsys.readouterr().err
    assert ("CS609" in errors) is (reason is not None)
    if reason is not None:
        assert f"ends in {reason} and its answer begins with a space" in errors


def test_an_answer_that_changes_its_prompts_tokens(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = catalogue.page("CS609").fails
    assert text is not None
    text = text.replace("Mary, John", "ann, bob").replace("== Mary", "== ann")
    text = text.replace('" {answer}"', '"{answer}"')
    assert checked(text, folder, tmp_path) == ExitCode.SPEC_INVALID
    assert (
        "error[CS621]: the answer `red` changes the last tokens of the prompt "
        "`ann likes the color `\n"
    ) in capsys.readouterr().err


def test_one_alike_word_is_found_among_very_many_inputs(
    lowering: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """\
language 1

task Loud {
  input who : {John, Mary, MARY}
  input one, two, three, four, five : {the, color, red, blue, likes, a}
  output answer : {red, blue} = if who == MARY then red else blue
  prompt main "{one} {two} {three} {four} {five} {who}"
  say answer " {answer}"
}
"""
    assert checked(text, lowering, tmp_path) == ExitCode.SPEC_INVALID
    assert "`main` of `Loud` is the same tokens at `who = M" in capsys.readouterr().err


def test_a_sample_says_that_it_is_one(
    lowering: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = """\
language 1

task Loud {
  input who : {John, Mary}
  input one, two, three, four, five : {the, color, red, blue, likes, a}
  output answer : {red, blue} = if who == Mary then red else blue
  prompt main "{one} {two} {three} {four} {five} {who}"
  say answer " {answer}"
}
"""
    assert checked(text, lowering, tmp_path) == ExitCode.FINE
    # 2,048 inputs drawn, and two of them with each value of each variable: 2 · (2 + 5 · 6).
    assert (
        "tells inputs with different answers apart as tokens: sampled (2,112, seed 0)"
        in capsys.readouterr().out
    )


# The same before a network ------------------------------------------------------------------------

WHOLE = SPEC.replace("das(dim = 8)", "full_vector")


def verified(text: str, network: Path, place: Path) -> int:
    (place / "spec.causal").write_text(text, encoding="utf-8")
    arguments = ["verify", str(place / "spec.causal"), "--network", str(network)]
    return main([*arguments, "--device", "cpu", "--out", str(place / "out")])


def test_a_network_whose_tokenizer_lowers_case(
    player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = shutil.copytree(player, tmp_path / "lowering")
    file = network / "tokenizer.json"
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(tokenizer | {"normalizer": {"type": "Lowercase"}}), "utf-8")
    text = WHOLE.replace("{red, green", "{red, RED, green")
    assert verified(text, network, tmp_path) == ExitCode.SPEC_INVALID
    assert re.search(
        r"error\[CS608\]: `main` of `Pick` is the same tokens at `first = \w+, second = \w+, "
        r"which = \w+` and at `first = \w+, second = \w+, which = \w+`, whose answers differ",
        capsys.readouterr().err,
    )
    assert not (tmp_path / "out").exists()


def test_what_is_warned_of_stands_in_the_notes(player: Path, tmp_path: Path) -> None:
    text = WHOLE.replace("{which}", "{which} ")
    assert verified(text, player, tmp_path) == ExitCode.FINE
    [verdict] = read_results(tmp_path / "out").verdicts
    ends, *_ = [note for note in verdict.notes if "ends in a space" in note]
    assert re.fullmatch(
        r"`main` of `Pick` ends in a space and its answer begins with a space: `\w+ \w+ \w+  \w+`",
        ends,
    )
