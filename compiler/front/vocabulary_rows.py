"""Rows of the vocabulary by the names that a file writes, and their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from causalspec.compiler.entries import Argument, ArgumentKind, Entry
from causalspec.compiler.front.files import hash_beside
from causalspec.compiler.front.names import Compilation, quoted
from causalspec.compiler.placement import ArgumentValue, FileArgument, Method
from causalspec.compiler.vocabulary import BUILT_IN, Vocabulary, full_vocabulary
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Fix
from causalspec.dsl.source import Span

_Row = TypeVar("_Row", bound=Entry)


def find_row(
    name: str, rows_of: Callable[[Vocabulary], Mapping[str, _Row]]
) -> tuple[_Row | None, Mapping[str, _Row]]:
    """The row of a name, and the rows that it was sought among. Installed packages are asked only
    where the language itself does not have the name.

    Raises `ToolFailure` where a package's rows cannot be had.
    """
    rows = rows_of(BUILT_IN)
    if name not in rows:
        rows = rows_of(full_vocabulary())
    return rows.get(name), rows


def row_of(
    compilation: Compilation,
    what: str,
    name: syntax.Name,
    rows_of: Callable[[Vocabulary], Mapping[str, _Row]],
    code: str,
) -> _Row | None:
    """The row of a name, None with the reason reported."""
    found, rows = find_row(name.text, rows_of)
    meant = next((row.name for row in rows.values() if name.text in row.also), None)
    if found is not None:
        compilation.meanings.note(name.span, found)
    elif meant is None:
        compilation.unknown(what, name, rows, code=code, help="`causalspec vocabulary` lists them")
    else:
        fix = Fix(name.span, meant, f"write `{meant}`")
        message, advice = f"unknown {what} `{name.text}`", f"here it is called `{meant}`"
        compilation.error(code, message, name.span, help=advice, fix=fix)
    return found


# Arguments ---------------------------------------------------------------------------------------


LARGEST_INTEGER = 65_536

Written: TypeAlias = syntax.Expression | syntax.ElementSet

EXAMPLES: Mapping[ArgumentKind, str] = {
    ArgumentKind.INTEGER: "16",
    ArgumentKind.NUMBER: "1",
    ArgumentKind.FILE: '"sae.safetensors"',
    ArgumentKind.INTEGERS: "{12, 907}",
    ArgumentKind.BASIS: "neurons",
    ArgumentKind.START: "mean_difference",
    ArgumentKind.DATA: "Pairs.train",
    ArgumentKind.VALUE: "V",
}
WANTED: Mapping[ArgumentKind, str] = {
    ArgumentKind.INTEGER: "a whole number",
    ArgumentKind.NUMBER: "a number",
    ArgumentKind.FILE: "the name of a file in quotes",
    ArgumentKind.INTEGERS: "a set of whole numbers",
    ArgumentKind.BASIS: "what a mask is over",
    ArgumentKind.START: "what a rotation starts from",
    ArgumentKind.DATA: "what a method is given",
    ArgumentKind.VALUE: "what a method is given",
}
"""What else is not, as messages say it."""


def method_of(compilation: Compilation, written: syntax.Method) -> Method | None:
    """A method with its arguments, None with the reason reported."""
    entry = row_of(compilation, "method", written.name, lambda all_: all_.methods, code="CS708")
    if entry is None:
        return None
    return _with_arguments(
        compilation, written.name, written.settings, entry.arguments, written.span
    )


def _with_arguments(
    compilation: Compilation,
    name: syntax.Name,
    given: Sequence[syntax.Setting | syntax.Argument],
    arguments: Sequence[Argument],
    span: Span,
) -> Method | None:
    found = matched(compilation, name, given, arguments, span)
    if found is None:
        return None
    values: dict[str, ArgumentValue | None] = {}
    for argument in arguments:
        written = found.get(argument.name)
        if written is not None or argument.default is not None:
            values[argument.name] = (
                argument.default
                if written is None
                else argument_value(compilation, argument, written)
            )
    whole = [(key, value) for key, value in values.items() if value is not None]
    return Method(name.text, tuple(whole)) if len(whole) == len(values) else None


def matched(
    compilation: Compilation,
    name: syntax.Name,
    given: Sequence[syntax.Setting | syntax.Argument],
    arguments: Sequence[Argument],
    span: Span,
) -> Mapping[str, Written] | None:
    """What is written for each argument; unnamed ones come in the vocabulary's order. None with
    the reason reported.
    """
    if given and not arguments:
        return compilation.error("CS207", f"`{name.text}` takes no arguments", span)
    names = [argument.name for argument in arguments]
    found: dict[str, Written] = {}
    for place, part in enumerate(given):
        if part.name is None:
            message = None
            if place >= len(names):
                message = f"`{name.text}` takes no further argument"
            elif any(earlier.name for earlier in given[:place]):
                message = f"it is not said which argument of `{name.text}` this is"
            if message is not None:
                advice = f"it takes {quoted(names)}"
                return compilation.error("CS207", message, part.value.span, help=advice)
            meant = names[place]
        elif part.name.text not in names:
            return compilation.unknown("argument", part.name, names, code="CS207")
        else:
            meant = part.name.text
        if meant in found:
            return compilation.error("CS207", f"`{meant}` is given twice", part.span)
        found[meant] = part.value
    for argument in arguments:
        if argument.required and argument.name not in found:
            message = f"`{name.text}` needs `{argument.name}`"
            advice = f"write `{_example(name.text, arguments)}`"
            return compilation.error("CS207", message, span, help=advice)
    return found


def _example(name: str, arguments: Sequence[Argument]) -> str:
    """How the required arguments may be written."""
    unnamed = (ArgumentKind.FILE, ArgumentKind.DATA, ArgumentKind.VALUE)
    shown = [
        ("" if argument.kind in unnamed else f"{argument.name} = ") + EXAMPLES[argument.kind]
        for argument in arguments
        if argument.required
    ]
    if shown == ["V", "V"]:
        shown = ["V", "W"]
    return f"{name}({', '.join(shown)})"


def argument_value(
    compilation: Compilation, argument: Argument, written: Written
) -> ArgumentValue | None:
    """One argument that a network's run needs, None with the reason reported."""
    match argument.kind, written:
        case ArgumentKind.INTEGER, syntax.Number(decimals=0, scaled=value):
            if 1 <= value <= LARGEST_INTEGER:
                return value
            says = f"is not a number that `{argument.name}` can be"
            advice = f"write 1 to {LARGEST_INTEGER}"
            return compilation.wrong("CS302", written, says, help=advice)
        case ArgumentKind.NUMBER, syntax.Number(scaled=scaled, decimals=decimals):
            return scaled / 10**decimals
        case ArgumentKind.NUMBER, syntax.Unary(operator="-", operand=syntax.Number() as number):
            return -number.scaled / 10**number.decimals
        case ArgumentKind.FILE, syntax.Text(value=name) as path:
            place = hash_beside(compilation, path)
            return None if place is None else FileArgument(name, place)
        case ArgumentKind.INTEGERS, syntax.ElementSet(elements=elements):
            return _integers(compilation, argument, elements)
        case ArgumentKind.BASIS, syntax.Name() as name:
            return _basis(compilation, name, (), written.span)
        case ArgumentKind.BASIS, syntax.Call(function=name, arguments=given):
            return _basis(compilation, name, given, written.span)
        case ArgumentKind.START, syntax.Name() as name:
            entry = row_of(compilation, "start", name, lambda all_: all_.starts, code="CS731")
            return entry and Method(entry.name)
        case kind, _:
            return _wrong(compilation, argument, written, WANTED[kind])


def _integers(
    compilation: Compilation, argument: Argument, elements: Sequence[syntax.Expression]
) -> tuple[int, ...] | None:
    found: set[int] = set()
    for element in elements:
        if not isinstance(element, syntax.Number) or element.decimals:
            return _wrong(compilation, argument, element, "a whole number")
        if element.scaled in found:
            return compilation.wrong("CS731", element, "is named twice")
        found.add(element.scaled)
    return tuple(sorted(found))


def _basis(
    compilation: Compilation, name: syntax.Name, given: Sequence[syntax.Argument], span: Span
) -> Method | None:
    entry = row_of(compilation, "basis", name, lambda all_: all_.bases, code="CS731")
    return entry and _with_arguments(compilation, name, given, entry.arguments, span)


def _wrong(
    compilation: Compilation,
    argument: Argument,
    written: syntax.Node,
    wanted: str,
) -> None:
    is_number = argument.kind in (ArgumentKind.INTEGER, ArgumentKind.NUMBER)
    advice = f"write `{argument.name} = {EXAMPLES[argument.kind]}`: {argument.help}"
    compilation.wrong("CS209" if is_number else "CS731", written, f"is not {wanted}", help=advice)
