"""Claims: what must hold of a network, over scores, controls and rivals."""

from __future__ import annotations

from causalspec.compiler.front.designs import find_model
from causalspec.compiler.front.metrics import ClaimContext, expectation_of, wrong_kind
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.specification import (
    Alignment,
    Claim,
    Task,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


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
    whole = not compilation.unread.is_inside(declaration)
    if not statements and whole:
        compilation.error(
            "CS709",
            f"claim `{name.text}` does not say what it is about",
            name.span,
            help="add `of M on D.test with A`",
        )
    if not expects and whole:
        compilation.error(
            "CS709",
            f"claim `{name.text}` expects nothing",
            name.span,
            help="add `expect iia >= 0.90`",
        )
    if not statements:
        for one in expects:
            expectation_of(compilation, one, None, context)
        return None
    about = statements[0]
    draft = find_model(compilation, about.model, context.models)
    expectations = [expectation_of(compilation, one, draft, context) for one in expects]
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


def _alignment(
    compilation: Compilation, name: syntax.Name, draft: ModelDraft | None, context: ClaimContext
) -> Alignment | None:
    found = context.alignments.get(name.text)
    if found is None:
        if not wrong_kind(compilation, name, "alignment"):
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
            if not wrong_kind(compilation, name, "counterfactuals declaration"):
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
            if kind.within:
                compilation.error(
                    "CS718",
                    f"`{design}` intervenes on its sources: no claim can be scored on it yet",
                    about.data.span,
                    help="swap from sources as they are, in data of their own",
                    related=(Related(context.designs[design].span, "the data"),),
                )
                return
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
