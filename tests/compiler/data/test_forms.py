"""Every form of a data set holds the same rows, typed, the same bytes whatever the chunks."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import numpy
import pyarrow
import pyarrow.parquet
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from causalspec.compiler.compile import load_specification
from causalspec.compiler.data.counterfactuals import InterchangePairs, generate, generate_chunks
from causalspec.compiler.data.forms.arrow_tables import write_parquet
from causalspec.compiler.data.forms.flat_columns import FlatColumn, flat_columns
from causalspec.compiler.data.forms.hugging_face import write_dataset_folder
from causalspec.compiler.data.forms.in_python import hugging_face_dataset, numpy_columns
from causalspec.compiler.data.forms.tensors import TokenRows, write_tensors
from causalspec.compiler.data.forms.text_lines import csv_lines, json_lines, records
from causalspec.compiler.data.forms.write import Form, Order, write_data
from causalspec.compiler.data.pairs import in_blocks
from causalspec.compiler.specification import CounterfactualDesign, Specification
from causalspec.dsl.diagnostics import ToolFailure

SPEC = r"""language 1

type Price = -1.00..2.00 step 0.25

task Tag {
  input amount, limit : Price
  input day : {Mon, Tue, Wed}
  input count : 0..300
  let half = amount / 2
  output fits : bool = amount <= limit
  output third : -1..1 = if count < 100 then -1 else if count < 200 then 0 else 1

  prompt short match day {
    Mon => "On Monday, \"{amount:.2f}\"\nof {limit:.2f}é {count}?"
    else => "{day}: {amount} {limit} {count:03d}"
  }
  prompt long "Is {half} {limit} {count}?"
  say fits { true => "yes, it does"  false => "no" }
}

model Two of Tag {
  var under = amount <= limit
  var size = count // 100
  output fits = under
  output third = min(size, 2) - 1
}

