"""The columns of a data set as every form writes them: flat, named as the language names them.

`base.x` and `source.x` (or `s1.x`, by the source's name) mean what they mean in a `keep` or a
`balance`: x in the base's solution, in a source's. `label.x` is what is called `result.x` there.
Asked for slots, `prompt.P.base.start.x` and `prompt.P.base.end.x` say where in the text x stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.prompts import (
    ABSENT,
    Encode,
    PromptRenderer,
    said_texts,
    slot_names,
    slot_spans,
)
from causalspec.compiler.data.text_columns import Piece, ValueTexts
from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.evaluators.columns import Column, Columns, storage_of
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import (
    CounterfactualDesign,
    PromptTemplate,
    Specification,
    Task,
)
from causalspec.dsl.diagnostics import ToolFailure

MOST_DIGITS = 18
"""Decimals of more digits are written as text: their scaled integers may not fit in 64 bits."""


# Types --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Integer:
    """Whole numbers, in the smallest signed type that holds the domain."""

    bits: int

    @property
    def text(self) -> str:
        return f"int{self.bits}"


@dataclass(frozen=True, slots=True)
class Decimal:
    """Exact decimals: a code times `factor` is the value times ten to the power of `scale`."""

    precision: int
    scale: int
    factor: int

    @property
    def text(self) -> str:
        return f"decimal({self.precision}, {self.scale})"


@dataclass(frozen=True, slots=True)
class Truth:
    """Truth values."""

    text: str = "bool"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One of a list of words; a code is the word's position."""

    members: tuple[str, ...] = field(repr=False)
    text: str = "symbol"


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""

    text: str = "text"


ColumnType: TypeAlias = Integer | Decimal | Truth | Symbol | Text


def type_of(domain: Domain) -> ColumnType:
    """How the values of a domain are written."""
    match domain:
        case Truths():
            return Truth()
        case Symbols(members):
            return Symbol(members)
        case Rows(keys=keys):
            return Symbol(keys)
        case Tuples():
            return Text()
        case Numbers(denominator=1):
            return Integer(storage_of(domain).itemsize * 8)
        case Numbers():
            return _decimal_or_text(domain)


def _decimal_or_text(domain: Numbers) -> Decimal | Text:
    scale = next((one for one in range(13) if 10**one % domain.denominator == 0), None)
    if scale is None:
        return Text()  # such as thirds
    factor = 10**scale // domain.denominator
    digits = len(str(max(abs(domain.low), abs(domain.high)) * factor))
    precision = max(digits, scale)
    return Decimal(precision, scale, factor) if precision <= MOST_DIGITS else Text()


# Columns ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class CodedColumn:
    """A column of values of a domain; `codes` picks it out of some pairs, [rows]."""

    name: str
    domain: Domain
    codes: Callable[[InterchangePairs], Column]

    @property
    def type(self) -> ColumnType:
        """How its values are written."""
        return type_of(self.domain)


@dataclass(frozen=True, eq=False, slots=True)
class RenderedColumn:
    """A column of rendered text. `pieces(encode)` gives a function from pairs to every row's
    pieces, which remembers what it has rendered.
    """

    name: str
    pieces: Callable[[Encode], Callable[[InterchangePairs], Sequence[Piece]]]

    @property
    def type(self) -> ColumnType:
        """Text, always."""
        return Text()


@dataclass(frozen=True, eq=False, slots=True)
class PromptColumn(RenderedColumn):
    """A prompt, rendered for the base or for a source. `slots` are the names of its slots, none
    where nobody asked for them; `spans` gives the characters of each, [rows, 2].
    """

    slots: tuple[str, ...]
    spans: Spans


Spans: TypeAlias = Callable[[InterchangePairs], Mapping[str, NDArray[np.int32]]]
"""By slot an array [rows, 2]: start and end in code points, `ABSENT` where the slot is."""

FlatColumn: TypeAlias = CodedColumn | RenderedColumn


def flat_columns(
    specification: Specification, design: CounterfactualDesign, *, slots: bool = False
) -> tuple[FlatColumn, ...]:
    """Every column in order: the kind of intervention, base, sources, labels, prompts (with `slots`
    each followed by where its slots stand), answers.

    Raises `ToolFailure` where a source's name makes two columns' names the same.
    """
    columns = tuple(_flat_columns(specification.tasks[design.model.task], design, slots))
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise ToolFailure(
                f"two columns of `{design.name}` would be called `{name}`",
                f"give the source `{name.partition('.')[0]}` another name",
            )
    return columns


