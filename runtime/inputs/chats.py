"""Chats as a tokenizer's own chat template writes them, with where each slot and turn stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import (
    CausalModel,
    Columns,
    PromptTemplate,
    RenderedPrompts,
    TemplateArm,
    render,
)
from causalspec.dsl.diagnostics import ToolFailure


def rendered_chat(
    template: PromptTemplate, model: CausalModel, columns: Columns, tokenizer: Any
) -> RenderedPrompts:
    """Every row's chat, up to where the assistant goes on: a turn of its own, or what the last turn
    began. Besides the slots each turn has a span, without its marks.

    `tokenizer` is one of transformers, which runs its template in a sandbox; None where there is
    none. Raises `ToolFailure` where it has no chat template, or one that changes what is said.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ToolFailure(
            f"`{template.name}` is a chat, and the tokenizer has no chat template",
            "choose a network that was made for chats, or write the prompt as a text",
        )
    turns = template.turns
    said = [
        render(
            PromptTemplate(turn.name, (TemplateArm(None, turn.parts),), turn.span), model, columns
        )
        for turn in turns
    ]
    roles = [turn.role for turn in turns]
    between = _marks(tokenizer, roles)
    rows = list(zip(*(turn.texts for turn in said), strict=True))
    known: dict[tuple[str, ...], str] = {}
    for contents in dict.fromkeys(rows):
        whole = "".join(
            part for pair in zip(between, (*contents, ""), strict=True) for part in pair
        )
        if whole != _applied(tokenizer, roles, contents):
            raise ToolFailure(
                f"the tokenizer's chat template changes what `{template.name}` says: "
                f"`{contents[-1]}`",
                "begin and end no turn with a space or a line break",
            )
        known[contents] = whole
    spans: dict[str, NDArray[np.int32]] = {}
    start = np.zeros(len(rows), np.int32)
    for turn, own, mark in zip(turns, said, between[:-1], strict=True):
        start = start + np.int32(len(mark))
        for name, span in own.spans.items():
            spans[name] = np.where(span < 0, span, span + start[:, None]).astype(np.int32)
        end = start + np.array([len(text) for text in own.texts], np.int32)
        spans[turn.name] = np.stack([start, end], axis=1)
        start = end
    return RenderedPrompts(tuple(known[row] for row in rows), spans, marked=True)


def _marks(tokenizer: Any, roles: Sequence[str]) -> list[str]:
    """What stands before the first turn, between turns, and after the last."""
    stand_ins = [f"(turn {number} of {len(roles)})" for number in range(len(roles))]
    rest = _applied(tokenizer, roles, stand_ins)
    marks: list[str] = []
    for stand_in in stand_ins:
        before, found, rest = rest.partition(stand_in)
        if not found:
            raise ToolFailure("the tokenizer's chat template leaves out what some turns say")
        marks.append(before)
    return [*marks, rest]


def _applied(tokenizer: Any, roles: Sequence[str], contents: Sequence[str]) -> str:
    pairs = zip(roles, contents, strict=True)
    messages = [{"role": role, "content": content} for role, content in pairs]
    begun = roles[-1] == "assistant"
    try:
        return tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=not begun,
            continue_final_message=begun,
        )
    except Exception as error:  # a template's own, of many kinds
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ToolFailure(f"the tokenizer's chat template refuses the chat: {reason}") from error
