"""What a run has finished so far, on disk: killed at any moment, it goes on from here.

A stage's tensors and figures are one safetensors file, written under a temporary name and renamed,
so a stage is whole or absent. The folder's name carries a hash of everything the run depends on: a
run with another spec, network or seed never reads this one's stages.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import safetensors
import safetensors.torch
from torch import Tensor

from causalspec.compiler import held, make_folder
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.untyped import save_tensors, tensors_as_bytes


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished piece of work: tensors, and what else is known of it as text."""

    tensors: Mapping[str, Tensor]
    notes: Mapping[str, str]


SO_FAR = " so far"
"""The end of the name under which a stage that is not finished keeps how far it is."""


class Stages(Protocol):
    """The stages of one run, by name; several processes may be at the same run."""

    @property
    def helps(self) -> bool:
        """Whether another process has the results, so that what others did is of no use here."""
        ...

    def part(self, name: str) -> Stages:
        """The stages of a part of the run, which may be called as others' are."""
        ...

    def in_turn(
        self, names: Sequence[str], *, skips: bool = False, joins: bool = False
    ) -> Iterator[int]:
        """The numbers of pieces of work, by their names, in the order in which they are to be done
        here; none of them needs another's outcome. One is done when the next is asked for.

        Where other processes are at the run, what nobody is at comes first, and what others are at
        once they are done with it. `skips` leaves out what others have done; `joins` gives what
        others are at, too, rather than wait for them.
        """
        ...

    def find(self, name: str) -> Stage | None:
        """A finished stage; None where it is to be made here."""
        ...

    def finish(self, name: str, stage: Stage) -> None:
        """Keep a stage. Raises `ToolFailure` where it cannot be written."""
        ...

    def forget(self, name: str) -> None:
        """Drop a stage that a later one has made superfluous."""
        ...


class RunFolder:
    """The stages of one run that one process is at."""

    helps = False

    def __init__(self, folder: Path, part: str = "") -> None:
        self.folder = folder
        self._part = part

    def part(self, name: str) -> RunFolder:
        """The same folder for a part of the run, whose stages may be called as others' are."""
        return RunFolder(self.folder, f"{self._part}{name}: ")

    def in_turn(
        self, names: Sequence[str], *, skips: bool = False, joins: bool = False
    ) -> Iterator[int]:
        """All of them, one after the other."""
        yield from range(len(names))

    def find(self, name: str) -> Stage | None:
        """A finished stage, if there is one. What a power cut left unreadable is none."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            opened: Any = safetensors.safe_open(path, framework="pt")
            with opened as file:
                notes: Mapping[str, str] = file.metadata() or {}
                names: list[str] = list(file.keys())
                tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in names}
        except safetensors.SafetensorError:
            return None
        except OSError as error:
            raise ToolFailure(f"can't read `{path}`: {error.strerror or error}") from error
        return Stage(tensors, notes)

    def finish(self, name: str, stage: Stage) -> None:
        """Keep a stage. Raises `ToolFailure` where the folder cannot be written."""
        path = self._path(name)
        tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in stage.tensors.items()}
        temporary = path.with_name(f"{path.name}.partial")
        try:
            save_tensors(tensors, temporary, stage.notes)
            temporary.replace(path)  # the run is alone here: nothing else is called so
        except (OSError, safetensors.SafetensorError) as error:
            raise ToolFailure(f"can't write to `{self.folder}`: {error}") from error

    def forget(self, name: str) -> None:
        """Drop a stage that a later one has made superfluous."""
        self._path(name).unlink(missing_ok=True)

    def content(self, name: str) -> bytes | None:
        """The file of a stage as it lies there."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def receive(self, name: str, content: bytes) -> None:
        """Keep a stage that another process finished, as the file that it would have written."""
        path = self._path(name)
        temporary = path.with_name(f"{path.name}.received")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        except OSError as error:
            raise ToolFailure(f"can't write to `{self.folder}`: {error}") from error

    def _path(self, name: str) -> Path:
        name = self._part + name
        readable = "".join(c if c.isalnum() else "-" for c in name)[:60]
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        return self.folder / f"{readable}-{digest}.safetensors"


class Sharing(Protocol):
    """How the work of a run, which has an identity, is shared with other processes."""

    def __call__(self, folder: RunFolder, identity: str) -> AbstractContextManager[Stages]: ...


def alone(folder: RunFolder, identity: str) -> AbstractContextManager[Stages]:
    """One process is at the run."""
    return contextlib.nullcontext(folder)


def content_of(stage: Stage) -> bytes:
    """A stage as the file that `RunFolder.finish` writes."""
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in stage.tensors.items()}
    return tensors_as_bytes(tensors, stage.notes)


def stage_in(content: bytes) -> Stage:
    """The stage in such a file (https://huggingface.co/docs/safetensors/index#format)."""
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    return Stage(safetensors.torch.load(content), header.get("__metadata__", {}))


@contextlib.contextmanager
def run_folder(destination: Path, identity: str) -> Generator[RunFolder]:
    """The run folder of results that will stand at `destination`, for this process alone.

    It is removed when the block ends well, and kept for the next try when it does not.
    Raises `ToolFailure` where it cannot be written, or another process is at a run, this one or
    another, whose results will stand there.
    """
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    destination = destination.resolve()
    folder = destination.with_name(f".{destination.name}.run-{digest}")
    locked = destination.with_name(f".{destination.name}.lock")
    try:
        make_folder(destination.parent)
        lock = held(locked)
        if lock is None:
            raise ToolFailure(
                f"another process is at work on `{destination}`", help="wait for it, or end it"
            )
        folder.mkdir(exist_ok=True)
    except OSError as error:
        reason = error.strerror or os.fspath(folder)
        raise ToolFailure(f"can't write beside `{destination}`: {reason}") from error
    try:
        yield RunFolder(folder)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # an interrupted run that finished nothing leaves nothing
        with contextlib.suppress(OSError):
            locked.unlink()  # while it is held, as in `alone_in`
        lock.release()
