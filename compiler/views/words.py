"""What the codes of expressions stand for: words, truth values, parts of a tuple or of a row."""

from __future__ import annotations

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.expressions import Arithmetic, ArithmeticOperator, Constant, Expression
from causalspec.compiler.front.conversion import tuple_field
from causalspec.compiler.front.values import Value
from causalspec.compiler.model import CausalModel


class Words:
    """Knows the variables of a model."""

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._fields = {
            found.node: (f"{variable.name}.{field.name}", field.domain)
            for variable in model.variables
            if isinstance(variable.domain, Tuples)
            for field in variable.domain.fields
            if (
                found := tuple_field(
                    Value(nodes.Reference(variable.name), variable.domain), field.name
                )
            )
        }

    def part(self, node: Expression) -> tuple[str, Domain] | None:
        """The field of a tuple or the column of a row that a node reads, as the spec calls it, with
        its values: `bracket.low`, `city.country`.
        """
        if self._fields and node in self._fields:
            return self._fields[node]
        if not isinstance(node, nodes.Lookup):
            return None
        rows = self.domain(node.index)
        inner = self.part(node.index)
        if isinstance(node.index, nodes.Reference):
            whole = node.index.name
        elif inner is not None:
            whole = inner[0]
        else:
            return None
        for column in rows.columns if isinstance(rows, Rows) else ():
            if column.codes == node.table:
                return f"{whole}.{column.name}", column.domain
        return None

    def domain(self, node: Expression) -> Domain | None:
        """The domain whose words the codes of a node stand for, where they do."""
        match node:
            case nodes.Reference(name):
                found = self._model.by_name[name].domain
            case nodes.Choose(_, then, otherwise):
                return self.domain(then) or self.domain(otherwise)
            case _:
                part = self.part(node)
                found = None if part is None else part[1]
        return found if isinstance(found, Symbols | Rows) else None

    def is_truth(self, node: Expression) -> bool:
        """Whether a node is a truth value by itself."""
        if isinstance(node, nodes.Reference):
            return isinstance(self._model.by_name[node.name].domain, Truths)
        conditions = (
            nodes.Compare | nodes.Not | nodes.All | nodes.Any | nodes.Distinct | nodes.Within
        )
        return isinstance(node, conditions)


def tuple_parts(expression: Expression, domain: Tuples) -> list[tuple[Expression, Domain]] | None:
    """The code and domain of each field of a tuple that is built from them in mixed radix; None
    where the tuple comes whole from elsewhere.
    """
    parts: list[tuple[Expression, Domain]] = []
    rest = expression
    for field in reversed(domain.fields[1:]):
        match rest:
            case Arithmetic(
                ArithmeticOperator.ADD,
                Arithmetic(ArithmeticOperator.MULTIPLY, before, Constant(size)),
                digit,
            ) if size == field.domain.size:
                rest = before
            case _:
                return None
        parts.append((_code(digit, field.domain), field.domain))
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
