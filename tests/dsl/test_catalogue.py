"""Every code of this room has a page, and the examples on it do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import causalspec.dsl
from causalspec.compiler.compile import check_file
from causalspec.dsl import catalogue
from tests.helpers.page_examples import write_example

ROOM = Path(causalspec.dsl.__file__).parent
OURS = tuple(code for code in catalogue.codes() if code < "CS200" or "CS901" <= code <= "CS905")


def codes_found(path: Path) -> list[str]:
    return [diagnostic.code for diagnostic in check_file(path).diagnostics]


@pytest.mark.parametrize("code", OURS)
def test_page(code: str, tmp_path: Path) -> None:
    page = catalogue.page(code)
    assert (page.code, page.title) == (code, catalogue.title(code))
    *others, last = codes_found(write_example(code, "Fails", tmp_path))
    assert last == code
    assert set(others) <= {code} or code == "CS904"  # which comes after a hundred others
    assert codes_found(write_example(code, "Fixed", tmp_path)) == []


def test_every_code_that_the_room_reports_has_a_page() -> None:
    sources = [file.read_text(encoding="utf-8") for file in ROOM.glob("*.py")]
    reported = {code for text in sources for code in re.findall(r'"(CS[0-9]{3})"', text)}
    assert reported == set(OURS)


@pytest.mark.parametrize("code", ["CS100", "CS1", "nonsense", "../catalogue", ""])
def test_there_is_no_page_for_other_codes(code: str) -> None:
    assert catalogue.explanation(code) is None
    with pytest.raises(ValueError, match="there is no page for"):
        catalogue.page(code)


def test_codes_are_found_in_any_case() -> None:
    assert catalogue.explanation("cs101") == catalogue.explanation("CS101") is not None
