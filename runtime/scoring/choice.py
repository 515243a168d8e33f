"""Which of a spec's claims are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from causalspec.compiler import Claim, Specification
from causalspec.dsl.diagnostics import suggestion


def choose_claims(specification: Specification, names: Sequence[str]) -> tuple[Claim, ...]:
    """The named claims, or all. Raises `LookupError` for a name that none has."""
    for name in names:
        if name not in specification.claims:
            meant = suggestion(name, specification.claims)
            raise LookupError(f"there is no claim `{name}`; {meant}")
    return tuple(specification.claims[name] for name in names or specification.claims)
