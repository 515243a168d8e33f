"""The ledger of looks at test: what is a look, at what, and that it never stands in the way."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from causalspec.compiler import held
from causalspec.compiler.compile import check_file
from causalspec.compiler.specification import Specification
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import experiment_of
from causalspec.runtime.report.text import held_against
from causalspec.runtime.results import looks
from causalspec.runtime.results.as_json import from_json, to_json
from causalspec.runtime.results.looks import LedgerError, Looks, look, state_folder
from causalspec.runtime.scoring.looking import looked
from tests.helpers.tiny_player import SPEC

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("CAUSALSPEC_STATE", str(folder))
    return folder


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    assert state_folder() == state
    monkeypatch.delenv("CAUSALSPEC_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert state_folder() == Path("/somewhere/causalspec")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_folder() == Path.home() / ".local/state/causalspec"


def test_another_run_is_a_look_and_the_same_is_none(state: Path) -> None:
    assert look("data", "claim", "seed 0") == Looks(1, 1)
    assert look("data", "claim", "seed 0") == Looks(1, 1)
    assert look("data", "claim", "seed 1") == Looks(2, 2)
    assert look("data", "changed", "seed 1") == Looks(1, 3)
    assert look("other", "claim", "seed 2") == Looks(1, 1)
    written = json.loads((state / "looks/data.json").read_text())
    assert written["claims"] == {"claim": ["seed 0", "seed 1"], "changed": ["seed 1"]}


def test_processes_that_look_at_once_are_all_counted(state: Path) -> None:
    code = (
        "import sys; from causalspec.runtime.results.looks import look\n"
        "for run in range(5): look('data', 'claim', f'{sys.argv[1]} {run}')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(k)]) for k in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert look("data", "claim", "last") == Looks(16, 16)


def test_what_cannot_be_kept_is_said(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write_text("a file")
    with pytest.raises(LedgerError, match="can't write"):
        look("data", "claim", "run")
    state.unlink()
    (state / "looks").mkdir(parents=True)
    (state / "looks/data.json").write_text("[]")
    with pytest.raises(LedgerError, match="is no ledger of looks"):
        look("data", "claim", "run")
    assert (state / "looks/data.json").read_text() == "[]"  # it is another's: nothing is lost
    monkeypatch.setattr(looks, "_PATIENCE", 0.1)
    lock = held(state / "looks/other.lock")
    assert lock is not None
    with pytest.raises(LedgerError, match="another process keeps"):
        look("other", "claim", "run")
    lock.release()


def specification_of(path: Path, text: str) -> Specification:
    path.write_text(text, encoding="utf-8")
    found = check_file(path).specification
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("expect iia >= 0.80", "expect iia >= 0.70", Looks(1, 2)),
        ("dim = 8", "dim = 4", Looks(1, 2)),
        ("train 64", "train 32", Looks(1, 2)),
        ("layers 0..1", "layers 0..0", Looks(1, 2)),
        ("test 24", "test 20", Looks(1, 1)),  # other pairs
        ('prompt main "', 'prompt main "so ', Looks(1, 1)),
        ("claim TheColorFollows", "claim Renamed", Looks(1, 1)),  # the same claim: no new look
        ("  expect iia >= 0.80", "# a remark\n  expect   iia >= 0.80", Looks(1, 1)),
        ("The color itself is carried.", "Another sentence.", Looks(1, 1)),
    ],
)
def test_what_changes_a_claim(tmp_path: Path, old: str, new: str, found: Looks) -> None:
    assert old in SPEC
    verdict = RUN.verdicts[0]
    for text in (SPEC, SPEC.replace(old, new)):
        specification = specification_of(tmp_path / "pick.causal", text)
        [claim] = specification.claims.values()
        experiment = experiment_of(specification, claim, keeps_unanswered=False)
        verdict = looked(verdict, specification, experiment, RUN.manifest, FitSettings())
    assert verdict.looks == found


@pytest.mark.parametrize(
    ("option", "count"),
    [({"precision": "bfloat16"}, 2), ({"answers": "declared"}, 2), ({"command": "again"}, 1)],
)
def test_another_option_is_a_look(tmp_path: Path, option: dict[str, str], count: int) -> None:
    specification = specification_of(tmp_path / "pick.causal", SPEC)
    [claim] = specification.claims.values()
    experiment = experiment_of(specification, claim, keeps_unanswered=False)
    verdict = RUN.verdicts[0]
    for manifest in (RUN.manifest, dataclasses.replace(RUN.manifest, **option)):
        verdict = looked(verdict, specification, experiment, manifest, FitSettings())
    assert verdict.looks == Looks(count, count)


def test_hashes_are_the_same_in_every_process(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "pick.causal"
    specification_of(path, SPEC)
    code = """
import sys
from pathlib import Path
from causalspec.compiler.compile import check_file
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import experiment_of
from causalspec.runtime.results.as_json import from_json
from causalspec.runtime.scoring.looking import looked
specification = check_file(Path(sys.argv[1])).specification
run = from_json(Path(sys.argv[2]).read_text(encoding="utf-8"))
[claim] = specification.claims.values()
experiment = experiment_of(specification, claim, keeps_unanswered=False)
print(looked(run.verdicts[0], specification, experiment, run.manifest, FitSettings()).looks)
"""
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code, str(path), str(FIXTURE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == "Looks(since_change=1, in_all=1)\n"


def test_a_ledger_that_fails_is_a_note(tmp_path: Path, state: Path) -> None:
    state.write_text("a file")
    specification = specification_of(tmp_path / "pick.causal", SPEC)
    [claim] = specification.claims.values()
    experiment = experiment_of(specification, claim, keeps_unanswered=False)
    before = RUN.verdicts[0]
    found = looked(before, specification, experiment, RUN.manifest, FitSettings())
    assert (found.looks, found.holds) == (None, before.holds)
    [note] = set(found.notes) - set(before.notes)
    assert note.startswith("how often test has been looked at is not known: can't write")


def test_the_verdict_says_it_from_the_second_look_on() -> None:
    said = "test looked at 3 times since the claim last changed"
    for found, line in (
        (Looks(1, 1), None),
        (Looks(3, 3), said),
        (Looks(3, 7), f"{said}, 7 times in all by claims on the same pairs"),
        (Looks(1, 2), "test looked at once since the claim last changed, 2 times in all by claims "
         "on the same pairs"),
    ):  # fmt: skip
        verdict = dataclasses.replace(RUN.verdicts[0], looks=found)
        assert held_against(verdict) == (() if line is None else (line,))
        run = dataclasses.replace(RUN, verdicts=(verdict,))
        assert from_json(to_json(run)) == run
