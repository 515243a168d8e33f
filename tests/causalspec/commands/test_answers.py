"""`causalspec check --tokenizer`: prompts and answers as a network is given them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from causalspec.dsl import catalogue
from causalspec.exit_codes import ExitCode
from causalspec.runtime.results.files import read_results
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of two letters at a time, spaces standing with the letter that follows."""
    place = tmp_path_factory.mktemp("tokenizer")
    letters = "abcdefghijklmnopqrstuvwxyzYNITL?0123456789 "
    vocabulary = {letter: number for number, letter in enumerate(["?!", *letters])}
    for letter in letters:
        vocabulary[f" {letter}"] = len(vocabulary)
    merges = [(" ", letter) for letter in letters if letter != " "]
    made: Any = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="?!"))
    made.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_next")
    made.save(str(place / "tokenizer.json"))
    return place


Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checked(run: Terminal) -> Check:
    """`check` of a text with a tokenizer."""

    def check(text: str | None, tokenizer: Path) -> tuple[int, str, str]:
        assert text is not None
        run.write(page=text)
        return run("check", "page.causal", "--tokenizer", str(tokenizer))

    return check


@pytest.mark.parametrize("code", ["CS622", "CS623"])
def test_page(code: str, folder: Path, checked: Check) -> None:
    status, _, complaint = checked(catalogue.page(code).fails, folder)
    assert (status, f"warning[{code}]" in complaint) == (0, True)
    status, _, complaint = checked(catalogue.page(code).fixed, folder)
    assert (status, complaint) == (0, "")


def test_the_message_names_answers_and_token(folder: Path, checked: Check) -> None:
    assert (
        "the answers ` Yes and no` and ` Yes` are not told apart by their tokens, ` Yes and no`"
        in checked(catalogue.page("CS623").fails, folder)[2]
    )


SEVERAL = """language 1

task Answered {
  input a : 0..9
  output large : bool = a >= 5
  prompt main "Is {a} large?"
  say large { true => RIGHT  false => " N" or " n" }
}
"""


def test_several_right_answers_have_tokens_of_their_own(folder: Path, checked: Check) -> None:
    # The tokenizer keeps a letter with the space before it; ` yes` is three tokens, of which those
    # of ` ye` are the beginning: both are right for one answer, and need no telling apart.
    for right in ('" Y" or " y"', '" Y" or " yes"', '" ye" or " yes"'):
        status, _, complaint = checked(SEVERAL.replace("RIGHT", right), folder)
        assert (status, complaint) == (0, "")
    # Where they are of two answers, they need it.
    status, _, complaint = checked(SEVERAL.replace("RIGHT", '" Y" or " no"'), folder)
    assert status == 0
    assert "warning[CS623]: the answers ` no` and ` n` are not told apart" in complaint
    # What the tokenizer does not know is all the same to it.
    status, _, complaint = checked(SEVERAL.replace("RIGHT", '" Y" or " Ä" or " Ö"'), folder)
    assert "CS623" not in complaint


def test_the_warning_can_be_accepted(folder: Path, checked: Check, run: Terminal) -> None:
    text = f'{catalogue.page("CS623").fails}\nallow CS623 "the end is never asked"\n'
    assert checked(text, folder)[2] == ""
    # Without a tokenizer nobody can say whether it silences anything.
    status, _, complaint = run("check", "page.causal")
    assert (status, complaint) == (0, "")


def test_there_is_no_tokenizer(checked: Check) -> None:
    status, _, complaint = checked(catalogue.page("CS623").fixed, Path("nothing.json"))
    assert status == 5
    assert "there is no file or folder `nothing.json`" in complaint


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
    checked: Check,
) -> None:
    page = catalogue.page(code)
    ended, _, complaint = checked(page.fails, lowering)
    assert (ended, [line for line in complaint.splitlines() if "[CS" in line]) == (
        status,
        [message],
    )
    ended, printed, complaint = checked(page.fixed, lowering)
    assert (ended, complaint) == (ExitCode.FINE, "")
    assert (
        "  yes `main` of `Loud` tells inputs with different answers apart as tokens: exhaustive (2)"
        in printed
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
    checked: Check,
) -> None:
    page = catalogue.page("CS609").fixed
    assert page is not None
    ending = ending if "\\" in ending else ending.replace('"', '\\"')
    text = page.replace("color", ending).replace(" {answer}", answer)
    _, _, errors = checked(text, lowering)
    assert ("CS609" in errors) is (reason is not None)
    if reason is not None:
        assert f"ends in {reason} and its answer begins with a space" in errors


