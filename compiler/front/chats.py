"""Chats: who speaks in a prompt, and what each says."""

from __future__ import annotations

from collections import Counter

from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.slots import parts_of_template
from causalspec.compiler.specification import PromptTemplate, SlotValue, TemplateArm, Turn
from causalspec.dsl import syntax

ROLES = ("system", "user", "assistant")


def chat_of(environment: Environment, name: syntax.Name, chat: syntax.Chat) -> PromptTemplate:
    """A prompt whose turns a tokenizer writes; as data, line by line, each led by its role."""
    _check_roles(environment.compilation, chat)
    slots: dict[str, syntax.Slot] = {}
    count = Counter(turn.role.text for turn in chat.turns)
    before: Counter[str] = Counter()
    parts: list[str | SlotValue] = []
    turns: list[Turn] = []
    for written in chat.turns:
        role = written.role.text
        named = role if count[role] == 1 else f"{role}[{before[role]}]"
        before[role] += 1
        own = parts_of_template(environment, written.template, slots)
        turns.append(Turn(named, role, own, written.role.span))
        parts += [f"{role}: ", *own, "\n"]
    arms = (TemplateArm(None, tuple(parts)),)
    return PromptTemplate(name.text, arms, name.span, turns=tuple(turns))


def _check_roles(compilation: Compilation, chat: syntax.Chat) -> None:
    """Who speaks in a chat: perhaps a system first, then user and assistant in turn."""
    expected = ("system", "user")
    for turn in chat.turns:
        role = turn.role
        if role.text not in ROLES:
            compilation.unknown("role", role, ROLES, code="CS633")
            return
        compilation.meanings.note(role.span, "role")
        if role.text not in expected:
            wanted = " or ".join(f"`{name}`" for name in expected)
            message = f"`{role.text}` speaks where {wanted} is to speak"
            advice = "a chat is `system` once or not at all, then `user` and `assistant` in turn"
            compilation.error("CS634", message, role.span, help=advice)
            return
        expected = ("assistant",) if role.text == "user" else ("user",)
    if chat.turns[-1].role.text == "system":
        advice = 'add `user "…"`: a network answers what a user says'
        compilation.error("CS634", "this chat asks nothing", chat.turns[-1].role.span, help=advice)
