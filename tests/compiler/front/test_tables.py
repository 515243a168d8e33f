"""What stands in tables and word lists is what a spec reads, and what is missing is told."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from causalspec.compiler.data.prompts import render
from causalspec.compiler.domains import Rows, Symbols
from causalspec.compiler.evaluators.interpret import solve
from causalspec.compiler.front.files import BrokenCellError, lines_of, rows_of
from causalspec.compiler.views.plain_text import mechanism_text
from tests.helpers.compiled import compiled, findings

ENTRIES = "word,hypernym\ndog,mammal\nmammal,animal\nanimal,animal\ncat,mammal\n"
TASK = """
task T {
  input e : Entry
  output far : Entry = e.hypernym.hypernym
  prompt main "{e.word} {e.hypernym.word} {far_one.word}"
  let far_one = e.hypernym.hypernym
}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        suffix = "csv" if "," in text else "txt"
        (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8", newline="")
    return folder


@pytest.mark.parametrize(
    "tables",
    [
        'table Entry "entries.csv" key word { hypernym : Entry }',
        'type Alias = Entry\ntable Entry "entries.csv" key word { hypernym : Alias }',
        'table Entry "entries.csv" key word { hypernym : Alias }\ntype Alias = Entry',
    ],
)
def test_a_column_of_the_table_s_own_type(tables: str, tmp_path: Path) -> None:
    specification = compiled(tables + TASK, write(tmp_path, entries=ENTRIES))
    task = specification.tasks["T"]
    entry = task.model.by_name["e"].domain
    assert isinstance(entry, Rows)
    assert [column.domain == entry for column in entry.columns] == [False, True]
    assert entry == entry
    assert hash(entry) == hash(entry)
    far = [entry.keys[solve(task.model, {"e": code})["far"]] for code in entry.codes()]
    assert far == ["animal", "animal", "animal", "animal"]
    columns = {"e": numpy.arange(4), "far_one": numpy.array([2, 2, 2, 2])}
    texts = render(task.prompts["main"], task.model, columns).texts
    assert list(texts) == [
        "dog mammal animal",
        "mammal animal animal",
        "animal animal animal",
        "cat mammal animal",
    ]
    assert mechanism_text(task.model, "far") == "e.hypernym.hypernym"


COUNTRIES = "name,capital\nFrance,Paris\nKenya,Nairobi\n"
CITIES = "name,country\nParis,France\nNairobi,Kenya\nLyon,France\n"
MUTUAL = """
table Country "countries.csv" key name { capital : City }
table City "cities.csv" key name { country : Country }
task T {
  input city : City
  output first : City = city.country.capital
  output home : bool = city.country.capital == city
}
"""


def test_tables_that_name_one_another(tmp_path: Path) -> None:
    folder = write(tmp_path, countries=COUNTRIES, cities=CITIES)
    model = compiled(MUTUAL, folder).tasks["T"].model
    assert [solve(model, {"city": code}) for code in range(3)] == [
        {"city": 0, "first": 0, "home": 1},
        {"city": 1, "first": 1, "home": 1},
        {"city": 2, "first": 0, "home": 0},
    ]


def test_a_missing_file_is_reported_whatever_the_columns_are(tmp_path: Path) -> None:
    for tables in (
        'table Entry "entries.csv" key word { hypernym : Entry }',
        'table Entry "entries.csv" key word { hypernym : Alias }\ntype Alias = Entry',
        'table Entry "entries.csv" key word { hypernym : Nowhere }',
        'table Entry "entries.csv" key word { hypernym : Entry, hypernym : Entry }',
    ):
        found = findings(tables, tmp_path)
        assert "CS220 2:13 there is no file `entries.csv` beside the spec" in found
    write(tmp_path, countries=COUNTRIES)
    assert findings(MUTUAL, tmp_path)[0].startswith(
        "CS220 4:12 there is no file `cities.csv` beside the spec"
    )


def test_a_cell_that_is_not_a_row(tmp_path: Path) -> None:
    write(tmp_path, entries=ENTRIES.replace("cat,mammal", "cat,feline"))
    assert findings('table Entry "entries.csv" key word { hypernym : Entry }', tmp_path) == [
        "CS221 2:13 the table `entries.csv` is not well formed (line 5: `feline` is not a value of `Entry`)"
    ]


def words_of(text: str, tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "words.txt").write_bytes(text.encode())
    specification = compiled(
        'task T { input w : words "words.txt"  output o : bool = true }', tmp_path
    )
    domain = specification.tasks["T"].model.by_name["w"].domain
    assert isinstance(domain, Symbols)
    return domain.members


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_words_are_split_at_line_ends_alone(end: str, tmp_path: Path) -> None:
    words = ("a\u2028b", "c\x85d", "e\x0bf", "g\x0ch", "i\x1cj", "\u00a0k\u3000")
    assert words_of(end.join(words) + end, tmp_path) == words
    assert words_of(end.join(words), tmp_path) == words
    assert words_of(end.join(f" \t{word}\t " for word in words), tmp_path) == words
    assert words_of("\ufeff" + end.join(words), tmp_path) == words


def test_cells_in_quotes_are_kept_as_they_are(tmp_path: Path) -> None:
    text = 'key, text\na, "ends in a space "\nb," starts with one"\nc,  none \nd,"a ""b"", c\nd"\n'
    write(tmp_path, rows=text)
    specification = compiled(
        'table R "rows.csv" key key { text : words }\n'
        'task T { input r : R  output o : bool = r == a  prompt main "{r.text}|" }',
        tmp_path,
    )
    task = specification.tasks["T"]
    texts = render(task.prompts["main"], task.model, {"r": numpy.arange(4)}).texts
    assert list(texts) == ["ends in a space |", " starts with one|", "none|", 'a "b", c\nd|']


@pytest.mark.parametrize("wrong", ['b,"open', 'b,"x"y', 'b,"x" "y"'])
def test_quotes_that_do_not_close_a_cell(wrong: str, tmp_path: Path) -> None:
    write(tmp_path, rows=f'key,text\na,"one\nline"\n{wrong}\n')
    assert findings('table R "rows.csv" key key { text : words }', tmp_path) == [
        "CS221 2:9 the table `rows.csv` is not well formed "
        "(line 4: a cell's quotes do not close at its end)"
    ]


@given(some.lists(some.lists(some.text("ab\u2028\x85\x0b\x0c\"'", max_size=4), min_size=2)))
def test_cells_are_those_of_the_csv_module(rows: list[list[str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    read = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)
    assert [list(row.cells) for row in rows_of(written.getvalue())] == list(read) == rows


@given(some.text(', "\r\nab', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = list(rows_of(text))
    except BrokenCellError:
        assert '"' in text
    else:
        assert all(1 <= row.line <= len(lines_of(text)) for row in rows)


JOBS = "name,masculine,feminine,country\nactor,actor,actress,France\nnurse,nurse,nurse,\n"
TYPED = """
type Name = {poet, nurse, actor}
table Job "jobs.csv" key name : Name { masculine, feminine : words  country : words else Unknown }
task T {
  input job, other : Job
  input name : Name
  output same : bool = job.masculine == other.feminine
  output named : bool = job.name == name
  output home : bool = job.country == Unknown
}
"""


def test_typed_keys_shared_types_and_empty_cells(tmp_path: Path) -> None:
    model = compiled(TYPED, write(tmp_path, jobs=JOBS)).tasks["T"].model
    jobs = model.by_name["job"].domain
    assert isinstance(jobs, Rows)
    name, masculine, feminine, country = jobs.columns
    assert name.domain == model.by_name["name"].domain
    assert masculine.domain == feminine.domain == Symbols(("actor", "nurse", "actress"))
    assert country.domain == Symbols(("France", "Unknown"))
    names, masculines, feminines = (
        ("poet", "nurse", "actor"),
        ("actor", "nurse"),
        ("actress", "nurse"),
    )
    for job in range(2):
        for other in range(2):
            for code in range(3):
                found = solve(model, {"job": job, "other": other, "name": code})
                assert bool(found["same"]) == (masculines[job] == feminines[other])
                assert bool(found["named"]) == (("actor", "nurse")[job] == names[code])
                assert bool(found["home"]) == (job == 1)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("masculine : words  country : words", "CS221 3:11 the table `jobs.csv` is not well formed (line 3 has no `country`)"),
        ("country : words else 3", "CS343 3:54 `3` is not a word (write one value of the column's type, as in `country : words else Unknown`)"),
        ("country : {France, Spain} else Italy", "CS201 3:64 unknown name `Italy` (known here: `France`, `Spain`)"),
        ("country : Short", "CS221 3:11 the table `jobs.csv` is not well formed (line 2: `France` is not a value of `Short`; line 3 has no `country`)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_columns(columns: str, found: str, tmp_path: Path) -> None:
    text = f'type Short = {{a, b}}\ntable Job "jobs.csv" key name {{ {columns} }}'
    assert findings(text, write(tmp_path, jobs=JOBS)) == [found]


def test_a_key_that_its_type_lacks(tmp_path: Path) -> None:
    text = 'type Short = {actor, b}\ntable Job "jobs.csv" key name : Short { masculine : words }'
    assert findings(text, write(tmp_path, jobs=JOBS)) == [
        "CS221 3:11 the table `jobs.csv` is not well formed (line 3: `nurse` is not a value of `Short`)"
    ]


def test_an_empty_cell_has_a_value_of_the_column_s_type(tmp_path: Path) -> None:
    write(tmp_path, towns="name,size,capital\nRome,3,\nOstia,,Rome\n")
    text = """
      table Town "towns.csv" key name { size : 0..9 else 9 - 1  capital : Town else Rome }
      task T { input town : Town  output size : 0..9 = town.size  output far : Town = town.capital.capital }
    """
    model = compiled(text, tmp_path).tasks["T"].model
    assert [solve(model, {"town": town}) for town in range(2)] == [
        {"town": 0, "size": 3, "far": 0},
        {"town": 1, "size": 8, "far": 0},
    ]