counterfactuals Both of Two {
  swap under from s1
  swap under from s1, size from s2
  balance result.fits != base.fits
  split train 70, test 30
  seed 5
}
"""

WriteRows = Callable[[Iterable[InterchangePairs], Sequence[FlatColumn], Path], None]


@pytest.fixture(scope="module")
def specification(tmp_path_factory: pytest.TempPathFactory) -> Specification:
    path = tmp_path_factory.mktemp("spec") / "tag.causal"
    path.write_text(SPEC, encoding="utf-8")
    found, diagnostics = load_specification(path)
    assert found is not None, list(diagnostics)
    return found


@pytest.fixture(scope="module")
def design(specification: Specification) -> CounterfactualDesign:
    return specification.counterfactuals["Both"]


@pytest.fixture(scope="module")
def pairs(design: CounterfactualDesign) -> InterchangePairs:
    return generate(design, "test")


def expected(specification: Specification, pairs: InterchangePairs) -> list[dict[str, str]]:
    """Every value as people write it, by another way: row by row, through the domains."""
    model, task = pairs.model, specification.tasks["Tag"]
    rows: list[dict[str, str]] = []
    for k in range(len(pairs)):
        row = {"kind": ("under", "under, size")[pairs.kinds[k]]}
        row["sources_used"] = ("s1", "s1 s2")[pairs.kinds[k]]
        sides = {"base": pairs.base, "s1": pairs.sources[0], "s2": pairs.sources[1]}
        outputs = dict(zip(sides, (pairs.base_outputs, *pairs.source_outputs), strict=True))

        def text(name: str, column: Any, k: int = k) -> str:
            return model.by_name[name].domain.text(int(column[k]))

        for side, columns in sides.items():
            for name in ("amount", "limit", "day", "count"):
                row[f"{side}.{name}"] = text(name, columns[name])
            for name, column in outputs[side].items():
                row[f"{side}.{name}"] = text(name, column)
        for name, column in pairs.label.items():
            row[f"label.{name}"] = text(name, column)
        for prompt in ("short", "long"):
            for side in sides:
                value = {name: row[f"{side}.{name}"] for name in ("amount", "limit", "day")}
                count = f"{int(row[f'{side}.count']):03d}"
                if prompt == "long":
                    half = Decimal(value["amount"]) / 2
                    rendered = f"Is {half:.3f} {value['limit']} {int(count)}?"
                elif value["day"] == "Mon":
                    rendered = f'On Monday, "{value["amount"]}"\nof {value["limit"]}é {int(count)}?'
                else:
                    rendered = f"{value['day']}: {value['amount']} {value['limit']} {count}"
                row[f"prompt.{prompt}.{side}"] = rendered
        row["say.fits"] = {"true": "yes, it does", "false": "no"}[row["label.fits"]]
        row["say.third"] = row["label.third"]
        rows.append(row)
    assert task.prompts
    return rows


def write(
    specification: Specification, design: CounterfactualDesign, form: Form, folder: Path
) -> Path:
    (written,) = write_data(Order(specification, design, ["test"]), folder, form, "1.2")
    return written.rows


def test_csv_reads_back(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    path = write(specification, design, Form.CSV, tmp_path)
    with path.open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == expected(specification, pairs)


def test_json_lines_read_back_with_their_own_numbers_and_truths(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    path = write(specification, design, Form.JSON_LINES, tmp_path)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines == list(records(pairs, flat_columns(specification, design)))
    assert {type(line["base.count"]) for line in lines} == {int}
    assert {type(line["label.fits"]) for line in lines} == {bool}

    def as_text(value: object) -> str:
        return json.dumps(value) if isinstance(value, bool) else str(value)

    told = [{name: as_text(value) for name, value in line.items()} for line in lines]
    assert told == expected(specification, pairs)


def typed(name: str, text: str) -> object:
    match name.rpartition(".")[2]:
        case "amount" | "limit":
            return Decimal(text)
        case "count" | "third" if not name.startswith("say"):
            return int(text)
        case "fits" if not name.startswith("say"):
            return text == "true"
        case _:
            return text


def test_parquet_holds_types(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    table = pyarrow.parquet.read_table(write(specification, design, Form.PARQUET, tmp_path))
    words = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    price = pyarrow.decimal128(3, 2)
    assert {name: table.schema.field(name).type for name in table.column_names} == {
        "kind": words,
        "sources_used": words,
        **{
            f"{side}.{name}": kind
            for side in ("base", "s1", "s2")
            for name, kind in (
                ("amount", price),
                ("limit", price),
                ("day", words),
                ("count", pyarrow.int16()),
                ("fits", pyarrow.bool_()),
                ("third", pyarrow.int8()),
            )
        },
        "label.fits": pyarrow.bool_(),
        "label.third": pyarrow.int8(),
        **{
            f"prompt.{prompt}.{side}": pyarrow.string()
            for prompt in ("short", "long")
            for side in ("base", "s1", "s2")
        },
        "say.fits": pyarrow.string(),
        "say.third": pyarrow.string(),
    }
    wanted = [
        {name: typed(name, text) for name, text in row.items()}
        for row in expected(specification, pairs)
    ]
    assert table.to_pylist() == wanted


def test_the_folder_of_hugging_face_loads_with_its_features(
    specification: Specification, design: CounterfactualDesign, tmp_path: Path
) -> None:
    splits = ["train", "test"]
    written = write_data(
        Order(specification, design, splits), tmp_path, Form.HUGGING_FACE, version="1"
    )
    loaded = datasets.load_from_disk(str(tmp_path / "Both"))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 70, "test": 30}
    features = loaded["test"].features
    assert features["base.amount"] == datasets.Value("decimal128(3, 2)")
    assert features["base.count"] == datasets.Value("int16")
    assert features["label.fits"] == datasets.Value("bool")
    assert features["kind"] == datasets.Value("string")
    wanted = [
        {name: typed(name, text) for name, text in row.items()}
        for row in expected(specification, generate(design, "test"))
    ]
    assert list(loaded["test"]) == wanted
    assert [split.rows.name for split in written] == ["data-00000-of-00001.arrow"] * 2
    for split in written:
        manifest = json.loads(split.manifest.read_text("utf-8"))
        rows = tmp_path / manifest["file"]
        assert manifest["sha256"] == hashlib.sha256(rows.read_bytes()).hexdigest()


def test_in_python_the_same_columns(
    specification: Specification, design: CounterfactualDesign, pairs: InterchangePairs
) -> None:
    wanted = [
        {name: typed(name, text) for name, text in row.items()}
        for row in expected(specification, pairs)
    ]
    columns = numpy_columns(specification, pairs)
    assert [
        dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
    ] == (wanted)
    assert columns["base.count"].dtype == numpy.int16
    assert columns["label.fits"].dtype == numpy.bool_
    assert list(hugging_face_dataset(specification, design, "test")) == wanted


def test_tensors_hold_codes_and_say_what_they_mean(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    path = write(specification, design, Form.TENSORS, tmp_path)
    tensors = safetensors.numpy.load_file(path)
    assert tensors["base.amount"].tolist() == pairs.base["amount"].tolist()
    assert tensors["base.count"].dtype == numpy.int16
    assert tensors["label.fits"].tolist() == [bool(code) for code in pairs.label["fits"]]
    assert tensors["kind"].tolist() == pairs.kinds.tolist()
    assert not any(name.startswith(("prompt", "say")) for name in tensors)
    with safetensors.safe_open(path, "numpy") as file:
        meaning = json.loads(file.metadata()["columns"])
    assert meaning["base.amount"] == {"type": "number", "denominator": 100}
    assert meaning["base.day"] == {"type": "symbol", "values": ["Mon", "Tue", "Wed"]}
    assert meaning["base.count"] == {"type": "integer"}


def by_letter(
    texts: Sequence[str], spans: Mapping[str, NDArray[numpy.int32]] | None = None
) -> TokenRows:
    """A tokenizer for which a character is a token."""
    ids = [ord(character) for text in texts for character in text]
    lengths = numpy.array([len(text) for text in texts], dtype=numpy.int32)
    slots = {
        name: numpy.where(span < 0, -1, span - [0, 1]).astype(numpy.int32)
        for name, span in (spans or {}).items()
    }
    return TokenRows(numpy.array(ids, dtype=numpy.int32), lengths, slots)


def test_token_ids_are_padded_on_the_left(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    order = Order(specification, design, ["test"])
    (written,) = write_data(order, tmp_path, Form.TENSORS, "1", by_letter)
    tensors = safetensors.numpy.load_file(written.rows)
    texts = [row["prompt.short.s2"] for row in expected(specification, pairs)]
    longest = max(map(len, texts))
    for row, text in enumerate(texts):
        padding = longest - len(text)
        ids = tensors["prompt.short.s2.token_ids"][row].tolist()
        assert ids == [0] * padding + [ord(letter) for letter in text]
        mask = tensors["prompt.short.s2.mask"][row].tolist()
        assert mask == [False] * padding + [True] * len(text)
        positions = tensors["prompt.short.s2.position_ids"][row].tolist()
        assert positions == [0] * padding + list(range(len(text)))


# Where slots stand --------------------------------------------------------------------------------


def slot_texts(row: Mapping[str, Any], prompt: str) -> dict[str, str | None]:
    """What stands in a row's prompt where its slots are said to; None where one is absent."""
    found: dict[str, str | None] = {}
    for name, start in row.items():
        if name.startswith(f"{prompt}.start."):
            slot = name.removeprefix(f"{prompt}.start.")
            end = int(row[f"{prompt}.end.{slot}"])
            found[slot] = row[prompt][int(start) : end] if int(start) >= 0 else None
    return found


