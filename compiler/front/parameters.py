"""Parameters of tasks: as declared, as the command line sets them, or as set where one is used."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeAlias

from causalspec.compiler.domains import Numbers
from causalspec.compiler.front.arithmetic import exact, number
from causalspec.compiler.front.constants import constant_number
from causalspec.compiler.front.names import Compilation, duplicate
from causalspec.compiler.front.scopes import Binding, Environment, Scope
from causalspec.compiler.front.values import POISONED, Value
from causalspec.dsl import syntax

Settings: TypeAlias = Mapping[str, Fraction]
"""Values of parameters in the place of the declared ones."""

AS_DECLARED: Final[Settings] = MappingProxyType({})


def parameters_of(
    compilation: Compilation, declaration: syntax.TaskDeclaration, chosen: Settings
) -> Scope:
    """A task's parameters as constants: each as chosen, else as the command line says, else as
    declared, over those before it.
    """
    found: dict[str, Binding] = {}
    spans: dict[str, syntax.Name] = {}
    for argument in declaration.parameters:
        if argument.name is None:
            compilation.error(
                "CS207",
                f"a task's parameter needs a name before `{argument.span.text}`",
                argument.span,
                help="write `task Addition(digits = 3)`",
            )
            continue
        name = argument.name.text
        if name in spans:
            duplicate(compilation, argument.name, spans[name].span)
            continue
        spans[name] = argument.name
        # The declared value is looked at whichever holds: its mistakes and its names are there.
        value = constant_number(Environment(compilation, Scope(found, None, spans)), argument.value)
        set_to = chosen.get(name, setting_of(compilation, declaration, name))
        value = value if set_to is None else set_to
        found[name] = POISONED if value is None else number(value)
    return Scope(found, None, spans)


def setting_of(
    compilation: Compilation, declaration: syntax.TaskDeclaration, name: str
) -> Fraction | None:
    """What the command line sets a parameter to: by `Addition.digits=4`, or `digits=4` for all."""
    settings = compilation.settings
    return settings.get(f"{declaration.name.text}.{name}", settings.get(name))


def values_of(parameters: Scope) -> dict[str, Fraction]:
    """The values of parameters by name, those that are wrong left out."""
    found: dict[str, Fraction] = {}
    for name, binding in parameters.bindings.items():
        value = (
            exact(binding) if isinstance(binding, Value) and binding.domain is not None else None
        )
        if value is not None:
            found[name] = value
    return found


def value_texts(values: Mapping[str, Fraction]) -> dict[str, str]:
    """Values of parameters as one would write them."""
    return {
        name: Numbers(value.numerator, value.numerator, 1, value.denominator).text(value.numerator)
        for name, value in values.items()
    }


def chosen_values(
    compilation: Compilation, written: syntax.Instance, known: Scope
) -> dict[str, Fraction] | None:
    """What parameters are set to where a task or model is used, None with the reason reported."""
    values: dict[str, Fraction] = {}
    first: dict[str, syntax.Name] = {}
    for argument in written.settings:
        name = argument.name
        value = constant_number(Environment(compilation), argument.value)
        if name is None:
            example = next(iter(known.bindings), "digits")
            compilation.wrong(
                "CS231",
                argument,
                "does not say which parameter it is for",
                help=f"write `{written.text}({example} = {argument.span.text})`",
            )
        elif name.text not in known.bindings:
            advice = None if known.bindings else f"`{written.text}` has no parameters"
            compilation.unknown("parameter", name, known.bindings, code="CS231", help=advice)
        elif first.setdefault(name.text, name) is not name:
            duplicate(compilation, name, first[name.text].span)
        elif value is not None:
            compilation.meanings.note(name.span, known.declaring.get(name.text))
            values[name.text] = value
    return values if len(values) == len(written.settings) else None
