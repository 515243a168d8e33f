"""Counterfactual data as a file declares it: swaps, sources, filters, strata and splits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import Expression, Reference
from causalspec.compiler.model import CausalModel
from causalspec.dsl.source import Span


@dataclass(frozen=True, slots=True)
class SwapKind:
    """One kind of intervention: each variable takes its value from a numbered source."""

    variables: tuple[str, ...]
    sources: tuple[int, ...]
    weight: int = 1
    within: tuple[tuple[int, SwapKind], ...] = ()
    """The sources that are themselves intervened on, with what is swapped in their runs; in no
    circle. The kinds in it have none of their own: what a source's run is holds everywhere.
    """

    @property
    def name(self) -> str:
        """`left`, or `left, right`, or `left (with right)`: unique within a design."""
        return self._named(self)

    def _named(self, kind: SwapKind) -> str:
        parts: list[str] = []
        for variable, source in zip(kind.variables, kind.sources, strict=True):
            inner = self.within_source(source)
            parts.append(variable if inner is None else f"{variable} (with {self._named(inner)})")
        return ", ".join(parts)

    def within_source(self, number: int) -> SwapKind | None:
        """What is swapped in a source's own run, with what is swapped in the runs of its sources;
        None where nothing is.
        """
        inner = dict(self.within).get(number)
        return None if inner is None else replace(inner, within=self.within)

    @property
    def used_sources(self) -> tuple[int, ...]:
        """Every source that something is taken from, each once, in order."""
        inner = (kind.sources for _, kind in self.within)
        return tuple(sorted({*self.sources, *(number for some in inner for number in some)}))


@dataclass(frozen=True, slots=True)
class SplitSize:
    name: str
    rows: int
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PairExpression:
    """A condition or value over a pair. Its references are prefixed: `base.x`, `source.x` (or
    `s1.x`, `s2.x`, … by the source's declared name) and `result.x`, where `x` is any variable of
    the model in the base's solution, a source's solution, the solution under the intervention.
    """

    expression: Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StratifiedValue(PairExpression):
    """A value over a pair that rows are spread evenly over."""

    domain: Domain = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class HeldOutValue:
    """A value of one setting whose values no two splits share: an input, or an expression over
    inputs, called as it is written.
    """

    name: str
    expression: Expression
    domain: Domain

    @property
    def input(self) -> str | None:
        """The input that it is; None of an expression."""
        return self.expression.name if isinstance(self.expression, Reference) else None


@dataclass(frozen=True, slots=True)
class Distinction:
    """`distinguish from RIVAL`: a filter. A pair of the design's kind number k meets it when under
    none of `kinds[k]`, interventions on the rival, the rival's label is the pair's own.
    """

    rival: CausalModel
    kinds: tuple[tuple[SwapKind, ...], ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derivation:
    """`derive NAME from RUN { … }`: how source number `source` is made. `values` has each input
    that is not drawn anew, as an expression over the base and sources before it in the names of
    `derived_models.interchanged`; `drawn` are drawn as the task draws them, given the others.
    """

    source: int
    values: tuple[tuple[str, Expression], ...]
    drawn: tuple[str, ...]
    span: Span = field(compare=False, repr=False)

    @property
    def text(self) -> str:
        """The statement on one line."""
        return " ".join(self.span.text.split())


@dataclass(frozen=True, slots=True)
class CounterfactualDesign:
    """A `counterfactuals` declaration. Source 0 is called `source` where it has no other name."""

    name: str
    model: CausalModel
    source_names: tuple[str, ...]
    kinds: tuple[SwapKind, ...]
    keep: tuple[PairExpression, ...]
    balance: PairExpression | None
    balance_domain: Domain | None
    splits: tuple[SplitSize, ...]
    disjoint: tuple[HeldOutValue, ...]
    seed: int
    span: Span = field(compare=False, repr=False)
    distinctions: tuple[Distinction, ...] = ()
    cover: tuple[StratifiedValue, ...] = ()
    shared_noise: bool = False
    """Whether the sources have the base's noise, instead of noise drawn for each."""
    derivations: tuple[Derivation, ...] = ()
    """Of the sources that are made of other runs, each after those that it reads."""

    @property
    def stratified(self) -> tuple[StratifiedValue, ...]:
        """The covered values, then the balanced one."""
        if self.balance is None or self.balance_domain is None:
            return self.cover
        balanced = StratifiedValue(
            self.balance.expression, self.balance.span, domain=self.balance_domain
        )
        return (*self.cover, balanced)
