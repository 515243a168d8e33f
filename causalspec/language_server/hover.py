"""What a reader wants to know about a name: its type and values, its mechanism, its parents.

Mechanisms are mathematics in plain text: editors show hovers in a fixed-width font, not LaTeX.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from lsprotocol import types

from causalspec.compiler import (
    CausalModel,
    Domain,
    Numbers,
    Specification,
    TooLargeToShowError,
    Variable,
    described,
    mechanism_formula,
)
from causalspec.dsl import syntax
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.symbols import VALUED, Kind, Occurrence

MOST_VALUES = 12
MOST_MEMBERS = 4


def hover_text(
    analysis: Analysis, occurrence: Occurrence, specification: Specification | None
) -> str:
    """Markdown about a name. `specification` may be that of an earlier, unbroken text."""
    return "\n\n".join(_paragraphs(analysis, occurrence, specification))


def _paragraphs(
    analysis: Analysis, occurrence: Occurrence, specification: Specification | None
) -> Iterator[str]:
    symbol = occurrence.symbol
    owner = f" of `{symbol.owner}`" if symbol.owner else ""
    yield f"**{symbol.kind}** `{symbol.name}`{owner}"
    if symbol.help:
        yield symbol.help
    documentation: syntax.Text | None = getattr(symbol.node, "documentation", None)
    if documentation is not None:
        yield documentation.value
    if symbol.kind in VALUED:
        model = _model(occurrence, specification)
        if model is not None:
            yield from _variable(model, symbol.name)
    elif symbol.kind in (Kind.TYPE, Kind.TABLE):
        domain = analysis.index.domain(symbol)
        if domain is not None:
            yield _values(domain)
    elif symbol.kind in (Kind.MODEL, Kind.TASK) and specification is not None:
        task = specification.tasks.get(symbol.name)
        model = specification.models.get(symbol.name) or (task.model if task else None)
        if model is not None:
            yield from _outline(model)
    elif isinstance(symbol.node, syntax.FunctionDeclaration):
        yield _code(symbol.node.span.text)


def _model(occurrence: Occurrence, specification: Specification | None) -> CausalModel | None:
    """The model whose mechanisms hold where a name stands."""
    if specification is None:
        return None
    models = {name: task.model for name, task in specification.tasks.items()}
    owner = occurrence.symbol.owner or ""
    if owner in models:  # a model computes its task's outputs in its own way
        models |= specification.models
        return models.get(occurrence.model or "", models[owner])
    return specification.models.get(owner)


def _variable(model: CausalModel, name: str) -> Iterator[str]:
    variable = model.by_name.get(name)
    if variable is not None:
        yield _values(variable.domain)
        yield from _mechanism(model, variable)
        return
    members = {
        full: variable for full, variable in model.by_name.items() if full.startswith(f"{name}[")
    }
    if not members:
        return
    first = next(iter(members.values()))
    yield f"a family of {len(members)}: {_some(members)}; each has {_values(first.domain)}"
    for variable in list(members.values())[:MOST_MEMBERS]:
        yield from _mechanism(model, variable)


def _some(members: Mapping[str, Variable]) -> str:
    names = [f"`{name}`" for name in members]
    return ", ".join(names[:MOST_MEMBERS]) + (", …" if len(names) > MOST_MEMBERS else "")


def _mechanism(model: CausalModel, variable: Variable) -> Iterator[str]:
    if variable.mechanism is None:
        return
    text = _over_lines(model, variable.name)
    if text is not None:
        yield _code(text)
    parents = ", ".join(f"`{name}`" for name in dict.fromkeys(variable.parents))
    yield f"parents of `{variable.name}`: {parents or 'none'}"


def _values(domain: Domain) -> str:
    """The type and the number of its values, with the values where they are few."""
    count = f"{domain.size:,} value{'' if domain.size == 1 else 's'}"
    listed = ""
    if domain.size <= MOST_VALUES and not isinstance(domain, Numbers):
        listed = ": " + ", ".join(f"`{domain.text(code)}`" for code in domain.codes())
    return f"`{described(domain)}`, {count}{listed}"


def _outline(model: CausalModel) -> Iterator[str]:
    variables = ", ".join(f"`{name}`" for name in model.intermediates[:MOST_VALUES])
    inputs = f"{model.input_count:,} settings of {len(model.inputs)} inputs"
    yield f"{inputs}; variables: {variables}" if variables else inputs


def _code(text: str) -> str:
    return f"```\n{text}\n```"


def _over_lines(model: CausalModel, name: str) -> str | None:
    """A mechanism over several lines, `carry = ⌊x/10⌋`; None where nobody would read it."""
    try:
        formula = mechanism_formula(model, name)
    except (TooLargeToShowError, ValueError):
        return None
    sympy: Any = importlib.import_module("sympy")
    shown = formula.xreplace({symbol: _plain(sympy, symbol) for symbol in formula.free_symbols})
    text: str = sympy.pretty(shown, use_unicode=True, wrap_line=False)
    return f"{name} =\n{text}" if "\n" in text else f"{name} = {text}"


def _plain(sympy: Any, symbol: Any) -> Any:
    """A symbol under the name that people know it by; words stand in quotes."""
    kind, _, name = symbol.name.partition(" ")
    # SymPy orders an equation's sides by name: these quotes stand behind every letter.
    written = f"“{name}”" if kind == "word" else name
    return sympy.Symbol(written, real=True) if symbol.is_real else sympy.Symbol(written)


# Types where none is written ----------------------------------------------------------------------


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
                described(variable.domain)
                for variable in model.variables
                if variable.name == name or variable.name.startswith(f"{name}[")
            }
            if len(domains) == 1:
                yield statement.declarator, domains.pop()
