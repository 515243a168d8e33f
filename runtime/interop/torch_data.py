"""A split of counterfactual data for torch's `DataLoader`, made while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from causalspec.compiler import (
    CodedColumn,
    CounterfactualDesign,
    Specification,
    flat_columns,
    generate_chunks,
    in_blocks,
    join,
)
from causalspec.runtime.untyped import from_array

Batch = dict[str, "Tensor | list[str]"]


class InterchangeBatches(IterableDataset[Batch]):
    """Batches of a split, in the order of its rows and never shuffled.

    A batch has every column of the data by name: a column of values as a LongTensor [batch] of
    codes, prompts and answers as lists of texts; with `slots`, where each slot of a prompt starts
    and ends is a column of values, too. Give it to a `DataLoader` with `batch_size=None`: it makes
    whole batches. Workers take turns, each batch is made by one of them, and the loader hands them
    on in the order of the rows, however many workers there are.
    """

    def __init__(
        self,
        specification: Specification,
        design: CounterfactualDesign,
        split: str,
        batch: int,
        *,
        rows: int | None = None,
        seed: int | None = None,
        slots: bool = False,
    ) -> None:
        if batch < 1:
            raise ValueError(f"a batch has at least one row, not {batch}")
        self._design, self._split, self._batch = design, split, batch
        self._rows, self._seed, self._slots = rows, seed, slots
        self._specification = specification

    def __iter__(self) -> Iterator[Batch]:
        worker: Any = get_worker_info()
        own, workers = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        columns = flat_columns(self._specification, self._design, slots=self._slots)
        chunks = generate_chunks(self._design, self._split, rows=self._rows, seed=self._seed)
        for number, pairs in enumerate(in_blocks(chunks, self._batch)):
            if number % workers == own:
                batch: Batch = {}
                for column in columns:
                    if isinstance(column, CodedColumn):
                        batch[column.name] = from_array(column.codes(pairs).astype(np.int64))
                    else:
                        batch[column.name] = join(column.pieces(pairs), len(pairs)).texts()
                yield batch
