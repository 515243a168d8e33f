"""The pages on data that cannot be met show it: the failing file fails so, the fixed one works."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from causalspec.dsl.catalogue import codes, page

CODES = [code for code in codes() if "CS510" <= code <= "CS517"]


def found(text: str | None, folder: Path) -> list[str]:
    assert text is not None
    file = folder / "page.causal"
    file.write_text(text, encoding="utf-8")
    return [one.code for one in check_file(file).diagnostics if one.code in CODES]


def test_every_code_has_a_page() -> None:
    assert [f"CS{number}" for number in range(510, 518)] == CODES


@pytest.mark.parametrize("code", CODES)
def test_the_page_fails_and_the_fix_works(code: str, tmp_path: Path) -> None:
    assert found(page(code).fails, tmp_path) == [code]
    assert found(page(code).fixed, tmp_path) == []
