"""Texts put together as columns are those put together one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.data import text_columns
from causalspec.compiler.data.text_columns import (
    Arm,
    Arms,
    Chosen,
    Piece,
    TextTable,
    ValueTexts,
    join,
    joined_bytes,
)
from causalspec.compiler.domains import Numbers

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=6)


@some.composite
def pieces(draw: some.DrawFn, rows: int, depth: int = 1) -> list[Piece]:
    made: list[Piece] = []
    for kind in draw(some.lists(some.sampled_from(["fixed", "chosen", "arms"]), max_size=4)):
        if kind == "fixed":
            made.append(draw(TEXTS).encode())
        elif kind == "chosen" or not depth:
            table = [text.encode() for text in draw(some.lists(TEXTS, min_size=1, max_size=4))]
            numbers = draw(
                some.lists(some.integers(0, len(table) - 1), min_size=rows, max_size=rows)
            )
            made.append(Chosen(TextTable(table), numpy.array(numbers, dtype=numpy.int64)))
        else:
            arm_of = numpy.array(
                draw(some.lists(some.integers(0, 2), min_size=rows, max_size=rows)), dtype=int
            )
            arms: list[Arm] = []
            for number in range(2):  # rows of a third arm are rendered by none
                mine = numpy.flatnonzero(arm_of == number)
                arms.append(Arm(mine, draw(pieces(len(mine), depth - 1))))
            made.append(Arms(arms))
    return made


def one_by_one(parts: Sequence[Piece], rows: int) -> list[bytes]:
    texts = [b""] * rows
    for piece in parts:
        match piece:
            case bytes():
                added = [piece] * rows
            case Chosen(table, numbers):
                added = [table._texts[number] for number in numbers]
            case Arms(arms):
                added = [b""] * rows
                for arm in arms:
                    own = one_by_one(arm.pieces, len(arm.rows))
                    for row, text in zip(arm.rows, own, strict=True):
                        added[row] = text
        texts = [text + more for text, more in zip(texts, added, strict=True)]
    return texts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.data(), some.integers(0, 9), some.sampled_from([1, 40, 1 << 20]))
def test_pieces_are_joined_row_by_row(data: some.DataObject, rows: int, matrix: int) -> None:
    parts = data.draw(pieces(rows))
    wanted = one_by_one(parts, rows)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_columns, "_MATRIX_BYTES", matrix)
        column = join(parts, rows)
    assert b"".join(joined_bytes(parts, rows)) == column.data.tobytes() == b"".join(wanted)
    assert column.texts() == [text.decode() for text in wanted]


def test_a_table_too_large_to_pad_is_padded_row_by_row() -> None:
    table = TextTable([b"short", b"long" * (1 << 22), b""])
    column = join([b"<", Chosen(table, numpy.array([2, 0, 1, 0])), b">"], 4)
    assert column.data.tobytes() == b"<><short><" + b"long" * (1 << 22) + b"><short>"


@pytest.mark.parametrize("rows", [3, 50])
def test_values_are_rendered_once_and_numbers_outside_their_domain_too(rows: int) -> None:
    rendered: list[int] = []

    def texts(codes: Sequence[int]) -> list[bytes]:
        rendered.extend(codes)
        return [str(code).encode() for code in codes]

    values = ValueTexts(Numbers(-4, 20, 2), texts)
    inside = numpy.resize(numpy.array([-4, 20, 6]), rows)
    assert join([values.of(inside)], rows).texts() == [str(code) for code in inside.tolist()]
    assert len(rendered) == len(set(rendered))
    outside = numpy.array([-6, 7, 22])
    assert join([values.of(outside)], 3).texts() == ["-6", "7", "22"]
