"""Abstractions: each variable of a coarse model as an expression over a fine one."""

from __future__ import annotations

from causalspec.compiler.expressions import Expression
from causalspec.compiler.front.arithmetic import TooLargeError
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.examples import targets
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.subexpressions import too_large
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Abstraction
from causalspec.dsl import syntax


def compile_abstractions(file: syntax.File, compilation: Compilation) -> dict[str, Abstraction]:
    """Every `abstraction` declaration whose models are there."""
    found: dict[str, Abstraction] = {}
    for one in file.declarations:
        if isinstance(one, syntax.AbstractionDeclaration):
            fine = compilation.model(one.fine)
            coarse = compilation.model(one.coarse)
            if fine is not None and coarse is not None:
                found[one.name.text] = _abstraction(compilation, one, fine, coarse)
    return found


def _abstraction(
    compilation: Compilation,
    declaration: syntax.AbstractionDeclaration,
    fine: ModelDraft,
    coarse: ModelDraft,
) -> Abstraction:
    if fine.task is not coarse.task:
        compilation.error(
            "CS714",
            f"`{fine.name}` and `{coarse.name}` are models of different tasks",
            declaration.coarse.span,
            help="an abstraction relates models of one task",
            related=declared_at(coarse.declaration.name.span),
        )
    values: dict[str, Expression] = {}
    stated: set[str] = set()
    roles, what = (Role.VARIABLE, Role.OUTPUT), f"a `var` or `output` of `{coarse.name}`"
    for assignment, one in targets(
        coarse.environment, declaration.body, coarse.variables, roles, "CS714", what
    ):
        stated.add(one.name)
        if one.domain is None:
            continue
        value = elaborate(fine.environment, assignment.value, one.domain)
        try:
            value = convert(compilation, value, one.domain, assignment.value.span)
        except TooLargeError:
            value = too_large(fine.environment, assignment.value)
        if value.domain is not None:
            values[one.name] = value.node
    missing = [name for name in coarse.model.intermediates if name not in stated]
    if missing and not compilation.unread.is_inside(declaration):
        shown = ", ".join(f"`{name}`" for name in missing[:6])
        compilation.wrong(
            "CS714",
            declaration.name,
            f"does not say what {shown} of `{coarse.name}` stands for",
            help=f"add `{missing[0]} = …` over variables of `{fine.name}`",
        )
    name = declaration.name
    return Abstraction(name.text, fine.model, coarse.model, values, name.span)
