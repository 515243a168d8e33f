"""Whether a change reaches the generated pairs: both versions are generated and compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.names import Calling
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import SpecError

MOST_ROWS = 200_000
"""Splits of more pairs are not generated to be compared."""


def pair_changes(
    old: CounterfactualDesign, new: CounterfactualDesign, called: Calling
) -> Iterator[Change]:
    """How many pairs of each split that both versions have are others, or have another label.

    `new` is the declaration as it is written, since the name of a design is part of its seed;
    `called` gives the old names of its variables.
    """
    where = old.name
    rows = {one.name: one.rows for one in new.splits}
    for split in old.splits:
        if rows.get(split.name) != split.rows:
            continue
        if split.rows > MOST_ROWS:
            text = f"whether the pairs of `{split.name}` change: more than {MOST_ROWS:,}"
            yield Change(Area.UNDECIDED, where, text)
            continue
        sides = [_generated(design, split.name) for design in (old, new)]
        match sides:
            case [InterchangePairs() as before, InterchangePairs() as after]:
                yield from _compared(where, before, after, called)
            case [InterchangePairs(), str(reason)]:
                yield Change(
                    Area.DATA, where, f"`{split.name}` can be generated no more", (reason,)
                )
            case [str(), InterchangePairs()]:
                yield Change(Area.DATA, where, f"`{split.name}` can be generated now")
            case _:
                pass


def _generated(design: CounterfactualDesign, split: str) -> InterchangePairs | str:
    try:
        return generate(design, split)
    except SpecError as error:
        return error.diagnostics[0].message


def _compared(
    where: str, old: InterchangePairs, new: InterchangePairs, called: Calling
) -> Iterator[Change]:
    before, after = _columns(old, {}), _columns(new, called)
    differ = np.zeros(len(old), dtype=np.bool_)
    of_label = np.zeros(len(old), dtype=np.bool_)
    for name in {**before, **after}:
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            differ[:] = True
            continue
        unequal = _unequal(one, other)
        differ |= unequal
        if name.startswith("label "):
            of_label |= unequal
    total, inputs, labels = len(old), int(differ.sum()), int(of_label.sum())
    if inputs:
        label = f", {labels:,} of them with another label in their row" if labels else ""
        text = f"`{old.split}`: {inputs:,} of {total:,} rows change{label}"
        yield Change(Area.DATA, where, text)


def _columns(pairs: InterchangePairs, called: Calling) -> dict[str, tuple[Domain | None, Column]]:
    """Every column that is written, by side and by the old name of its variable."""
    sides = [("base", pairs.base), ("label", pairs.label)]
    sides += [(f"source {number}", one) for number, one in enumerate(pairs.sources)]
    columns: dict[str, tuple[Domain | None, Column]] = {
        f"{side} {called.get(name, name)}": (pairs.model.by_name[name].domain, column)
        for side, values in sides
        for name, column in values.items()
    }
    return columns | {"kind": (None, pairs.kinds)}


def _unequal(
    one: tuple[Domain | None, Column], other: tuple[Domain | None, Column]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows hold other values, whatever their codes."""
    if one[0] == other[0]:
        return np.asarray(one[1] != other[1], dtype=np.bool_)
    texts: list[Column] = []
    for domain, column in (one, other):
        distinct, where = np.unique(column, return_inverse=True)
        words = [str(code) if domain is None else domain.text(code) for code in distinct.tolist()]
        texts.append(np.array(words)[where])
    return np.asarray(texts[0] != texts[1], dtype=np.bool_)
