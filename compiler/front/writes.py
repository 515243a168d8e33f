"""Writes: what is put in a variable's place where that is not its value in a source's run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalspec.compiler.entries import ArgumentKind, WriteEntry
from causalspec.compiler.front.data_splits import data_split
from causalspec.compiler.front.examples import code_in
from causalspec.compiler.front.method_arguments import Written, argument_value, matched
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared
from causalspec.compiler.front.vocabulary_rows import row_of
from causalspec.compiler.placement import Write
from causalspec.dsl import syntax

INTERCHANGE = "interchange"


def writes_of(
    compilation: Compilation,
    written: syntax.Method | None,
    variables: Sequence[Declared],
    draft: ModelDraft,
) -> list[Write | None] | None:
    """What a statement writes for each of its variables, None for what a source's run has there.

    None for all of it with the reason reported: a value is one of each variable's own.
    """
    if written is None:
        return [None for _ in variables]
    entry = row_of(compilation, "write", written.name, lambda all_: all_.writes, code="CS732")
    if entry is None:
        return None
    given = matched(compilation, written.name, written.settings, entry.arguments, written.span)
    if given is None:
        return None
    if entry.name == INTERCHANGE:
        return [None for _ in variables]
    data: tuple[str, str] | None = None
    scale = 1.0
    for argument in entry.arguments:
        value = given.get(argument.name)
        if value is not None and argument.kind is ArgumentKind.DATA:
            data = data_split(
                compilation, value, draft,
                whose="the alignment is of", help=f"write `{entry.name}(Pairs.train)`",
            )  # fmt: skip
            if data is None:
                return None
        elif value is not None and argument.kind is ArgumentKind.NUMBER:
            number = argument_value(compilation, argument, value)
            if not isinstance(number, float):
                return None
            scale = number
    writes: list[Write | None] = []
    for variable in variables:
        codes = _codes(compilation, entry, given, variable, draft)
        if codes is None:
            return None
        writes.append(Write(entry.name, data, codes, scale))
    return writes


def _codes(
    compilation: Compilation,
    entry: WriteEntry,
    given: Mapping[str, Written],
    variable: Declared,
    draft: ModelDraft,
) -> tuple[int, ...] | None:
    """The values that a write names, as codes of one variable, None with the reason reported."""
    codes: list[int] = []
    for argument in entry.arguments:
        if argument.kind is not ArgumentKind.VALUE:
            continue
        value = given[argument.name]
        if isinstance(value, syntax.ElementSet):
            return compilation.wrong("CS209", value, "is not a constant")
        if variable.domain is None:
            return None
        code = code_in(draft.environment, value, variable.domain)
        if code is None:
            return None
        if code in codes:
            return compilation.error(
                "CS732",
                f"`{entry.name}` needs two values, not one twice",
                value.span,
                help="the first one's mean is added, the second one's taken off",
            )
        codes.append(code)
    return tuple(codes)
