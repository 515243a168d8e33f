"""Which pairs a declaration of data keeps now or no longer, and how many drawn ones change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.derived_models import (
    on_pair,
    pair_in,
    pair_of,
    source_prefix,
)
from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evidence import (
    Evidence,
    NoWitness,
    Proved,
    Unknown,
    Witness,
    combined,
)
from causalspec.compiler.expressions import All, Expression, Not, references
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.structure import same_expression
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import SpecError

MOST_ROWS = 200_000
"""Splits of more pairs are not generated to be compared: that takes seconds for each million."""


def swap_text(kind: SwapKind, names: tuple[str, ...]) -> str:
    """`left from s1, right from (s2 with left from s3)`."""
    parts: list[str] = []
    for variable, source in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(source)
        if inner is not None:
            parts.append(f"{variable} from ({names[source]} with {swap_text(inner, names)})")
        elif names[source] == "source":
            parts.append(variable)
        else:
            parts.append(f"{variable} from {names[source]}")
    return ", ".join(parts)


def filter_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """Whether the filters keep other pairs of the new model, with a pair that only one keeps."""
    before, after = (
        All(tuple(on_pair(condition.expression, source_names(side)) for condition in side.keep))
        for side in (old, new)
    )
    if same_expression(before, after):
        return
    words = [
        " and ".join(condition.span.text for condition in design.keep) for design in (old, new)
    ]
    was, now = (f"`{text}`" if text else "every pair" for text in words)
    text = f"keeps {now}, kept {was}"
    details: list[str] = []
    evidence: Evidence = Proved()
    for title, condition in (
        ("no longer kept", All((before, Not(after)))),
        ("kept now", All((after, Not(before)))),
    ):
        found = _pair(new, condition)
        if isinstance(found, tuple):
            details += [f"{title}:", *(f"  {line}" for line in found)]
        else:
            evidence = combined(evidence, found)
    if details:
        yield Change(Area.DATA, old.name, text, tuple(details))
    elif NoWitness(evidence).is_certain:
        yield Change(Area.TEXT, old.name, f"{text}: the same pairs")
    else:
        yield Change(Area.UNDECIDED, old.name, text)


def _pair(design: CounterfactualDesign, condition: Expression) -> tuple[str, ...] | Evidence:
    """The smallest pair of some kind of the design that meets the condition, or how it is known
    that there is none.
    """
    names = source_names(design)
    evidence: Evidence = Proved()
    if design.model.cyclic:
        return Unknown()
    for kind in design.kinds:
        model = pair_of(design, kind, range(len(names)))
        if not model.by_name.keys() >= set(references(condition)):  # of a variable that is gone
            return Unknown()
        found = smallest_witness(model, condition)
        if isinstance(found, Witness):
            read = model.ancestors(references(condition))
            used = [
                number
                for number in range(len(names))
                if number in kind.used_sources
                or any(name.startswith(f"{source_prefix(number)}.") for name in read)
            ]
            base, sources = pair_in(found.setting, model, design.model, len(names))
            sides = {"base": base, **{names[number]: sources[number] for number in used}}
            shown = (
                f"{name}: {setting_text(design.model, side, design.model.inputs, 60)}"
                for name, side in sides.items()
            )
            return (f"swap {swap_text(kind, names)}", *shown)
        evidence = combined(evidence, found.evidence)
    return evidence


# Drawn pairs -------------------------------------------------------------------------------------


def pair_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """How many pairs of each split that both versions have are others, or have another label."""
    where = old.name
    rows = {split.name: split.rows for split in new.splits}
    for split in old.splits:
        if rows.get(split.name) != split.rows:
            continue
        if split.rows > MOST_ROWS:
            text = f"whether the pairs of `{split.name}` change: more than {MOST_ROWS:,}"
            yield Change(Area.UNDECIDED, where, text)
            continue
        match [_generated(design, split.name) for design in (old, new)]:
            case [InterchangePairs() as before, InterchangePairs() as after]:
                yield from _compared(where, before, after)
            case [InterchangePairs(), str(reason)]:
                text = f"`{split.name}` can no longer be generated"
                yield Change(Area.DATA, where, text, (reason,))
            case [str(), InterchangePairs()]:
                yield Change(Area.DATA, where, f"`{split.name}` can be generated now")
            case _:
                pass


def _generated(design: CounterfactualDesign, split: str) -> InterchangePairs | str:
    try:
        return generate(design, split)
    except SpecError as error:
        return error.diagnostics[0].message


def _compared(where: str, old: InterchangePairs, new: InterchangePairs) -> Iterator[Change]:
    before, after = _columns(old), _columns(new)
    differ = np.zeros(len(old), dtype=np.bool_)
    of_label = np.zeros(len(old), dtype=np.bool_)
    for name in {**before, **after}:
        if name not in before or name not in after:
            differ[:] = True
            continue
        unequal = _unequal(before[name], after[name])
        differ |= unequal
        if name.startswith("label "):
            of_label |= unequal
    inputs, labels = int(differ.sum()), int(of_label.sum())
    if inputs:
        label = f", {labels:,} of them with another label in their row" if labels else ""
        text = f"`{old.split}`: {inputs:,} of {len(old):,} rows change{label}"
        yield Change(Area.DATA, where, text)


def _columns(pairs: InterchangePairs) -> dict[str, tuple[Domain | None, Column]]:
    """Every column that is written, by side and variable."""
    sides = [("base", pairs.base), ("label", pairs.label)]
    sides += [(f"source {number}", source) for number, source in enumerate(pairs.sources)]
    columns: dict[str, tuple[Domain | None, Column]] = {
        f"{side} {name}": (pairs.model.by_name[name].domain, column)
        for side, values in sides
        for name, column in values.items()
    }
    return columns | {"kind": (None, pairs.kinds)}


def _unequal(
    before: tuple[Domain | None, Column], other: tuple[Domain | None, Column]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows hold other values, whatever their codes."""
    if before[0] == other[0]:
        return np.asarray(before[1] != other[1], dtype=np.bool_)
    texts: list[Column] = []
    for domain, column in (before, other):
        distinct, where = np.unique(column, return_inverse=True)
        words = [str(code) if domain is None else domain.text(code) for code in distinct.tolist()]
        texts.append(np.array(words)[where])
    return np.asarray(texts[0] != texts[1], dtype=np.bool_)
