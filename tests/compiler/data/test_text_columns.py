"""Texts put together as columns are those put together one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.data import text_columns
from causalspec.compiler.data.text_columns import (
    ABSENT,
    Chosen,
    Piece,
    TextTable,
    ValueTexts,
    escaped,
    join,
    joined_bytes,
)
from causalspec.compiler.domains import Numbers

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.data(), some.integers(0, 9), some.sampled_from([1, 40, 1 << 20]))
def test_pieces_are_joined_row_by_row(data: some.DataObject, rows: int, laid_out: int) -> None:
    pieces: list[Piece] = []
    wanted = [""] * rows
    for fixed in data.draw(some.lists(some.booleans(), max_size=5)):
        if fixed:
            pieces.append(data.draw(TEXTS))
            added = [str(pieces[-1])] * rows
        else:
            texts = data.draw(some.lists(TEXTS, max_size=4))
            numbers = data.draw(
                some.lists(some.integers(ABSENT, len(texts) - 1), min_size=rows, max_size=rows)
            )
            pieces.append(Chosen(TextTable(texts), numpy.array(numbers, dtype=numpy.int64)))
            added = ["" if number == ABSENT else texts[number] for number in numbers]
        wanted = [text + more for text, more in zip(wanted, added, strict=True)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_columns, "_LAID_OUT", laid_out)
        column = join(pieces, rows)
        doubled = join(escaped(pieces, lambda text: text * 2), rows)
    assert b"".join(joined_bytes(pieces, rows)) == column.data == "".join(wanted).encode()
    assert column.texts() == wanted
    assert len(doubled.data) == 2 * len(column.data)


def test_a_table_too_large_to_pad_is_padded_row_by_row() -> None:
    table = TextTable(["short", "long" * (1 << 22), ""])
    column = join(["<", Chosen(table, numpy.array([2, 0, 1, 0])), ">"], 4)
    assert column.data == b"<><short><" + b"long" * (1 << 22) + b"><short>"


@pytest.mark.parametrize("rows", [3, 50])
def test_values_are_rendered_once_and_numbers_outside_their_domain_too(rows: int) -> None:
    rendered: list[int] = []

    def texts(codes: Sequence[int]) -> list[str]:
        rendered.extend(codes)
        return [str(code) for code in codes]

    values = ValueTexts(Numbers(-4, 20, 2), texts)
    inside = numpy.resize(numpy.array([-4, 20, 6]), rows)
    assert join([values.of(inside)], rows).texts() == [str(code) for code in inside.tolist()]
    assert len(rendered) == len(set(rendered))
    outside = numpy.array([-6, 7, 22])
    assert join([values.of(outside)], 3).texts() == ["-6", "7", "22"]
