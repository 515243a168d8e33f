"""Expectations: arithmetic of scores, controls and rivals."""

from __future__ import annotations

from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scores import Scored, score_of
from causalspec.compiler.specification import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
)
from causalspec.compiler.vocabulary import BOUNDS
from causalspec.dsl import syntax


def expectation_of(
    compilation: Compilation,
    statement: syntax.Expect,
    scored: Scored,
) -> Expectation | None:
    """An `expect` line, None with the reason reported."""
    condition = statement.condition
    if not isinstance(condition, syntax.Comparison) or len(condition.operators) != 1:
        return compilation.error(
            "CS712",
            f"`{condition.span.text}` is not one comparison",
            condition.span,
            help="write `expect iia >= 0.90`, and further bounds as further lines",
        )
    operator = condition.operators[0]
    if operator == "!=":
        return compilation.error(
            "CS712",
            "`!=` holds of almost every score",
            condition.span,
            help="compare with `<`, `<=`, `>`, `>=` or `==`",
        )
    left = _metric(compilation, condition.operands[0], scored)
    right = _metric(compilation, condition.operands[1], scored)
    if left is None or right is None:
        return None
    if not (_has_metric(left) or _has_metric(right)):
        return compilation.error(
            "CS712",
            f"`{condition.span.text}` compares no score",
            condition.span,
            help="use `iia`, `lower(iia)` or `iia(random_network)`",
        )
    return Expectation(left, operator, right, " ".join(condition.span.text.split()), condition.span)


def _has_metric(expression: MetricExpression) -> bool:
    match expression:
        case MetricArithmetic(left=left, right=right):
            return _has_metric(left) or _has_metric(right)
        case Metric():
            return True
        case _:
            return False


def _metric(
    compilation: Compilation,
    written: syntax.Expression,
    scored: Scored,
) -> MetricExpression | None:
    match written:
        case syntax.Number():
            return float(written.text.replace("_", ""))
        case syntax.Unary(operator="-", operand=operand):
            inner = _metric(compilation, operand, scored)
            return None if inner is None else MetricArithmetic("-", 0.0, inner)
        case syntax.Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
            one = _metric(compilation, left, scored)
            other = _metric(compilation, right, scored)
            if one is None or other is None:
                return None
            if operator == "/" and not (isinstance(other, float) and other > 0):
                return compilation.error(
                    "CS308", f"`{right.span.text}` is not a positive divisor", right.span
                )
            return MetricArithmetic(operator, one, other)
        case syntax.Call(function=function) if function.text in BOUNDS:
            return _bound(compilation, written, scored)
        case syntax.Name() | syntax.Call():
            return score_of(compilation, written, "mean", scored)
        case _:
            return compilation.error(
                "CS712", f"`{written.span.text}` is not arithmetic of scores", written.span
            )


def _bound(compilation: Compilation, written: syntax.Call, scored: Scored) -> Metric | None:
    """`lower(iia)`, `upper(iia(random_network))`."""
    bound = written.function.text
    compilation.meanings.note(written.function.span, BOUNDS[bound])
    if len(written.arguments) == 1:
        inner = written.arguments[0].value
        if isinstance(inner, syntax.Name):
            return score_of(compilation, inner, bound, scored)
        if isinstance(inner, syntax.Call) and inner.function.text not in BOUNDS:
            return score_of(compilation, inner, bound, scored)
    return compilation.error(
        "CS712",
        f"`{bound}` is the bound of one score",
        written.span,
        help=f"write `{bound}(iia)` or `{bound}(iia(random_network))`",
    )
