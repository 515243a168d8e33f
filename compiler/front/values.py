"""What an expression is while it is compiled: its lowered tree, and the domain that it stays in."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.expressions import Constant, Expression


@dataclass(frozen=True, slots=True)
class Value:
    """A lowered expression. `domain` is None when its mistake was reported already: whatever
    reads such a value stays silent.
    """

    node: Expression
    domain: Domain | None

    @property
    def constant(self) -> int | None:
        """The code, when the expression is one constant."""
        return self.node.value if isinstance(self.node, Constant) else None

    @property
    def integer(self) -> int | None:
        """The value, when it is one constant whole number."""
        if isinstance(self.domain, Numbers) and isinstance(self.node, Constant):
            number = self.domain.value(self.node.value)
            return number.numerator if number.denominator == 1 else None
        return None


POISONED = Value(Constant(0), None)


@dataclass(frozen=True, slots=True)
class PlainWords:
    """The expected type `words`: symbols of any set, and sets may unite."""


Expected = Domain | PlainWords | None
"""What the place of an expression expects: it decides which set a symbol's name belongs to."""


def described(domain: Domain) -> str:
    """A domain as messages name it."""
    match domain:
        case Truths():
            return "bool"
        case Numbers(low=low, high=high):
            if low == high:
                return f"the number {domain.text(low)}"
            step = "" if domain.step == domain.denominator else f" step {_step(domain)}"
            return f"numbers {domain.text(low)}..{domain.text(high)}{step}"
        case Symbols(members=members, origin=origin):
            return origin or listed(members)
        case Rows(table=table):
            return table
        case Tuples(fields=fields):
            return (
                "("
                + ", ".join(f"{field.name} : {described(field.domain)}" for field in fields)
                + ")"
            )


def _step(domain: Numbers) -> str:
    return Numbers(domain.step, domain.step, 1, domain.denominator).text(domain.step)


def listed(members: tuple[str, ...], most: int = 6) -> str:
    """`{Yes, No}`; long sets are cut."""
    shown = ", ".join(members[:most])
    return "{" + shown + (f", … {len(members) - most} more" if len(members) > most else "") + "}"
