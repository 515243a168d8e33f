"""Splits of counterfactual data, as claims and writes name them: `Pairs.test`."""

from __future__ import annotations

from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.dsl import syntax


def data_split(
    compilation: Compilation,
    written: syntax.Node,
    draft: ModelDraft | None,
    *,
    whose: str,
    help: str,
) -> tuple[str, str] | None:
    """A design and a split of it, of the model of `whose`, None with the reason reported."""
    if not (isinstance(written, syntax.Field) and isinstance(written.value, syntax.Name)):
        return compilation.wrong(
            "CS709", written, "is not a split of counterfactual data", help=help
        )
    name, split = written.value, written.name
    kinds = (syntax.CounterfactualsDeclaration,)
    design = compilation.named(name, compilation.designs, kinds, "counterfactuals")
    if design is None:
        return None
    if draft is not None and design.model.name != draft.name:
        return compilation.wrong(
            "CS710",
            name,
            f"is data of `{design.model.name}`, {whose} `{draft.name}`",
            related=declared_at(design.span),
        )
    known = {one.name: one.span for one in design.splits}
    if split.text not in known:
        if known:
            compilation.unknown("split", split, known)
        return None
    compilation.meanings.note(split.span, known[split.text])
    return name.text, split.text