@pytest.mark.parametrize("form", [Form.JSON_LINES, Form.CSV, Form.PARQUET])
def test_slots_stand_where_their_columns_say(
    specification: Specification, design: CounterfactualDesign, form: Form, tmp_path: Path
) -> None:
    order = Order(specification, design, ["test"], slots=True)
    (written,) = write_data(order, tmp_path, form, "1")
    if form is Form.PARQUET:
        rows = pyarrow.parquet.read_table(written.rows).to_pylist()
    elif form is Form.CSV:
        with written.rows.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = [json.loads(line) for line in written.rows.read_text("utf-8").splitlines()]
    arms: set[str | None] = set()
    for row in rows:
        for side in ("base", "s1", "s2"):
            found = slot_texts(row, f"prompt.short.{side}")
            assert list(found) == ["amount", "limit", "count", "day"]
            monday = row[f"{side}.day"] == "Mon"
            assert found["day"] == (None if monday else row[f"{side}.day"])
            assert found["amount"] == str(row[f"{side}.amount"])
            assert found["count"] is not None and int(found["count"]) == int(row[f"{side}.count"])
            arms.add(found["day"])
    assert None in arms and len(arms) > 1


def test_tensors_hold_the_tokens_of_slots(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    order = Order(specification, design, ["test"], slots=True)
    (written,) = write_data(order, tmp_path, Form.TENSORS, "1", by_letter)
    tensors = safetensors.numpy.load_file(written.rows)
    prompt = "prompt.short.s1"
    letters = tensors[f"{prompt}.token_ids"]
    for row, wanted in enumerate(expected(specification, pairs)):
        first, last = (tensors[f"{prompt}.{end}_token.day"][row] for end in ("first", "last"))
        if wanted["s1.day"] == "Mon":
            assert first == last == tensors[f"{prompt}.start.day"][row] == -1
        else:
            assert "".join(map(chr, letters[row, first : last + 1])) == wanted["s1.day"]


# The same bytes -----------------------------------------------------------------------------------


def chunked(design: CounterfactualDesign, size: int) -> Iterator[InterchangePairs]:
    return generate_chunks(design, "train", chunk_rows=size)


def write_folder(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn], path: Path
) -> None:
    path.mkdir()
    write_dataset_folder({"train": blocks}, columns, path)


