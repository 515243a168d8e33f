"""Labels that somebody wrote: right ones pass, wrong ones are found, unreadable ones placed."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.data.audit.columns import ColumnMap, read_column_map
from causalspec.compiler.data.audit.files import open_rows
from causalspec.compiler.data.audit.labels import Audit, audit
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import SpecError, ToolFailure
from tests.helpers.cases import BOTH_EQUALITIES, LEFT_BOUNDARY, NOISY
from tests.helpers.compiled import compiled
from tests.helpers.designs import design, swap

ONE = design(LEFT_BOUNDARY, swap("above"), splits=(("test", 40),))
TWO = design(
    BOTH_EQUALITIES,
    swap("left"),
    swap("left", "right", sources=(0, 1)),
    sources=("s1", "s2"),
    splits=(("test", 40),),
)
Row = dict[str, str]


def rows_of(of: CounterfactualDesign) -> list[Row]:
    """The design's data as somebody else would write it: flat, its labels by the interpreter."""
    pairs = generate(of, "test")
    names = of.source_names

    def text(name: str, code: int) -> str:
        return of.model.by_name[name].domain.text(code)

    rows: list[Row] = []
    for k in range(len(pairs)):
        sides = [
            {name: int(column[k]) for name, column in side.items()}
            for side in (pairs.base, *pairs.sources)
        ]
        kind = of.kinds[int(pairs.kinds[k])]
        label = interpret.interchange(of.model, sides[0], sides[1:], kind)
        row = {"kind": kind.name}
        for side, values in zip(("base", *names), sides, strict=True):
            row |= {f"{side}.{name}": text(name, code) for name, code in values.items()}
        row |= {f"label.{name}": text(name, label[name]) for name in of.model.outputs}
        rows.append(row)
    return rows


OTHER = {"Yes": "No", "No": "Yes", "true": "false", "false": "true"}


def csv_file(folder: Path, rows: Sequence[Mapping[str, str]], name: str = "data.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def audited(of: CounterfactualDesign, path: Path, told: ColumnMap | None = None) -> Audit:
    return audit(of, open_rows(path), told or ColumnMap())


def complaints(of: CounterfactualDesign, path: Path, told: ColumnMap | None = None) -> list[str]:
    """What is wrong with a file, a line each: code, line, column, message, help."""
    with pytest.raises(SpecError) as caught:
        audited(of, path, told)
    lines: list[str] = []
    for diagnostic in caught.value.diagnostics:
        line, column = diagnostic.span.source.position(diagnostic.span.start)
        advice = f" ({diagnostic.help})" if diagnostic.help else ""
        lines.append(f"{diagnostic.code} {line}:{column} {diagnostic.message}{advice}")
    return lines


@pytest.mark.parametrize("of", [ONE, TWO], ids=["one kind", "two kinds and sources"])
def test_derived_labels_pass(of: CounterfactualDesign, tmp_path: Path) -> None:
    found = audited(of, csv_file(tmp_path, rows_of(of)))
    assert (found.rows, found.wrong, found.outside, found.wrong_rows) == (40, 0, 0, [])
    assert sum(tally.rows for tally in found.strata.values()) == 40


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wrong=some.sets(some.integers(0, 39), max_size=12))
def test_exactly_the_changed_labels_are_found(wrong: set[int], tmp_path: Path) -> None:
    rows = rows_of(TWO)
    for k in wrong:
        rows[k]["label.same"] = OTHER[rows[k]["label.same"]]
    found = audited(TWO, csv_file(tmp_path, rows))
    assert found.wrong == len(wrong)
    assert [wrong_row.row for wrong_row in found.wrong_rows] == [k + 1 for k in sorted(wrong)]
    for wrong_row in found.wrong_rows:
        row = rows[wrong_row.row - 1]
        assert wrong_row.line == wrong_row.row + 1
        assert wrong_row.kind == row["kind"]
        assert wrong_row.stated == {"label.same": row["label.same"]}
        assert wrong_row.derived == {"label.same": OTHER[row["label.same"]]}
        assert wrong_row.given == {
            n: v for n, v in row.items() if not n.startswith(("kind", "label"))
        }


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    rows = rows_of(ONE)
    rows[6]["label.answer"] = OTHER[rows[6]["label.answer"]]
    csv_file(tmp_path, rows)
    tabs = "\n".join("\t".join(cells) for cells in [list(rows[0]), *(r.values() for r in rows)])
    (tmp_path / "data.tsv").write_text(tabs, encoding="utf-8")
    flat = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "data.jsonl").write_text(flat, encoding="utf-8")
    nested = "\n".join(
        json.dumps(
            {
                "base": {n[5:]: v for n, v in row.items() if n.startswith("base.")},
                "sources": {
                    "source": {n[7:]: float(v) for n, v in row.items() if n.startswith("source.")}
                },
                "label": {"answer": row["label.answer"]},
            }
        )
        for row in rows
    )
    (tmp_path / "nested.jsonl").write_text(f"\ufeff{nested}\n\n", encoding="utf-8")
    names = ["data.csv", "data.tsv", "data.jsonl", "nested.jsonl"]
    found = [audited(ONE, tmp_path / name) for name in names]
    assert [audited_file.wrong for audited_file in found] == [1, 1, 1, 1]
    assert len({str(audited_file.wrong_rows[0].given) for audited_file in found}) == 1
    assert [audited_file.wrong_rows[0].line for audited_file in found] == [8, 8, 7, 7]


