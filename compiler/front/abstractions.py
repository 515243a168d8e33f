"""Abstractions: each variable of a coarse model as an expression over a fine one."""

from __future__ import annotations

from causalspec.compiler.expressions import Expression
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.examples import targets
from causalspec.compiler.front.instances import model_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, of_kind, quoted
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Abstraction
from causalspec.dsl import syntax


def compile_abstractions(file: syntax.File, compilation: Compilation) -> dict[str, Abstraction]:
    """Every `abstraction` declaration whose models are there."""
    found: dict[str, Abstraction] = {}
    for declaration in of_kind(file.declarations, syntax.AbstractionDeclaration):
        fine = model_of(compilation, declaration.fine)
        coarse = model_of(compilation, declaration.coarse)
        if fine is not None and coarse is not None:
            found[declaration.name.text] = _abstraction(compilation, declaration, fine, coarse)
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
    for assignment, variable in targets(
        coarse.environment, declaration.body, coarse.variables, roles, "CS714", what
    ):
        stated.add(variable.name)
        if variable.domain is None:
            continue
        value = elaborate(fine.environment, assignment.value, variable.domain)
        value = convert(compilation, value, variable.domain, assignment.value.span)
        if value.domain is not None:
            values[variable.name] = value.node
    missing = [name for name in coarse.model.intermediates if name not in stated]
    if missing and not compilation.unread.is_inside(declaration):
        compilation.wrong(
            "CS714",
            declaration.name,
            f"does not say what {quoted(missing[:6])} of `{coarse.name}` stands for",
            help=f"add `{missing[0]} = …` over variables of `{fine.name}`",
        )
    name = declaration.name
    return Abstraction(name.text, fine.model, coarse.model, values, name.span)
