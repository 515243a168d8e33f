"""Counterfactual designs put together by hand, each clause with a span whose text is the clause."""

from __future__ import annotations

from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import Expression, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import (
    CounterfactualDesign,
    HeldOutValue,
    PairExpression,
    SplitSize,
    SwapKind,
)
from causalspec.dsl.source import Source, Span


def span(text: str) -> Span:
    return Span(Source("design.causal", text), 0, len(text))


def swap(*variables: str, sources: tuple[int, ...] | None = None, weight: int = 1) -> SwapKind:
    return SwapKind(variables, sources or (0,) * len(variables), weight)


def design(
    model: CausalModel,
    *kinds: SwapKind,
    keep: tuple[tuple[str, Expression], ...] = (),
    balance: tuple[str, Expression, Domain] | None = None,
    splits: tuple[tuple[str, int], ...] = (("train", 200), ("test", 50)),
    disjoint: tuple[str, ...] = (),
    sources: tuple[str, ...] = ("source",),
    seed: int = 0,
) -> CounterfactualDesign:
    return CounterfactualDesign(
        name="Design",
        model=model,
        source_names=sources,
        kinds=kinds,
        keep=tuple(PairExpression(expression, span(text)) for text, expression in keep),
        balance=PairExpression(balance[1], span(balance[0])) if balance else None,
        balance_domain=balance[2] if balance else None,
        splits=tuple(SplitSize(name, rows, span(f"{name} {rows}")) for name, rows in splits),
        disjoint=tuple(
            HeldOutValue(name, Reference(name), model.by_name[name].domain) for name in disjoint
        ),
        seed=seed,
        span=span("counterfactuals Design"),
    )
