"""Named values: which set a symbol belongs to, and names that nothing declares."""

from __future__ import annotations

from causalspec.compiler.domains import Numbers, Rows, Symbols, Truths
from causalspec.compiler.expressions import Constant
from causalspec.compiler.front.calls import AGGREGATES, BUILT_IN_FUNCTIONS
from causalspec.compiler.front.scopes import Environment, Side
from causalspec.compiler.front.values import (
    POISONED,
    Expected,
    PlainWords,
    Value,
    described,
    listed,
)
from causalspec.dsl import syntax


def symbol(
    environment: Environment, text: str, node: syntax.Name | syntax.Text, expected: Expected
) -> Value:
    """A named value: of the expected set, or of the only set of the file that has it."""
    compilation = environment.compilation
    sets = [domain for domain in compilation.symbol_sets if member_of(domain, text) is not None]
    advice = None
    match expected:
        case Symbols() | Rows():
            value = member_of(expected, text)
            if value is not None:
                return value
            advice = f"{described(expected)} has {listed(members_of(expected))}"
            problem = f"not of {described(expected)}"
        case Truths() | Numbers():
            wanted = "true or false" if isinstance(expected, Truths) else "a number"
            problem = f"but {wanted} is needed here"
            if isinstance(expected, Truths):
                advice = "one of several values is asked for as in `x in {A, B}`"
        case _:
            problem = None
            value = member_of(sets[0], text) if len(sets) == 1 else None
            if value is not None:
                return value
    if sets and problem is not None:
        message = f"`{text}` is a symbol of {described(sets[0])}, {problem}"
        compilation.error("CS206", message, node.span, help=advice)
    elif sets:
        message = f"`{text}` is a symbol of more than one set: "
        message += " and ".join(described(domain) for domain in sets[:3])
        advice = "compare it with, or give it to, something whose type says which"
        compilation.error("CS204", message, node.span, help=advice)
    elif isinstance(node, syntax.Name):
        _unknown_name(environment, node, expected)
    elif not compilation.unread.may_declare(text):
        compilation.error("CS201", f"unknown symbol `{text}`", node.span, help=advice)
    return POISONED


def members_of(domain: Symbols | Rows) -> tuple[str, ...]:
    """The names of a domain's values."""
    return domain.members if isinstance(domain, Symbols) else domain.keys


def member_of(domain: Symbols | Rows, text: str) -> Value | None:
    """The named value of a domain."""
    names = members_of(domain)
    return Value(Constant(names.index(text)), domain) if text in names else None


def _unknown_name(environment: Environment, node: syntax.Name, expected: Expected) -> None:
    compilation = environment.compilation
    declaration = compilation.declared.get(node.text)
    if declaration is not None:
        compilation.wrong_kind(node, declaration, "not a value")
        return
    is_function = node.text in BUILT_IN_FUNCTIONS or node.text in AGGREGATES
    if is_function and not (
        compilation.unread.may_declare(node.text) or "name" in compilation.unread.nameless
    ):
        compilation.wrong(
            "CS202", node, "is a function, not a value", help=f"call it, as in `{node.text}(…)`"
        )
        return
    runs = [
        name
        for name in environment.scope.names()
        if isinstance(side := environment.scope.find(name), Side) and side.scope.find(node.text)
    ]
    if runs:
        advice = f"name the run that it is read in, as in `{runs[-1]}.{node.text}`"
        compilation.error("CS201", f"unknown name `{node.text}`", node.span, help=advice)
        return
    candidates = list(environment.scope.names())
    if isinstance(expected, Symbols | Rows):
        candidates += members_of(expected)
    elif expected is None or isinstance(expected, PlainWords):
        for domain in compilation.symbol_sets:
            candidates += members_of(domain)
    words = ("true", "false") if expected is None or isinstance(expected, Truths) else ()
    compilation.unknown("name", node, candidates, words=words)
