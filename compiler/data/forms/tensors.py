"""Data sets as tensors in a safetensors file: codes, and prompts as padded token ids.

A column of values is a tensor [rows] of codes under its own name; the file's metadata says what
codes mean. Prompts, tokenized, are `NAME.token_ids` [rows, T], `NAME.mask`, false on padding, and
`NAME.position_ids`, which count a prompt's own tokens from 0. T is the longest prompt's length;
padding is on the left. Asked for slots, `NAME.first_token.SLOT` and `NAME.last_token.SLOT` [rows]
are places in a row of `token_ids`. Rows are written as they come: each tensor waits in a nameless
file of its own, since the format wants one whole tensor after the other
(https://huggingface.co/docs/safetensors/index#format).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.forms.flat_columns import (
    CodedColumn,
    FlatColumn,
    PromptColumn,
    Symbol,
)
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.data.text_columns import ABSENT, join
from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.evaluators.columns import Columns, storage_of
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import PromptTemplate

_COPIED = 1 << 22  # elements at a time
_NAMES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
}


@dataclass(frozen=True, eq=False, slots=True)
class TokenRows:
    """Tokens of some texts, one after the other: text i has `lengths[i]` of the `ids`. `slots` are
    by name [texts, 2] the first and the last of a text's tokens that a slot reaches into, counted
    from 0; -1 where there is none.
    """

    ids: NDArray[np.int32]
    lengths: NDArray[np.int32]
    slots: Mapping[str, NDArray[np.int32]] = field(default_factory=dict[str, NDArray[np.int32]])


class Tokenize(Protocol):
    """A tokenizer of many texts; `spans` are by slot the characters [texts, 2] that it takes up. A
    text that is `marked` has the special tokens of its beginning already.
    """

    def __call__(
        self,
        texts: Sequence[str],
        spans: Mapping[str, NDArray[np.int32]] | None = None,
        *,
        marked: bool = False,
    ) -> TokenRows: ...

    def chat(
        self, template: PromptTemplate, model: CausalModel, columns: Columns
    ) -> RenderedPrompts:
        """A chat as its template writes it, with the places of slots and turns."""
        ...


def write_tensors(
    blocks: Iterable[InterchangePairs],
    columns: Sequence[FlatColumn],
    path: Path,
    tokenize: Tokenize | None = None,
) -> None:
    """Write the codes of every column of values, and with a tokenizer every prompt's tokens."""
    parts = (tensor_part(pairs, columns, tokenize) for pairs in blocks)
    write_tensor_parts(parts, columns, path, with_tokens=tokenize is not None)


@dataclass(frozen=True, eq=False, slots=True)
class TensorPart:
    """The rows of a block: the codes of every column of values, little-endian, and the tokens of
    every prompt where there is a tokenizer.
    """

    codes: Sequence[bytes]
    tokens: Sequence[TokenRows]


def tensor_part(
    pairs: InterchangePairs, columns: Sequence[FlatColumn], tokenize: Tokenize | None
) -> TensorPart:
    """A block as it is written."""
    codes = [
        column.codes(pairs).astype(_type_of(column).newbyteorder("<")).tobytes()
        for column in columns
        if isinstance(column, CodedColumn)
    ]
    prompts = [column for column in columns if isinstance(column, PromptColumn)]
    tokens = [] if tokenize is None else [_tokens(column, pairs, tokenize) for column in prompts]
    return TensorPart(codes, tokens)


def write_tensor_parts(
    parts: Iterable[TensorPart],
    columns: Sequence[FlatColumn],
    path: Path,
    *,
    with_tokens: bool,
) -> None:
    """The same of blocks that are ready."""
    coded = [column for column in columns if isinstance(column, CodedColumn)]
    prompts = [column for column in columns if isinstance(column, PromptColumn) and with_tokens]
    with ExitStack() as opened:

        def spool() -> BinaryIO:
            return opened.enter_context(TemporaryFile(dir=path.parent))

        values = [_Codes(column, spool()) for column in coded]
        tokens = [_Tokens(column, spool) for column in prompts]
        for part in parts:
            for column, codes in zip(values, part.codes, strict=True):
                column.add(codes)
            for column, rows in zip(tokens, part.tokens, strict=True):
                column.add(rows)
        tensors = [
            *(column.tensor() for column in values),
            *(t for column in tokens for t in column.tensors()),
        ]
        _write_file(path, tensors, {"columns": json.dumps({c.name: meaning(c) for c in coded})})


def meaning(column: CodedColumn) -> dict[str, object]:
    """What a column's codes stand for."""
    match column.domain, column.type:
        case Truths(), _:
            return {"type": "bool"}
        case Numbers(denominator=1), _:
            return {"type": "integer"}
        case Numbers(denominator=denominator), _:
            return {"type": "number", "denominator": denominator}
        case _, Symbol(members):
            return {"type": "symbol", "values": members}
        case _:
            return {"type": "tuple"}


@dataclass(frozen=True, eq=False, slots=True)
class _Tensor:
    """A whole tensor that waits: `parts` gives its elements in order."""

    name: str
    type: np.dtype[Any]
    shape: tuple[int, ...]
    parts: Callable[[], Iterator[NDArray[Any]]]

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * self.type.itemsize


