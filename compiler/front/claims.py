"""Claims: what must hold of a network, over scores, controls and rivals."""

from __future__ import annotations

from causalspec.compiler.front.instances import model_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, documented, of_kind
from causalspec.compiler.front.scores import Scored, expectation_of, swapped_by
from causalspec.compiler.front.splits import data_split
from causalspec.compiler.specification import Alignment, Claim, Task
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def compile_claim(compilation: Compilation, declaration: syntax.ClaimDeclaration) -> Claim | None:
    """A claim with every name resolved, None when it has no model."""
    name = declaration.name
    statements = of_kind(declaration.body, syntax.Of)
    expects = of_kind(declaration.body, syntax.Expect)
    for later in statements[1:]:
        where = Related(statements[0].span, "the first one")
        message = f"claim `{name.text}` is about two things"
        compilation.repeated(message, later.span, where, help="write two claims")
    lacking = "does not say what it is about", "add `of M on D.test with A`"
    expecting = "expects nothing", "add `expect iia >= 0.90`"
    for written, (problem, advice) in ((statements, lacking), (expects, expecting)):
        if not written and not compilation.unread.is_inside(declaration):
            message = f"claim `{name.text}` {problem}"
            compilation.error("CS709", message, name.span, help=advice)
    if not statements:
        for statement in expects:
            expectation_of(compilation, statement, Scored(None, (), None))
        return None
    about = statements[0]
    draft = model_of(compilation, about.model)
    data = _data(compilation, about.data, draft)
    alignment = _alignment(compilation, about.alignment, draft)
    kinds = [kind for design, _ in data for kind in compilation.designs[design].kinds]
    own = (*(design for design, _ in data), about.prompt.text if about.prompt else None)
    scored = Scored(draft, tuple(kinds), alignment, own)
    expectations = [expectation_of(compilation, statement, scored) for statement in expects]
    if draft is None:
        return None
    task = compilation.tasks.get(draft.task.name)
    prompt = _prompt(compilation, about.prompt, task)
    fitted_on = _prompt(compilation, about.fitted_on, task)
    if alignment is not None:
        _check_placed(compilation, about, alignment, data)
    return Claim(
        name=name.text,
        model=draft.model,
        data=tuple(data),
        alignment=about.alignment.text,
        prompt=prompt,
        fitted_on=fitted_on,
        expectations=tuple(found for found in expectations if found is not None),
        documentation=documented(declaration.documentation),
        span=name.span,
    )


def _prompt(compilation: Compilation, name: syntax.Name | None, task: Task | None) -> str | None:
    if name is None:
        return None
    if task is not None and name.text in task.prompts:
        compilation.meanings.note(name.span, task.prompts[name.text].span)
    elif task is not None:
        compilation.unknown("prompt", name, task.prompts)
    return name.text


def _alignment(
    compilation: Compilation, name: syntax.Name, draft: ModelDraft | None
) -> Alignment | None:
    kinds = (syntax.AlignDeclaration,)
    found = compilation.named(name, compilation.alignments, kinds, "alignment")
    if found is not None and draft is not None and found.model.name != draft.name:
        message = f"alignment `{name.text}` is of `{found.model.name}`, the claim of `{draft.name}`"
        where = declared_at(found.span)
        return compilation.error("CS710", message, name.span, related=where)
    return found


def _data(
    compilation: Compilation, written: syntax.Expression, draft: ModelDraft | None
) -> list[tuple[str, str]]:
    parts = [written]
    if isinstance(written, syntax.Call):
        if written.function.text != "mean":
            compilation.unknown("combination of data", written.function, ("mean",))
            return []
        compilation.meanings.note(written.function.span, "data")
        parts = [argument.value for argument in written.arguments]
    about, advice = "the claim is about", "write `D.test`, or `mean(D.test, E.test)`"
    found = [data_split(compilation, part, draft, whose=about, help=advice) for part in parts]
    return [split for split in found if split is not None]


def _check_placed(
    compilation: Compilation,
    about: syntax.Of,
    alignment: Alignment,
    data: list[tuple[str, str]],
) -> None:
    """Every variable that the data swaps, in sources' own runs too, needs a place for it."""
    if compilation.diagnostics.has_errors:
        return
    placed = {placement.variable for placement in alignment.placements}
    for design, _ in data:
        for kind in compilation.designs[design].kinds:
            for variable in swapped_by(kind):
                if variable not in placed:
                    compilation.error(
                        "CS711",
                        f"`{design}` swaps `{variable}`, which `{alignment.name}` does not place",
                        about.alignment.span,
                        help=f"add `var {variable} at …` to the alignment",
                        related=(Related(alignment.span, "the alignment"),),
                    )
                    return
