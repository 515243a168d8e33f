"""Rows rendered to text, with the character span of every slot.

Each distinct value is rendered once; rows are then only joined. Numbers are written exactly, by
integer arithmetic: no floating point stands between a code and its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.text_columns import Arm, Arms, Chosen, Piece, ValueTexts, join
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.columns import Column, ColumnExpression, Columns
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import PromptTemplate, SlotValue, Task, TemplateArm
from causalspec.dsl.diagnostics import InternalError

Encode = Callable[[str], bytes]
"""How a part of a text is written: as UTF-8, or escaped for the file that it stands in."""

ABSENT = -1
"""Both ends of the span of a slot that a row's arm does not render."""

_FORMAT = re.compile(r"(?P<padded>0?)(?P<width>[1-9]\d*)?(?:\.(?P<decimals>\d+)f|d)?")


@dataclass(frozen=True, eq=False)
class RenderedPrompts:
    """`texts[row]`, and by slot name an array `[rows, 2]` of the characters `start` up to, but not
    including, `end` (code points). A slot that stands twice in an arm counts where it first stands.
    """

    texts: tuple[str, ...]
    spans: Mapping[str, NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class PromptCollision:
    """Two rows that render to one text although an output's answers differ."""

    text: str
    first: int
    second: int
    output: str


class PromptRenderer:
    """A prompt as pieces of text, for as many blocks of rows as there are: values are rendered
    when they are first seen.
    """

    def __init__(self, template: PromptTemplate, model: CausalModel, encode: Encode) -> None:
        self.template = template
        self._model = model
        self._encode = encode
        self._values = {
            id(part): ValueTexts(part.domain, self._texts_of(part))
            for arm in template.arms
            for part in _slots(arm)
        }

    def _texts_of(self, slot: SlotValue) -> Callable[[Sequence[int]], list[bytes]]:
        def texts(codes: Sequence[int]) -> list[bytes]:
            return [self._encode(formatted(slot.domain, code, slot.format)) for code in codes]

        return texts

    def pieces(self, columns: Columns) -> list[Piece]:
        """Every row's text. `columns` hold the inputs of the task."""
        arms = self.arms(columns)
        if len(self.template.arms) == 1:
            return list(arms[0].pieces)
        return [Arms(arms)]

    def arms(self, columns: Columns) -> list[Arm]:
        """The template's arms with the rows that each renders; a piece for each of its parts."""
        rows = _length(columns)
        result: list[Arm] = []
        for arm, chosen in _arms(self.template, self._model, columns, rows):
            mine = columns
            if len(chosen) < rows:
                mine = {name: column[chosen] for name, column in columns.items()}
            pieces = [self._piece(part, mine, len(chosen)) for part in arm.parts]
            result.append(Arm(chosen, pieces))
        return result

    def _piece(self, part: str | SlotValue, columns: Columns, rows: int) -> Piece:
        if isinstance(part, str):
            return self._encode(part)
        if isinstance(part.value, Reference) and part.value.name in columns:
            return self._values[id(part)].of(columns[part.value.name])
        value = ColumnExpression.value_of(part.value, self._model.by_name)
        return self._values[id(part)].of(value.over(columns, rows))


def render(template: PromptTemplate, model: CausalModel, columns: Columns) -> RenderedPrompts:
    """Every row's text. `model` is the task's, `columns` hold its inputs."""
    rows = _length(columns)
    arms = PromptRenderer(template, model, str.encode).arms(columns)
    texts = join([Arms(arms)], rows).texts()
    return RenderedPrompts(tuple(texts), slot_spans(template, arms, rows))


def slot_names(template: PromptTemplate) -> tuple[str, ...]:
    """The slots of a prompt, those of any arm, each once."""
    return tuple(dict.fromkeys(part.name for arm in template.arms for part in _slots(arm)))


def slot_spans(
    template: PromptTemplate, arms: Sequence[Arm], rows: int
) -> dict[str, NDArray[np.int32]]:
    """The span of every slot, [rows, 2], as in `RenderedPrompts`. `arms` are the rendered ones."""
    spans = {name: np.full((rows, 2), ABSENT, dtype=np.int32) for name in slot_names(template)}
    for arm, rendered in zip(template.arms, arms, strict=True):
        _write_spans(arm, rendered, spans)
    return spans


def _write_spans(arm: TemplateArm, rendered: Arm, spans: Mapping[str, NDArray[np.int32]]) -> None:
    position = np.zeros(len(rendered.rows), dtype=np.int32)
    written: set[str] = set()
    for part, piece in zip(arm.parts, rendered.pieces, strict=True):
        if isinstance(part, str):
            position = position + np.int32(len(part))
            continue
        assert isinstance(piece, Chosen)
        end = position + piece.table.characters.take(piece.numbers)
        if part.name not in written:
            spans[part.name][rendered.rows] = np.stack([position, end], axis=1)
            written.add(part.name)
        position = end


def said_texts(task: Task, output: str, encode: Encode) -> Callable[[Sequence[int]], list[bytes]]:
    """What the network should say for codes of an output, for `ValueTexts`."""

    def texts(codes: Sequence[int]) -> list[bytes]:
        return [encode(text) for text in answer_texts(task, output, np.array(codes, np.int64))]

    return texts


def answer_texts(task: Task, output: str, codes: Column) -> tuple[str, ...]:
    """What the network should say for each code of an output: its `say` template, or without one
    the value's own text.
    """
    domain = task.model.by_name[output].domain
    distinct, where = np.unique(codes, return_inverse=True)
    template = task.answers.get(output)
    if template is None:
        said = [domain.text(code) for code in distinct.tolist()]
    else:
        said = list(_said(template, task.model, output, distinct))
    numbers: list[int] = where.tolist()
    return tuple([said[number] for number in numbers])


def prompt_collisions(
    template: PromptTemplate, task: Task, columns: Columns, answers: Columns, *, most: int = 10
) -> tuple[PromptCollision, ...]:
    """Rows whose texts agree although the outputs `answers` do not: no network could get both
    right. Each text is reported once, by its first two rows that differ, `most` in all.
    """
    texts = render(template, task.model, columns).texts
    first_rows: dict[str, int] = {}
    found: dict[str, PromptCollision] = {}
    for row, text in enumerate(texts):
        first = first_rows.setdefault(text, row)
        if first == row or text in found:
            continue
        for output, codes in answers.items():
            if codes[first] != codes[row]:
                found[text] = PromptCollision(text, first, row, output)
                break
        if len(found) == most:
            break
    return tuple(found.values())


def formatted(domain: Domain, code: int, format: str | None) -> str:
    """A value's text. Formats are `.2f`, `d`, `5`, `05`, `06.2f`: at most a width, zero-padded or
    not, and a number of decimals, as in Python. Numbers round half to even, exactly.
    """
    if format is None:
        return domain.text(code)
    parts = _FORMAT.fullmatch(format)
    if parts is None:
        raise InternalError(f"the format `{format}` was not checked")
    if isinstance(domain, Numbers) and parts["decimals"] is not None:
        text = _decimal(domain, code, int(parts["decimals"]))
    else:
        text = domain.text(code)
    width = int(parts["width"] or 0)
    if parts["padded"]:
        return text.zfill(width)
    return text.rjust(width) if isinstance(domain, Numbers) else text.ljust(width)


def _decimal(domain: Numbers, code: int, decimals: int) -> str:
    whole, rest = divmod(abs(code) * 10**decimals, domain.denominator)
    twice = 2 * rest
    if twice > domain.denominator or (twice == domain.denominator and whole % 2):
        whole += 1
    digits = f"{whole:0{decimals + 1}d}"
    sign = "-" if code < 0 else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def _slots(arm: TemplateArm) -> Iterator[SlotValue]:
    return (part for part in arm.parts if isinstance(part, SlotValue))


def _arms(
    template: PromptTemplate, model: CausalModel, columns: Columns, rows: int
) -> Iterator[tuple[TemplateArm, NDArray[np.intp]]]:
    """Each arm with the rows that it renders: those whose first true condition is its own."""
    left = np.ones(rows, dtype=np.bool_)
    for arm in template.arms:
        if arm.condition is None:
            mine = left
        else:
            condition = ColumnExpression.of(arm.condition, model.by_name)
            mine = left & condition.over(columns, rows).astype(np.bool_)
        yield arm, np.flatnonzero(mine)
        left = left & ~mine
    if left.any():
        raise InternalError(f"no arm of the prompt `{template.name}` applies to some row")


def _said(
    template: PromptTemplate, model: CausalModel, output: str, codes: Column
) -> tuple[str, ...]:
    """A `say` template sees the output itself, and nothing that it was computed from."""
    given = model.by_name[output]
    alone = CausalModel("answer", model.task, (type(given)(output, given.role, given.domain),))
    return render(template, alone, {output: codes}).texts


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), ()))