@pytest.mark.parametrize("nested", [False, True])
def test_parquet(nested: bool, tmp_path: Path) -> None:
    rows = rows_of(ONE)
    rows[2]["label.answer"] = OTHER[rows[2]["label.answer"]]
    if nested:
        records: list[Any] = [
            {
                "base": {n[5:]: float(v) for n, v in row.items() if n.startswith("base.")},
                "source": {n[7:]: v for n, v in row.items() if n.startswith("source.")},
                "label.answer": row["label.answer"],
            }
            for row in rows
        ]
    else:
        records = list(rows)
    parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "data.parquet")
    found = audited(ONE, tmp_path / "data.parquet")
    assert (found.rows, found.wrong) == (40, 1)
    assert found.wrong_rows[0].row == 3


def test_empty_cells_of_parquet_are_no_values(tmp_path: Path) -> None:
    rows: list[Any] = [dict(row) for row in rows_of(ONE)]
    rows[4]["base.amount"] = None
    table = pyarrow.Table.from_pylist(rows)
    parquet.write_table(table, tmp_path / "data.parquet")
    assert complaints(ONE, tmp_path / "data.parquet") == [
        "CS531 5:1 the empty cell in column `base.amount` is not a value of `base.amount`, "
        "numbers 0.00..9.99 step 0.01"
    ]


def test_a_damaged_parquet_file_is_no_crash(tmp_path: Path) -> None:
    rows: list[Any] = [{**row, "list": [1, 2]} for row in rows_of(ONE)]
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    with pytest.raises(ToolFailure, match="can't be read after row 0"):
        audited(ONE, path, ColumnMap({"base.amount": "list.list.element"}))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :])
    with pytest.raises(ToolFailure):
        audited(ONE, path)


def test_chunks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(TWO)
    for k in (0, 7, 8, 39):
        rows[k]["label.same"] = OTHER[rows[k]["label.same"]]
    path = csv_file(tmp_path, rows)
    whole = audited(TWO, path)
    monkeypatch.setattr("causalspec.compiler.data.audit.text_files.CHUNK_ROWS", 8)
    monkeypatch.setattr("causalspec.compiler.data.audit.text_files.ROWS_AT_A_TIME", 4)
    pieces = audited(TWO, path)
    assert pieces.wrong_rows == whole.wrong_rows
    assert pieces.strata == whole.strata


