"""The command line: what it prints, and the status that it ends with."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest

from causalspec import command_line
from causalspec.command_line import COMMANDS
from causalspec.exit_codes import EXPLANATION
from causalspec.process import Terminated
from tests.helpers.terminal import Terminal

DOUBLING = """\
language 1

task Doubling {
  input number : 0..4
  output double : 0..8 = 2 * number
}

model Adding of Doubling {
  var again = number
  output double = number + again
}

counterfactuals SwapAgain of Adding {
  swap again
  keep where result.double != base.double
  split train 6, test 3
}
"""
WRONG = DOUBLING.replace("2 * number", "2 * nubmer")
UNTIDY = DOUBLING.replace("  input number : 0..4", "input   number:0..4")


@pytest.fixture
def run(run: Terminal) -> Terminal:
    run.write(good=DOUBLING, wrong=WRONG, untidy=UNTIDY)
    return run


# Help ------------------------------------------------------------------------------------------


def test_help_lists_the_commands_and_the_statuses(run: Terminal) -> None:
    status, printed, _ = run("--help")
    assert status == 0
    for name in COMMANDS:
        assert f"    {name}" in {line.rstrip()[: 4 + len(name)] for line in printed.splitlines()}
    assert printed.endswith(EXPLANATION)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_it_understands(name: str, run: Terminal) -> None:
    status, printed, _ = run(name, "--help")
    example = import_module(f"causalspec.commands.{name}").EXAMPLE
    assert status == 0
    assert f"example:\n  {example}\n\n{EXPLANATION}" in printed
    program, *arguments = shlex.split(example.rpartition("; ")[2])
    assert (program, arguments[0]) == ("causalspec", name)
    command_line.parser_of(command_line.COMMANDS).parse_args(arguments)


def test_version(run: Terminal) -> None:
    assert run("--version") == (0, "causalspec 0.1.0\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("chek", "good.causal"),
        ("check",),
        ("check", "--form", "json", "good.causal"),
        ("graph", "good.causal", "--to", "png"),
        ("verify", "good.causal"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], run: Terminal) -> None:
    status, printed, complaint = run(*arguments)
    assert (status, printed) == (2, "")
    assert complaint.startswith("usage: causalspec")


@pytest.mark.parametrize(
    ("command", "option", "value", "complaint"),
    [
        ("data", "--rows", "many", "`many` is not a whole number from 0 on"),
        ("data", "--rows", "-1", "`-1` is not a whole number from 0 on"),
        ("data", "--rows", "10" * 12, f"`{'10' * 12}` is more than 2^31 - 1"),
        ("data", "--seed", "-1", "`-1` is not a whole number from 0 on"),
        ("data", "--seed", "2147483648", "`2147483648` is more than 2^31 - 1"),
        ("data", "--seed", "9" * 5000, f"`{'9' * 5000}` is more than 2^31 - 1"),
        ("verify", "--steps", "0", "0 is too few"),
        ("verify", "--learning-rate", "fast", "`fast` is not a learning rate"),
        ("verify", "--learning-rate", "nan", "`nan` is not a learning rate"),
        ("verify", "--learning-rate", "10", "`10` is not a learning rate"),
        ("verify", "--memory", "much", "`much` is not a size: write it like 12GiB or 500MB"),
        ("verify", "--memory", "-1", "`-1` is not a size: write it like 12GiB or 500MB"),
    ],
)
def test_numbers(command: str, option: str, value: str, complaint: str, run: Terminal) -> None:
    network = ["--network", "none"] if command == "verify" else []
    status, _, printed = run(command, "good.causal", *network, f"{option}={value}")
    assert status == 2
    assert printed.endswith(f"causalspec {command}: error: argument {option}: {complaint}\n")


# check -----------------------------------------------------------------------------------------


def test_a_good_spec(run: Terminal) -> None:
    status, printed, complaints = run("check", "good.causal")
    assert (status, complaints) == (0, "")
    assert printed.splitlines()[0] == "good.causal: fine"
    assert "  yes `Adding` computes the outputs of `Doubling`: exhaustive (5)" in printed
    assert run("check", "--quiet", "good.causal") == (0, "", "")


def test_a_wrong_spec_and_a_good_one(run: Terminal) -> None:
    status, printed, complaints = run("check", "wrong.causal", "good.causal")
    assert status == 3
    assert "wrong.causal: 1 error\ngood.causal: fine\n" in printed
    assert complaints == (
        "error[CS201]: unknown name `nubmer`\n"
        " --> wrong.causal:5:30\n"
        "  |\n"
        "5 |   output double : 0..8 = 2 * nubmer\n"
        "  |                              ^^^^^^\n"
        "  = help: did you mean `number`?\n"
        "  = fix: replace `nubmer` by `number`\n"
    )


def test_json(run: Terminal) -> None:
    status, printed, complaints = run("check", "--format", "json", "wrong.causal", "good.causal")
    assert (status, complaints) == (3, "")
    wrong, good = json.loads(printed)
    assert (wrong["file"], wrong["valid"], good["file"], good["valid"]) == (
        *("wrong.causal", False),
        *("good.causal", True),
    )
    assert [found["code"] for found in wrong["diagnostics"]] == ["CS201"]
    assert good["diagnostics"] == []
    assert {examination["holds"] for examination in good["examinations"]} == {True}


def test_no_file(run: Terminal) -> None:
    assert run("check", "none.causal") == (5, "", "error: there is no file `none.causal`\n")


# fmt -------------------------------------------------------------------------------------------


def test_format_in_place(run: Terminal) -> None:
    untidy = Path("untidy.causal")
    untidy.chmod(0o640)
    assert run("fmt", "good.causal", "untidy.causal") == (0, "", "formatted untidy.causal\n")
    assert untidy.read_text(encoding="utf-8") == DOUBLING
    assert stat.S_IMODE(untidy.stat().st_mode) == 0o640
    assert run("fmt", "good.causal", "untidy.causal") == (0, "", "")
    assert sorted(path.name for path in Path().iterdir()) == [
        *("good.causal", "untidy.causal", "wrong.causal")
    ]


def test_format_check(run: Terminal) -> None:
    assert run("fmt", "--check", "good.causal") == (0, "", "")
    assert run("fmt", "--check", "untidy.causal") == (1, "", "would format untidy.causal\n")
    assert Path("untidy.causal").read_text(encoding="utf-8") == UNTIDY


def test_format_diff(run: Terminal) -> None:
    assert run("fmt", "--diff", "untidy.causal") == (
        1,
        "--- untidy.causal\n"
        "+++ untidy.causal\n"
        "@@ -1,7 +1,7 @@\n"
        " language 1\n"
        " \n"
        " task Doubling {\n"
        "-input   number:0..4\n"
        "+  input number : 0..4\n"
        "   output double : 0..8 = 2 * number\n"
        " }\n"
        " \n",
        "would format untidy.causal\n",
    )
    assert Path("untidy.causal").read_text(encoding="utf-8") == UNTIDY


def test_what_does_not_parse_is_left_alone_and_the_others_are_formatted(run: Terminal) -> None:
    broken = UNTIDY.replace("}\n", "", 1)
    Path("broken.causal").write_text(broken, encoding="utf-8")
    status, printed, complaints = run("fmt", "none.causal", "broken.causal", "untidy.causal")
    assert (status, printed) == (5, "")
    assert complaints.startswith("error: there is no file `none.causal`\nerror[CS106]: ")
    assert complaints.endswith("formatted untidy.causal\n")
    assert Path("broken.causal").read_text(encoding="utf-8") == broken
    assert run("fmt", "broken.causal")[0] == 3


def test_a_link_stays_a_link(run: Terminal) -> None:
    Path("link.causal").symlink_to("untidy.causal")
    assert run("fmt", "link.causal")[0] == 0
    assert Path("link.causal").is_symlink()
    assert Path("untidy.causal").read_text(encoding="utf-8") == DOUBLING


# graph -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("svg", "<svg "),
        ("mermaid", "flowchart "),
        ("dot", "digraph "),
        ("latex", "% Adding: needs amsmath\n\\begin{tabular}{lll}\n"),
    ],
)
def test_forms(form: str, start: str, run: Terminal) -> None:
    status, printed, complaints = run("graph", "good.causal", "Adding", "--to", form)
    assert (status, complaints) == (0, "")
    assert printed.startswith(start)
    assert run("graph", "good.causal", "Adding", "--to", form, "--out", "picture") == (0, "", "")
    assert Path("picture").read_text(encoding="utf-8") == printed


def test_unknown_models(run: Terminal) -> None:
    assert run("graph", "good.causal", "Ading") == (
        *(2, ""),
        "causalspec graph: there is no model `Ading`; did you mean `Adding`?\n",
    )
    assert run("graph", "wrong.causal")[0] == 3


def test_one_picture_at_a_time(run: Terminal) -> None:
    text = DOUBLING + "\nmodel Twice of Doubling {\n  output double = number * 2\n}\n"
    Path("two.causal").write_text(text, encoding="utf-8")
    assert run("graph", "two.causal", "--to", "svg") == (
        *(2, ""),
        "causalspec graph: name the model to draw: Doubling, Adding, Twice\n",
    )
    assert run("graph", "two.causal")[1].count("flowchart") == 2


# data ------------------------------------------------------------------------------------------


def test_data_is_written_with_a_manifest_and_twice_the_same(run: Terminal) -> None:
    status, printed, complaints = run("data", "good.causal")
    assert (status, complaints) == (0, "")
    assert printed == (
        "data/SwapAgain.train.jsonl: 6 pairs, 0.0% keep the base's label\n"
        "data/SwapAgain.test.jsonl: 3 pairs, 2 of them distinct, 0.0% keep the base's label\n"
    )
    run("data", "good.causal", "SwapAgain", "--out", "again")
    first, second = (
        {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        for folder in ("data", "again")
    )
    assert first == second
    assert sorted(first) == [
        "SwapAgain.test.jsonl",
        "SwapAgain.test.manifest.json",
        "SwapAgain.train.jsonl",
        "SwapAgain.train.manifest.json",
    ]
    assert len(first["SwapAgain.test.jsonl"].splitlines()) == 3


def test_data_is_shown(run: Terminal) -> None:
    status, printed, _ = run("data", "good.causal", "--show", "2")
    assert (status, printed.count(": swap again"), Path("data").exists()) == (0, 2, False)
    status, printed, _ = run("data", "good.causal", "--show", "2", "--format", "json")
    shown = json.loads(printed)
    assert [row["label.double"] for row in shown] == [
        row["base.number"] + row["source.number"] for row in shown
    ]


def test_json_of_no_rows_holds_no_nan(run: Terminal) -> None:
    arguments = ("data", "good.causal", "--rows", "0", "--split", "test")
    status, printed, _ = run(*arguments, "--format", "json")

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(constant)

    assert status == 0
    assert json.loads(printed, parse_constant=refuse) == [
        {
            "design": "SwapAgain",
            "split": "test",
            "rows": 0,
            "distinct": {"pairs": 0, "exact": True},
            "floor": None,
            "file": "data/SwapAgain.test.jsonl",
            "manifest": "data/SwapAgain.test.manifest.json",
        }
    ]
    assert run(*arguments)[1] == "data/SwapAgain.test.jsonl: 0 pairs\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["SwapAgian"],
            "there is no counterfactuals declaration `SwapAgian`; did you mean `SwapAgain`?",
        ),
        (["--split", "tset"], "`SwapAgain` has no split `tset`; did you mean `test`?"),
    ],
)
def test_unknown_data(arguments: list[str], complaint: str, run: Terminal) -> None:
    assert run("data", "good.causal", *arguments) == (2, "", f"causalspec data: {complaint}\n")


def test_a_spec_without_data(run: Terminal) -> None:
    Path("bare.causal").write_text(DOUBLING.partition("counterfactuals")[0], encoding="utf-8")
    complaint = "causalspec data: bare.causal declares no counterfactuals\n"
    assert run("data", "bare.causal") == (2, "", complaint)


@pytest.mark.parametrize("command", [("data", "good.causal"), ("graph", "good.causal")])
def test_places_that_cannot_be_written(command: tuple[str, ...], run: Terminal) -> None:
    Path("file").touch()
    status, printed, complaint = run(*command, "--out", "file/inner")
    assert (status, printed) == (5, "")
    assert complaint.startswith("error: can")
    assert complaint.endswith("Not a directory\n")


# explain ---------------------------------------------------------------------------------------


def test_explain(run: Terminal) -> None:
    status, printed, _ = run("explain", "cs201")
    assert status == 0
    assert printed.startswith("# CS201: ")
    status, printed, _ = run("explain")
    assert (status, printed.splitlines()[0]) == (0, "CS101  unknown character")


def test_explain_unknown_codes(run: Terminal) -> None:
    assert run("explain", "CS291") == (
        *(2, ""),
        "causalspec explain: no code `CS291`; did you mean CS921?\n",
    )
    assert run("explain", "../../x") == (2, "", "causalspec explain: no code `../../x`\n")


# However it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "status", "complaint"),
    [
        (KeyboardInterrupt(), 130, "interrupted; the same command goes on from here\n"),
        (MemoryError(), 5, "error: memory ran out\n"),
        (OSError(28, "No space left on device"), 5, "error: No space left on device\n"),
        (PermissionError(13, "Permission denied", "x"), 5, "error: `x`: Permission denied\n"),
    ],
)
def test_failures(
    failure: BaseException,
    status: int,
    complaint: str,
    run: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_options: object) -> NoReturn:
        raise failure

    monkeypatch.setattr("causalspec.commands.explain.run", fail)
    assert run("explain") == (status, "", complaint)


@pytest.mark.parametrize(
    ("interruption", "status", "complaint"),
    [
        (KeyboardInterrupt, 130, "interrupted; the same command goes on from here\n"),
        (Terminated, 143, "terminated; the same command goes on from here\n"),
    ],
)
def test_an_interruption_while_a_class_is_made_is_one(
    interruption: type[KeyboardInterrupt],
    status: int,
    complaint: str,
    run: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupting:
        def __set_name__(self, _owner: type, _name: str) -> None:
            raise interruption

    def make_a_class(_options: object) -> None:
        type("Made", (), {"attribute": Interrupting()})

    monkeypatch.setattr("causalspec.commands.explain.run", make_a_class)
    assert run("explain") == (status, "", complaint)


def test_our_own_mistakes_ask_for_a_report(run: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalspec.commands.explain.run", lambda _options: 1 // 0)
    status, printed, complaint = run("explain")
    assert (status, printed) == (5, "")
    assert complaint.startswith("Traceback (most recent call last):\n")
    assert complaint.endswith("a mistake in causalspec: please report it with the spec\n")


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")
@pytest.mark.parametrize("page", ["CS201", ""], ids=["buffered", "long"])
def test_a_reader_who_leaves_is_no_failure(page: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "causalspec.command_line", "explain", *page.split()]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one() -> None:
    command = [sys.executable, "-m", "causalspec.command_line", "explain", "CS201"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (5, b"error: No space left on device\n")
