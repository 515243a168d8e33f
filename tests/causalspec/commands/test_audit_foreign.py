"""`data --audit` on files as other programs write them: what nothing reads is in nobody's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from tests.helpers.terminal import Terminal

SPEC = """\
language 1

type Price = 0.00..9.99 step 0.01

task Tag {
  input lower, amount : Price
  output answer : {Yes, No} = if lower <= amount then Yes else No
}

model Boundary of Tag {
  var reached = lower <= amount
  output answer = if reached then Yes else No
}

counterfactuals Swap of Boundary {
  swap reached
  keep where result.answer != base.answer
  split test 5
}
"""
NAMES = ("base.lower", "base.amount", "source.lower", "source.amount", "label.answer")
HEADER = ",".join(NAMES)
ROW = "1.10,2.20,1.30,0.70,No"
FIELDS = '"base.lower": 1.1, "base.amount": 2.2, "source.lower": 1.3, "source.amount": 0.7'
FINE = "all 1 rows say what follows from `Boundary`\n"

Audit = Callable[..., tuple[int, str, str]]


def nested(depth: int) -> str:
    """Objects in objects, with brackets in a text that close nothing."""
    return '{"a": ' * depth + '"[}"' + "}" * depth


@pytest.fixture
def audit(run: Terminal) -> Audit:
    """Audits a file of that name and content."""
    run.write(spec=SPEC)

    def audited(name: str, text: str | None = None, *more: str) -> tuple[int, str, str]:
        if text is not None:
            Path(name).write_text(text, encoding="utf-8")
        return run("data", "spec.causal", "Swap", "--audit", name, *more)

    return audited


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("long.csv", f"{HEADER},context\n{ROW},{'x' * 300_000}\n"),
        ("header.csv", f"{HEADER},{'x' * 300_000}\n{ROW},1\n"),
        ("deep.jsonl", f'{{{FIELDS}, "label.answer": "No", "t": {"[" * 3000}{"]" * 3000}}}\n'),
        ("object.jsonl", f'{{{FIELDS}, "label.answer": "No", "t": {nested(3000)}}}\n'),
        ("nested.jsonl", f'{{{FIELDS}, "label.answer": "No", "t": {nested(500)}}}\n'),
        ("number.jsonl", f'{{{FIELDS}, "label.answer": "No", "id": {"9" * 5000}}}\n'),
    ],
)
def test_what_nothing_reads(audit: Audit, name: str, text: str) -> None:
    status, printed, complaint = audit(name, text)
    assert (status, complaint) == (0, "")
    assert printed.startswith(f"{name}: {FINE}not read: ")


def test_a_deep_field_before_the_label(audit: Audit) -> None:
    text = f'{{"t": {"[" * 3000}{"]" * 3000}, "label.answer": "Yes", {FIELDS}}}\n'
    status, printed, _ = audit("deep.jsonl", text)
    assert status == 1
    assert "line 1: label.answer is Yes, should be No\n" in printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{{{FIELDS}, "t": {"[" * 3000}}}\n', "the row is not JSON: it ends inside"),
        (f'{{{FIELDS}, "t": {"[" * 3000}{"]" * 3000}', "the row is not JSON: "),
        (f'{{{FIELDS}, "label.answer": {"9" * 5000}}}\n', f"`{'9' * 60}…` in column"),
        (f'{{{FIELDS}, "label.answer": "{"x" * 200_000}"}}\n', f"`{'x' * 60}…` in column"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(audit: Audit, text: str, message: str) -> None:
    status, printed, complaint = audit("wrong.jsonl", text)
    assert (status, printed) == (3, "")
    assert message in complaint.splitlines()[0]
    assert len(complaint) < 2000


@pytest.mark.parametrize(
    ("name", "mark", "said"),
    [
        ("rows.csv", ";", "semicolons, not by commas"),
        ("rows.csv", "\t", "tabs, not by commas"),
        ("rows.tsv", ",", "commas, not by tabs"),
    ],
)
def test_other_separators(audit: Audit, name: str, mark: str, said: str) -> None:
    status, printed, complaint = audit(name, f"{HEADER}\n{ROW}\n".replace(",", mark))
    assert (status, printed) == (3, "")
    assert complaint.startswith(f"error[CS532]: the cells are separated by {said}\n")
    advice = "  = help: a .csv file has commas between its cells, a .tsv file tabs\n"
    assert complaint.endswith(advice)


# Single precision --------------------------------------------------------------------------------


def written(values: list[Any], **more: Any) -> None:
    columns = dict(zip(NAMES, (*values, ["No"] * len(values[0])), strict=True))
    parquet.write_table(pyarrow.table(columns | more), "rows.parquet")


def test_every_value_of_a_type_in_single_precision(audit: Audit) -> None:
    prices = np.arange(1000, dtype=np.float64) / 100
    ones = np.full(1000, 1.0)
    single = [pyarrow.array(side.astype(np.float32)) for side in (ones, ones, prices + 0, ones * 0)]
    written(single)
    status, printed, complaint = audit("rows.parquet")
    assert (status, complaint) == (1, "")  # 0.00 alone reaches a source of 0.00
    assert printed.startswith("rows.parquet: 1 of 1,000 rows is wrong (0.1 %)\n")


def test_a_neighbour_in_single_precision_is_the_value_and_what_lies_between_is_not(
    audit: Audit,
) -> None:
    for amount in (np.nextafter(np.float32(0.7), np.float32(1)), 0.705):
        values = [[np.float32(value)] for value in (1.1, 2.2, 1.3, amount)]
        written([pyarrow.array(column, pyarrow.float32()) for column in values])
        status, printed, complaint = audit("rows.parquet")
        if amount == 0.705:
            assert status == 3
            assert complaint.startswith("error[CS531]: `0.705` in column `source.amount` is not a")
        else:
            assert (status, printed, complaint) == (0, f"rows.parquet: {FINE}", "")


def test_a_file_that_is_not_named_in_utf_8(audit: Audit) -> None:
    name = b"rows\xff.parquet".decode("utf-8", "surrogateescape")
    written([pyarrow.array([value]) for value in (1.1, 2.2, 1.3, 0.7)])
    try:
        Path("rows.parquet").rename(name)
    except OSError:
        pytest.skip("the disk takes UTF-8 alone")
    assert audit(name) == (0, f"rows\\u{{DCFF}}.parquet: {FINE}", "")


def test_a_column_map_too_deep(audit: Audit) -> None:
    Path("map.json").write_text(json.dumps({}).replace("}", '"columns": ' + "[" * 100_000), "utf-8")
    status, _, complaint = audit("rows.csv", f"{HEADER}\n{ROW}\n", "--columns", "map.json")
    assert status == 5
    assert complaint.startswith("error: the column map `map.json` is not well formed: ")
