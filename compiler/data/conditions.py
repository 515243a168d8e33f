"""What a design asks of a pair: its filters and the value to balance, computed with the labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.rivals import Prediction
from causalspec.compiler.data.undefined_labels import UndefinedPair, is_sound
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.evaluators.vectorize import PairExpressions
from causalspec.compiler.expressions import All, Defined, Reference, references, surely
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import SpecError
from causalspec.dsl.source import Span

_BASE, _RESULT = "base", "result"


def source_names(design: CounterfactualDesign) -> tuple[str, ...]:
    """How the conditions call each source."""
    return design.source_names or ("source",)


def shared_noise(design: CounterfactualDesign) -> tuple[str, ...]:
    """The noise that sources have from their base."""
    return design.model.noise if design.shared_noise else ()


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with all that is known of them. `kept` has a row of truth values for each filter,
    `stratified` a column for each value of `design.stratified`. `sound` says which pairs have a
    label and whatever is asked of them, or are surely left out; `has_label` which have a label.
    `outputs` are those of every side and, as `label.x`, those under the intervention.
    """

    sound: NDArray[np.bool_]
    has_label: NDArray[np.bool_]
    kept: tuple[NDArray[np.bool_], ...]
    stratified: tuple[Column, ...]
    outputs: Columns

    @property
    def admitted(self) -> NDArray[np.bool_]:
        """Whether a pair meets every filter and is sound."""
        admitted = self.sound.copy()
        for one in self.kept:
            admitted &= one
        return admitted


class Labeller:
    """Labels the pairs of a design and evaluates its conditions, in one program for each kind."""

    def __init__(self, design: CounterfactualDesign) -> None:
        self.design = design
        self._names = source_names(design)
        sides = {_RESULT: "label", _BASE: _BASE} | {name: name for name in self._names}
        self._outputs = [f"{side}.{x}" for side in sides.values() for x in design.model.outputs]
        outputs = [Reference(f"{side}.{x}") for side in sides for x in design.model.outputs]
        kept = (surely(one.expression) for one in design.keep)
        stratified = (one.expression for one in design.stratified)
        sound = is_sound(design, (_BASE, *self._names, _RESULT))
        defined = (Defined(Reference(f"{_RESULT}.{name}")) for name in design.model.outputs)
        wanted = [sound, All(tuple(defined)), *kept, *stratified, *outputs]
        self._wanted = [
            PairExpressions(design.model, kind, wanted, self._names) for kind in design.kinds
        ]

        # By the place of the distinction, then of the kind.
        self._predictions = [
            [
                [Prediction(one.rival, other, len(self._names)) for other in others]
                for others in one.kinds
            ]
            for one in design.distinctions
        ]

    def label(self, kind: SwapKind, base: Columns, sources: Sequence[Columns]) -> LabelledPairs:
        """Solve base, sources and intervention of admissible pairs, and evaluate every condition.

        Raises `SpecError` with CS540 or CS542 for a pair without a label, or of which a condition
        has no value.
        """
        pairs = self.evaluate(kind, base, sources)
        if not pairs.sound.all():
            row = int(np.argmin(pairs.sound))
            first, *others = ({n: int(c[row]) for n, c in one.items()} for one in (base, *sources))
            found = UndefinedPair(self.design, kind, self._names, first, others)
            raise SpecError([found.diagnostic()])
        return pairs

    def evaluate(self, kind: SwapKind, base: Columns, sources: Sequence[Columns]) -> LabelledPairs:
        """The same of any settings, even of such as `require` does not admit."""
        design = self.design
        number = design.kinds.index(kind)
        sound, has_label, *columns = self._wanted[number].columns(base, sources)
        conditions = len(design.keep) + len(design.stratified)
        kept = [columns[i].astype(np.bool_) for i in range(len(design.keep))]
        stratified = tuple(columns[len(design.keep) : conditions])
        outputs = dict(zip(self._outputs, columns[conditions:], strict=True))
        label = {name: outputs[f"label.{name}"] for name in design.model.outputs}
        for predictions in self._predictions:
            apart = np.ones(len(sound), dtype=np.bool_)
            for prediction in predictions[number]:
                apart &= ~prediction.is_label(base, sources, label)
            kept.append(apart)
        return LabelledPairs(
            sound.astype(np.bool_),
            has_label.astype(np.bool_),
            tuple(kept),
            stratified,
            outputs,
        )


def filters(design: CounterfactualDesign) -> tuple[Span, ...]:
    """The clauses that `LabelledPairs.kept` has a row for, in its order."""
    return tuple(one.span for one in (*design.keep, *design.distinctions))


@dataclass(frozen=True, slots=True)
class Relevance:
    """The inputs and noise of each side on which some condition can depend."""

    base: frozenset[str]
    sources: tuple[frozenset[str], ...]

    @staticmethod
    def of(design: CounterfactualDesign, kind: SwapKind) -> Relevance:
        """What the filters and the stratified values of a design read for one of its kinds."""
        conditions = [*design.keep, *design.stratified]
        number = design.kinds.index(kind)
        read: dict[str, set[str]] = {}
        for name in (name for one in conditions for name in references(one.expression)):
            side, _, variable = name.partition(".")
            read.setdefault(side, set()).add(variable)
        model = design.model
        base = _drawn_for(model, read.get(_BASE, ()))
        sources = [_drawn_for(model, read.get(name, ())) for name in source_names(design)]
        if read.get(_RESULT):
            _trace(model, kind, read[_RESULT], base, sources)
        for one in design.distinctions:
            _trace(model, kind, model.outputs, base, sources)
            for other in one.kinds[number]:
                _trace(one.rival, other, one.rival.outputs, base, sources)
        if design.shared_noise:
            noise = {name for side in (base, *sources) for name in side} & set(model.noise)
            for side in (base, *sources):
                side |= noise
        return Relevance(frozenset(base), tuple(frozenset(side) for side in sources))


def _trace(
    model: CausalModel,
    kind: SwapKind,
    wanted: Iterable[str],
    own: set[str],
    sources: Sequence[set[str]],
) -> None:
    """Add what the wanted variables of a run under an interchange are computed from: of the run
    itself, and of each source.
    """
    own |= _drawn_for(model, wanted, kind.variables) - set(kind.variables)
    for number in set(kind.sources):
        swapped = zip(kind.variables, kind.sources, strict=True)
        taken = [name for name, source in swapped if source == number]
        inner = kind.within_source(number)
        if inner is None:
            sources[number].update(_drawn_for(model, taken))
        else:
            _trace(model, inner, taken, sources[number], sources)


def _drawn_for(model: CausalModel, names: Iterable[str], swapped: Collection[str] = ()) -> set[str]:
    """The inputs and noise that the named variables are computed from."""
    return set(model.ancestors(names, swapped).intersection(model.exogenous))
