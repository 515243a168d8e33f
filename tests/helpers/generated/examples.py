"""Examples for generated specs, by which values and interventions go into a text and back."""

from __future__ import annotations

import random
from collections.abc import Mapping

from causalspec.compiler.domains import Domain, Numbers, Symbols, Tuples
from causalspec.compiler.domains import Rows as TableRows
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import Expression, Reference
from causalspec.compiler.model import CausalModel, Role
from tests.helpers.columns_of import drawn_settings
from tests.helpers.generated.expressions import joined
from tests.helpers.generated.specs import interveneable, random_code


def some_examples(model: CausalModel, chance: random.Random) -> list[str]:
    """Statements whose values are the interpreter's: one with constants, one with a mechanism."""
    (setting,) = drawn_settings(model, chance.randrange(2**32), 1)
    done: dict[str, int | Expression] = {}
    written: dict[str, str] = {}
    if model.name == model.task:
        named = []
    else:
        named = [name for name in interveneable(model) if chance.random() < 0.3]
    for name in named:
        variable = model.by_name[name]
        alike = [name for name in model.exogenous if model.by_name[name].domain == variable.domain]
        if alike and chance.random() < 0.5:
            done[name], written[name] = Reference(alike[0]), alike[0]
        else:
            code = random_code(model, name, chance)
            done[name], written[name] = code, literal(variable.domain, code)
    solution = interpret.solve(model, setting, done)
    shown = {
        variable.name: solution[variable.name]
        for variable in model.variables
        if variable.role in (Role.ABBREVIATION, Role.VARIABLE, Role.OUTPUT)
        and variable.name in solution
        and writable(variable.domain)
    }
    return [example(model, setting, written, shown, chance)] if shown else []


def writable(domain: Domain) -> bool:
    """Whether every value has a decimal form."""
    return not isinstance(domain, Numbers) or 10**12 % domain.denominator == 0


def example(
    model: CausalModel,
    inputs: Mapping[str, int],
    done: Mapping[str, str],
    expected: Mapping[str, int],
    chance: random.Random,
) -> str:
    """An `example` statement; `done` gives mechanisms as text."""
    given, gives = (
        joined(chance, [f"{n} = {literal(model.by_name[n].domain, c)}" for n, c in codes.items()])
        for codes in (inputs, expected)
    )
    replaced = joined(chance, [f"{name} = {text}" for name, text in done.items()])
    intervened = f" do {{ {replaced} }}" if done else chance.choice(("", " do {}"))
    return f"example {{ {given} }}{intervened} gives {{ {gives} }}"


def literal(domain: Domain, code: int) -> str:
    """A value as a spec writes it."""
    match domain:
        case Symbols() | TableRows():
            return f'"{domain.text(code)}"'
        case Tuples(fields=fields):
            parts = zip(fields, domain.split(code), strict=True)
            return (
                "(" + ", ".join(f"{n} = {literal(part.domain, c)}" for part, (n, c) in parts) + ")"
            )
        case _:
            return domain.text(code)
