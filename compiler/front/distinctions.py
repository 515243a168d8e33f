"""`distinguish from RIVAL`: pairs on which other models of the task predict another label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from causalspec.compiler.counterparts import counterparts_of
from causalspec.compiler.derived_models import with_noise_at_rest
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.specification import Distinction, SwapKind
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def distinctions_of(
    compilation: Compilation,
    written: Sequence[syntax.Name],
    draft: ModelDraft,
    kinds: Sequence[SwapKind],
) -> Iterator[Distinction]:
    """The rivals that a design names, each that is none reported. Their noise is at rest."""
    seen: Mapping[str, syntax.Name] = {}
    for name in written:
        rival = compilation.model(name)
        if rival is None:
            continue
        problem = _problem(draft, rival, kinds)
        if name.text in seen:
            compilation.wrong(
                "CS203",
                name,
                "is named twice",
                related=(Related(seen[name.text].span, "first named here"),),
            )
        elif problem is not None:
            compilation.error(
                "CS716",
                problem,
                name.span,
                related=declared_at(rival.declaration.name.span),
            )
        else:
            model = with_noise_at_rest(rival.model)
            beside = tuple(counterparts_of(kind, model) for kind in kinds)
            yield Distinction(model, beside, name.span)
        seen = {**seen, name.text: name}


def _problem(draft: ModelDraft, rival: ModelDraft, kinds: Sequence[SwapKind]) -> str | None:
    """Why a model cannot be told apart on the pairs of another one."""
    if rival.name == draft.name:
        return f"`{rival.name}` is the model of this data, not a rival"
    if rival.task is not draft.task:
        return f"`{rival.name}` is a model of another task"
    if rival.model.cyclic:
        return f"`{rival.name}` is cyclic, so it may predict several labels or none"
    for kind in kinds:
        incomplete = draft.environment.compilation.unread.is_inside(rival.declaration)
        if not counterparts_of(kind, rival.model) and not incomplete:
            return f"`{rival.name}` has no variables to swap beside `{kind.name}`"
    return None