def test_strata_count_what_they_are_asked_to(tmp_path: Path) -> None:
    rows = rows_of(ONE)
    for row in rows[:5]:
        row["label.answer"] = OTHER[row["label.answer"]]
    by = ["base.above", "source.above", "result.answer"]
    found = audit(ONE, open_rows(csv_file(tmp_path, rows)), ColumnMap(), by)
    expected: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows):
        above = [
            str(float(row[f"{side}.lower"]) <= float(row[f"{side}.amount"])).lower()
            for side in ("base", "source")
        ]
        yes = above[1] == "true" and float(row["base.amount"]) <= float(row["base.upper"])
        tally = expected.setdefault((*above, "Yes" if yes else "No"), [0, 0])
        tally[0] += 1
        tally[1] += number < 5
    assert {k: [tally.rows, tally.wrong] for k, tally in found.strata.items()} == expected
    with pytest.raises(LookupError, match=r"`base.abov`: did you mean `base.above`\?"):
        audit(ONE, open_rows(tmp_path / "data.csv"), ColumnMap(), ["base.abov"])


def test_a_column_that_stands_twice_is_not_guessed_at(tmp_path: Path) -> None:
    path = csv_file(tmp_path, rows_of(ONE))
    header, _, rest = path.read_text(encoding="utf-8").partition("\n")
    path.write_text(f"{header.replace('kind', 'base.upper')}\n{rest}", encoding="utf-8")
    assert complaints(ONE, path) == ["CS532 1:1 the file has two columns called `base.upper`"]


def test_rows_that_the_task_does_not_admit_are_counted(tmp_path: Path) -> None:
    rows = rows_of(ONE)
    rows[0] |= {"base.lower": "5.00", "base.upper": "5.01", "base.amount": "9.00"}
    rows[0]["label.answer"] = "No"
    found = audited(ONE, csv_file(tmp_path, rows))
    assert (found.wrong, found.outside) == (0, 1)


def test_columns_that_no_label_follows_from_may_be_missing(tmp_path: Path) -> None:
    rows = rows_of(ONE)
    kept = ("base.upper", "base.amount", "source.lower", "source.amount", "label.answer")
    found = audited(ONE, csv_file(tmp_path, [{n: row[n] for n in kept} for row in rows]))
    assert (found.rows, found.wrong) == (40, 0)
    without = [{n: row[n] for n in kept if n != "source.lower"} for row in rows]
    (complaint,) = complaints(ONE, csv_file(tmp_path, without))
    assert complaint == (
        "CS530 1:1 the data has no column for `source.lower` "
        "(every column of the file is read as something else)"
    )


@pytest.mark.parametrize("column", ["base.answer", "base_outputs.answer"])
def test_outputs_of_base_and_source_are_derived_too(column: str, tmp_path: Path) -> None:
    rows = rows_of(ONE)
    for row in rows:
        yes = float(row["base.lower"]) <= float(row["base.amount"]) <= float(row["base.upper"])
        row[column] = "Yes" if yes else "No"
    rows[3][column] = OTHER[rows[3][column]]
    found = audited(ONE, csv_file(tmp_path, rows))
    assert found.wrong == 1
    assert list(found.wrong_rows[0].stated) == ["base.answer"]
    assert list(found.wrong_rows[0].given) == [
        *(f"base.{name}" for name in LEFT_BOUNDARY.inputs),
        *(f"source.{name}" for name in LEFT_BOUNDARY.inputs),
    ]


def test_noise_is_a_column_like_any_other(tmp_path: Path) -> None:
    of = design(NOISY, swap(NOISY.intermediates[0]), splits=(("test", 40),))
    found = audited(of, csv_file(tmp_path, rows_of(of)))
    assert (found.rows, found.wrong) == (40, 0)


CHAIN = """
task Sum {{
  input a, b, c : 0..3
  output total : 0..9 = a + b + c
}}

model TwoSteps of Sum approximately {{
  noise slip : bool ~ bernoulli(0.5)
  var first = if slip then 0 else a
  var second = first + b
  output total = second + c
}}

counterfactuals Chained of TwoSteps {{
  {}
  split test 40
}}
"""


