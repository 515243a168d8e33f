"""Claims: what must hold of a network, over scores, controls and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..dsl import syntax
from ..dsl.diagnostics import Related
from .designs import find_model
from .models import ModelDraft
from .names import Compilation, kind_of, with_article
from .specification import (
    Alignment,
    Claim,
    Control,
    CounterfactualDesign,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    Task,
)

BOUNDS = ("lower", "upper")
DEEPEST = 200


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """What claims refer to."""

    models: Mapping[str, ModelDraft]
    tasks: Mapping[str, Task]
    designs: Mapping[str, CounterfactualDesign]
    alignments: Mapping[str, Alignment]


def compile_claim(
    compilation: Compilation, declaration: syntax.ClaimDeclaration, context: ClaimContext
) -> Claim | None:
    """A claim with every name resolved, None when it has no model."""
    name = declaration.name
    statements = [one for one in declaration.body if isinstance(one, syntax.Of)]
    expects = [one for one in declaration.body if isinstance(one, syntax.Expect)]
    for later in statements[1:]:
        compilation.error(
            "CS203",
            f"claim `{name.text}` is about two things",
            later.span,
            help="write two claims",
            related=(Related(statements[0].span, "the first one"),),
        )
    if not statements:
        compilation.error(
            "CS709",
            f"claim `{name.text}` does not say what it is about",
            name.span,
            help="add `of M on D.test with A`",
        )
    if not expects:
        compilation.error(
            "CS709",
            f"claim `{name.text}` expects nothing",
            name.span,
            help="add `expect iia >= 0.90`",
        )
    if not statements:
        return None
    about = statements[0]
    draft = find_model(compilation, about.model, context.models)
    expectations = [_expectation(compilation, one, draft, context) for one in expects]
    data = _data(compilation, about.data, draft, context)
    alignment = _alignment(compilation, about.alignment, draft, context)
    if draft is None:
        return None
    task = context.tasks.get(draft.task.name)
    prompt = _prompt(compilation, about.prompt, task)
    fitted_on = _prompt(compilation, about.fitted_on, task)
    if alignment is not None:
        _check_placed(compilation, about, alignment, data, context)
    return Claim(
        name=name.text,
        model=draft.model,
        data=tuple(data),
        alignment=about.alignment.text,
        prompt=prompt,
        fitted_on=fitted_on,
        expectations=tuple(one for one in expectations if one is not None),
        documentation=declaration.documentation.value if declaration.documentation else "",
        span=name.span,
    )


def _prompt(compilation: Compilation, name: syntax.Name | None, task: Task | None) -> str | None:
    if name is not None and task is not None and name.text not in task.prompts:
        compilation.unknown("prompt", name, task.prompts)
    return name.text if name is not None else None


def _wrong_kind(compilation: Compilation, name: syntax.Name, wanted: str) -> bool:
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


def _alignment(
    compilation: Compilation, name: syntax.Name, draft: ModelDraft | None, context: ClaimContext
) -> Alignment | None:
    found = context.alignments.get(name.text)
    if found is None:
        if not _wrong_kind(compilation, name, "alignment"):
            aligns = compilation.names_of(syntax.AlignDeclaration)
            compilation.unknown("alignment", name, aligns)
        return None
    if draft is not None and found.model.name != draft.name:
        compilation.error(
            "CS710",
            f"alignment `{name.text}` is of `{found.model.name}`, the claim of `{draft.name}`",
            name.span,
            related=(Related(found.span, "declared here"),),
        )
        return None
    return found


def _data(
    compilation: Compilation,
    written: syntax.Expression,
    draft: ModelDraft | None,
    context: ClaimContext,
) -> list[tuple[str, str]]:
    parts = [written]
    if isinstance(written, syntax.Call):
        if written.function.text != "mean":
            compilation.unknown("combination of data", written.function, ("mean",))
            return []
        parts = [one.value for one in written.arguments]
    found: list[tuple[str, str]] = []
    for part in parts:
        if not (isinstance(part, syntax.Field) and isinstance(part.value, syntax.Name)):
            compilation.error(
                "CS709",
                f"`{part.span.text}` is no split of counterfactual data",
                part.span,
                help="write `D.test`, or `mean(D.test, E.test)`",
            )
            continue
        name, split = part.value, part.name
        design = context.designs.get(name.text)
        if design is None:
            if not _wrong_kind(compilation, name, "counterfactuals declaration"):
                designs = compilation.names_of(syntax.CounterfactualsDeclaration)
                compilation.unknown("counterfactuals", name, designs)
            continue
        if draft is not None and design.model.name != draft.name:
            compilation.error(
                "CS710",
                f"`{name.text}` is data of `{design.model.name}`, the claim is about "
                f"`{draft.name}`",
                name.span,
                related=(Related(design.span, "declared here"),),
            )
            continue
        if split.text not in [one.name for one in design.splits]:
            if design.splits:
                compilation.unknown("split", split, [one.name for one in design.splits])
            continue
        found.append((name.text, split.text))
    return found


def _check_placed(
    compilation: Compilation,
    about: syntax.Of,
    alignment: Alignment,
    data: list[tuple[str, str]],
    context: ClaimContext,
) -> None:
    """Every variable that the data swaps needs a place to be swapped at."""
    if compilation.diagnostics.has_errors:
        return
    placed = {one.variable for one in alignment.placements}
    for design, _ in data:
        for kind in context.designs[design].kinds:
            for variable in kind.variables:
                if variable not in placed:
                    compilation.error(
                        "CS711",
                        f"`{design}` swaps `{variable}`, which `{alignment.name}` does not place",
                        about.alignment.span,
                        help=f"add `var {variable} at …` to the alignment",
                        related=(Related(alignment.span, "the alignment"),),
                    )
                    return


def _expectation(
    compilation: Compilation,
    statement: syntax.Expect,
    draft: ModelDraft | None,
    context: ClaimContext,
) -> Expectation | None:
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
        if not derived and not _wrong_kind(compilation, name, "model"):
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
