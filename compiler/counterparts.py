"""Which interventions on another model of a task stand beside an intervention on this one."""

from __future__ import annotations

from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SwapKind


def counterparts_of(kind: SwapKind, rival: CausalModel) -> tuple[SwapKind, ...]:
    """The rival's interventions that stand beside `kind`; none where sources cannot be matched."""
    variables = rival.intermediates
    inner = (name for _, inner_kind in kind.within for name in inner_kind.variables)
    if {*kind.variables, *inner} <= set(variables):
        return (kind,)
    if len(kind.used_sources) > 1:
        return ()
    return tuple(SwapKind((name,), kind.sources[:1]) for name in variables)
