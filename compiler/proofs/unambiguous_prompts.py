"""Prompts that surely carry what the answer depends on, as their own text and the graph show.

Sufficient, not necessary, and quick: what these cannot settle is left to enumeration, a sample or
the solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths
from causalspec.compiler.expressions import (
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
    Reference,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SlotValue, TemplateArm


def slots_fix_answers(model: CausalModel, arm: TemplateArm) -> bool:
    """Whether inputs whose slots agree have the same outputs: every path from an input or noise to
    an output goes through what a slot shows, or what the arm's condition says.
    """
    fixed = {
        name
        for part in arm.parts
        if isinstance(part, SlotValue) and (name := _shown(part.value)) is not None
    }
    match arm.condition:
        case Compare(ComparisonOperator.EQUAL, Reference(name), Constant()):
            fixed.add(name)
        case _:
            pass
    return fixed.issuperset(model.ancestors(model.outputs, fixed).intersection(model.exogenous))


def _shown(value: Expression) -> str | None:
    """The variable whose value can be told from a slot's."""
    match value:
        case Reference(name):
            return name
        case Lookup(table, Reference(name)) if len(set(table)) == len(table):
            return name
        case _:
            return None


def slots_read_back(arm: TemplateArm) -> bool:
    """Whether texts that agree come from slots that agree: read from the left, each slot ends where
    the next fixed text starts, with a character that the slot never has.
    """
    return all(
        isinstance(part, str) or (isinstance(after, str) and after[:1] not in _characters(part))
        for part, after in pairwise(part for part in arm.parts if part != "")
    )


def _characters(slot: SlotValue) -> set[str]:
    return set("".join(_alphabet(slot.domain, slot.format or "")))


def _alphabet(domain: Domain, format: str) -> Iterator[str]:
    """Texts that together have every character of a slot's values; some may be too many."""
    if format.lstrip("0")[:1].isdigit():
        yield " 0"  # what fills a width
    match domain:
        case Truths():
            yield "truefalse"
        case Numbers(low=low, denominator=denominator):
            yield "0123456789"
            yield "-" if low < 0 else ""
            yield "./" if denominator > 1 or "." in format else ""
        case Symbols(members=words) | Rows(keys=words):
            yield from words
        case _:
            yield from map(domain.text, domain.codes())
