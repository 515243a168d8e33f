"""Expectations: arithmetic of scores, controls and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, kind_of, with_article
from causalspec.compiler.specification import (
    Alignment,
    Control,
    CounterfactualDesign,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    Task,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

BOUNDS = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """What claims refer to."""

    models: Mapping[str, ModelDraft]
    tasks: Mapping[str, Task]
    designs: Mapping[str, CounterfactualDesign]
    alignments: Mapping[str, Alignment]


def wrong_kind(compilation: Compilation, name: syntax.Name, wanted: str) -> bool:
    """Report a name that declares something else; True when it declares something at all."""
    other = compilation.declared.get(name.text)
    if other is None:
        return False
    if kind_of(other) != wanted:
        compilation.error(
            "CS202",
            f"`{name.text}` is {with_article(kind_of(other))}, not {with_article(wanted)}",
            name.span,
            related=(Related(other.name.span, "declared here"),),
        )
    return True


def expectation_of(
    compilation: Compilation,
    statement: syntax.Expect,
    draft: ModelDraft | None,
    context: ClaimContext,
) -> Expectation | None:
    """An `expect` line, None with the reason reported."""
    condition = statement.condition
    if not isinstance(condition, syntax.Comparison) or len(condition.operators) != 1:
        compilation.error(
            "CS712",
            f"`{condition.span.text}` is not one comparison",
            condition.span,
            help="write `expect iia >= 0.90`, and further bounds as further lines",
        )
        return None
    operator = condition.operators[0]
    if operator == "!=":
        compilation.error(
            "CS712",
            "`!=` holds of almost every score",
            condition.span,
            help="compare with `<`, `<=`, `>`, `>=` or `==`",
        )
        return None
    left = _metric(compilation, condition.operands[0], draft, context)
    right = _metric(compilation, condition.operands[1], draft, context)
    if left is None or right is None:
        return None
    if not (_has_metric(left) or _has_metric(right)):
        compilation.error(
            "CS712",
            f"`{condition.span.text}` compares no score",
            condition.span,
            help="use `iia`, `lower(iia)` or `iia(random_network)`",
        )
        return None
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
    draft: ModelDraft | None,
    context: ClaimContext,
) -> MetricExpression | None:
    match written:
        case syntax.Number():
            return float(written.text.replace("_", ""))
        case syntax.Unary(operator="-", operand=operand):
            inner = _metric(compilation, operand, draft, context)
            return None if inner is None else MetricArithmetic("-", 0.0, inner)
        case syntax.Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
            one = _metric(compilation, left, draft, context)
            other = _metric(compilation, right, draft, context)
            if one is None or other is None:
                return None
            if operator == "/" and not (isinstance(other, float) and other > 0):
                compilation.error(
                    "CS308", f"`{right.span.text}` is not a positive divisor", right.span
                )
                return None
            return MetricArithmetic(operator, one, other)
        case syntax.Name(text="iia") | syntax.Call(function=syntax.Name(text="iia")):
            return _score(compilation, written, "mean", draft, context)
        case syntax.Call(function=function, arguments=(argument,)) if function.text in BOUNDS:
            inner = argument.value
            if isinstance(inner, syntax.Name | syntax.Call) and _called(inner) == "iia":
                return _score(compilation, inner, function.text, draft, context)
            if isinstance(inner, syntax.Name):
                compilation.unknown("metric", inner, ("iia",), code="CS712")
                return None
            compilation.error(
                "CS712",
                f"`{function.text}` is the bound of one score",
                written.span,
                help=f"write `{function.text}(iia)` or `{function.text}(iia(random_network))`",
            )
            return None
        case syntax.Name() as name:
            compilation.unknown("metric", name, ("iia",), code="CS712")
            return None
        case syntax.Call(function=function):
            compilation.unknown("metric", function, ("iia", *BOUNDS), code="CS712")
            return None
        case _:
            compilation.error(
                "CS712", f"`{written.span.text}` is no arithmetic of scores", written.span
            )
            return None


def _called(written: syntax.Name | syntax.Call) -> str:
    return written.text if isinstance(written, syntax.Name) else written.function.text


def _score(
    compilation: Compilation,
    written: syntax.Name | syntax.Call,
    bound: str,
    draft: ModelDraft | None,
    context: ClaimContext,
) -> Metric | None:
    """`iia`, of the claim's model, a control or a rival."""
    if isinstance(written, syntax.Name):
        return Metric(bound, None)
    if len(written.arguments) != 1 or not isinstance(written.arguments[0].value, syntax.Name):
        compilation.error(
            "CS712",
            f"`{written.span.text}` names no control or rival",
            written.span,
            help="write `iia`, `iia(random_network)` or `iia(OtherModel)`",
        )
        return None
    name = written.arguments[0].value
    if name.text in list(Control):
        return Metric(bound, Control(name.text))
    rival = context.models.get(name.text)
    if rival is None:
        derived = isinstance(compilation.declared.get(name.text), syntax.DeriveDeclaration)
        if not derived and not wrong_kind(compilation, name, "model"):
            kinds = (syntax.ModelDeclaration, syntax.DeriveDeclaration)
            models = compilation.names_of(*kinds)
            compilation.unknown("control or rival", name, (*models, *Control))
        return None
    if draft is not None and rival.name == draft.name:
        compilation.error(
            "CS713", f"`{name.text}` is the claim's own model, not a rival", name.span
        )
        return None
    if draft is not None and rival.task.name != draft.task.name:
        compilation.error(
            "CS713",
            f"`{name.text}` is a model of `{rival.task.name}`, the claim of `{draft.task.name}`",
            name.span,
            help="rivals explain the same task",
            related=(Related(rival.declaration.name.span, "declared here"),),
        )
        return None
    return Metric(bound, rival.name)
