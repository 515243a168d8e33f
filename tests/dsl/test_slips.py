"""A newcomer who slips is told what to write, on the line of the slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import load_specification
from causalspec.dsl.diagnostics import Severity
from tests.helpers.slips import SLIPS, SOUND, Slip
from tests.helpers.statement_slips import STATEMENT_SLIPS
from tests.helpers.wording import well_put

ALL = (*SLIPS, *STATEMENT_SLIPS)


def told(slip: Slip, folder: Path) -> list[tuple[int, str]]:
    """All that is said about a slip in its frame: the line, and message, help and fix."""
    path = folder / "slip.causal"
    path.write_text(slip.frame % slip.written, encoding="utf-8")
    _, diagnostics = load_specification(path)
    well_put(diagnostics)
    return [
        (
            found.span.source.position(found.span.start)[0],
            " | ".join(filter(None, (found.message, found.help, found.fix and found.fix.title))),
        )
        for found in diagnostics
    ]


@pytest.mark.parametrize("slip", ALL, ids=[f"{slip.origin}: {slip.written}" for slip in ALL])
def test_a_slip_is_told_what_to_write(slip: Slip, tmp_path: Path) -> None:
    said = told(slip, tmp_path)
    line = slip.frame.split("%s")[0].count("\n") + 1 + slip.below
    assert any(at == line and slip.answer in text for at, text in said), said


@pytest.mark.parametrize(("frame", "right"), SOUND)
def test_a_frame_is_without_a_mistake(frame: str, right: str, tmp_path: Path) -> None:
    """So that what is said is about the slip."""
    path = tmp_path / "sound.causal"
    path.write_text(frame % right, encoding="utf-8")
    _, diagnostics = load_specification(path)
    assert [found.message for found in diagnostics if found.severity is Severity.ERROR] == []
    assert {slip.frame for slip in SLIPS} == {frame for frame, _ in SOUND}


def test_there_are_a_hundred_slips_and_none_is_written_twice() -> None:
    assert len({(slip.frame, slip.written) for slip in SLIPS}) == len(SLIPS) >= 100