def _flat_columns(task: Task, design: CounterfactualDesign, slots: bool) -> Iterator[FlatColumn]:
    model = design.model
    yield CodedColumn("kind", Symbols(tuple(kind.name for kind in design.kinds)), _kinds)
    yield _sources_used(design)
    for name in ("base", *source_names(design)):
        for variable in (*model.exogenous, *model.outputs):
            domain = model.by_name[variable].domain
            yield CodedColumn(f"{name}.{variable}", domain, _named(f"{name}.{variable}"))
    for output in model.outputs:
        domain, name = model.by_name[output].domain, f"label.{output}"
        yield CodedColumn(name, domain, _named(name))
    for prompt, template in task.prompts.items():
        renderer = _renderer(template, task.model)
        for side, of in enumerate(("base", *source_names(design))):
            asked = slot_names(template) if slots else ()
            spans = _spans(renderer, side)
            column = PromptColumn(f"prompt.{prompt}.{of}", _rendered(renderer, side), asked, spans)
            yield column
            yield from _slot_columns(column)
    if task.prompts:
        for output in model.outputs:
            if output in task.model.by_name:
                yield RenderedColumn(f"say.{output}", _said(task, output))


_CHARACTERS = Numbers(ABSENT, 2**31 - 1)


def _slot_columns(prompt: PromptColumn) -> Iterator[CodedColumn]:
    def place(slot: str, end: int) -> Callable[[InterchangePairs], Column]:
        return lambda pairs: prompt.spans(pairs)[slot][:, end]

    for slot in prompt.slots:
        yield CodedColumn(f"{prompt.name}.start.{slot}", _CHARACTERS, place(slot, 0))
        yield CodedColumn(f"{prompt.name}.end.{slot}", _CHARACTERS, place(slot, 1))


def _spans(renderer: Callable[[Encode], PromptRenderer], side: int) -> Spans:
    given = _inputs(side)

    @lru_cache(maxsize=1)  # the columns of every end of every slot ask for those of a block
    def spans(pairs: InterchangePairs) -> Mapping[str, NDArray[np.int32]]:
        own = renderer(str.encode)
        return slot_spans(own.template, own.arms(given(pairs)), len(pairs))

    return spans


def _kinds(pairs: InterchangePairs) -> Column:
    return pairs.kinds


def _sources_used(design: CounterfactualDesign) -> CodedColumn:
    names = source_names(design)
    used = [
        " ".join(name for number, name in enumerate(names) if number in kind.used_sources)
        for kind in design.kinds
    ]
    members = tuple(dict.fromkeys(used))
    by_kind = np.array([members.index(one) for one in used], dtype=np.int32)
    return CodedColumn("sources_used", Symbols(members), lambda pairs: by_kind[pairs.kinds])


def _inputs(side: int) -> Callable[[InterchangePairs], Columns]:
    return lambda pairs: pairs.sources[side - 1] if side else pairs.base


def _named(name: str) -> Callable[[InterchangePairs], Column]:
    return lambda pairs: pairs.columns[name]


Rendered: TypeAlias = Callable[[InterchangePairs], Sequence[Piece]]


def _renderer(template: PromptTemplate, model: CausalModel) -> Callable[[Encode], PromptRenderer]:
    """One renderer for base and sources, so that each value is rendered once for all of them."""

    @cache
    def renderer(encode: Encode) -> PromptRenderer:
        return PromptRenderer(template, model, encode)

    return renderer


def _rendered(
    renderer: Callable[[Encode], PromptRenderer], side: int
) -> Callable[[Encode], Rendered]:
    given = _inputs(side)

    def encoded(encode: Encode) -> Rendered:
        own = renderer(encode)
        return lambda pairs: own.pieces(given(pairs))

    return encoded


def _said(task: Task, output: str) -> Callable[[Encode], Rendered]:
    domain = task.model.by_name[output].domain

    def encoded(encode: Encode) -> Rendered:
        values = ValueTexts(domain, said_texts(task, output, encode))
        return lambda pairs: [values.of(pairs.label[output])]

    return encoded
