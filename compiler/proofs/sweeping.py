"""Variables that always have the same value, found and merged mechanism by mechanism.

A sample suggests which variables are equal. Each is proved equal to the first such one from their
two mechanisms alone, what they read being free, or else from all that they depend on; from then on
both are one, so that the next mechanisms that read them look alike. One large question about two
long chains becomes a small one a link (SAT sweeping: Kuehlmann, Paruthi, Krohm and Ganai, "Robust
Boolean reasoning for equivalence checking and functional property verification", 2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from time import process_time
from typing import Any

import numpy

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators.intervals import UnsupportedModelError, mechanism_intervals
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.expressions import (
    Compare,
    ComparisonOperator,
    Expression,
    Reference,
    renamed,
)
from causalspec.compiler.model import CausalModel, Role, Variable

SAMPLE = 1 << 12
SEED = 0
SECONDS = 2
"""For all pairs together, of the processor's time."""
MOST_TRIES = 3
"""A variable is compared with at most so many others, which are not equal among themselves."""

Nowhere = Callable[[CausalModel, Expression], bool]


def with_equal_variables_merged(model: CausalModel, nowhere: Nowhere) -> CausalModel:
    """The same model, in which a variable that is proved equal to an earlier one refers to it, and
    so do all that read it: equal at every setting that can be drawn, admitted or not.
    `nowhere` says whether a condition is surely true at no setting of a model.
    """
    suggested = _equal_in_sample(model)
    end = process_time() + SECONDS
    instead: dict[str, str] = {}
    merged: list[Variable] = []
    for variable in model.variables:
        if variable.mechanism is None:
            merged.append(variable)
            continue
        mechanism = renamed(variable.mechanism, lambda name: instead.get(name, name))
        changed = replace(variable, mechanism=mechanism)
        so_far = replace(model, variables=(*merged, changed), requirement=None)
        apart = (earlier for earlier in suggested.get(variable.name, ()) if earlier not in instead)
        for first in islice(apart, MOST_TRIES):
            if process_time() < end and _equal(so_far, (first, variable.name), nowhere):
                instead[variable.name] = first
                changed = replace(variable, mechanism=Reference(first))
                break
        merged.append(changed)
    return replace(model, variables=tuple(merged))


def _equal_in_sample(model: CausalModel) -> dict[str, tuple[str, ...]]:
    """For each variable the earlier ones from which it never differs in the sample."""
    generator = numpy.random.default_rng(SEED)
    drawn: dict[str, Any] = {}
    for name in model.exogenous:
        codes = model.by_name[name].domain.codes()
        drawn[name] = codes.start + codes.step * generator.integers(len(codes), size=SAMPLE)
    try:
        columns = solve_columns(model, drawn)
    except UnsupportedModelError:
        return {}
    alike: dict[bytes, list[str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for variable in model.variables:
        others = alike.setdefault(columns[variable.name].astype(numpy.int64).tobytes(), [])
        found[variable.name] = tuple(others)
        others.append(variable.name)
    return found


def _equal(model: CausalModel, names: tuple[str, str], nowhere: Nowhere) -> bool:
    first, second = names
    differ = Compare(ComparisonOperator.NOT_EQUAL, Reference(first), Reference(second))
    return nowhere(_cut(model, names), differ) or nowhere(model, differ)


def _cut(model: CausalModel, names: tuple[str, str]) -> CausalModel:
    """The two mechanisms alone; what they read takes any value that its own mechanism can give."""
    intervals = mechanism_intervals(model)
    read = dict.fromkeys(
        (*names, *(parent for name in names for parent in model.by_name[name].parents))
    )
    free: list[Variable] = []
    for name in read:
        variable = model.by_name[name]
        if variable.mechanism is None:
            free.append(replace(variable, role=Role.INPUT))
        elif name not in names:
            domain = Numbers(intervals[name].low, intervals[name].high)
            free.append(Variable(name, Role.INPUT, domain))
    computed = (model.by_name[name] for name in names if model.by_name[name].mechanism is not None)
    return CausalModel(model.name, model.task, (*free, *computed))