def test_sources_that_are_intervened_on_themselves(tmp_path: Path) -> None:
    text = CHAIN.format("swap second from (s1 with first from s2)")
    of = compiled(text).counterfactuals["Chained"]
    rows = rows_of(of)
    for row in rows:
        first = 0 if row["s2.slip"] == "true" else int(row["s2.a"])
        assert int(row["label.total"]) == first + int(row["s1.b"]) + int(row["base.c"])
    rows[9]["label.total"] = str((int(rows[9]["label.total"]) + 1) % 10)
    found = audited(of, csv_file(tmp_path, rows))
    assert [wrong_row.row for wrong_row in found.wrong_rows] == [10]


def test_noise_that_is_shared_is_the_bases(tmp_path: Path) -> None:
    of = compiled(CHAIN.format("swap first  noise shared")).counterfactuals["Chained"]
    rows = rows_of(of)
    kept = [{name: value for name, value in row.items() if name != "source.slip"} for row in rows]
    assert audited(of, csv_file(tmp_path, kept)).wrong == 0
    fresh = compiled(CHAIN.format("swap first")).counterfactuals["Chained"]
    (complaint,) = complaints(fresh, csv_file(tmp_path, kept))
    assert complaint.startswith("CS530 1:1 the data has no column for `source.slip`")


# Columns of other projects ---------------------------------------------------------------------


def renamed(rows: Sequence[Row], names: Mapping[str, str]) -> list[Row]:
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def test_names_that_differ_in_punctuation_are_found(tmp_path: Path) -> None:
    rows = renamed(
        rows_of(ONE),
        {"base.lower": "base_lower", "base.upper": "baseUpper", "label.answer": "Label"},
    )
    found = audited(ONE, csv_file(tmp_path, rows))
    assert found.wrong == 0
    assert found.layout.guessed == {
        "base.lower": "base_lower",
        "base.upper": "baseUpper",
        "label.answer": "Label",
    }
    assert found.layout.unread == ("kind",)


def test_other_names_need_a_map_and_the_complaint_says_which(tmp_path: Path) -> None:
    rows = renamed(rows_of(ONE), {"base.upper": "upper_of_base", "label.answer": "expected"})
    path = csv_file(tmp_path, rows)
    assert complaints(ONE, path) == [
        "CS530 1:1 the data has no column for `base.upper` (columns that nothing is read from: "
        "`kind`, `upper_of_base`, `expected`; say which it is with --column base.upper=COLUMN)",
        "CS530 1:1 the data has no column for `label.answer` (columns that nothing is read from: "
        "`kind`, `upper_of_base`, `expected`; say which it is with --column label.answer=COLUMN)",
    ]
    told = ColumnMap({"base.upper": "upper_of_base", "label.answer": "expected"})
    assert audited(ONE, path, told).wrong == 0


@pytest.mark.parametrize("name", ["map.toml", "map.json"])
def test_a_map_renames_columns_and_values(name: str, tmp_path: Path) -> None:
    rows = renamed(rows_of(ONE), {"label.answer": "expected"})
    for row in rows:
        row["expected"] = {"Yes": "1", "No": "0"}[row["expected"]]
    path = csv_file(tmp_path, rows)
    columns, values = {"label.answer": "expected"}, {"label.answer": {"1": "Yes", "0": "No"}}
    if name == "map.json":
        text = json.dumps({"columns": columns, "values": values})
    else:
        text = '[columns]\n"label.answer" = "expected"\n'
        text += '[values."label.answer"]\n"1" = "Yes"\n"0" = "No"\n'
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert audited(ONE, path, read_column_map(tmp_path / name)).wrong == 0


