"""What a design asks of a pair: its filters and the value to balance, computed with the labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dsl.source import Span
from ..evaluators.columns import Column, Columns
from ..evaluators.vectorize import pair_columns
from ..expressions import Reference, references
from ..model import CausalModel
from ..specification import CounterfactualDesign, SwapKind
from .rivals import predicts

_BASE, _RESULT = "base", "result"


def source_names(design: CounterfactualDesign) -> tuple[str, ...]:
    """How the conditions call each source."""
    return design.source_names or ("source",)


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs with all that is known of them. `kept` has a row of truth values for each filter."""

    kept: tuple[NDArray[np.bool_], ...]
    balanced: Column | None
    label: Columns
    base_outputs: Columns
    source_outputs: tuple[Columns, ...]

    def admitted(self, rows: int) -> NDArray[np.bool_]:
        """Whether a pair meets every filter."""
        admitted = np.ones(rows, dtype=np.bool_)
        for one in self.kept:
            admitted &= one
        return admitted


def label(
    design: CounterfactualDesign, kind: SwapKind, base: Columns, sources: Sequence[Columns]
) -> LabelledPairs:
    """Solve base, sources and intervention, and evaluate every condition, in one program."""
    model, names = design.model, source_names(design)
    conditions = [one.expression for one in design.keep]
    if design.balance is not None:
        conditions.append(design.balance.expression)
    outputs = [
        Reference(f"{side}.{name}") for side in (_RESULT, _BASE, *names) for name in model.outputs
    ]
    columns = pair_columns(model, base, sources, kind, [*conditions, *outputs], source_names=names)
    kept = [columns[i].astype(np.bool_) for i in range(len(design.keep))]
    balanced = columns[len(design.keep)] if design.balance is not None else None
    sides = [
        dict(zip(model.outputs, columns[start : start + len(model.outputs)], strict=True))
        for start in range(len(conditions), len(columns), max(1, len(model.outputs)))
    ]
    number = design.kinds.index(kind)
    for distinction in design.distinctions:
        apart = np.ones(len(next(iter(columns), ())), dtype=np.bool_)
        for other in distinction.kinds[number]:
            apart &= ~predicts(distinction.rival, other, base, sources, sides[0])
        kept.append(apart)
    return LabelledPairs(tuple(kept), balanced, sides[0], sides[1], tuple(sides[2:]))


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
        """What the filters and the balanced value of a design read for one of its kinds."""
        conditions = [*design.keep, *((design.balance,) if design.balance is not None else ())]
        number = design.kinds.index(kind)
        read: dict[str, set[str]] = {}
        for name in (name for one in conditions for name in references(one.expression)):
            side, _, variable = name.partition(".")
            read.setdefault(side, set()).add(variable)
        results = read.get(_RESULT, set[str]())
        base = _ancestors(design.model, read.get(_BASE, ()))
        base |= _ancestors(design.model, results, frozenset(kind.variables))
        sources: list[frozenset[str]] = []
        for k, name in enumerate(source_names(design)):
            swapped = zip(kind.variables, kind.sources, strict=True)
            taken = {variable for variable, source in swapped if source == k and results}
            sources.append(_ancestors(design.model, taken.union(read.get(name, ()))))
        for one in design.distinctions:
            for model, other in (
                (design.model, kind),
                *((one.rival, other) for other in one.kinds[number]),
            ):
                base |= _ancestors(model, model.outputs, frozenset(other.variables))
                for k in set(other.sources):
                    swapped = zip(other.variables, other.sources, strict=True)
                    sources[k] |= _ancestors(model, [name for name, of in swapped if of == k])
        return Relevance(base, tuple(sources))


def _ancestors(
    model: CausalModel, names: Iterable[str], blocked: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The inputs and noise that the named variables are computed from, not through `blocked`."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen or name in blocked:
            continue
        seen.add(name)
        variable = model.by_name[name]
        if variable.mechanism is None:
            found.add(name)
        waiting.extend(variable.parents)
    return frozenset(found)


def quoted(clause: Span) -> str:
    """A clause as messages quote it: on one line, long ones cut."""
    text = " ".join(clause.text.split())
    return f"`{text}`" if len(text) <= 60 else f"`{text[:59]}…`"
