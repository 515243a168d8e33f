"""Which variables of two models carry the same information, over every input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from causalspec.compiler.derived_models import of_task, side_by_side
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Evidence, NoWitness, combined
from causalspec.compiler.expressions import Lookup, Reference, apart
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.existence import place
from causalspec.compiler.proofs.some_inputs import some_inputs
from causalspec.compiler.proofs.witnesses import find_witness

SAMPLE = 1 << 12
LARGEST_TABLE = 1 << 10
"""Of variables with more values it is only asked whether they are equal."""
MOST_REPAIRS = 64


class Link(StrEnum):
    """How the values of a variable on the left and one on the right go together."""

    EQUAL = "is the same as"
    RECODED = "is, under other names, the same as"
    COARSER = "follows from"
    FINER = "determines"


@dataclass(frozen=True, slots=True)
class Correspondence:
    """`left` link `right`, on every input. `values` lists the recoding of a small one."""

    left: str
    link: Link
    right: str
    evidence: Evidence
    values: tuple[tuple[int, int], ...] = ()


def correspondences(left: CausalModel, right: CausalModel) -> Iterator[Correspondence]:
    """Every pair of causal variables that correspond. Both models are acyclic and without noise.

    A sample suggests them, a proof over all inputs decides. A variable that never changes
    corresponds to nothing.
    """
    both = side_by_side(left, right)
    drawn = some_inputs(left, SAMPLE, "correspondences")
    if drawn is None:
        return
    wanted = [*left.intermediates, *(of_task(name) for name in right.intermediates)]
    try:
        sample = solve_columns(both, drawn[0], wanted=wanted)
    except UnsupportedModelError:
        return
    for left_name in left.intermediates:
        for other in right.intermediates:
            found = _link(both, sample, left_name, of_task(other))
            if found is not None:
                yield Correspondence(left_name, found[0], other, found[1], found[2])


_Found = tuple[Link, Evidence, tuple[tuple[int, int], ...]]


def _link(both: CausalModel, sample: Mapping[str, Any], left: str, right: str) -> _Found | None:
    columns = sample[left], sample[right]
    if any((column == column[0]).all() for column in columns):
        return None
    domains = both.by_name[left].domain, both.by_name[right].domain
    if domains[0] == domains[1] and (columns[0] == columns[1]).all():
        same = find_witness(both, apart(Reference(left), Reference(right)))
        if isinstance(same, NoWitness) and same.is_certain:
            return Link.EQUAL, same.evidence, ()
    pairs = set(zip(columns[0].tolist(), columns[1].tolist(), strict=True))
    forward = _function(both, left, right, pairs)
    backward = _function(both, right, left, {(b, a) for a, b in pairs})
    if forward is not None and backward is not None:
        evidence = combined(forward[0], backward[0])
        return Link.RECODED, evidence, tuple(sorted(forward[1].items()))
    if forward is not None:
        return Link.FINER, forward[0], ()
    return None if backward is None else (Link.COARSER, backward[0], ())


def _function(
    both: CausalModel, source: str, target: str, pairs: set[tuple[int, int]]
) -> tuple[Evidence, dict[int, int]] | None:
    """The table by which `source` determines `target`: from the sample, repaired at each
    counterexample that shows a new value, given up at one that contradicts.
    """
    table = dict(pairs)
    domain = both.by_name[source].domain
    if len(table) < len(pairs) or domain.size > LARGEST_TABLE:
        return None
    for _ in range(MOST_REPAIRS):
        default = next(iter(table.values()))
        codes = tuple(table.get(code, default) for code in domain.codes())
        looked_up = Lookup(codes, place(source, domain))
        answer = find_witness(both, apart(Reference(target), looked_up))
        if isinstance(answer, NoWitness):
            return (answer.evidence, table) if answer.is_certain else None
        solution = interpret.solve(both, answer.setting)
        if not {source, target} <= solution.keys() or solution[source] in table:
            return None
        table[solution[source]] = solution[target]
    return None
