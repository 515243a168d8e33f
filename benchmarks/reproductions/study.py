"""A study as `specs/NAME/reproduction.toml` describes it: what to run, which figures to read."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

DESCRIPTION = "reproduction.toml"

Kind = Literal["no network", "built", "planted", "behaviour", "SmolLM2"]
"""Where the network comes from: weights by construction, by interchange intervention training, by
training on behaviour alone, or a language model's own.
"""


class StudyError(Exception):
    """A description that can't be used; the message is a sentence for whoever wrote it."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command. `{results}` in it is the study's folder, `{models}` that of all networks;
    `output` is the file in the study's folder that what it prints goes to. With `over`, seeds say,
    it is run for each of these, which `{each}` stands for in all three; `at_once` of these runs go
    side by side, which pays where one command can't use all cores.
    """

    name: str
    command: str
    output: str = ""
    over: tuple[str, ...] = ()
    at_once: int = 1

    @property
    def runs(self) -> tuple[Step, ...]:
        """The step once, or for each that it is run over."""
        if not self.over:
            return (self,)
        return tuple(
            Step(*(text.replace("{each}", each) for text in (self.name, self.command, self.output)))
            for each in self.over
        )


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published figure beside ours. `ours` says where ours is read, as `FILE # path`, with
    `{each}` in it of all that the step is run over, `*` being every item of a list; without it,
    nothing of ours is comparable, and `differs` says why. A step's seconds are `STEP.done.json #
    seconds`. `less` is a figure that is taken from it, a control's say, written alike.
    """

    what: str
    ours: str = ""
    less: str = ""
    published: str = ""
    at: float | None = None
    """The published figure as a number, to be drawn; None where it is not one."""
    differs: str = ""
    drawn: bool = True
    """Whether it is among the rows where these are drawn: a count is not, beside shares."""

    @property
    def is_time(self) -> bool:
        """Whether it says how many seconds a step took, which are not drawn among figures."""
        return self.ours.endswith("# seconds")


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is drawn: the sweep of a claim, the sites of an alignment that a step printed, strength
    against faithfulness as an explanation has it, a file that a step wrote, or (none of them) the
    rows.
    """

    caption: str
    sweep: str = ""
    strengths: str = ""
    sites: str = ""
    file: str = ""


class Study(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A study: `number` is its place in the table, `minutes` what it takes on two cores, `beside`
    the other folders of `specs/` that its results depend on.
    """

    number: int
    title: str
    source: str
    kind: Kind
    network: str
    about: str
    minutes: float
    steps: tuple[Step, ...]
    rows: tuple[Row, ...]
    picture: Picture
    beside: tuple[str, ...] = ()


def read_study(folder: Path) -> Study:
    """The study in a folder of `specs/`. Raises `StudyError` where its description is wrong."""
    path = folder / DESCRIPTION
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Study)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise StudyError(f"{path}: {error}") from error


def studies(specs: Path) -> dict[str, Study]:
    """Every study under `specs/` by its folder's name, those first that show something soonest."""
    found = {path.parent.name: read_study(path.parent) for path in specs.glob(f"*/{DESCRIPTION}")}
    return dict(sorted(found.items(), key=lambda item: (item[1].minutes, item[1].number)))


def fingerprint(folder: Path, beside: tuple[str, ...] = ()) -> str:
    """The SHA-256 over what a study's results depend on: the files of its folder, and of those
    `beside` it, but its texts.
    """
    digest = hashlib.sha256()
    for each in (folder, *(folder.with_name(name) for name in beside)):
        for path in sorted(each.rglob("*")):
            if path.is_file() and path.name != DESCRIPTION and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(each)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
