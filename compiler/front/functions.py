"""Declared functions, each compiled once on its own: one that is never called is checked too."""

from __future__ import annotations

from ...dsl import syntax
from ..expressions import Reference
from .elaborate import elaborate
from .names import Compilation, duplicate
from .scopes import Binding, Environment, Scope
from .types import domain_of
from .values import Value


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
        elaborate(Environment(compilation, Scope(bindings), inlining), declaration.body)
