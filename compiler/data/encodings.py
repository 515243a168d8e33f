"""Rows as real vectors, for networks that read no text.

A symbol's vector is fixed for ever by its type and value: the same in every spec, split and
version, so that a trained network and its data stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import EncodedInput, Encoding
from causalspec.dsl.diagnostics import InternalError

Vectors = NDArray[np.float32]


def encode_columns(encoding: Encoding, model: CausalModel, columns: Columns) -> Vectors:
    """`[rows, width]`: each input's vector, concatenated in the encoding's order. `model` is the
    task's, `columns` hold its inputs.

    `symbol` is uniform in [-1, 1) with 24 random bits a coordinate, shared by all inputs of one
    type; `onehot` has a 1 at the value's place; `scalar` is that place between the domain's ends,
    from 0 to 1.
    """
    parts = [
        _encoded(group, model.by_name[group.input].domain, columns[group.input])
        for group in encoding.groups
    ]
    return np.concatenate(parts, axis=1)


def _encoded(group: EncodedInput, domain: Domain, column: Column) -> Vectors:
    codes = domain.codes()
    places = (column.astype(np.int64) - codes.start) // codes.step
    match group.coding:
        case "symbol":
            distinct, where = np.unique(column, return_inverse=True)
            table = symbol_vectors(domain, distinct.tolist(), group.dimension)
            return table[where]
        case "onehot":
            vectors = np.zeros((len(column), len(codes)), dtype=np.float32)
            vectors[np.arange(len(column)), places] = 1
            return vectors
        case "scalar":
            return (places / max(1, len(codes) - 1)).astype(np.float32)[:, np.newaxis]
        case other:
            raise InternalError(f"the coding `{other}` was not checked")


def symbol_vectors(domain: Domain, codes: Sequence[int], dimension: int) -> Vectors:
    """`[codes, dimension]`: the fixed random vector of each value."""
    stream = Stream.of(0, "symbol", _identity(domain))
    words = np.zeros((len(codes), dimension), dtype=np.uint64)
    for row, code in enumerate(codes):
        words[row] = stream.derive(domain.text(code)).words(0, dimension)
    # A multiple of 2**-23 of at most 24 bits is exact in single precision on every machine.
    return (words >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1.0)


def _identity(domain: Domain) -> str:
    """What makes two inputs share their vectors: what their values are, not the type's name."""
    match domain:
        case Truths():
            return "bool"
        case Numbers():
            return f"{domain.text(domain.low)}..{domain.text(domain.high)} step {domain.step}"
        case Symbols(members):
            return "\n".join(members)
        case Rows(table=table, keys=keys):
            return "\n".join((table, *keys))
        case Tuples(fields):
            return "\n".join(f"{field.name} : {_identity(field.domain)}" for field in fields)
