"""Data sets as values in Python: NumPy columns, and `datasets.Dataset`."""

from __future__ import annotations

from decimal import Decimal as Exact
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.counterfactuals import generate_chunks
from causalspec.compiler.data.forms.flat_columns import (
    CodedColumn,
    Decimal,
    Integer,
    Truth,
    flat_columns,
)
from causalspec.compiler.data.forms.hugging_face import dataset_of
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.text_columns import join
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.specification import CounterfactualDesign, Specification


def numpy_columns(
    specification: Specification, pairs: InterchangePairs, *, slots: bool = False
) -> dict[str, NDArray[Any]]:
    """Every column of some pairs by its name, each of shape [rows]; with `slots` also where in each
    prompt each of its slots starts and ends.

    Whole numbers are integers, truth values are booleans, decimals are exact (`decimal.Decimal`
    objects), all else is text (`str` objects).
    """
    return {
        column.name: _values(column, column.codes(pairs))
        if isinstance(column, CodedColumn)
        else _objects(join(column.pieces(pairs), len(pairs)).texts())
        for column in flat_columns(specification, pairs.design, slots=slots)
    }


def hugging_face_dataset(
    specification: Specification,
    design: CounterfactualDesign,
    split: str,
    *,
    rows: int | None = None,
    seed: int | None = None,
    slots: bool = False,
) -> Any:
    """A split as a `datasets.Dataset` in memory, with the columns and features of the folder that
    `causalspec data --form datasets` writes.

    Raises `ToolFailure` without the library, and what `generate_chunks` raises.
    """
    chunks = generate_chunks(design, split, rows=rows, seed=seed)
    return dataset_of(chunks, flat_columns(specification, design, slots=slots))


def _values(column: CodedColumn, codes: Column) -> NDArray[Any]:
    match column.type:
        case Integer():
            return codes
        case Truth():
            return codes != 0
        case kind:
            distinct, where = np.unique(codes, return_inverse=True)
            texts = [column.domain.text(code) for code in distinct.tolist()]
            return _objects(
                [Exact(text) for text in texts] if isinstance(kind, Decimal) else texts
            )[where]


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