def test_an_answer_that_changes_its_prompts_tokens(folder: Path, checked: Check) -> None:
    text = catalogue.page("CS609").fails
    assert text is not None
    text = text.replace("Mary, John", "ann, bob").replace("== Mary", "== ann")
    text = text.replace('" {answer}"', '"{answer}"')
    status, _, complaint = checked(text, folder)
    assert status == ExitCode.SPEC_INVALID
    assert (
        "error[CS621]: the answer `red` changes the last tokens of the prompt "
        "`ann likes the color `\n"
    ) in complaint


MANY = """\
language 1

task Loud {
  input who : {John, Mary, MARY}
  input one, two, three, four, five : {the, color, red, blue, likes, a}
  output answer : {red, blue} = if who == MARY then red else blue
  prompt main "{one} {two} {three} {four} {five} {who}"
  say answer " {answer}"
}
"""


def test_one_alike_word_is_found_among_very_many_inputs(lowering: Path, checked: Check) -> None:
    status, _, complaint = checked(MANY, lowering)
    assert status == ExitCode.SPEC_INVALID
    assert "`main` of `Loud` is the same tokens at `who = M" in complaint


def test_a_sample_says_that_it_is_one(lowering: Path, checked: Check) -> None:
    text = MANY.replace(", MARY", "").replace("MARY", "Mary")
    status, printed, _ = checked(text, lowering)
    assert status == ExitCode.FINE
    # 2,048 inputs drawn, and two of them with each value of each variable: 2 · (2 + 5 · 6).
    assert "tells inputs with different answers apart as tokens: sampled (2,112, seed 0)" in printed


BLIND = """language 1

task Capital {
  input city : {paris, rome}
  output answer : {paris, rome} = city
  prompt main "the capital is"
  say answer { paris => " paris" or " the city of paris"  rome => " rome" or " again" }
}
"""


def test_a_prompt_that_shows_nothing_tells_nothing_apart_as_tokens_either(
    folder: Path, checked: Check
) -> None:
    status, printed, complaint = checked(BLIND, folder)
    assert status == ExitCode.FINE
    told = "`main` of `Capital` tells inputs with different answers apart"
    told_of = [line.strip() for line in printed.splitlines() if told in line]
    assert told_of == [f"no  {told}: exhaustive (1)", f"no  {told} as tokens: exhaustive (1)"]
    assert [line for line in complaint.splitlines() if "[CS6" in line] == [
        "warning[CS605]: `main` reads the same at `city = paris` and at `city = rome`, whose "
        "answers differ"
    ]


# The same before a network ------------------------------------------------------------------------

WHOLE = SPEC.replace("das(dim = 8)", "full_vector")


def verified(run: Terminal, text: str, network: Path) -> tuple[int, str]:
    run.write(spec=text)
    where = ("--network", str(network), "--device", "cpu", "--out", "out")
    status, _, complaint = run("verify", "spec.causal", *where)
    return status, complaint


def test_a_network_whose_tokenizer_lowers_case(player: Path, run: Terminal) -> None:
    network = shutil.copytree(player, "lowering")
    file = Path(network, "tokenizer.json")
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(tokenizer | {"normalizer": {"type": "Lowercase"}}), "utf-8")
    status, complaint = verified(run, WHOLE.replace("{red, green", "{red, RED, green"), network)
    assert status == ExitCode.SPEC_INVALID
    assert re.search(
        r"error\[CS608\]: `main` of `Pick` is the same tokens at `first = \w+, second = \w+, "
        r"which = \w+` and at `first = \w+, second = \w+, which = \w+`, whose answers differ",
        complaint,
    )
    assert not Path("out").exists()


def test_what_is_warned_of_stands_in_the_notes(player: Path, run: Terminal) -> None:
    assert verified(run, WHOLE.replace("{which}", "{which} "), player)[0] == ExitCode.FINE
    [verdict] = read_results(Path("out")).verdicts
    ends, *_ = [note for note in verdict.notes if "ends in a space" in note]
    assert re.fullmatch(
        r"`main` of `Pick` ends in a space and its answer begins with a space: `\w+ \w+ \w+  \w+`",
        ends,
    )