def lines_of(lines: Any) -> Any:
    def write(blocks: Any, columns: Any, path: Path) -> None:
        path.write_bytes(b"".join(lines(blocks, columns)))

    return write


@pytest.mark.parametrize(
    "write_rows",
    [lines_of(json_lines), lines_of(csv_lines), write_parquet, write_tensors, write_folder],
)
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(sizes=some.lists(some.integers(1, 80), min_size=2, max_size=2))
def test_the_bytes_do_not_depend_on_the_chunks(
    write_rows: WriteRows,
    sizes: list[int],
    specification: Specification,
    design: CounterfactualDesign,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    columns = flat_columns(specification, design)
    folder = tmp_path_factory.mktemp("chunks")
    for number, size in enumerate(sizes):
        write_rows(in_blocks(chunked(design, size), 16), columns, folder / str(number))
    first, second = (
        {
            path.relative_to(folder / name): path.read_bytes()
            for path in (
                (folder / name).rglob("*") if (folder / name).is_dir() else [folder / name]
            )
            if path.is_file()
        }
        for name in "01"
    )
    assert first == second


def test_blocks_are_full_but_for_the_last(design: CounterfactualDesign) -> None:
    assert [len(block) for block in in_blocks(chunked(design, 11), 16)] == [16, 16, 16, 16, 6]


@pytest.mark.parametrize("form", Form)
def test_no_rows_are_a_whole_file(
    form: Form, specification: Specification, design: CounterfactualDesign, tmp_path: Path
) -> None:
    order = Order(specification, design, ["test"], rows=0)
    (written,) = write_data(order, tmp_path, form, "1")
    manifest = json.loads(written.manifest.read_text("utf-8"))
    assert (manifest["rows"], manifest["floor"], manifest["strata"]) == (0, None, [])
    if form is Form.PARQUET:
        assert pyarrow.parquet.read_table(written.rows).num_rows == 0
    elif form is Form.HUGGING_FACE:
        assert len(datasets.load_from_disk(str(tmp_path / "Both"))["test"]) == 0
    elif form is Form.TENSORS:
        assert safetensors.numpy.load_file(written.rows)["kind"].shape == (0,)


# The manifest -------------------------------------------------------------------------------------


def test_the_manifest_says_what_the_rows_are(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    tmp_path: Path,
) -> None:
    path = write(specification, design, Form.JSON_LINES, tmp_path)
    manifest = json.loads((tmp_path / "Both.test.manifest.json").read_text("utf-8"))
    columns = manifest.pop("columns")
    strata = manifest.pop("strata")
    assert manifest == {
        "format": 2,
        "file": "Both.test.jsonl",
        "form": "jsonl",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": 30,
        "distinct": {"pairs": 30, "exact": True},
        "specification": {
            "name": "tag.causal",
            "sha256": hashlib.sha256(SPEC.encode()).hexdigest(),
            "files": {},
        },
        "causalspec": "1.2",
        "design": "Both",
        "model": "Two",
        "parameters": {},
        "split": "test",
        "seed": 5,
        "floor": pairs.floor,
        "without_label": {},
        "derived": [],
        "kinds": {"under": 15, "under, size": 15},
        "stratified": ["result.fits != base.fits"],
        "impossible": [],
        "coverage": {
            covered.name: {"seen": covered.seen, "of": covered.size, "exact": True}
            for covered in pairs.summary.coverage
        },
    }
    assert columns["base.amount"] == "decimal(3, 2)"
    assert columns["label.third"] == "int8"
    assert [name for name in columns if name.startswith("prompt.long")] == [
        f"prompt.long.{side}" for side in ("base", "s1", "s2")
    ]
    counted: dict[tuple[str, bool, str], int] = {}
    for k in range(len(pairs)):
        moved = bool(pairs.label["fits"][k] != pairs.base_outputs["fits"][k])
        key = (("under", "under, size")[pairs.kinds[k]], not pairs.unchanged[k], str(moved).lower())
        counted[key] = counted.get(key, 0) + 1
    assert {
        (stratum["kind"], stratum["label_changed"], *stratum["values"]): stratum["rows"]
        for stratum in strata
    } == counted


def test_two_columns_never_share_a_name(tmp_path: Path) -> None:
    path = tmp_path / "clash.causal"
    text = SPEC.replace("swap under from s1\n", "swap under from label\n")
    path.write_text(text, encoding="utf-8")
    found, diagnostics = load_specification(path)
    assert found is not None, list(diagnostics)
    with pytest.raises(ToolFailure) as failure:
        flat_columns(found, found.counterfactuals["Both"])
    assert str(failure.value) == "two columns of `Both` would be called `label.fits`"
    assert failure.value.help == "give the source `label` another name"
