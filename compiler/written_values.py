"""Values as people and files write them, read back into codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from causalspec.compiler.domains import Domain, Numbers, Truths

MOST_NAMED = 1_000_000
"""Values of a larger domain of tuples are not read from text."""

_PLAIN = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def code_of(domain: Domain, text: str) -> int | None:
    """The code whose text this is, None where the domain has no such value."""
    return number_code(domain, text) if isinstance(domain, Numbers) else named(domain).get(text)


def number_code(domain: Numbers, text: str) -> int | None:
    """The code of a decimal, which may be written shorter than the domain does: `3` for `3.00`."""
    if not _PLAIN.fullmatch(text):
        return None
    code = Fraction(text) * domain.denominator
    return code.numerator if code.denominator == 1 and code.numerator in domain.codes() else None


def named(domain: Domain) -> Mapping[str, int]:
    """The code of every value that has a text of its own; none where there are too many."""
    if isinstance(domain, Truths):
        return {"false": 0, "true": 1}
    if domain.size > MOST_NAMED:
        return {}
    return {domain.text(code): code for code in domain.codes()}
