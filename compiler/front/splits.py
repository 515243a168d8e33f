"""Splits: their sizes, what they share no value of, and how claims and writes name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalspec.compiler.expressions import Expression, Reference, references, substituted
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.scopes import Declared, Family
from causalspec.compiler.front.values import Value
from causalspec.compiler.model import Role, family_of
from causalspec.compiler.specification import HeldOutValue, SplitSize
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

MOST_ROWS = 10_000_000
MOST_HELD_OUT = 1_000_000


def split_sizes(
    compilation: Compilation,
    declaration: syntax.CounterfactualsDeclaration,
    splits: Sequence[syntax.Split],
) -> tuple[SplitSize, ...]:
    """How many pairs each split of a design has."""
    if not splits and not compilation.unread.is_inside(declaration):
        advice = "add `split train 8_000, validation 500, test 1_000`"
        says = "does not say how many pairs to make"
        compilation.wrong("CS702", declaration.name, says, help=advice)
    found: dict[str, SplitSize] = {}
    for part in splits[0].parts if splits else ():
        name, rows = part.name, part.rows
        if name.text in found:
            where = Related(found[name.text].span, "first declared here")
            compilation.repeated(f"split `{name.text}` is declared twice", name.span, where)
        elif rows.decimals or not 1 <= rows.scaled <= MOST_ROWS:
            message, advice = (
                f"a split cannot have {rows.text} pairs",
                f"write a whole number from 1 to {MOST_ROWS}",
            )
            compilation.error("CS702", message, rows.span, help=advice)
        else:
            found[name.text] = SplitSize(name.text, rows.scaled, name.span)
    return tuple(found.values())


def held_out_values(
    compilation: Compilation, draft: ModelDraft, splits: Sequence[syntax.Split]
) -> tuple[HeldOutValue, ...]:
    """What the splits of a design share no value of; a family's name stands for its members."""
    found: dict[str, HeldOutValue] = {}
    for written in splits[0].disjoint if splits else ():
        binding = draft.environment.find(written) if isinstance(written, syntax.Name) else None
        if isinstance(binding, Family):
            members = (part for part in binding.members.values() if isinstance(part, Declared))
            values = [(member.name, member.value) for member in members]
        elif isinstance(written, syntax.Name) and binding is None:
            known = dict.fromkeys(map(family_of, draft.variables))
            compilation.unknown("variable", written, known)
            continue
        else:
            text = " ".join(written.span.text.split())
            values = [(text, elaborate(draft.environment, written))]
        for name, value in values:
            held_out = _held_out(compilation, draft, written, name, value)
            if held_out is None:
                break
            found[held_out.name] = held_out
    return tuple(found.values())


def _held_out(
    compilation: Compilation,
    draft: ModelDraft,
    written: syntax.Expression,
    name: str,
    value: Value,
) -> HeldOutValue | None:
    """What splits are to share no value of; None with the reason reported."""
    if value.domain is None:
        return None
    given = (*draft.task.given.members, *draft.own.members)
    variables = {variable.name: variable for variable in given}
    node = _written_out(value.node, variables)
    for read in references(node):
        variable = variables[read]
        if variable.role is not Role.INPUT:
            says = "is" if written.span.text == read else f"reads `{read}`, which is"
            return compilation.wrong(
                "CS702",
                written,
                f"{says} not an input: splits are disjoint by inputs and expressions of them",
                related=declared_at(variable.span),
            )
    if not references(node):
        return compilation.wrong("CS703", written, "is always the same")
    if value.domain.size > MOST_HELD_OUT and not isinstance(node, Reference):
        return compilation.wrong(
            "CS703",
            written,
            f"has {value.domain.size} values, too many to share out",
            help=f"write an expression of at most {MOST_HELD_OUT} values",
        )
    name = node.name if isinstance(node, Reference) else name
    return HeldOutValue(name, node, value.domain)


def _written_out(expression: Expression, variables: Mapping[str, Declared]) -> Expression:
    """An expression without abbreviations."""

    def written_out(name: str) -> Expression:
        variable = variables[name]
        if variable.role is not Role.ABBREVIATION or variable.mechanism is None:
            return Reference(name)
        return _written_out(variable.mechanism, variables)

    return substituted(expression, written_out)


# Splits, as claims and writes name them ----------------------------------------------------------


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
    known = {size.name: size.span for size in design.splits}
    if split.text not in known:
        if known:
            compilation.unknown("split", split, known)
        return None
    compilation.meanings.note(split.span, known[split.text])
    return name.text, split.text
