"""The fields of a tuple that is built from them, found in its code in mixed radix."""

from __future__ import annotations

from causalspec.compiler.domains import Domain, Numbers, Tuples
from causalspec.compiler.expressions import Arithmetic, ArithmeticOperator, Constant, Expression


def tuple_parts(expression: Expression, domain: Tuples) -> list[tuple[Expression, Domain]] | None:
    """Each field's own code and domain; None where the tuple comes whole from elsewhere."""
    parts: list[tuple[Expression, Domain]] = []
    rest = expression
    for one in reversed(domain.fields[1:]):
        match rest:
            case Arithmetic(
                ArithmeticOperator.ADD,
                Arithmetic(ArithmeticOperator.MULTIPLY, before, Constant(size)),
                digit,
            ) if size == one.domain.size:
                rest = before
            case _:
                return None
        parts.append((_code(digit, one.domain), one.domain))
    first = domain.fields[0].domain
    return [(_code(rest, first), first), *reversed(parts)]


def _code(position: Expression, domain: Domain) -> Expression:
    """The code whose place in the domain is given."""
    if not isinstance(domain, Numbers):
        return position
    match position:
        case Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, inner, Constant(step)) if (
            step == domain.step != 1
        ):
            position = inner
        case _ if domain.step != 1:
            position = Arithmetic(ArithmeticOperator.MULTIPLY, position, Constant(domain.step))
        case _:
            pass
    match position:
        case Arithmetic(ArithmeticOperator.SUBTRACT, inner, Constant(low)) if low == domain.low:
            return inner
        case _ if domain.low:
            return Arithmetic(ArithmeticOperator.ADD, position, Constant(domain.low))
        case _:
            return position
