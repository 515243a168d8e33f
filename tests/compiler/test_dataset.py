"""Data files: whole rows, a manifest that vouches for them, never a part of a file."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from causalspec.compiler.data import dataset
from causalspec.compiler.data.counterfactuals import InterchangePairs, generate
from causalspec.compiler.data.dataset import FileFormat, records, write_data
from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import Reference
from causalspec.compiler.specification import (
    PromptTemplate,
    SlotValue,
    Specification,
    Task,
    TemplateArm,
)
from causalspec.dsl.source import Source

from .cases import BOTH_EQUALITIES, LEFT_BOUNDARY, PRICE, PRICE_TAGGING, SAME_RELATION
from .designs import design, span, swap

PROMPT = PromptTemplate(
    "main",
    (TemplateArm(None, ("Is it ", SlotValue("amount", Reference("amount"), PRICE, ".2f"), "?")),),
    span("prompt main"),
)
ONE = design(LEFT_BOUNDARY, swap("above"), splits=(("test", 3),))
TWO = design(
    BOTH_EQUALITIES,
    swap("left"),
    swap("left", "right", sources=(0, 1)),
    sources=("s1", "s2"),
    splits=(("test", 4),),
)
SPECIFICATION = Specification(
    source=Source("folder/tags.causal", "language 1\n"),
    tasks={
        "PriceTagging": Task("PriceTagging", PRICE_TAGGING, {"main": PROMPT}, {}, None),
        "SameRelation": Task("SameRelation", SAME_RELATION, {}, {}, None),
    },
    models={},
    examples=(),
    counterfactuals={},
    alignments={},
    claims={},
    files={"names.txt": "ab12"},
)


def test_a_record_reads_as_people_write() -> None:
    pairs = generate(ONE, "test")
    first = next(records(SPECIFICATION, ONE, pairs))
    lower, upper, amount = (
        PRICE.text(int(pairs.base[name][0])) for name in ("lower", "upper", "amount")
    )
    source = {name: PRICE.text(int(column[0])) for name, column in pairs.sources[0].items()}
    answers = ("Yes", "No")
    label = answers[pairs.label["answer"][0]]
    assert first == {
        "kind": "above",
        "base": {"lower": lower, "upper": upper, "amount": amount},
        "sources": {"source": source},
        "sources_used": ["source"],
        "label": {"answer": label},
        "base_outputs": {"answer": answers[pairs.base_outputs["answer"][0]]},
        "source_outputs": {"source": {"answer": answers[pairs.source_outputs[0]["answer"][0]]}},
        "prompts": {"main": {"base": f"Is it {amount}?", "source": f"Is it {source['amount']}?"}},
        "answers": {"answer": label},
    }


def test_whole_numbers_and_truths_are_jsons_own() -> None:
    rows = list(records(SPECIFICATION, TWO, generate(TWO, "test")))
    assert {type(value) for row in rows for value in row["base"].values()} == {int}
    assert {type(row["label"]["same"]) for row in rows} == {bool}
    assert sorted(row["sources_used"] for row in rows) == [
        ["s1"],
        ["s1"],
        ["s1", "s2"],
        ["s1", "s2"],
    ]


def test_json_lines_with_a_manifest(tmp_path: Path) -> None:
    pairs = generate(ONE, "test")
    written = write_data(SPECIFICATION, ONE, pairs, tmp_path / "new", FileFormat.JSON_LINES, "1.2")
    assert written.rows == tmp_path / "new" / "Design.test.jsonl"
    lines = written.rows.read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(records(SPECIFICATION, ONE, pairs))
    assert json.loads(written.manifest.read_text("utf-8")) == {
        "format": 1,
        "file": "Design.test.jsonl",
        "sha256": hashlib.sha256(written.rows.read_bytes()).hexdigest(),
        "rows": 3,
        "specification": {
            "name": "tags.causal",
            "sha256": hashlib.sha256(b"language 1\n").hexdigest(),
            "files": {"names.txt": "ab12"},
        },
        "causalspec": "1.2",
        "design": "Design",
        "model": "LeftBoundary",
        "split": "test",
        "seed": 0,
        "kinds": {"above": 3},
        "floor": pairs.floor,
        "coverage": {one.name: {"seen": one.seen, "of": 1000} for one in pairs.coverage},
    }
    assert sorted(path.name for path in written.rows.parent.iterdir()) == [
        "Design.test.jsonl",
        "Design.test.manifest.json",
    ]


def test_csv_has_a_column_for_every_value(tmp_path: Path) -> None:
    pairs = generate(TWO, "test")
    written = write_data(SPECIFICATION, TWO, pairs, tmp_path, FileFormat.CSV, "1.2")
    with written.rows.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert list(rows[0]) == [
        "kind",
        *(f"base.{name}" for name in "abcd"),
        *(f"sources.{source}.{name}" for source in ("s1", "s2") for name in "abcd"),
        "sources_used",
        "label.same",
        "base_outputs.same",
        "source_outputs.s1.same",
        "source_outputs.s2.same",
    ]
    assert rows[0]["label.same"] == Truths().text(int(pairs.label["same"][0]))


def test_the_same_pairs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_data(
            SPECIFICATION, TWO, generate(TWO, "test"), tmp_path / name, FileFormat.JSON_LINES, "1"
        )
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_no_part_of_a_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = generate(ONE, "test")
    write_data(SPECIFICATION, ONE, pairs, tmp_path, FileFormat.JSON_LINES, "1")
    before = (tmp_path / "Design.test.jsonl").read_bytes()

    def full_disk(*given: Any) -> Iterator[dataset.Record]:
        yield next(records(*given))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dataset, "records", full_disk)
    with pytest.raises(OSError, match=r"cannot write the data to `.*`: No space left on device"):
        write_data(SPECIFICATION, ONE, pairs, tmp_path, FileFormat.JSON_LINES, "1")
    # The old rows are whole and stand alone: without a manifest, nobody takes them for new ones.
    assert [path.name for path in tmp_path.iterdir()] == ["Design.test.jsonl"]
    assert (tmp_path / "Design.test.jsonl").read_bytes() == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pairs: InterchangePairs = generate(ONE, "test")
    with pytest.raises(OSError, match=r"cannot write the data to `.*file.inside`: "):
        write_data(SPECIFICATION, ONE, pairs, tmp_path / "file" / "inside", FileFormat.CSV, "1")
