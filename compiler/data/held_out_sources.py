"""Derived sources in splits that share no value: what a derivation states has to stay in the split,
as what is drawn does by itself.
"""

from __future__ import annotations

import numpy as np

from causalspec.compiler.data.conditions import LabelledPairs, source_names
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.evaluators.columns import ColumnExpression
from causalspec.compiler.expressions import All, Expression, Reference, references
from causalspec.compiler.specification import CounterfactualDesign, Derivation, HeldOutValue
from causalspec.compiler.wording import quoted, setting_text
from causalspec.dsl.diagnostics import Diagnostic, SpecError


class HeldOutSources:
    """What the derived sources of a design have to keep to in one split."""

    def __init__(self, design: CounterfactualDesign, values: SplitValues) -> None:
        self._design, self._split = design, values.split
        self._asked: list[tuple[Derivation, ColumnExpression]] = []
        for made in design.derivations:
            conditions: list[Expression] = []
            for share in values.shares:
                own = zip(share.values, share.conditions(), strict=True)
                conditions += [
                    condition for value, condition in own if not _stays(made, value, share.values)
                ]
            if conditions:
                asked = ColumnExpression.of(All(tuple(conditions)), design.model.by_name)
                self._asked.append((made, asked))

    def refuse_others(self, pairs: LabelledPairs) -> None:
        """Raises `SpecError` with CS555 for an admitted pair with a source of another split."""
        model = self._design.model
        for made, asked in self._asked:
            name = source_names(self._design)[made.source]
            columns = {read: pairs.columns[f"{name}.{read}"] for read in asked.reads}
            leaves = pairs.admitted & (asked.over(columns, len(pairs.sound)) == 0)
            if leaves.any():
                row = int(np.argmax(leaves))
                base, source = (
                    {read: int(pairs.columns[f"{side}.{read}"][row]) for read in model.inputs}
                    for side in ("base", name)
                )
                message = (
                    f"{quoted(made.span)} leaves the values of `{self._split}` at base "
                    f"`{setting_text(model, base, model.inputs)}`"
                )
                advice = (
                    f"it gives `{setting_text(model, source, model.inputs)}`; draw what the splits "
                    "are disjoint by, share it, or take it from another input that they share out"
                )
                raise SpecError([Diagnostic("CS555", message, made.span, advice)])


def _stays(made: Derivation, value: HeldOutValue, alike: tuple[HeldOutValue, ...]) -> bool:
    """Whether a value of a derived source is surely one of the split's own, as it is drawn or as it
    is the value of a run that is in the split: `alike` are shared out together with it.
    """
    stated = dict(made.values)
    read = references(value.expression)
    if not set(read).isdisjoint(made.drawn):
        return True
    taken = [part for name in read if isinstance(part := stated[name], Reference)]
    if len(taken) < len(read):
        return False
    runs = {part.name.rpartition(".")[0] for part in taken}
    names = [part.name.rpartition(".")[2] for part in taken]
    if value.input is not None:
        return names[0] in {other.input for other in alike}
    return len(runs) == 1 and names == list(read)