def test_a_map_that_names_what_is_not_there(tmp_path: Path) -> None:
    path = csv_file(tmp_path, rows_of(ONE))
    told = ColumnMap(
        {"base.amout": "base.amount", "base.amount": "base_amount"},
        {"label.answer": {"1": "Yess"}, "lable.answer": {}},
    )
    assert complaints(ONE, path, told) == [
        "CS533 1:1 `base.amout` is nothing that a row says (did you mean `base.amount`?)",
        "CS533 1:13 the file has no column `base_amount` (did you mean `base.amount`?)",
        "CS533 1:19 `Yess` is not a value of `label.answer`, Answer",
        "CS533 1:1 `lable.answer` is nothing that a row says (did you mean `label.answer`?)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns", "is not well formed"),
        ("[column]\n", "is not made of `columns` and `values`"),
        ("columns = 3\n", "is not made of `columns` and `values`"),
        ('[values]\n"label.answer" = "Yes"\n', "is not made of `columns` and `values`"),
    ],
)
def test_a_map_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ToolFailure, match=message):
        read_column_map(tmp_path / "map.toml")


# Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["7.5", "7.50", "7.500000000000001", "75e-1", "+7.5", " 7.50 "])
def test_numbers_as_programs_write_them(text: str, tmp_path: Path) -> None:
    rows = rows_of(ONE)[:1]
    rows[0] |= {"base.upper": "9.00", "base.lower": "2.00", "base.amount": text}
    found = audited(ONE, csv_file(tmp_path, rows))
    assert found.wrong in (0, 1)
    assert found.outside == 0


@pytest.mark.parametrize("text", ["7.505", "10.00", "seven", "", "nan", "1e99", "7.5000001"])
def test_numbers_that_are_no_values(text: str, tmp_path: Path) -> None:
    rows = rows_of(ONE)[:3]
    rows[1]["base.amount"] = text
    path = csv_file(tmp_path, rows)
    what = f"`{text}` in column `base.amount`" if text else "the empty cell in column `base.amount`"
    place = len(rows[1]["kind"]) + len(rows[1]["base.lower"]) + len(rows[1]["base.upper"]) + 4
    assert complaints(ONE, path) == [
        f"CS531 3:{place} {what} is not a value of `base.amount`, numbers 0.00..9.99 step 0.01"
    ]


def test_words_get_a_suggestion_and_every_bad_cell_its_place(tmp_path: Path) -> None:
    rows = [{"label.answer": row["label.answer"], **row} for row in rows_of(ONE)[:4]]
    rows[0]["label.answer"] = "yes"
    rows[3]["label.answer"] = "Nope"
    assert complaints(ONE, csv_file(tmp_path, rows)) == [
        "CS531 2:1 `yes` in column `label.answer` is not a value of `label.answer`, Answer "
        "(did you mean `Yes`?)",
        "CS531 5:1 `Nope` in column `label.answer` is not a value of `label.answer`, Answer "
        "(did you mean `No`?)",
    ]


def test_json_cells_have_places_too(tmp_path: Path) -> None:
    rows: list[Any] = [dict(row) for row in rows_of(TWO)[:2]]
    for row in rows:
        row["label.same"] = row["label.same"] == "true"
    rows[1]["s2.a"] = [1, 2]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    place = path.read_text(encoding="utf-8").splitlines()[1].index("[1") + 1
    (complaint,) = complaints(TWO, path)
    what = "`[1, 2]` in column `s2.a` is not a value of `s2.a`, numbers 0..9"
    assert complaint == f"CS531 2:{place} {what}"


def test_reading_stops_after_many_bad_cells(tmp_path: Path) -> None:
    rows = [{**row, "base.amount": "?"} for row in rows_of(ONE)]
    found = complaints(ONE, csv_file(tmp_path, rows))
    assert len(found) == 20
    assert found[0].startswith("CS531 2:")


