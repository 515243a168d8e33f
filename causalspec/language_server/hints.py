"""The type of each variable that is written without one, beside its name."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from causalspec.compiler import CausalModel, described
from causalspec.dsl import syntax
from causalspec.language_server.analysis import Analysis


def type_hints(analysis: Analysis, wanted: types.Range) -> list[types.InlayHint]:
    """The types of a part of a file; none while it has errors."""
    specification = analysis.specification
    if specification is None:
        return []
    positions = analysis.positions
    low, high = positions.offset(wanted.start), positions.offset(wanted.end)
    hints: list[types.InlayHint] = []
    for declaration in analysis.file.declarations:
        if isinstance(declaration, syntax.ModelDeclaration):
            model = specification.models.get(declaration.name.text)
            for node, label in _types(declaration, model) if model is not None else ():
                if low <= node.span.end <= high:
                    place = positions.position(node.span.end)
                    hints.append(types.InlayHint(place, f" : {label}", types.InlayHintKind.Type))
    return hints


def _types(
    declaration: syntax.ModelDeclaration, model: CausalModel
) -> Iterator[tuple[syntax.Declarator, str]]:
    for statement in declaration.body:
        if isinstance(statement, syntax.Variable) and statement.type is None:
            name = statement.declarator.name.text
            # Members of a family have one type or several; of several, none is the family's.
            domains = {
                described(one.domain)
                for one in model.variables
                if one.name == name or one.name.startswith(f"{name}[")
            }
            if len(domains) == 1:
                yield statement.declarator, domains.pop()
