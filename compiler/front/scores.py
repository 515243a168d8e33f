"""What a claim expects: arithmetic of scores of its model, of controls, rivals, kinds of swap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from causalspec.compiler.entries import MetricEntry
from causalspec.compiler.front.elsewhere import elsewhere_of, is_elsewhere
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.fit_seeds import seeds_of
from causalspec.compiler.front.instances import rival_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import MODELS, Compilation, declared_at, quoted
from causalspec.compiler.front.observational_scores import reads_one_feature
from causalspec.compiler.front.vocabulary_rows import find_row, row_of
from causalspec.compiler.model import family_of
from causalspec.compiler.specification import (
    Alignment,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    SwapKind,
)
from causalspec.compiler.vocabulary import BOUNDS, METRICS, WRITES
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


@dataclass(frozen=True, slots=True)
class Scored:
    """What a claim's scores are of: its model, the kinds of swap in its data, where variables live.

    None, or no kinds, where that is not known.
    """

    draft: ModelDraft | None
    kinds: tuple[SwapKind, ...]
    alignment: Alignment | None
    own: tuple[str | None, ...] = ()
    """The data and the prompt that the claim is about, None for the task's first prompt."""


def _score(
    compilation: Compilation,
    written: syntax.Name | syntax.Call,
    bound: str,
    scored: Scored,
) -> Metric | None:
    """`iia`, of the claim's model, of a control or a rival, or of one kind of swap."""
    name = written if isinstance(written, syntax.Name) else written.function
    entry, rows = find_row(name.text, lambda all_: all_.metrics)
    if entry is None:
        if any(name.text in row.also for row in rows.values()):
            row_of(compilation, "metric", name, lambda all_: all_.metrics, "CS712")
            return None
        known = rows if isinstance(written, syntax.Name) else (*rows, *BOUNDS)
        return compilation.unknown("metric", name, known, code="CS712")
    compilation.meanings.note(name.span, entry)
    swapped = {variable for kind in scored.kinds for variable in swapped_by(kind)}
    _check_label(compilation, name, entry, scored)
    if entry.observational and not reads_one_feature(
        compilation, written, name, scored.draft, swapped, scored.alignment
    ):
        return None
    if isinstance(written, syntax.Name):
        return Metric(entry.name, bound)
    if entry.name == "train_iia":
        message = "`train_iia` is of the claim's own maps: a control has no score on `train`"
        advice = "write `train_iia`, as in `expect train_iia - iia <= 0.05`"
        return compilation.error("CS745", message, written.span, help=advice)
    of = [argument.value for argument in written.arguments if argument.name is None]
    if not of or len(of) < len(written.arguments):
        metric = name.text
        advice = f"write `{metric}`, `{metric}(random_network)` or `{metric}(OtherModel)`"
        return compilation.wrong("CS712", written, "names no control or rival", help=advice)
    match of:
        case [syntax.Name() as model]:
            control, controls = find_row(model.text, lambda all_: all_.controls)
            if control is not None:
                compilation.meanings.note(model.span, control)
                if control.answers_alone and not entry.needs_label:
                    message = f"of `{control.name}` only the answers are known, not `{entry.name}`"
                    advice = f"write `iia({control.name})`"
                    return compilation.error("CS746", message, written.span, help=advice)
                return Metric(entry.name, bound, control.name)
            is_variable = _names_variable(scored, model.text)
            if not is_variable and is_elsewhere(compilation, model, scored.draft):
                found = elsewhere_of(compilation, model, scored.draft, scored.alignment, scored.own)
                return None if found is None else Metric(entry.name, bound, found)
            if model.text in compilation.models or not is_variable:
                rival = _rival(compilation, model, scored, controls)
                return None if rival is None else Metric(entry.name, bound, rival)
        case _:
            pass
    kind = _kind(compilation, written, of, entry, scored)
    return None if kind is None else Metric(entry.name, bound, kind=kind)


def _check_label(
    compilation: Compilation, name: syntax.Name, entry: MetricEntry, scored: Scored
) -> None:
    """A score that needs the predicted answer cannot be had where the model predicts none."""
    if not entry.needs_label or scored.alignment is None:
        return
    swapped = {variable for kind in scored.kinds for variable in swapped_by(kind)}
    for placement in scored.alignment.placements:
        write, variable = placement.write, placement.variable
        if write is None or WRITES[write.name].has_label:
            continue
        if variable in swapped or not scored.kinds:
            of_runs = [row for row in METRICS.values() if not row.observational]
            without = [row.name for row in of_runs if not row.needs_label]
            compilation.wrong(
                "CS733",
                name,
                "needs the answer that the model predicts, "
                f"but `{write.name}` is not a value of `{variable}`",
                help=f"ask {quoted(without[:-1])} or `{without[-1]}`, which are held against the "
                "base's own run",
                related=(Related(placement.span, "written here"),),
            )
            return


def swapped_by(kind: SwapKind) -> Iterator[str]:
    """The variables that a kind of swap intervenes on, in the sources' own runs, too."""
    yield from kind.variables
    for _, inner in kind.within:
        yield from inner.variables


def _names_variable(scored: Scored, name: str) -> bool:
    """Whether a name is that of a variable, or of a family of them, of the claim's model."""
    known = scored.draft.variables if scored.draft is not None else ()
    return name in map(family_of, known)


