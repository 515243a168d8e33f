"""A variable's domain, read off its mechanism the first time that something asks for it."""

from __future__ import annotations

from causalspec.compiler.front.arithmetic import TooLargeError
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.dependencies import report_cycle
from causalspec.compiler.front.scopes import Declared, Progress
from causalspec.compiler.front.subexpressions import too_large, value_of
from causalspec.compiler.front.values import POISONED, PlainWords, Value
from causalspec.dsl import syntax


def settle(variable: Declared) -> Value:
    """A reference to a variable. One without a type has its mechanism compiled first."""
    if variable.typed or variable.progress is Progress.DONE:
        return variable.value if variable.domain is not None else POISONED
    if variable.progress is Progress.RUNNING:
        waiting = variable.environment.waiting
        if variable.environment.cyclic:
            variable.environment.compilation.error(
                "CS408",
                f"the type of `{variable.name}` cannot be read off a mechanism that needs it",
                variable.span,
                help=f"write it, as in `var {variable.name} : 0..9 = …`",
            )
        else:
            report_cycle(variable.environment.compilation, waiting[waiting.index(variable) :])
        for one in waiting[waiting.index(variable) :]:
            one.domain = None
        return POISONED
    return compile_mechanism(variable)


def compile_mechanism(variable: Declared) -> Value:
    """Compile a variable's mechanism into codes of its domain."""
    if variable.progress is Progress.DONE or variable.source is None:
        return variable.value
    environment, source = variable.environment, variable.source
    variable.progress = Progress.RUNNING
    environment.waiting.append(variable)
    # A type that could not be understood is reported: what it might unite is not held against it.
    mistyped = variable.typed and variable.domain is None
    expected = PlainWords() if variable.union or mistyped else variable.domain
    value = value_of(environment, source, expected)
    environment.waiting.pop()
    variable.progress = Progress.DONE
    if variable.typed and variable.domain is not None and value.domain is not None:
        try:
            value = convert(environment.compilation, value, variable.domain, source.span)
        except TooLargeError:
            value = too_large(environment, source)
    elif not variable.typed:
        variable.domain = value.domain
    if value.domain is None:
        # Whatever reads it stays silent, also when the written type is known.
        variable.domain = variable.domain if variable.typed else None
        return variable.value if variable.typed else POISONED
    variable.mechanism = value.node
    return Value(variable.value.node, variable.domain)


def surely_true_or_false(source: syntax.Expression | None) -> bool:
    """Whether an expression is a truth value whatever its names mean: on a cycle, a variable
    without a written type can have no other.
    """
    match source:
        case syntax.Comparison() | syntax.Membership() | syntax.Logical() | syntax.Truth():
            return True
        case syntax.Unary(operator="not"):
            return True
        case syntax.Aggregate(function=function):
            return function.text in ("all", "any")
        case _:
            return False
