"""Files and folders that are whole or absent, whoever else writes and whatever is killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from causalspec.compiler.data.forms.whole_files import (
    alone_in,
    held,
    unfinished_in,
    whole_file,
    whole_folder,
    write_content,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, modes and pipes are POSIX's")

KILLED = """
import os, signal, sys
from pathlib import Path
from causalspec.compiler.data.forms.whole_files import unfinished_in
with unfinished_in(Path(sys.argv[1])) as private:
    (private / "rows").write_text("gigabytes")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(script: str, *arguments: object) -> None:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_and_nothing_beside_it(tmp_path: Path) -> None:
    write_content(tmp_path / "a", b"first")
    write_content(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"second"
    assert names(tmp_path) == ["a"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    write_content(tmp_path / "a", b"first")
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "a") as partial:
        partial.write_bytes(b"half")
        raise KeyboardInterrupt
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == ["a"]


@POSIX
def test_a_file_keeps_its_mode_and_a_link_its_place(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    file, link = tmp_path / "inner" / "file", tmp_path / "link"
    file.write_bytes(b"before")
    file.chmod(0o640)
    link.symlink_to(file)
    write_content(link, b"after")
    assert link.is_symlink()
    assert file.read_bytes() == b"after"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert names(tmp_path) == ["inner", "link"]
    assert names(tmp_path / "inner") == ["file"]


@POSIX
def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write_content(tmp_path / "loop", b"")


@POSIX
def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = bytes(range(256)) * 4096  # more than a pipe holds
    read: list[bytes] = []
    reader = threading.Thread(daemon=True, target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_content(pipe, content)
    reader.join()
    assert read == [content]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


@POSIX
def test_a_pipe_that_nobody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalspec.compiler.data.forms.whole_files.PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nothing reads what is written into it"):
        write_content(tmp_path / "pipe", b"x")


@POSIX
def test_a_device_stays_one() -> None:
    write_content(Path(os.devnull), b"x")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@POSIX
def test_what_was_killed_is_cleared_by_the_next(tmp_path: Path) -> None:
    killed(KILLED, tmp_path)
    [left] = names(tmp_path)
    assert left.startswith(".causalspec-")
    assert left.endswith(".part")
    write_content(tmp_path / "a", b"")
    assert names(tmp_path) == ["a"]


def test_what_is_at_work_is_let_alone(tmp_path: Path) -> None:
    with unfinished_in(tmp_path) as mine:
        with unfinished_in(tmp_path) as other:
            assert names(tmp_path) == sorted([mine.name, other.name])
        (mine / "rows").write_bytes(b"")
    assert names(tmp_path) == []


def test_what_only_has_such_a_name_is_let_alone(tmp_path: Path) -> None:
    (tmp_path / ".causalspec-notes.part").write_text("mine", encoding="utf-8")
    write_content(tmp_path / "a", b"")
    assert names(tmp_path) == [".causalspec-notes.part", "a"]


BETWEEN_TWO_RENAMES = """
import os, signal, sys
from pathlib import Path
from causalspec.compiler.data.forms.whole_files import whole_folder
rename = Path.rename
def killing(self, target):
    if self.name == "new":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = killing
with whole_folder(Path(sys.argv[1])) as partial:
    (partial / "result").write_text("new")
"""


@POSIX
def test_a_folder_killed_between_two_renames_is_brought_back(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "results") as partial:
        (partial / "result").write_text("old", encoding="utf-8")
    killed(BETWEEN_TWO_RENAMES, tmp_path / "results")
    assert not (tmp_path / "results").exists()
    write_content(tmp_path / "a", b"")
    assert names(tmp_path) == ["a", "results"]
    assert (tmp_path / "results" / "result").read_text(encoding="utf-8") == "old"


def test_one_at_a_time_gives_names(tmp_path: Path) -> None:
    """Each of eight threads adds one to a number in a file, with nothing but the lock to help."""
    count = tmp_path / "count"
    count.write_text("0", encoding="utf-8")

    def add() -> None:
        for _ in range(5):
            with alone_in(tmp_path):
                count.write_text(str(int(count.read_text(encoding="utf-8")) + 1), encoding="utf-8")

    threads = [threading.Thread(daemon=True, target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count.read_text(encoding="utf-8") == "40"
    assert names(tmp_path) == ["count"]


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    lock = held(tmp_path / "lock")
    assert lock is not None
    assert held(tmp_path / "lock") is None
    lock.release()
    again = held(tmp_path / "lock")
    assert again is not None
    again.release()