# Broken files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"", "CS532 1:1 the file names no columns in its first line"),
        ("a.csv", b"a,b\n1,2\n1\n", "CS532 3:1 the row has 1 cell, the header 2"),
        ("a.csv", b'a,b\n1,"2\n', "CS532 2:1 the row is not CSV: unexpected end of data"),
        ("a.csv", b"a,b\n1,2\n1,\xff\n", "CS532 3:1 the file is not UTF-8 in line 3"),
        ("a.jsonl", b"", "CS532 1:1 the file has no row that names its columns"),
        ("a.jsonl", b"[1]\n", "CS532 1:1 the row is not one JSON object"),
        ("a.jsonl", b'\n{"a": 1} {"a": 2}\n', "CS532 2:1 the row is not one JSON object"),
    ],
)
def test_broken_files(name: str, content: bytes, complaint: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    needed = ("base.upper", "base.amount", "source.lower", "source.amount", "label.answer")
    told = ColumnMap(dict.fromkeys(needed, "a") if b"a" in content else {})
    found = complaints(ONE, tmp_path / name, told)
    assert found == [complaint]


def test_json_rows_that_lack_what_the_first_has(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in rows_of(ONE)[:3]]
    lines[2] = json.dumps({"base.lower": 1})
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (complaint,) = complaints(ONE, tmp_path / "a.jsonl")
    assert complaint == "CS532 3:1 the row has no `base.upper`, the first row has"
    lines[2] = "{"
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (complaint,) = complaints(ONE, tmp_path / "a.jsonl")
    assert complaint.startswith("CS532 3:1 the row is not JSON: Expecting property name")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("a\n", encoding="utf-8")
    for name, message in {
        "pair.csv": "there is no file",
        "pairs.cvs": "is neither of .jsonl, .csv, .tsv, .parquet",
    }.items():
        with pytest.raises(ToolFailure, match=re.escape(message)) as caught:
            open_rows(tmp_path / name)
        assert caught.value.help == "did you mean `pairs.csv`?"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=some.integers(0, 2**32), name=some.sampled_from(["a.csv", "a.jsonl", "a.parquet"]))
def test_any_bytes_give_an_audit_or_a_complaint(seed: int, name: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    content = bytearray(csv_file(tmp_path, rows_of(ONE)[:4]).read_bytes())
    if name != "a.csv":
        content = bytearray("\n".join(json.dumps(row) for row in rows_of(ONE)[:4]).encode())
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    (tmp_path / name).write_bytes(content)
    try:
        assert audited(ONE, tmp_path / name).rows <= 40
    except (SpecError, ToolFailure) as error:
        assert str(error)


# Pages -----------------------------------------------------------------------------------------


def blocks_of(code: str, kind: str) -> dict[str, str]:
    shown = rf"^```{kind} (\w+)\n(.*?)^```$"
    return dict(re.findall(shown, catalogue.page(code).text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("code", ["CS530", "CS531", "CS532"])
def test_the_page_fails_and_the_fix_works(code: str, tmp_path: Path) -> None:
    blocks = blocks_of(code, "text")
    of = compiled(blocks["spec"]).counterfactuals["SwapAgain"]
    for name in ("fails", "fixed"):
        (tmp_path / f"{name}.csv").write_text(blocks[name], encoding="utf-8")
    assert {finding.split()[0] for finding in complaints(of, tmp_path / "fails.csv")} == {code}
    assert audited(of, tmp_path / "fixed.csv").wrong == 0


def test_the_map_on_the_page_fails_and_the_fix_works(tmp_path: Path) -> None:
    blocks, maps = blocks_of("CS533", "text"), blocks_of("CS533", "toml")
    of = compiled(blocks["spec"]).counterfactuals["SwapAgain"]
    (tmp_path / "data.csv").write_text(blocks["csv"], encoding="utf-8")
    for name, text in maps.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    fails, fixed = (read_column_map(tmp_path / f"{name}.toml") for name in ("fails", "fixed"))
    found = complaints(of, tmp_path / "data.csv", fails)
    assert {finding.split()[0] for finding in found} == {"CS533"} and len(found) == 2
    assert audited(of, tmp_path / "data.csv", fixed).wrong == 0
