"""Greater-than: labels and right years of `specs/greater_than` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest

from causalspec.compiler.data.prompts import right_texts
from tests.helpers.spec_files import loaded, spec_file
from tests.helpers.studies import Setting, check_labels


def bound(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    written, other = f"{base['start']:02d}", f"{sources['source']['start']:02d}"
    return {"bound": int(other if kind == "year" else other[0] + written[1])}


@pytest.mark.parametrize("design", ["Years", "Parts"])
def test_labels(design: str, tmp_path: Path) -> None:
    check_labels("greater_than", design, bound, tmp_path)


def test_any_later_year_of_the_century_is_right() -> None:
    task = loaded(spec_file("greater_than")).tasks["GreaterThan"]
    codes = numpy.array(task.model.by_name["bound"].domain.codes())
    found = right_texts(task, "bound", codes)
    assert len(found) == 90
    for code, right in zip(codes.tolist(), found, strict=True):
        assert set(right) == {f"{year:02d}" for year in range(100) if year > code}
        assert len(right) == 99 - code
