"""`causalspec data --audit`: what it prints, its status, and that our own data passes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.spec_files import SPECS
from tests.helpers.terminal import Terminal

FOLDER = SPECS / "label_audit"
AUDIT = ("data", "label_audit.causal", "LeftRegions", "--audit")


@pytest.fixture
def run(run: Terminal) -> Terminal:
    for file in FOLDER.iterdir():
        shutil.copy(file, ".")
    return run


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_our_own_data_needs_no_map(form: str, run: Terminal) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    run("data", "label_audit.causal", "LeftRegions", "--form", form)
    (file,) = Path("data").glob(f"*.{form}")
    status, printed, _ = run(*AUDIT, str(file))
    first, *rest = printed.splitlines()
    assert first == f"{file}: all 900 rows say what follows from `LeftBoundary`"
    assert not [line for line in rest if line.startswith("read as")]
    assert status == 0


def test_a_wrong_row_is_the_status(run: Terminal) -> None:
    told = ("--columns", "columns.toml", "--by", "base.region", "--by", "source.region")
    status, printed, _ = run(*AUDIT, "left.csv", *told)
    assert status == 1
    assert printed.splitlines()[:2] == [
        "left.csv: 1 of 12 rows is wrong (8.3 %)",
        "a network that computes `LeftBoundary` exactly scores 0.917 on this data",
    ]
    assert "  2            3                 1      1  100.0 %" in printed.splitlines()


def test_machines_get_every_wrong_row(run: Terminal) -> None:
    lines = Path("left.csv").read_text(encoding="utf-8").splitlines()
    flipped = [
        line.replace("Yes", "?").replace("No", "Yes").replace("?", "No") for line in lines[1:]
    ]
    Path("left.csv").write_text("\n".join([lines[0], *flipped * 5]), encoding="utf-8")
    given = (*AUDIT, "left.csv", "--columns", "columns.toml")
    status, printed, _ = run(*given, "--format", "json")
    found: dict[str, Any] = json.loads(printed)
    assert (status, found["rows"], found["wrong"]) == (1, 60, 55)
    assert len(found["wrong_rows"]) == 55
    assert found["wrong_rows"][0]["stated"] == {"label.answer": "Yes"}
    assert found["wrong_rows"][0]["derived"] == {"label.answer": "No"}
    assert found["strata"] == [
        {"values": {"result.answer": "No"}, "rows": 25, "wrong": 25},
        {"values": {"result.answer": "Yes"}, "rows": 35, "wrong": 30},
    ]
    _, printed, _ = run(*given, "--show", "2")
    assert printed.endswith("… 53 more (--show N lists N)\n")


def test_columns_can_be_named_one_by_one(run: Terminal) -> None:
    named = (
        "base.upper=base_upper_bound",
        "source.lower=source_lower_bound",
        "label.answer=ctf_label",
    )
    options = [part for column in named for part in ("--column", column)]
    status, printed, _ = run(*AUDIT, "left.csv", *options)
    assert status == 1
    assert "not read: base_lower_bound, source_upper_bound" in printed


def test_no_rows_prove_nothing(run: Terminal) -> None:
    header = Path("left.csv").read_text(encoding="utf-8").splitlines()[0]
    Path("left.csv").write_text(f"{header}\n", encoding="utf-8")
    status, printed, _ = run(*AUDIT, "left.csv", "--columns", "columns.toml")
    assert (status, printed) == (4, "left.csv: no rows\n")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (("--audit", "left.csv"), 3, "CS530"),
        (("--audit", "none.csv"), 5, "there is no file `none.csv`"),
        (("--column", "base.lower"), 2, "`base.lower` is not like base.amount=base_price"),
        (("--by", "kind"), 2, "--columns, --column and --by say how to read the FILE"),
        (
            ("--audit", "left.csv", "--columns", "columns.toml", "--by", "base.regon"),
            2,
            "--by: no stratum can be made of `base.regon`: did you mean `base.region`?",
        ),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], status: int, complaint: str, run: Terminal
) -> None:
    code, printed, told = run("data", "label_audit.causal", "LeftRegions", *arguments)
    assert (code, printed) == (status, "")
    assert complaint in told


def test_the_declaration_must_be_named(run: Terminal) -> None:
    status, _, told = run("data", "label_audit.causal", "--audit", "left.csv")
    assert status == 2
    assert told == (
        "causalspec data: name the declaration that the labels are to follow from: "
        "LeftRegions, RightRegions\n"
    )
