"""A model under an intervention that computes variables in another way: by policies.

A policy stands in the place of a mechanism, of an input too, and reads what the intervention leaves
before it ("dynamic plans", Pearl, *Causality*, 2009, section 4.4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import pairwise

from causalspec.compiler.derived_models import in_order
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel, Role, Variable, reached
from causalspec.dsl.diagnostics import ToolFailure


class CircularPolicyError(ToolFailure):
    """A variable would be computed from itself."""


def under_policies(
    model: CausalModel, policies: Mapping[str, Expression], put_in: Collection[str]
) -> CausalModel:
    """The model whose variables are computed by their policies, as far as they have any; those that
    are `put_in` are computed from nothing: their values are given.

    Raises `CircularPolicyError` where a variable would depend on itself.
    """

    def changed(variable: Variable) -> Variable:
        if variable.name in put_in:
            return replace(variable, mechanism=None)
        policy = policies.get(variable.name)
        if policy is None:
            return replace(variable, is_proved_defined=False)
        computed = Role.ABBREVIATION if variable.mechanism is None else variable.role
        return replace(
            variable, role=computed, mechanism=policy, weights=None, is_proved_defined=False
        )

    variables = {variable.name: changed(variable) for variable in model.variables}
    for name in policies:
        if name in reached(variables[name].parents, lambda read: variables[read].parents):
            raise CircularPolicyError(f"`{name}` would depend on itself: {_way(name, variables)}")
    return replace(model, variables=in_order(list(variables.values())))


def _way(start: str, variables: Mapping[str, Variable]) -> str:
    """`first` reads `second`, `second` reads `first`: the shortest way back to a variable."""
    ways: list[tuple[str, ...]] = [(start,)]
    for way in ways:
        for parent in variables[way[-1]].parents:
            if parent == start:
                circle = (*way, start)
                pairs = pairwise(circle)
                return ", ".join(f"`{reader}` reads `{read}`" for reader, read in pairs)
            if parent not in way:
                ways.append((*way, parent))
    return f"`{start}`"
