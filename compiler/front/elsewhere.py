"""Scores on other data or under another prompt than the claim's own: `iia(OtherCities)`."""

from __future__ import annotations

from collections.abc import Mapping

from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.specification import Alignment, PromptTemplate
from causalspec.dsl import syntax

SPLIT = "test"
"""Other data is scored on this split of it."""


def is_elsewhere(compilation: Compilation, name: syntax.Name, draft: ModelDraft | None) -> bool:
    """Whether a name is that of a data set, or of a prompt of the model's task."""
    declared = compilation.declared.get(name.text)
    if isinstance(declared, syntax.CounterfactualsDeclaration):
        return True
    task = compilation.tasks.get(draft.task.name) if draft is not None else None
    return task is not None and name.text in task.prompts and declared is None


def elsewhere_of(
    compilation: Compilation,
    name: syntax.Name,
    draft: ModelDraft | None,
    alignment: Alignment | None,
    own: tuple[str | None, ...],
) -> str | None:
    """The name of other data or of another prompt, None with the reason reported. `own` are those
    that the claim is about.
    """
    task = compilation.tasks.get(draft.task.name) if draft is not None else None
    prompts: Mapping[str, PromptTemplate] = {} if task is None else task.prompts
    if name.text not in compilation.declared and name.text in prompts:
        compilation.meanings.note(name.span, prompts[name.text].span)
        if name.text in own or (None in own and name.text == next(iter(prompts))):
            return _own(compilation, name, "prompt")
        return name.text
    kinds = (syntax.CounterfactualsDeclaration,)
    design = compilation.named(name, compilation.designs, kinds, "counterfactuals")
    if design is None:
        return None
    if name.text in own:
        return _own(compilation, name, "data")
    if draft is not None and design.model.name != draft.name:
        problem = f"is data of `{design.model.name}`, the claim is about `{draft.name}`"
        return compilation.wrong("CS710", name, problem, related=declared_at(design.span))
    if SPLIT not in {split.name for split in design.splits}:
        problem = f"has no split `{SPLIT}` to be scored"
        advice = f"add `split {SPLIT} 200` to `{name.text}`"
        return compilation.wrong(
            "CS752", name, problem, help=advice, related=declared_at(design.span)
        )
    placed = {placement.variable for placement in alignment.placements} if alignment else None
    for kind in design.kinds:
        for part in (kind, *(inner for _, inner in kind.within)):
            for variable in part.variables:
                if alignment is not None and placed is not None and variable not in placed:
                    return compilation.error(
                        "CS711",
                        f"`{name.text}` swaps `{variable}`, which `{alignment.name}` does not "
                        "place",
                        name.span,
                        help=f"add `var {variable} at …` to the alignment",
                    )
    return name.text


def _own(compilation: Compilation, name: syntax.Name, what: str) -> None:
    problem = f"is the claim's own {what}"
    advice = f"write the score alone, or name other {what}"
    return compilation.wrong("CS751", name, problem, help=advice)
