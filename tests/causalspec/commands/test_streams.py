"""Where output goes: pipes, devices, streams that are closed or that nobody reads any more."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.helpers.forked_runs import ForkedRuns, Run
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and signals are POSIX's")

COMMAND = [sys.executable, "-m", "causalspec.command_line"]


@pytest.fixture
def spec(run: Terminal) -> Path:
    run.write(spec=SPEC)
    return Path("spec.causal")


def shell(line: str) -> tuple[int, str, str]:
    """A line of shell, with the command as `$cs`."""
    environment = {**os.environ, "cs": " ".join(COMMAND)}
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, check=False, env=environment, timeout=120
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


# --out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", [["graph", "Direct", "--to", "svg"], ["sample", "Direct"]])
def test_a_dash_is_standard_output(run: Terminal, spec: Path, rest: list[str]) -> None:
    name, *more = rest
    plain = run(name, str(spec), *more)
    assert plain[0] == 0
    assert run(name, str(spec), *more, "--out", "-") == plain
    assert not Path("-").exists()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_rows_on_standard_output_are_those_of_the_file(spec: Path, form: str) -> None:
    arguments = f"data {spec} SwapColor --split test --form {form} --out"
    assert shell(f"$cs {arguments} data")[0] == 0
    status, printed, complaint = shell(f"$cs {arguments} -")
    assert (status, complaint) == (0, "")
    assert printed.encode() == Path(f"data/SwapColor.test.{form}").read_bytes()
    assert sorted(path.name for path in Path().iterdir()) == ["data", "spec.causal"]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (
            ["SwapColor"],
            "--out - writes one split, named by NAME and --split; there are SwapColor.train, "
            "SwapColor.validation, SwapColor.test",
        ),
        (
            ["SwapColor", "--split", "test", "--form", "parquet"],
            "--out - writes lines, with --form jsonl or csv",
        ),
        (
            ["SwapColor", "--split", "test", "--format", "json"],
            "--out - writes the rows: leave out --format json",
        ),
    ],
)
def test_what_standard_output_cannot_take(
    run: Terminal, spec: Path, more: list[str], complaint: str
) -> None:
    assert run("data", str(spec), *more, "--out", "-") == (2, "", f"causalspec data: {complaint}\n")


def test_results_are_a_folder(spec: Path, run: Terminal) -> None:
    assert run("verify", str(spec), "--network", "x", "--out", "-")[0] == 2
    assert not Path("-").exists()


@pytest.mark.parametrize("name", ["graph", "sample"])
def test_a_pipe_stays_a_pipe(spec: Path, run: Terminal, name: str) -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(
        daemon=True, target=lambda: read.append(Path("pipe").read_text(encoding="utf-8"))
    )
    reader.start()
    assert run(name, str(spec), "Direct", "--out", "pipe") == (0, "", "")
    reader.join()
    assert read == [run(name, str(spec), "Direct")[1]]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


def test_a_pipe_that_nobody_reads(
    spec: Path, run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("causalspec.compiler.data.forms.whole_files.PATIENCE", 0.1)
    os.mkfifo("pipe")
    assert run("graph", str(spec), "Direct", "--out", "pipe") == (
        *(5, ""),
        "error: can't write `pipe`: nothing reads what is written into it\n",
    )


def test_devices_stay_devices(spec: Path, run: Terminal) -> None:
    assert run("graph", str(spec), "Direct", "--out", os.devnull) == (0, "", "")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert run("graph", str(spec), "Direct", "--out", "/dev/full") == (
        *(5, ""),
        "error: can't write `/dev/full`: No space left on device\n",
    )


@pytest.mark.parametrize("name", ["SwapColor.test.jsonl", "SwapColor.test.manifest.json"])
def test_what_has_the_name_of_rows_and_is_no_file(spec: Path, run: Terminal, name: str) -> None:
    Path("data").mkdir()
    os.mkfifo(f"data/{name}")
    assert run("data", str(spec), "SwapColor", "--split", "test") == (
        *(5, ""),
        f"error: can't write the file `data/{name}`: what has that name is not a regular file\n"
        "  help: choose another --out\n",
    )
    assert [path.name for path in Path("data").iterdir()] == [name]


def test_a_disk_that_ignores_case(
    spec: Path, run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To such a disk a name exists when another one does that differs in case."""
    Path("data").mkdir()
    Path("data/SWAPCOLOR.test.jsonl").touch()
    exists = Path.exists

    def ignoring(self: Path) -> bool:
        folded = self.name.casefold()
        return exists(self) or any(path.name.casefold() == folded for path in self.parent.iterdir())

    monkeypatch.setattr(Path, "exists", ignoring)
    assert run("data", str(spec), "SwapColor", "--split", "test") == (
        *(5, ""),
        "error: can't write the file `data/SwapColor.test.jsonl`: to this disk it is the same as "
        "`SWAPCOLOR.test.jsonl`\n  help: choose another --out\n",
    )


