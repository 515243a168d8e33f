"""Every code of the front end has a page, and the examples on it do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import causalspec.compiler.compile as driver
from causalspec.compiler.compile import compile_file
from causalspec.dsl import Diagnostics, Source, catalogue, parse
from tests.helpers.page_examples import write_example

ROOM = Path(driver.__file__).parent
FRONT_END = r"CS(2|30|31|40|60[1-4]|7(0|1|28|29|3)|92)"
OURS = tuple(code for code in catalogue.codes() if re.match(FRONT_END, code))


def codes_found(file: Path) -> list[str]:
    diagnostics = Diagnostics()
    source = Source(file.name, file.read_text(encoding="utf-8"))
    compile_file(parse(source, diagnostics), file.parent, diagnostics)
    return [one.code for one in diagnostics]


@pytest.mark.parametrize("code", OURS)
def test_page(code: str, tmp_path: Path) -> None:
    assert codes_found(write_example(code, "Fails", tmp_path)) == [code]
    assert codes_found(write_example(code, "Fixed", tmp_path)) == []


def test_every_code_that_the_front_end_reports_has_a_page() -> None:
    sources = [file.read_text(encoding="utf-8") for file in ROOM.rglob("*.py")]
    found = {code for text in sources for code in re.findall(r'"(CS[0-9]{3})"', text)}
    assert {code for code in found if re.match(FRONT_END, code)} == set(OURS)
