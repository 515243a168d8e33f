"""A task's prompt where it is plain: one text, each slot and each answer a single token."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerFast

from causalspec.compiler import CausalModel, SlotValue, Task, formatted, right_texts, solve_columns
from causalspec.compiler import references as names_in
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.making.circuit import (
    Circuit,
    Lookup,
    circuit_of,
    grid,
    inputs_behind,
    look_up,
    places_of,
)
from causalspec.runtime.making.word_tokenizer import word_tokenizer


@dataclass(frozen=True, eq=False)
class PlainPrompt:
    """A prompt of `length` tokens. Of each variable that a slot renders, by its name, `positions`
    has where it stands and `tokens` those of its values, in the domain's order; `answers` are those
    of the output's values.
    """

    tokenizer: PreTrainedTokenizerFast = field(repr=False)
    length: int
    positions: Mapping[str, int]
    tokens: Mapping[str, tuple[int, ...]] = field(repr=False)
    answers: tuple[int, ...] = field(repr=False)


def plain_prompt(task: Task) -> PlainPrompt:
    """The task's only prompt.

    Raises `ToolFailure` where it is not plain, saying why.
    """
    if len(task.prompts) != 1:
        raise _not_plain(task, f"has {len(task.prompts)} prompts")
    if len(task.model.outputs) != 1:
        raise _not_plain(task, f"has {len(task.model.outputs)} outputs")
    (template,), (output,) = task.prompts.values(), task.model.outputs
    if len(template.arms) != 1:
        raise _not_plain(task, "has a prompt that is worded in several ways")
    parts = template.arms[0].parts
    variants = {
        number: [_with(parts, number, code) for code in part.domain.codes()]
        for number, part in enumerate(parts)
        if isinstance(part, SlotValue)
    }
    codes = np.asarray(task.model.by_name[output].domain.codes())
    right = right_texts(task, output, codes)
    if any(len(texts) > 1 for texts in right):
        raise _not_plain(task, "calls several answers right")
    answers = [texts[0] for texts in right]
    plain = _with(parts, -1, 0)
    texts = [text for found in variants.values() for text in found]
    shown = [text for part in parts if isinstance(part, SlotValue) for text in _values(part)]
    runs = [len(run) for text in (*shown, *answers) for run in re.findall(r"\d+", text)]
    tokenizer = word_tokenizer([plain, *texts, *answers], max(runs, default=1))
    untyped: Any = tokenizer
    base = untyped(plain).input_ids
    positions: dict[str, int] = {}
    tokens: dict[str, tuple[int, ...]] = {}
    for number, texts in variants.items():
        slot = parts[number]
        assert isinstance(slot, SlotValue)
        place, found = _varying(task, slot.name, base, [untyped(text).input_ids for text in texts])
        names = names_in(slot.value)
        if len(names) != 1 or task.model.by_name[names[0]].domain != slot.domain:
            raise _not_plain(task, f"renders in `{slot.name}` more than a variable's own value")
        positions.setdefault(names[0], place)
        tokens.setdefault(names[0], found)
    ids = [untyped(text).input_ids for text in answers]
    if any(len(answer) != 1 for answer in ids) or len({answer[0] for answer in ids}) < len(ids):
        raise _not_plain(task, "has answers that are not a token of their own each")
    return PlainPrompt(tokenizer, len(base), positions, tokens, tuple(answer[0] for answer in ids))


def circuit_behind(prompt: PlainPrompt, task: Task, model: CausalModel) -> Circuit:
    """The circuit that computes `model` from what the prompt shows. An input that no slot renders
    is worked out from those that depend on it.

    Raises `ToolFailure` where that can't be.
    """
    shown = {name: task.model.by_name[name].domain.size for name in prompt.positions}
    hidden = [name for name in inputs_behind(model, shown) if name not in shown]
    return circuit_of(model, shown, [_worked_out(task, name, shown) for name in hidden])


def _worked_out(task: Task, name: str, shown: Collection[str]) -> Lookup:
    telling = [slot for slot in shown if name in task.model.ancestors([slot])]
    if not telling:
        raise ToolFailure(
            f"no slot of the prompt of `{task.name}` shows the input `{name}`",
            help=f"let a slot render `{name}`, or what is computed from it",
        )
    inputs = [given for given in task.model.inputs if given in task.model.ancestors(telling)]
    slots = tuple(slot for slot in shown if slot in telling or slot in inputs)
    settings = grid(task.model, inputs)
    solved = solve_columns(task.model, settings, wanted=[*slots, name])
    places = {each: places_of(task.model, each, solved[each]) for each in (*slots, name)}
    table = np.full([task.model.by_name[slot].domain.size for slot in slots], -1, dtype=np.int32)
    # What the prompt does not tell apart, the first of several, comes last, and stays.
    where = tuple(places[slot][::-1] for slot in slots)
    table[where] = places[name][::-1]
    return look_up(name, slots, table, task.model)


def _values(slot: SlotValue) -> list[str]:
    return [formatted(slot.domain, code, slot.format) for code in slot.domain.codes()]


def _with(parts: Sequence[str | SlotValue], varied: int, code: int) -> str:
    """The prompt with each slot at its first value, but for the part `varied`."""
    return "".join(
        part
        if isinstance(part, str)
        else formatted(
            part.domain, code if number == varied else part.domain.codes().start, part.format
        )
        for number, part in enumerate(parts)
    )


def _varying(
    task: Task, slot: str, base: list[int], rows: list[list[int]]
) -> tuple[int, tuple[int, ...]]:
    """The only position where texts differ that differ in a slot, and the tokens there."""
    if any(len(row) != len(base) for row in rows):
        raise _not_plain(task, f"has values of `{slot}` that are not one token each")
    differing = np.flatnonzero((np.array(rows) != np.array(base)).any(0)).tolist()
    if len(differing) != 1:
        raise _not_plain(task, f"has values of `{slot}` that are not one token each")
    found = tuple(row[differing[0]] for row in rows)
    if len(set(found)) < len(found):
        raise _not_plain(task, f"writes two values of `{slot}` alike")
    return differing[0], found


def _not_plain(task: Task, why: str) -> ToolFailure:
    return ToolFailure(
        f"`{task.name}` {why}, and a decoder is built for one text with slots of one token each, "
        "and answers of one token",
        help="reword the task so, or let a network learn it with `causalspec plant`",
    )