# Closed streams ----------------------------------------------------------------------------------


def test_no_standard_output(spec: Path) -> None:
    assert shell("$cs explain CS502 >&-") == (0, "", "")
    assert shell(f"$cs data {spec} SwapColor --split test >&-") == (0, "", "")
    manifest = json.loads(Path("data/SwapColor.test.manifest.json").read_text(encoding="utf-8"))
    rows = Path("data", manifest["file"]).read_bytes()
    assert hashlib.sha256(rows).hexdigest() == manifest["sha256"]


def test_no_standard_error(spec: Path) -> None:
    Path("warned.causal").write_text(
        'language 1\nallow CS502 "x"\ntask T { input a : bool  output b : bool = a }\n',
        encoding="utf-8",
    )
    with_one = shell("$cs check warned.causal")
    assert with_one[2].startswith("warning[")
    assert shell("$cs check warned.causal 2>&-") == (with_one[0], with_one[1], "")
    assert shell("$cs check missing.causal 2>&-") == (5, "", "")
    assert shell("$cs check missing.causal 0>&- 1>&- 2>&-") == (5, "", "")


def test_a_standard_error_that_nobody_reads_stops_nothing(spec: Path) -> None:
    text = SPEC.replace("language 1\n", 'language 1\nallow CS502 "x"\n')
    spec.write_text(text, encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    command = [*COMMAND, "data", str(spec), "SwapColor", "--split", "test"]
    assert subprocess.run(command, check=False, stderr=write, stdout=write).returncode == 0
    command = [*COMMAND, "check", "missing.causal"]
    assert subprocess.run(command, check=False, stderr=write).returncode == 5
    os.close(write)
    assert sorted(path.name for path in Path("data").iterdir()) == [
        "SwapColor.test.jsonl",
        "SwapColor.test.manifest.json",
    ]


def test_help_that_nobody_reads() -> None:
    assert shell("$cs -h | true") == (0, "", "")


# Ended -------------------------------------------------------------------------------------------


def test_terminated_as_if_interrupted(spec: Path) -> None:
    command = [*COMMAND, "data", str(spec), "SwapColor", "--rows", "100000000", "--out", "data"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(Path().glob("data/.causalspec-*/*.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    printed, complaint = process.communicate(timeout=60)
    assert (process.returncode, printed) == (143, "")
    assert complaint.endswith("terminated; what was not finished is not there\n")
    assert list(Path("data").iterdir()) == []


def test_a_program_that_minds_the_signal_itself_keeps_it(run: Terminal) -> None:
    def mine(_signal: int, _frame: object) -> None:
        """What a program around us may do."""

    before = signal.signal(signal.SIGTERM, mine)
    try:
        assert run("explain", "CS201")[0] == 0
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


# Names that are not UTF-8 -------------------------------------------------------------------------


def test_a_name_that_is_not_utf_8(spec: Path, forked: ForkedRuns) -> None:
    odd, out = os.fsdecode(b"caf\xe9.causal"), os.fsdecode(b"out\xff")
    try:
        spec.rename(odd)
    except OSError:
        pytest.skip("the disk takes UTF-8 alone")

    def said(*arguments: str) -> tuple[int, str]:
        (status,) = forked(Run(["causalspec", *arguments], output="said.txt"))
        return status, Path("said.txt").read_text(encoding="utf-8", errors="surrogateescape")

    status, printed = said("check", odd)
    assert (status, printed.splitlines()[0]) == (0, "caf\\u{DCE9}.causal: fine")
    status, printed = said("check", "--format", "json", odd)
    assert (status, json.loads(printed)[0]["file"]) == (0, odd)
    assert said("data", odd, "SwapColor", "--split", "test", "--out", out)[0] == 0
    text = Path(out, "SwapColor.test.manifest.json").read_text(encoding="utf-8")
    assert '"name": "caf\\udce9.causal"' in text
    assert json.loads(text)["specification"]["name"] == odd
    assert said("graph", odd, "Direct", "--to", "svg", "--out", f"{out}/a.svg")[0] == 0
    assert said("fmt", odd)[0] == 0
    Path(odd).write_text("language 1\ntask T { input a : boool }\n", encoding="utf-8")
    assert "caf\\u{DCE9}.causal:2:" in said("check", odd)[1]
    for form in ("json", "sarif", "github"):
        assert said("check", "--format", form, odd)[0] == 3
