"""Lark's tree to nodes of `syntax`: names, texts, sets of values, expressions.

One method a rule of the grammar, called with the span of what the rule matched and the nodes of its
parts, None where an optional part is not written.
"""

from __future__ import annotations

from typing import Any, cast

from lark import Token, Tree

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.limits import LARGEST_INTEGER
from causalspec.dsl.source import Source, Span
from causalspec.dsl.texts import text_of
from causalspec.dsl.tokens import span_of


class ExpressionBuilder:
    """Builds the nodes of one source. Works bottom up on a stack, so no nesting is too deep."""

    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source = source
        self.diagnostics = diagnostics

    def build(self, tree: Tree[Token]) -> Any:
        """The node of a whole tree."""
        pending: list[Any] = [tree]
        order: list[Any] = []
        while pending:
            part = pending.pop()
            order.append(part)
            if isinstance(part, Tree):
                pending.extend(cast("Tree[Token]", part).children)
        built: list[Any] = []
        for part in reversed(order):
            if isinstance(part, Tree):
                subtree = cast("Tree[Token]", part)
                first = len(built) - len(subtree.children)
                children = built[first:]
                del built[first:]
                built.append(getattr(self, subtree.data)(self._span(subtree), *children))
            else:
                built.append(part)
        return built[0]

    def _span(self, tree: Tree[Token]) -> Span:
        if tree.meta.empty:
            return Span(self.source, 0, 0)
        return Span(self.source, tree.meta.start_pos, tree.meta.end_pos)

    # Leaves ---------------------------------------------------------------------------------

    def name(self, span: Span, token: Token) -> syntax.Name:
        return syntax.Name(span=span, text=str(token))

    def number(self, span: Span, token: Token) -> syntax.Number:
        """A literal; one beyond the limit is reported and stands in the tree as zero."""
        digits = token.replace("_", "").replace(".", "").lstrip("0")
        # The length first: Python refuses to convert texts of thousands of digits.
        if len(digits) <= len(str(LARGEST_INTEGER)) and int(digits or "0") <= LARGEST_INTEGER:
            return syntax.Number(span=span, text=str(token))
        shown = str(token) if len(token) <= 24 else f"{token[:20]}…"
        scaled = ", counted in units of its last decimal" if "." in token else ""
        self.diagnostics.error(
            "CS903",
            f"the number `{shown}` is larger than {LARGEST_INTEGER}{scaled}",
            span,
            help="integers lie within ±(2^31 - 1), decimals likewise once their point is left out",
        )
        return syntax.Number(span=span, text="0")

    def count(self, token: Token) -> syntax.Number:
        """A number that stands as part of a statement."""
        return self.number(span_of(self.source, token), token)

    def text(self, span: Span, token: Token) -> syntax.Text:
        return text_of(self.source, token, self.diagnostics)

    def truth(self, span: Span, token: Token) -> syntax.Truth:
        return syntax.Truth(span=span, value=token == "true")

    # Sets of values -------------------------------------------------------------------------

    def named_set(self, span: Span, name: syntax.Name) -> syntax.NamedSet:
        return syntax.NamedSet(span=span, name=name)

    def range_set(
        self,
        span: Span,
        low: syntax.Expression,
        high: syntax.Expression | None,
        step: syntax.Expression | None,
    ) -> syntax.RangeSet:
        return syntax.RangeSet(span=span, low=low, high=high, step=step)

    def open_end(self, span: Span) -> None:
        return None

    def element_set(self, span: Span, *elements: syntax.Expression) -> syntax.ElementSet:
        return syntax.ElementSet(span=span, elements=elements)

    def words_set(self, span: Span, path: syntax.Text) -> syntax.WordsSet:
        return syntax.WordsSet(span=span, path=path)

    def tuple_set(self, span: Span, fields: tuple[syntax.TypedName, ...]) -> syntax.TupleSet:
        return syntax.TupleSet(span=span, fields=fields)

    def typed_name(self, span: Span, name: syntax.Name, type: syntax.ValueSet) -> syntax.TypedName:
        return syntax.TypedName(span=span, name=name, type=type)

    def parameters(self, span: Span, *names: syntax.TypedName) -> tuple[syntax.TypedName, ...]:
        return names

    def columns(self, span: Span, *names: syntax.TypedName) -> tuple[syntax.TypedName, ...]:
        return names

    # Expressions ----------------------------------------------------------------------------

    def conditional(
        self,
        span: Span,
        condition: syntax.Expression,
        then: syntax.Expression,
        otherwise: syntax.Expression,
    ) -> syntax.Conditional:
        return syntax.Conditional(span=span, condition=condition, then=then, otherwise=otherwise)

    def any_of(self, span: Span, *operands: syntax.Expression) -> syntax.Logical:
        return syntax.Logical(span=span, operator="or", operands=operands)

    def all_of(self, span: Span, *operands: syntax.Expression) -> syntax.Logical:
        return syntax.Logical(span=span, operator="and", operands=operands)

    def negation(self, span: Span, operand: syntax.Expression) -> syntax.Unary:
        return syntax.Unary(span=span, operator="not", operand=operand)

    def minus(self, span: Span, operand: syntax.Expression) -> syntax.Unary:
        return syntax.Unary(span=span, operator="-", operand=operand)

    def comparison(self, span: Span, *chain: Any) -> syntax.Comparison:
        operators = cast("Any", tuple(str(operator) for operator in chain[1::2]))
        return syntax.Comparison(span=span, operands=chain[::2], operators=operators)

    def membership(
        self,
        span: Span,
        operand: syntax.Expression,
        negation: Token | None,
        values: syntax.ValueSet,
    ) -> syntax.Membership:
        return syntax.Membership(
            span=span, operand=operand, values=values, negated=negation is not None
        )

    def binary(
        self, span: Span, left: syntax.Expression, operator: Token, right: syntax.Expression
    ) -> syntax.Binary:
        return syntax.Binary(span=span, operator=cast("Any", str(operator)), left=left, right=right)

    def field(self, span: Span, value: syntax.Expression, name: syntax.Name) -> syntax.Field:
        return syntax.Field(span=span, value=value, name=name)

    def member(
        self, span: Span, family: syntax.Expression, index: syntax.Expression
    ) -> syntax.Member:
        return syntax.Member(span=span, family=family, index=index)

    def named_tuple(self, span: Span, *fields: syntax.Assignment) -> syntax.Tuple:
        return syntax.Tuple(span=span, fields=fields)

    def assignment(
        self, span: Span, target: syntax.Expression, value: syntax.Expression
    ) -> syntax.Assignment:
        return syntax.Assignment(span=span, target=target, value=value)

    def call(
        self, span: Span, function: syntax.Name, arguments: tuple[syntax.Argument, ...]
    ) -> syntax.Call:
        return syntax.Call(span=span, function=function, arguments=arguments)

    def arguments(
        self, span: Span, *arguments: syntax.Argument | None
    ) -> tuple[syntax.Argument, ...]:
        return tuple(argument for argument in arguments if argument is not None)

    def argument(
        self, span: Span, name: syntax.Name | None, value: syntax.Expression
    ) -> syntax.Argument:
        return syntax.Argument(span=span, name=name, value=value)

    def aggregate(
        self,
        span: Span,
        function: syntax.Name,
        body: syntax.Expression,
        index: syntax.Name,
        range: syntax.ValueSet,
    ) -> syntax.Aggregate:
        return syntax.Aggregate(span=span, function=function, body=body, index=index, range=range)

    def match(
        self, span: Span, subject: syntax.Expression, arms: tuple[syntax.Arm, ...]
    ) -> syntax.Match:
        return syntax.Match(span=span, subject=subject, arms=arms)

    def arms(self, span: Span, *arms: syntax.Arm) -> tuple[syntax.Arm, ...]:
        return arms

    def arm(self, span: Span, *parts: Any) -> syntax.Arm:
        """`else` leaves no part of its own, so its arm has its result alone."""
        patterns = parts[0] if len(parts) == 2 else ()
        return syntax.Arm(span=span, patterns=patterns, result=parts[-1])

    def patterns(self, span: Span, *patterns: syntax.Pattern) -> tuple[syntax.Pattern, ...]:
        return patterns

    def slot(
        self, span: Span, value: syntax.Expression, alias: syntax.Name | None
    ) -> tuple[syntax.Expression, syntax.Name | None]:
        return value, alias
