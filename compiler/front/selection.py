"""One of several values, by a number that is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.expressions import (
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Undefined,
    Within,
)
from causalspec.compiler.front.joining import choose
from causalspec.compiler.front.values import Value

CHAIN = 8
"""More values than this are not told apart one after another: a chain of tests would nest too deep.
"""

NO_MEMBER = "no member of the family has its index"


def member_at(index: Value, members: Mapping[int, Value], result: Domain) -> Value:
    """The member that stands at a whole number; undefined where none does. `members` are all that
    the index can reach, at least one, evenly spaced and in order.
    """
    assert isinstance(index.domain, Numbers)
    places, values = list(members), list(members.values())
    step = places[1] - places[0] if len(places) > 1 else 1
    if len(values) > CHAIN:
        found = halved(index, places, values, result).node
    else:
        chosen = values[-1]
        for place, value in zip(places[-2::-1], values[-2::-1], strict=True):
            test = Compare(ComparisonOperator.EQUAL, index.node, Constant(place))
            chosen = choose(Value(test, Truths()), value, chosen, result)
        found = chosen.node
    if len(places) < index.domain.size:
        inside = Within(index.node, places[0], places[-1], step)
        found = Choose(inside, found, Undefined(NO_MEMBER))
    return Value(found, result)


def halved(index: Value, places: Sequence[int], values: Sequence[Value], result: Domain) -> Value:
    """The value whose place, of some in order, is the index, by halving: as deep as the logarithm
    of their number.
    """
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    test = Compare(ComparisonOperator.LESS, index.node, Constant(places[half]))
    left = halved(index, places[:half], values[:half], result)
    right = halved(index, places[half:], values[half:], result)
    return choose(Value(test, Truths()), left, right, result)