def _kind(
    compilation: Compilation,
    written: syntax.Call,
    of: Sequence[syntax.Expression],
    entry: MetricEntry,
    scored: Scored,
) -> tuple[str, ...] | None:
    """The variables of one kind of swap, in the model's order, None with the reason reported."""
    if not entry.by_kind:
        kinds = quoted(row.name for row in METRICS.values() if row.by_kind)
        message = f"`{entry.name}` is not asked of one kind of swap"
        advice = f"of one kind can be asked: {kinds}"
        return compilation.error("CS734", message, written.span, help=advice)
    if scored.draft is None:
        return None
    draft = scored.draft
    found: list[str] = []
    for name in of:
        variable = target_variable(draft.environment, name, draft.variables)
        if variable is None:
            return None
        found.append(variable.name)
    requested = tuple(name for name in draft.variables if name in found)
    kinds_there = {frozenset(kind.variables): kind for kind in scored.kinds}
    if scored.kinds and (frozenset(requested) not in kinds_there or len(requested) < len(found)):
        *most, last = found
        named = f"{quoted(most)} and `{last}`" if most else f"`{last}`"
        there = [f"{entry.name}({', '.join(kind.variables)})" for kind in kinds_there.values()]
        return compilation.error(
            "CS734",
            f"no kind of swap in the claim's data swaps exactly {named}",
            written.span,
            help=f"there is {quoted(there[:4])}",
        )
    return requested


def _rival(
    compilation: Compilation,
    name: syntax.Name,
    scored: Scored,
    controls: Iterable[str],
) -> str | None:
    """The name of a rival, None with the reason reported."""
    draft = scored.draft
    variables = {variable for kind in scored.kinds for variable in kind.variables}
    also = (*controls, *sorted(variables))
    rival = compilation.named(name, compilation.models, MODELS, "control or rival", also=also)
    if rival is None:
        return None
    if draft is not None:
        rival = rival_of(compilation, rival, draft.task, name)
    if draft is not None and rival.name == draft.name:
        return compilation.wrong("CS713", name, "is the claim's own model, not a rival")
    if draft is not None and rival.task.name != draft.task.name:
        return compilation.wrong(
            "CS713",
            name,
            f"is a model of `{rival.task.name}`, the claim of `{draft.task.name}`",
            help="rivals explain the same task",
            related=declared_at(rival.declaration.name.span),
        )
    return rival.name


def expectation_of(
    compilation: Compilation,
    statement: syntax.Expect,
    scored: Scored,
) -> Expectation | None:
    """An `expect` line, None with the reason reported."""
    condition = statement.condition
    if not isinstance(condition, syntax.Comparison) or len(condition.operators) != 1:
        advice = "write `expect iia >= 0.90`, and further bounds as further lines"
        return compilation.wrong("CS712", condition, "is not one comparison", help=advice)
    operator = condition.operators[0]
    if operator == "!=":
        message, advice = (
            "`!=` holds of almost every score",
            "compare with `<`, `<=`, `>`, `>=` or `==`",
        )
        return compilation.error("CS712", message, condition.span, help=advice)
    left, right = (_metric(compilation, side, scored) for side in condition.operands)
    if left is None or right is None:
        return None
    if not (_has_metric(left) or _has_metric(right)):
        advice = "use `iia`, `lower(iia)` or `iia(random_network)`"
        return compilation.wrong("CS712", condition, "compares no score", help=advice)
    if statement.seeds is None:
        text = " ".join(condition.span.text.split())
        return Expectation(left, operator, right, text, condition.span)
    counts = seeds_of(compilation, statement.seeds)
    if counts is None:
        return None
    span = condition.span.to(statement.seeds.span)
    return Expectation(left, operator, right, " ".join(span.text.split()), span, *counts)


def _has_metric(expression: MetricExpression) -> bool:
    match expression:
        case MetricArithmetic(left=left, right=right):
            return _has_metric(left) or _has_metric(right)
        case other:
            return isinstance(other, Metric)


def _metric(
    compilation: Compilation, written: syntax.Expression, scored: Scored
) -> MetricExpression | None:
    match written:
        case syntax.Number():
            return float(written.text.replace("_", ""))
        case syntax.Unary(operator="-", operand=operand):
            inner = _metric(compilation, operand, scored)
            return None if inner is None else MetricArithmetic("-", 0.0, inner)
        case syntax.Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
            first = _metric(compilation, left, scored)
            second = _metric(compilation, right, scored)
            if first is None or second is None:
                return None
            if operator == "/" and not (isinstance(second, float) and second > 0):
                return compilation.wrong("CS308", right, "is not a positive divisor")
            return MetricArithmetic(operator, first, second)
        case syntax.Call(function=function) if function.text in BOUNDS:
            return _bound(compilation, written, scored)
        case syntax.Name() | syntax.Call():
            return _score(compilation, written, "mean", scored)
        case _:
            return compilation.wrong("CS712", written, "is not arithmetic of scores")


def _bound(compilation: Compilation, written: syntax.Call, scored: Scored) -> Metric | None:
    """`lower(iia)`, `upper(iia(random_network))`."""
    bound = written.function.text
    compilation.meanings.note(written.function.span, BOUNDS[bound])
    match [argument.value for argument in written.arguments]:
        case [syntax.Name() as score]:
            return _score(compilation, score, bound, scored)
        case [syntax.Call(function=function) as score] if function.text not in BOUNDS:
            return _score(compilation, score, bound, scored)
        case _:
            message = f"`{bound}` is the bound of one score"
            advice = f"write `{bound}(iia)` or `{bound}(iia(random_network))`"
            return compilation.error("CS712", message, written.span, help=advice)
