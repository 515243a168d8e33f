"""The pairs of one kind of swap as settings of one model, and what a design asks of them.

Every question about pairs is one about this model: which of its inputs matter is what the
conditions depend on, a label is a variable, a rival's label another. A source that follows from its
base is computed in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.undefined_labels import UndefinedPair, is_sound
from causalspec.compiler.derived_models import (
    copied,
    differs,
    interchanged,
    on_pair,
    pair_in,
    pair_of,
    source_prefix,
)
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.evaluators.vectorize import ColumnProgram
from causalspec.compiler.expressions import All, Defined, Expression, Reference, references, surely
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import SpecError
from causalspec.dsl.source import Span


def source_names(design: CounterfactualDesign) -> tuple[str, ...]:
    """How the conditions call each source."""
    return design.source_names or ("source",)


def filters(design: CounterfactualDesign) -> tuple[Span, ...]:
    """The clauses that a pair must meet, in the order of `LabelledPairs.kept`."""
    return tuple(clause.span for clause in (*design.keep, *design.distinctions))


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with all that is known of them. `kept` has a row of truth values for each filter,
    `stratified` a column for each value of `design.stratified`. `sound` says which pairs have a
    label and whatever is asked of them, or are surely left out; `has_label` which have a label.
    `columns` are what `InterchangePairs` has: inputs, noise and outputs of every side (`base.x`)
    and the outputs under the intervention (`label.x`).
    """

    sound: NDArray[np.bool_]
    has_label: NDArray[np.bool_]
    kept: tuple[NDArray[np.bool_], ...]
    stratified: tuple[Column, ...]
    columns: Columns

    @property
    def admitted(self) -> NDArray[np.bool_]:
        """Whether a pair meets every filter and is sound."""
        return np.logical_and.reduce((self.sound, *self.kept))


@dataclass(frozen=True)
class PairKind:
    """Kind `number` of a design. `model` has all runs on a pair, as `derived_models.interchanged`
    calls them, and those of the rivals that it is to tell apart; the expressions are over it.
    """

    design: CounterfactualDesign
    number: int
    model: CausalModel
    sound: Expression
    kept: tuple[Expression, ...]
    stratified: tuple[Expression, ...]

    @staticmethod
    def of(design: CounterfactualDesign, number: int) -> PairKind:
        """The kind of that number."""
        names = source_names(design)
        model = pair_of(design, design.kinds[number], range(len(names)))
        kept = [on_pair(surely(clause.expression), names) for clause in design.keep]
        for distinction in design.distinctions:
            apart: list[Expression] = []
            for swap in distinction.kinds[number]:
                beside = interchanged(distinction.rival, swap, range(len(names)))
                model, differing = _with_rival(model, beside, distinction.rival.outputs)
                apart.append(differing)
            kept.append(All(tuple(apart)))
        sound = on_pair(is_sound(design, ("base", *names, "result")), names)
        stratified = tuple(on_pair(value.expression, names) for value in design.stratified)
        return PairKind(design, number, model, sound, tuple(kept), stratified)

    @staticmethod
    def all_of(design: CounterfactualDesign) -> list[PairKind]:
        """Every kind of a design, in order."""
        return [PairKind.of(design, number) for number in range(len(design.kinds))]

    @property
    def swap(self) -> SwapKind:
        """The intervention."""
        return self.design.kinds[self.number]

    @property
    def sides(self) -> tuple[str, ...]:
        """How the model calls base and sources."""
        return PairKind.sides_of(self.design)

    @staticmethod
    def sides_of(design: CounterfactualDesign) -> tuple[str, ...]:
        """How pairs of a design call base and sources."""
        return ("base", *map(source_prefix, range(len(source_names(design)))))

    @property
    def is_conditional(self) -> bool:
        """Whether anything is asked of its pairs."""
        return bool(self.kept or self.stratified)

    @cached_property
    def relevant(self) -> frozenset[str]:
        """The inputs and noise, of base and sources, on which some filter or value can depend."""
        read = references(All((*self.kept, *self.stratified)))
        return self.model.ancestors(read).intersection(self.model.exogenous)

    @cached_property
    def _shown(self) -> Mapping[str, str]:
        """What the model calls each column of `LabelledPairs`."""
        model, names = self.design.model, source_names(self.design)
        runs = {"base": "base", **{name: source_prefix(k) for k, name in enumerate(names)}}
        shown = {
            f"{side}.{name}": f"{run}.{name}"
            for side, run in runs.items()
            for name in (*model.exogenous, *model.outputs)
        }
        return shown | {f"label.{name}": f"result.{name}" for name in model.outputs}

    @cached_property
    def _computed(self) -> list[str]:
        """What of it is not drawn."""
        drawn = set(self.model.exogenous)
        return [name for name in self._shown.values() if name not in drawn]

    @cached_property
    def _program(self) -> ColumnProgram:
        labels = (Defined(Reference(f"result.{name}")) for name in self.design.model.outputs)
        computed = map(Reference, self._computed)
        wanted = [self.sound, All(tuple(labels)), *self.kept, *self.stratified, *computed]
        return ColumnProgram(self.model, wanted)

    def evaluate(self, drawn: Columns) -> LabelledPairs:
        """Solve base, sources and intervention of any settings of the model's inputs and noise, and
        evaluate every condition.
        """
        given = {name: drawn[name] for name in self.model.exogenous}
        columns = iter(self._program.columns(given))
        sound, has_label, *kept = (
            next(columns).astype(np.bool_) for _ in range(2 + len(self.kept))
        )
        stratified = tuple(next(columns) for _ in self.stratified)
        known = given | dict(zip(self._computed, columns, strict=True))
        shown = {name: known[run] for name, run in self._shown.items()}
        return LabelledPairs(sound, has_label, tuple(kept), stratified, shown)

    def label(self, drawn: Columns) -> LabelledPairs:
        """The same of admissible pairs.

        Raises `SpecError` with CS540 or CS542 for a pair without a label, or of which a condition
        has no value.
        """
        pairs = self.evaluate(drawn)
        if not pairs.sound.all():
            row = int(np.argmin(pairs.sound))
            setting = {name: int(drawn[name][row]) for name in self.model.exogenous}
            names = source_names(self.design)
            base, sources = pair_in(setting, self.model, self.design.model, len(names))
            found = UndefinedPair(self.design, self.swap, names, base, sources)
            raise SpecError([found.diagnostic()])
        return pairs


def _with_rival(
    model: CausalModel, beside: CausalModel, outputs: Sequence[str]
) -> tuple[CausalModel, Expression]:
    """The model with a rival's runs on the same pair, and whether the rival's label is another."""
    free = set(beside.exogenous)
    mark = f"beside {len(model.variables)} others"  # no variable of a spec has a space in its name

    def name_of(name: str) -> str:
        return name if name in free else f"{name} {mark}"

    labels = [f"result.{name}" for name in outputs]
    both = replace(model, variables=(*model.variables, *copied(beside, name_of)))
    return both, differs({name: name_of(name) for name in labels})
