"""The columns of a data set as every form writes them: flat, named as the language names them.

`base.x` and `source.x` (or `s1.x`, by the source's name) mean what they mean in a `keep` or a
`balance`: x in the base's solution, in a source's. `label.x` is what is called `result.x` there.
Asked for slots, `prompt.P.base.start.x` and `prompt.P.base.end.x` say where in the text x stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.prompts import (
    Parts,
    prompt_parts,
    said_texts,
    slot_names,
    slot_spans,
    value_texts,
)
from causalspec.compiler.data.text_columns import ABSENT, Piece
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
    scale = next((power for power in range(13) if 10**power % domain.denominator == 0), None)
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

    def pieces(self, pairs: InterchangePairs) -> Sequence[Piece]:
        """Every row's value as the language writes it."""
        return [value_texts(self.domain).of(self.codes(pairs))]


@dataclass(frozen=True, eq=False, slots=True)
class RenderedColumn:
    """A column of text, put together from pieces."""

    name: str
    pieces: Callable[[InterchangePairs], Sequence[Piece]]
    type: Text = field(default=Text(), init=False)


@dataclass(frozen=True, eq=False, slots=True)
class PromptColumn(RenderedColumn):
    """A prompt, rendered for the base or for a source. `slots` are the names of its slots, none
    where nobody asked for them; `spans` gives by slot the characters (code points) `start` up to
    `end` of each, [rows, 2], `ABSENT` where the slot is. `places` are those that tokens are given
    for: of a chat what each role says, too. `template` renders the `inputs` of the `model`.
    """

    slots: tuple[str, ...]
    spans: Callable[[InterchangePairs], Mapping[str, NDArray[np.int32]]]
    places: tuple[str, ...]
    template: PromptTemplate
    model: CausalModel
    inputs: Callable[[InterchangePairs], Columns]


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
    model, sides = design.model, ("base", *source_names(design))
    kinds = Symbols(tuple(kind.name for kind in design.kinds))
    yield CodedColumn("kind", kinds, attrgetter("kinds"))
    yield _sources_used(design)
    for side in sides:
        for name in (*model.exogenous, *model.outputs):
            yield _drawn(model, side, name)
    for name in model.outputs:
        yield _drawn(model, "label", name)
    for template in task.prompts.values():
        for number, side in enumerate(sides):
            yield from _prompt(template, task.model, number, side, slots)
    for output in model.outputs:
        if task.prompts and output in task.model.by_name:
            yield _said(task, output)
            for prompt, own in task.own_answers.items():
                if output in own:
                    yield _said(task.asked_by(prompt), output, prompt)


def _drawn(model: CausalModel, side: str, variable: str) -> CodedColumn:
    name = f"{side}.{variable}"
    return CodedColumn(name, model.by_name[variable].domain, lambda pairs: pairs.columns[name])


def _sources_used(design: CounterfactualDesign) -> CodedColumn:
    names = source_names(design)
    used = [
        " ".join(name for number, name in enumerate(names) if number in kind.used_sources)
        for kind in design.kinds
    ]
    members = tuple(dict.fromkeys(used))
    by_kind = np.array([members.index(text) for text in used], dtype=np.int32)
    return CodedColumn("sources_used", Symbols(members), lambda pairs: by_kind[pairs.kinds])


_CHARACTERS = Numbers(ABSENT, 2**31 - 1)


def _prompt(
    template: PromptTemplate, model: CausalModel, number: int, side: str, slots: bool
) -> Iterator[FlatColumn]:
    """A prompt for the base (number 0) or a source, then where each of its slots starts and ends,
    if that is asked for.
    """

    def inputs(pairs: InterchangePairs) -> Columns:
        return pairs.sources[number - 1] if number else pairs.base

    @lru_cache(maxsize=1)  # the columns of every end of every slot ask for those of a block
    def parts(pairs: InterchangePairs) -> Parts:
        return prompt_parts(template, model, inputs(pairs))

    @lru_cache(maxsize=1)
    def spans(pairs: InterchangePairs) -> Mapping[str, NDArray[np.int32]]:
        return slot_spans(parts(pairs), len(pairs))

    def end_of(slot: str, end: int) -> Callable[[InterchangePairs], Column]:
        return lambda pairs: spans(pairs)[slot][:, end]

    name, named = f"prompt.{template.name}.{side}", slot_names(template) if slots else ()

    def pieces(pairs: InterchangePairs) -> Sequence[Piece]:
        return [piece for _, piece in parts(pairs)]

    places = (*named, *(turn.name for turn in template.turns if slots))
    yield PromptColumn(name, pieces, named, spans, places, template, model, inputs)
    for slot in named:
        yield CodedColumn(f"{name}.start.{slot}", _CHARACTERS, end_of(slot, 0))
        yield CodedColumn(f"{name}.end.{slot}", _CHARACTERS, end_of(slot, 1))


def _said(task: Task, output: str, prompt: str = "") -> RenderedColumn:
    texts = said_texts(task, output)
    return RenderedColumn(
        f"say.{output}{prompt and f'.{prompt}'}", lambda pairs: [texts.of(pairs.label[output])]
    )
