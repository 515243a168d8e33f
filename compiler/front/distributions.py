"""How inputs and noise are distributed, as whole-number weights."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.front.arithmetic import exact
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.matching import cases
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.values import described
from causalspec.dsl import syntax

DISTRIBUTIONS = ("uniform", "bernoulli", "weights")
LARGEST_WEIGHTED = 1_000_000


def weights_of(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    """A weight for every code of `domain`; None for uniform, or with the reason reported."""
    compilation = environment.compilation
    name = written.name.text
    if name in DISTRIBUTIONS:
        compilation.meanings.note(written.name.span, "distribution")
    if name == "bernoulli":
        return _bernoulli(environment, written, domain)
    if name == "weights":
        return _weights(environment, written, domain)
    if name != "uniform":
        compilation.unknown("distribution", written.name, DISTRIBUTIONS)
    elif written.arguments or written.arms:
        compilation.error("CS207", "`uniform` takes no arguments", written.span)
    return None


def _bernoulli(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    compilation = environment.compilation
    if not isinstance(domain, Truths):
        return compilation.error(
            "CS205",
            f"`bernoulli` is a distribution of `bool`, but the type is {described(domain)}",
            written.name.span,
            help="use `weights { … }`",
        )
    if len(written.arguments) != 1 or written.arms:
        return compilation.error("CS207", "`bernoulli` takes one argument", written.span)
    place = written.arguments[0].value
    value = elaborate(environment, place)
    if value.domain is None:
        return None
    share = exact(value) if isinstance(value.domain, Numbers) else None
    if share is None or not 0 <= share <= 1:
        return compilation.wrong(
            "CS307",
            place,
            "is not a probability",
            help="write a constant from 0 to 1, as in `bernoulli(0.1)`",
        )
    return share.denominator - share.numerator, share.numerator


def _weights(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    compilation = environment.compilation
    if domain.size > LARGEST_WEIGHTED:
        return compilation.error(
            "CS924",
            f"{described(domain)} has more than {LARGEST_WEIGHTED} values to weigh",
            written.span,
            help="weigh a coarser type",
        )
    shares: list[Fraction] = [Fraction(0)] * domain.size
    found = cases(environment, written.arms, domain, written.name)
    if found is None:
        return None
    for case in found:
        place = case.arm.result
        assert not isinstance(place, syntax.Template)
        value = elaborate(environment, place)
        if value.domain is None:
            return None
        share = exact(value) if isinstance(value.domain, Numbers) else None
        if share is None or share < 0:
            return compilation.wrong("CS307", place, "is not a weight", help="write 0 or more")
        for low, high in case.taken:
            shares[low : high + 1] = [share] * (high - low + 1)
    if not any(shares):
        return compilation.error("CS307", "every weight is 0", written.span)
    scale = lcm(*(share.denominator for share in shares))
    whole = [int(share * scale) for share in shares]
    divisor = gcd(*whole)
    return tuple(one // divisor for one in whole)
