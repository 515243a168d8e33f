"""Encodings: how inputs become vectors, for networks that read no text."""

from __future__ import annotations

from causalspec.compiler.domains import Symbols, Tuples
from causalspec.compiler.entries import Argument, ArgumentKind
from causalspec.compiler.front.method_arguments import argument_value, matched
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.values import described
from causalspec.compiler.model import Role
from causalspec.compiler.specification import EncodedInput, Encoding
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

CODINGS = ("symbol", "onehot", "scalar")
DIMENSION = Argument("dim", ArgumentKind.INTEGER, "how long each value's vector is", required=True)
LARGEST_DIMENSION = 65_536


def encoding_of(compilation: Compilation, draft: TaskDraft) -> Encoding | None:
    """How a task's inputs become vectors, None where it only renders text."""
    statements = [one for one in draft.declaration.body if isinstance(one, syntax.Encode)]
    for later in statements[1:]:
        compilation.error(
            "CS203",
            f"task `{draft.name}` is encoded twice",
            later.form.span,
            related=(Related(statements[0].form.span, "first encoded here"),),
        )
    if not statements:
        return None
    statement = statements[0]
    if statement.form.text != "vector":
        compilation.unknown("encoding", statement.form, ("vector",))
    else:
        compilation.meanings.note(statement.form.span, "encoding")
    groups: list[EncodedInput] = []
    seen: dict[str, syntax.Expression] = {}
    for group in statement.groups:
        for written in group.inputs:
            for one in _encoded_inputs(compilation, draft, written):
                if one.name in seen:
                    compilation.error(
                        "CS203",
                        f"`{one.name}` is encoded twice",
                        written.span,
                        related=(Related(seen[one.name].span, "first encoded here"),),
                    )
                seen[one.name] = written
                dimension = _dimension(compilation, group.coding, one)
                if dimension is not None:
                    groups.append(EncodedInput(one.name, group.coding.function.text, dimension))
    return Encoding(tuple(groups))


def _encoded_inputs(
    compilation: Compilation, draft: TaskDraft, written: syntax.Expression
) -> list[Declared]:
    text = " ".join(written.span.text.split())
    draft.environment.note_names(written)
    inputs = draft.given.of(Role.INPUT)
    found = [one for one in inputs if one.name == text or one.name.split("[")[0] == text]
    if not found and text not in draft.given.bindings:
        name = syntax.Name(text, span=written.span)
        compilation.unknown("input", name, [one.name for one in inputs])
    elif not found and isinstance(draft.given.bindings.get(text), Declared):
        compilation.error("CS202", f"`{text}` is an abbreviation, not an input", written.span)
    return found


def _dimension(compilation: Compilation, coding: syntax.Call, one: Declared) -> int | None:
    name = coding.function.text
    if name not in CODINGS:
        return compilation.unknown("coding", coding.function, CODINGS)
    compilation.meanings.note(coding.function.span, "coding")
    if one.domain is None:
        return None
    if name == "symbol":
        given = matched(compilation, coding.function, coding.arguments, (DIMENSION,), coding.span)
        if given is None:
            return None
        dimension = argument_value(compilation, DIMENSION, given["dim"])
        return dimension if isinstance(dimension, int) else None
    if coding.arguments:
        return compilation.error("CS207", f"`{name}` takes no arguments", coding.span)
    if name == "scalar" and isinstance(one.domain, Symbols | Tuples):
        return compilation.error(
            "CS205",
            f"`scalar` is a coding of numbers, but `{one.name}` is {described(one.domain)}",
            coding.span,
            help="use `symbol(dim = …)` or `onehot`",
        )
    if name == "onehot" and one.domain.size > LARGEST_DIMENSION:
        return compilation.error(
            "CS924",
            f"`{one.name}` has more than {LARGEST_DIMENSION} values for `onehot`",
            coding.span,
            help="use `symbol(dim = …)`",
        )
    return 1 if name == "scalar" else one.domain.size
