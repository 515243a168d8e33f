"""A rival's data: pairs drawn for another model of the task in the same way as a design's."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler.expressions import references
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import (
    CounterfactualDesign,
    Derivation,
    PairExpression,
    SwapKind,
)


def rival_design(design: CounterfactualDesign, rival: CausalModel) -> CounterfactualDesign:
    """`design` with the rival's variables swapped instead, one at a time.

    Sizes, seed and disjointness stay. Filters, balance and cover stay as far as they speak of
    inputs and outputs, which all models of a task share; so does the
    derivation of the source, which is drawn independently otherwise.
    """
    shared = set(rival.inputs) | set(rival.outputs) | set(_abbreviations(rival))
    kinds = tuple(SwapKind((variable,), (0,)) for variable in rival.intermediates)
    sources = set(design.source_names[:1]) | {"base", "result"}

    def holds_for_rival(condition: PairExpression) -> bool:
        names = [name.partition(".") for name in references(condition.expression)]
        return all(prefix in sources and rest in shared for prefix, _, rest in names)

    def made_for_rival(made: Derivation) -> bool:
        read = (name for _, value in made.values for name in references(value))
        names = [name.partition(".") for name in read]
        return made.source == 0 and all(
            prefix == "base" and rest in shared for prefix, _, rest in names
        )

    keeps_balance = design.balance is not None and holds_for_rival(design.balance)
    return replace(
        design,
        name=f"{design.name} for {rival.name}",
        model=rival,
        source_names=design.source_names[:1],
        derivations=tuple(made for made in design.derivations if made_for_rival(made)),
        kinds=kinds,
        keep=tuple(clause for clause in design.keep if holds_for_rival(clause)),
        balance=design.balance if keeps_balance else None,
        balance_domain=design.balance_domain if keeps_balance else None,
        cover=tuple(value for value in design.cover if holds_for_rival(value)),
        distinctions=(),
    )


def _abbreviations(model: CausalModel) -> tuple[str, ...]:
    return tuple(
        variable.name for variable in model.variables if variable.role is Role.ABBREVIATION
    )
