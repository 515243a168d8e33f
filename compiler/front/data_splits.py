"""Splits of counterfactual data, as claims and writes name them: `Pairs.test`."""

from __future__ import annotations

from collections.abc import Mapping

from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, kind_of, with_article
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def wrong_kind(compilation: Compilation, name: syntax.Name, wanted: str) -> bool:
    """Report a name that declares something else; True when it declares something at all."""
    other = compilation.declared.get(name.text)
    if other is None:
        return False
    if kind_of(other) != wanted:
        compilation.wrong_kind(name, other, f"not {with_article(wanted)}")
    return True


def data_split(
    compilation: Compilation,
    written: syntax.Node,
    draft: ModelDraft | None,
    designs: Mapping[str, CounterfactualDesign],
    *,
    whose: str,
    help: str,
) -> tuple[str, str] | None:
    """A design and a split of it, of the model of `whose`, None with the reason reported."""
    if not (isinstance(written, syntax.Field) and isinstance(written.value, syntax.Name)):
        return compilation.error(
            "CS709",
            f"`{written.span.text}` is not a split of counterfactual data",
            written.span,
            help=help,
        )
    name, split = written.value, written.name
    compilation.declaration(name)
    design = designs.get(name.text)
    if design is None:
        if not wrong_kind(compilation, name, "counterfactuals declaration"):
            known = compilation.names_of(syntax.CounterfactualsDeclaration)
            compilation.unknown("counterfactuals", name, known)
        return None
    if draft is not None and design.model.name != draft.name:
        return compilation.error(
            "CS710",
            f"`{name.text}` is data of `{design.model.name}`, {whose} `{draft.name}`",
            name.span,
            related=(Related(design.span, "declared here"),),
        )
    known = {one.name: one.span for one in design.splits}
    if split.text not in known:
        if known:
            compilation.unknown("split", split, known)
        return None
    compilation.meanings.note(split.span, known[split.text])
    return name.text, split.text
