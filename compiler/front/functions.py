"""Declared functions, each compiled once on its own: one that is never called is checked too."""

from __future__ import annotations

from causalspec.compiler.expressions import Reference
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.names import Compilation, duplicate
from causalspec.compiler.front.scopes import Binding, Environment, Scope
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.values import Value
from causalspec.dsl import syntax


def check_functions(file: syntax.File, compilation: Compilation) -> None:
    """Report what is wrong with a function whatever it is given."""
    for declaration in file.declarations:
        if not isinstance(declaration, syntax.FunctionDeclaration):
            continue
        bindings: dict[str, Binding] = {}
        spans: dict[str, syntax.Name] = {}
        for parameter in declaration.parameters:
            name = parameter.name
            if name.text in spans:
                duplicate(compilation, name, spans[name.text].span)
                continue
            spans[name.text] = name
            domain = domain_of(Environment(compilation), parameter.type)
            bindings[name.text] = Value(Reference(name.text), domain)
        inlining = (declaration.name.text,)
        elaborate(
            Environment(compilation, Scope(bindings, None, spans), inlining), declaration.body
        )
