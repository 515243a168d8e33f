"""Slots of a loop at an index that is computed: `slot(item[asked]).last`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causalspec.compiler.domains import Numbers
from causalspec.compiler.expressions import Compare, ComparisonOperator, Constant
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.placement import PossibleSlot
from causalspec.compiler.specification import PromptTemplate
from causalspec.dsl import syntax


def slots_at(
    environment: Environment,
    written: syntax.Expression | None,
    prompts: Sequence[PromptTemplate],
) -> tuple[PossibleSlot, ...] | None:
    """The slots that `item[asked]` may mean, () where no index is computed, None with the reason
    reported. Inputs and abbreviations of the task are in reach.
    """
    if not isinstance(written, syntax.Member) or isinstance(written.index, syntax.Number):
        return ()
    family, whole = (" ".join(node.span.text.split()) for node in (written.family, written))
    known = dict.fromkeys(name for prompt in prompts for name in prompt.slots)
    members = {
        int(found[1]): name
        for name in known
        if (found := re.fullmatch(rf"{re.escape(family)}\[(-?\d+)\]", name))
    }
    if not members or whole in known:
        return ()
    compilation = environment.compilation
    index = elaborate(environment, written.index)
    if index.domain is None:
        return None
    if not isinstance(index.domain, Numbers) or index.domain.denominator != 1:
        says = "is not a whole number, which an index must be"
        return compilation.wrong("CS340", written.index, says)
    reachable = index.domain.codes()
    slots = tuple(
        PossibleSlot(name, Compare(ComparisonOperator.EQUAL, index.node, Constant(place)))
        for place, name in members.items()
        if place in reachable
    )
    if not slots:
        message = f"no slot of `{family}` stands at `{written.index.span.text}`"
        names = ", ".join(f"`{name}`" for name in members.values())
        return compilation.error("CS603", message, written.span, help=f"its slots are {names}")
    return slots
