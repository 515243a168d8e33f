"""What `causalspec sample` is asked: evidence and interventions, read in the words of the spec."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Sequence

from causalspec.commands.arguments import WrongUsageError, assignment
from causalspec.commands.specs import named
from causalspec.compiler import (
    CausalModel,
    Compilation,
    Constant,
    Expression,
    Query,
    Role,
    Variable,
    code_of,
    compile_policy,
    described,
)
from causalspec.compiler import named as values_of
from causalspec.dsl.diagnostics import Diagnostics, SpecError, ToolFailure, closest
from causalspec.dsl.parser import parse_expression
from causalspec.dsl.source import Source


def query_of(model: CausalModel, known: Compilation, options: argparse.Namespace) -> Query:
    """What `--observe`, `--do` and `--then-observe` say of a model of a compiled file.

    Raises `WrongUsageError` for what cannot be read as that, `SpecError` for a mistake in an
    expression, which points into the text of the option.
    """
    refused = {variable.name for variable in model.variables if variable.role is Role.ABBREVIATION}
    plain: list[tuple[str, str]] = []
    nested: dict[str, dict[str, int]] = {}
    computed: dict[str, str] = {}
    for name, value in options.do:
        there, joined, settings = (part.strip() for part in value.partition(" with "))
        variable = variable_of(model, "--do", name, refused)
        if name in nested or name in computed:
            raise WrongUsageError(f"--do: `{name}` is given twice")
        if joined and there == name:
            given = [assignment(part, "X=VALUE") for part in settings.split(",")]
            nested[name] = _codes(model, "--do", given, refused)
        elif joined and there in model.by_name:
            raise WrongUsageError(
                f"--do: `{name}` can be set to what it is elsewhere, not to what `{there}` is: "
                f"write `{name}={name} with {settings}`"
            )
        elif _is_expression(model, variable, value):
            computed[name] = value
        else:
            plain.append((name, value))
    done = _codes(model, "--do", plain, refused)
    policies = {name: _policy(model, known, name, text) for name, text in computed.items()}
    done |= {name: policy for name, policy in policies.items() if isinstance(policy, int)}
    policies = {name: policy for name, policy in policies.items() if not isinstance(policy, int)}
    _each_once([name for name, _ in plain], [*computed], [*nested])
    observed = _codes(model, "--observe", options.observe)
    found = _codes(model, "--then-observe", options.then_observe)
    query = Query(model, observed, done, nested, found, policies)
    try:
        if not model.cyclic:
            query.acting.total  # noqa: B018 (whether variables depend on themselves)
    except ToolFailure as error:
        raise WrongUsageError(f"--do: {error}") from error
    return query


def _each_once(*groups: Sequence[str]) -> None:
    seen: set[str] = set()
    for group in groups:
        for name in dict.fromkeys(group):
            if name in seen:
                raise WrongUsageError(f"--do: `{name}` is given twice")
            seen.add(name)


def _is_expression(model: CausalModel, variable: Variable, text: str) -> bool:
    """Whether what a variable is set to is not a value of it, nor one that is misspelt."""
    if code_of(variable.domain, text) is not None:
        return False
    is_word = re.fullmatch(r'[\w.-]+|"[^"]*"', text) is not None
    return not is_word or text.partition(".")[0] in model.by_name


def _policy(model: CausalModel, known: Compilation, name: str, text: str) -> Expression | int:
    """An expression as a mechanism, or as a code where it is constant."""
    diagnostics = Diagnostics()
    written = parse_expression(Source(f"--do {name}", text), diagnostics)
    policy = None
    if written is not None:
        before = len(known.diagnostics.found)
        policy = compile_policy(known, model, name, written)
        diagnostics.found += known.diagnostics.found[before:]
    if policy is None:
        raise SpecError(diagnostics)
    return policy.value if isinstance(policy, Constant) else policy


def _codes(
    model: CausalModel,
    option: str,
    given: Sequence[tuple[str, str]],
    refused: Collection[str] = (),
) -> dict[str, int]:
    """Codes by variable. Raises `WrongUsageError` for what is not there or given twice."""
    found: dict[str, int] = {}
    for name, value in given:
        domain = variable_of(model, option, name, refused).domain
        if name in found:
            raise WrongUsageError(f"{option}: `{name}` is given twice")
        code = code_of(domain, value)
        if code is None:
            near = closest(value, values_of(domain)) if domain.size <= 10_000 else None
            hint = f"; did you mean `{near}`?" if near else ""
            raise WrongUsageError(
                f"{option}: `{value}` is not a value of `{name}`, {described(domain)}{hint}"
            )
        found[name] = code
    return found


def variable_of(
    model: CausalModel, option: str, name: str, refused: Collection[str] = ()
) -> Variable:
    """A variable that an option names. Raises `WrongUsageError` for one that it cannot be about."""
    if name in refused:
        raise WrongUsageError(
            f"{option}: `{name}` is an abbreviation, which is never intervened on"
        )
    known = {name: variable for name, variable in model.by_name.items() if name not in refused}
    return named(known, name, f"{option}: `{model.name}` has no variable `{name}`")
