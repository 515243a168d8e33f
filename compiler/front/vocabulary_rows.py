"""Rows of the vocabulary by the names that a file writes, and their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from causalspec.compiler.entries import Argument, ArgumentKind, Entry
from causalspec.compiler.front.files import hash_beside
from causalspec.compiler.front.names import Compilation
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
    if found is not None:
        compilation.meanings.note(name.span, found)
        return found
    meant = next((one.name for one in rows.values() if name.text in one.also), None)
    if meant is None:
        compilation.unknown(what, name, rows, code=code, help="`causalspec vocabulary` lists them")
    else:
        compilation.error(
            code,
            f"unknown {what} `{name.text}`",
            name.span,
            help=f"here it is called `{meant}`",
            fix=Fix(name.span, meant, f"write `{meant}`"),
        )
    return None


# Arguments ---------------------------------------------------------------------------------------


LARGEST_INTEGER = 65_536

Written: TypeAlias = syntax.Expression | syntax.ElementSet

EXAMPLES: Mapping[ArgumentKind, str] = {
    ArgumentKind.INTEGER: "16",
    ArgumentKind.NUMBER: "1",
    ArgumentKind.FILE: '"sae.safetensors"',
    ArgumentKind.INTEGERS: "{12, 907}",
    ArgumentKind.BASIS: "neurons",
    ArgumentKind.DATA: "Pairs.train",
    ArgumentKind.VALUE: "V",
}


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
    values: list[tuple[str, ArgumentValue]] = []
    whole = True
    for one in arguments:
        written = found.get(one.name)
        value = one.default if written is None else argument_value(compilation, one, written)
        if value is not None:
            values.append((one.name, value))
        whole &= written is None or value is not None
    return Method(name.text, tuple(values)) if whole else None


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
    names = [one.name for one in arguments]
    found: dict[str, Written] = {}
    for place, one in enumerate(given):
        if one.name is None:
            told = ", ".join(f"`{each}`" for each in names)
            if place >= len(names):
                message = f"`{name.text}` takes no further argument"
                return compilation.error("CS207", message, one.value.span, help=f"it takes {told}")
            if any(earlier.name for earlier in given[:place]):
                message = f"it is not said which argument of `{name.text}` this is"
                return compilation.error("CS207", message, one.value.span, help=f"it takes {told}")
            meant = names[place]
        elif one.name.text not in names:
            return compilation.unknown("argument", one.name, names, code="CS207")
        else:
            meant = one.name.text
        if meant in found:
            return compilation.error("CS207", f"`{meant}` is given twice", one.span)
        found[meant] = one.value
    for one in arguments:
        if one.required and one.name not in found:
            return compilation.error(
                "CS207",
                f"`{name.text}` needs `{one.name}`",
                span,
                help=f"write `{_example(name.text, arguments)}`",
            )
    return found


def _example(name: str, arguments: Sequence[Argument]) -> str:
    """How the required arguments may be written."""
    unnamed = (ArgumentKind.FILE, ArgumentKind.DATA, ArgumentKind.VALUE)
    shown = [
        EXAMPLES[one.kind] if one.kind in unnamed else f"{one.name} = {EXAMPLES[one.kind]}"
        for one in arguments
        if one.required
    ]
    if shown == ["V", "V"]:
        shown = ["V", "W"]
    return f"{name}({', '.join(shown)})"


def argument_value(
    compilation: Compilation, argument: Argument, written: Written
) -> ArgumentValue | None:
    """One argument that a network's run needs, None with the reason reported."""
    match argument.kind:
        case ArgumentKind.INTEGER:
            return _integer(compilation, argument, written)
        case ArgumentKind.NUMBER:
            return _number(compilation, argument, written)
        case ArgumentKind.FILE:
            return _file(compilation, argument, written)
        case ArgumentKind.INTEGERS:
            return _integers(compilation, argument, written)
        case ArgumentKind.BASIS:
            return _basis(compilation, argument, written)
        case ArgumentKind.DATA | ArgumentKind.VALUE:
            return _wrong(compilation, argument, written, "what a method is given")


def _integer(compilation: Compilation, argument: Argument, written: Written) -> int | None:
    if not isinstance(written, syntax.Number) or written.decimals:
        return _wrong(compilation, argument, written, "a whole number", code="CS209")
    if not 1 <= written.scaled <= LARGEST_INTEGER:
        return compilation.wrong(
            "CS302",
            written,
            f"is not a number that `{argument.name}` can be",
            help=f"write 1 to {LARGEST_INTEGER}",
        )
    return written.scaled


def _number(compilation: Compilation, argument: Argument, written: Written) -> float | None:
    sign = 1
    number = written
    if isinstance(number, syntax.Unary) and number.operator == "-":
        sign, number = -1, number.operand
    if not isinstance(number, syntax.Number):
        return _wrong(compilation, argument, written, "a number", code="CS209")
    return sign * number.scaled / 10**number.decimals


def _file(compilation: Compilation, argument: Argument, written: Written) -> FileArgument | None:
    if not isinstance(written, syntax.Text):
        return _wrong(compilation, argument, written, "the name of a file in quotes")
    place = hash_beside(compilation, written)
    return None if place is None else FileArgument(written.value, place)


def _integers(
    compilation: Compilation, argument: Argument, written: Written
) -> tuple[int, ...] | None:
    if not isinstance(written, syntax.ElementSet):
        return _wrong(compilation, argument, written, "a set of whole numbers")
    found: set[int] = set()
    for element in written.elements:
        if not isinstance(element, syntax.Number) or element.decimals:
            return _wrong(compilation, argument, element, "a whole number")
        if element.scaled in found:
            return compilation.wrong("CS731", element, "is named twice")
        found.add(element.scaled)
    return tuple(sorted(found))


def _basis(compilation: Compilation, argument: Argument, written: Written) -> Method | None:
    match written:
        case syntax.Name():
            name, given = written, ()
        case syntax.Call(function=name, arguments=given):
            pass
        case _:
            return _wrong(compilation, argument, written, "what a mask is over")
    entry = row_of(compilation, "basis", name, lambda all_: all_.bases, code="CS731")
    if entry is None:
        return None
    return _with_arguments(compilation, name, given, entry.arguments, written.span)


def _wrong(
    compilation: Compilation,
    argument: Argument,
    written: syntax.Node,
    wanted: str,
    code: str = "CS731",
) -> None:
    compilation.wrong(
        code,
        written,
        f"is not {wanted}",
        help=f"write `{argument.name} = {EXAMPLES[argument.kind]}`: {argument.help}",
    )