class _Codes:
    def __init__(self, column: CodedColumn, file: BinaryIO) -> None:
        self._column, self._file = column, file
        self._type = _type_of(column)
        self._rows = 0

    def add(self, codes: bytes) -> None:
        self._file.write(codes)
        self._rows += len(codes) // self._type.itemsize

    def tensor(self) -> _Tensor:
        def parts() -> Iterator[NDArray[Any]]:
            self._file.seek(0)
            yield from _read(self._file, self._type, self._rows)

        return _Tensor(self._column.name, self._type, (self._rows,), parts)


class _Tokens:
    """Token ids one after the other as they come; they are padded once the longest is known."""

    def __init__(self, column: PromptColumn, spool: Callable[[], BinaryIO]) -> None:
        self._column, self._file = column, spool()
        self._lengths: list[NDArray[np.int32]] = []
        self._slots = {name: spool() for name in column.places}

    def add(self, tokens: TokenRows) -> None:
        self._file.write(tokens.ids.astype("<i4").tobytes())
        self._lengths.append(tokens.lengths)
        for name, file in self._slots.items():
            file.write(tokens.slots[name].astype("<i4").tobytes())

    def tensors(self) -> Iterator[_Tensor]:
        longest = max((int(lengths.max(initial=0)) for lengths in self._lengths), default=0)
        shape = (sum(len(lengths) for lengths in self._lengths), longest)
        places = np.arange(longest, dtype=np.int32)
        name = self._column.name

        def masks() -> Iterator[NDArray[np.bool_]]:
            for lengths in self._lengths:
                yield places >= longest - lengths[:, np.newaxis]

        def ids() -> Iterator[NDArray[np.int32]]:
            self._file.seek(0)
            for mask, lengths in zip(masks(), self._lengths, strict=True):
                padded = np.zeros(mask.shape, dtype=np.int32)
                total = int(lengths.sum(dtype=np.int64))
                padded[mask] = np.frombuffer(self._file.read(total * 4), dtype="<i4")
                yield padded

        def positions() -> Iterator[NDArray[np.int32]]:
            for lengths in self._lengths:
                yield np.maximum(places - (longest - lengths[:, np.newaxis]), 0)

        yield _Tensor(f"{name}.token_ids", np.dtype(np.int32), shape, ids)
        yield _Tensor(f"{name}.mask", np.dtype(np.bool_), shape, masks)
        yield _Tensor(f"{name}.position_ids", np.dtype(np.int32), shape, positions)
        for slot, file in self._slots.items():
            for end, which in enumerate(("first_token", "last_token")):
                parts = partial(self._places, file, end, longest)
                yield _Tensor(f"{name}.{which}.{slot}", np.dtype(np.int32), shape[:1], parts)

    def _places(self, file: BinaryIO, end: int, longest: int) -> Iterator[NDArray[np.int32]]:
        """Where a slot's first (0) or last (1) token stands in the padded row."""
        file.seek(0)
        for lengths in self._lengths:
            read = np.frombuffer(file.read(len(lengths) * 8), dtype="<i4").reshape(-1, 2)
            own = read[:, end]
            yield np.where(own < 0, ABSENT, own + (longest - lengths)).astype(np.int32)


def _type_of(column: CodedColumn) -> np.dtype[Any]:
    """The type of a column's elements."""
    truth = isinstance(column.domain, Truths)
    return np.dtype(np.bool_) if truth else storage_of(column.domain)


def _tokens(column: PromptColumn, pairs: InterchangePairs, tokenize: Tokenize) -> TokenRows:
    """The tokens of a block's prompts, with the places of slots where they are asked for."""
    slots = column.places
    if column.template.turns:
        chat = tokenize.chat(column.template, column.model, column.inputs(pairs))
        spans = {name: chat.spans[name] for name in slots}
        return tokenize(chat.texts, spans if slots else None, marked=chat.marked)
    texts = join(column.pieces(pairs), len(pairs)).texts()
    return tokenize(texts, column.spans(pairs)) if slots else tokenize(texts)


def _read(file: BinaryIO, kind: np.dtype[Any], count: int) -> Iterator[NDArray[Any]]:
    for start in range(0, count, _COPIED):
        size = min(_COPIED, count - start)
        yield np.frombuffer(file.read(size * kind.itemsize), dtype=kind.newbyteorder("<"))


def _write_file(path: Path, tensors: Sequence[_Tensor], metadata: dict[str, str]) -> None:
    """Wide elements first, so that each tensor starts at a multiple of its element's size."""
    ordered = sorted(tensors, key=lambda tensor: (-tensor.type.itemsize, tensor.name))
    header: dict[str, object] = {"__metadata__": metadata}
    start = 0
    for tensor in ordered:
        header[tensor.name] = {
            "dtype": _NAMES[tensor.type.name],
            "shape": tensor.shape,
            "data_offsets": (start, start + tensor.bytes),
        }
        start += tensor.bytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for tensor in ordered:
            for part in tensor.parts():
                file.write(part.astype(tensor.type.newbyteorder("<"), copy=False).tobytes())
