"""Scores: metrics of a claim's model, of controls and rivals, of one kind of swap alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from causalspec.compiler.entries import MetricEntry
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import MODELS, Compilation
from causalspec.compiler.front.vocabulary_rows import find_row
from causalspec.compiler.specification import (
    Alignment,
    Metric,
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


def score_of(
    compilation: Compilation,
    written: syntax.Name | syntax.Call,
    bound: str,
    scored: Scored,
) -> Metric | None:
    """`iia`, of the claim's model, of a control or a rival, or of one kind of swap."""
    name = written if isinstance(written, syntax.Name) else written.function
    entry, rows = find_row(name.text, lambda all_: all_.metrics)
    if entry is None:
        known = rows if isinstance(written, syntax.Name) else (*rows, *BOUNDS)
        return compilation.unknown("metric", name, known, code="CS712")
    compilation.meanings.note(name.span, entry)
    _check_label(compilation, name, entry, scored)
    if isinstance(written, syntax.Name):
        return Metric(entry.name, bound)
    of = [one.value for one in written.arguments if one.name is None]
    if not of or len(of) < len(written.arguments):
        return compilation.error(
            "CS712",
            f"`{written.span.text}` names no control or rival",
            written.span,
            help=f"write `{name.text}`, `{name.text}(random_network)` or `{name.text}(OtherModel)`",
        )
    if len(of) == 1 and isinstance(of[0], syntax.Name):
        control, controls = find_row(of[0].text, lambda all_: all_.controls)
        if control is not None:
            compilation.meanings.note(of[0].span, control)
            return Metric(entry.name, bound, control.name)
        if of[0].text in compilation.models or not _names_variable(scored, of[0].text):
            rival = _rival(compilation, of[0], scored, controls)
            return None if rival is None else Metric(entry.name, bound, rival)
    kind = _kind(compilation, written, of, entry, scored)
    return None if kind is None else Metric(entry.name, bound, kind=kind)


def _check_label(
    compilation: Compilation, name: syntax.Name, entry: MetricEntry, scored: Scored
) -> None:
    """A score that needs the predicted answer cannot be had where the model predicts none."""
    if not entry.needs_label or scored.alignment is None:
        return
    swapped = {variable for kind in scored.kinds for variable in swapped_by(kind)}
    for one in scored.alignment.placements:
        if one.write is None or WRITES[one.write.name].has_label:
            continue
        if one.variable in swapped or not scored.kinds:
            without = [f"`{row.name}`" for row in METRICS.values() if not row.needs_label]
            compilation.error(
                "CS733",
                f"`{name.text}` needs the answer that the model predicts, but `{one.write.name}` "
                f"is not a value of `{one.variable}`",
                name.span,
                help=f"ask {', '.join(without[:-1])} or {without[-1]}, which are held against the "
                "base's own run",
                related=(Related(one.span, "written here"),),
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
    return any(one.split("[")[0] == name for one in known)


def _kind(
    compilation: Compilation,
    written: syntax.Call,
    of: Sequence[syntax.Expression],
    entry: MetricEntry,
    scored: Scored,
) -> tuple[str, ...] | None:
    """The variables of one kind of swap, in the model's order, None with the reason reported."""
    if not entry.by_kind:
        kinds = ", ".join(f"`{row.name}`" for row in METRICS.values() if row.by_kind)
        return compilation.error(
            "CS734",
            f"`{entry.name}` is not asked of one kind of swap",
            written.span,
            help=f"of one kind can be asked: {kinds}",
        )
    if scored.draft is None:
        return None
    draft = scored.draft
    found: list[str] = []
    for one in of:
        variable = target_variable(compilation, one, draft.variables, draft.environment)
        if variable is None:
            return None
        found.append(variable.name)
    asked = tuple(name for name in draft.variables if name in found)
    kinds_there = {frozenset(kind.variables): kind for kind in scored.kinds}
    if scored.kinds and (frozenset(asked) not in kinds_there or len(asked) < len(found)):
        shown = [f"`{entry.name}({', '.join(kind.variables)})`" for kind in kinds_there.values()]
        return compilation.error(
            "CS734",
            f"no kind of swap in the claim's data swaps exactly {_listed(found)}",
            written.span,
            help=f"there is {', '.join(shown[:4])}",
        )
    return asked


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


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
    if draft is not None and rival.name == draft.name:
        return compilation.error(
            "CS713", f"`{name.text}` is the claim's own model, not a rival", name.span
        )
    if draft is not None and rival.task.name != draft.task.name:
        return compilation.error(
            "CS713",
            f"`{name.text}` is a model of `{rival.task.name}`, the claim of `{draft.task.name}`",
            name.span,
            help="rivals explain the same task",
            related=(Related(rival.declaration.name.span, "declared here"),),
        )
    return rival.name
