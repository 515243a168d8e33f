"""Codes that show only with a network: each has a page, whose examples `check` finds fine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import causalspec.runtime as runtime
from causalspec.compiler.compile import check_source
from causalspec.dsl import Diagnostics, Source, catalogue

ROOM = Path(runtime.__path__[0])
REPORTED = sorted(
    {
        code
        for file in ROOM.rglob("*.py")
        for code in re.findall(r'"(CS[0-9]{3})"', file.read_text(encoding="utf-8"))
    }
)


def test_the_room_reports_some() -> None:
    assert {"CS620", "CS721", "CS722", "CS725"} <= set(REPORTED)


@pytest.mark.parametrize("code", REPORTED)
def test_page(code: str) -> None:
    page = catalogue.page(code)
    for text in (page.fails, page.fixed):
        assert text is not None
        checked = check_source(Source("page.causal", text), None, Diagnostics())
        assert list(checked.diagnostics) == []
    assert page.fails != page.fixed
