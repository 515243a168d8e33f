"""Encodings: how a task's inputs become vectors, for networks that read no text."""

from __future__ import annotations

from causalspec.compiler.domains import Symbols, Tuples
from causalspec.compiler.entries import Argument, ArgumentKind
from causalspec.compiler.front.names import Compilation, of_kind
from causalspec.compiler.front.scopes import Declared
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.values import described
from causalspec.compiler.front.vocabulary_rows import argument_value, matched
from causalspec.compiler.model import Role, family_of
from causalspec.compiler.specification import EncodedInput, Encoding
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span

CODINGS = ("symbol", "onehot", "scalar")
DIMENSION = Argument("dim", ArgumentKind.INTEGER, "how long each value's vector is", required=True)
LARGEST_DIMENSION = 65_536


def encoding_of(compilation: Compilation, draft: TaskDraft) -> Encoding | None:
    """How a task's inputs become vectors, None where it only renders text."""
    statements = of_kind(draft.declaration.body, syntax.Encode)
    if not statements:
        return None
    statement, *others = statements
    for later in others:
        where = Related(statement.form.span, "first encoded here")
        compilation.repeated(f"task `{draft.name}` is encoded twice", later.form.span, where)
    if statement.form.text != "vector":
        compilation.unknown("encoding", statement.form, ("vector",))
    else:
        compilation.meanings.note(statement.form.span, "encoding")
    groups: list[EncodedInput] = []
    seen: dict[str, Span] = {}
    for group in statement.groups:
        for written in group.inputs:
            for variable in _encoded_inputs(compilation, draft, written):
                name = variable.name
                if name in seen:
                    where = Related(seen[name], "first encoded here")
                    compilation.repeated(f"`{name}` is encoded twice", written.span, where)
                seen[name] = written.span
                dimension = _dimension(compilation, group.coding, variable)
                if dimension is not None:
                    groups.append(EncodedInput(name, group.coding.function.text, dimension))
    return Encoding(tuple(groups))


def _encoded_inputs(
    compilation: Compilation, draft: TaskDraft, written: syntax.Expression
) -> list[Declared]:
    text = " ".join(written.span.text.split())
    draft.environment.note_names(written)
    inputs = draft.given.of(Role.INPUT)
    found = [variable for variable in inputs if text in (variable.name, family_of(variable.name))]
    if not found and text not in draft.given.bindings:
        name = syntax.Name(text, span=written.span)
        compilation.unknown("input", name, [variable.name for variable in inputs])
    elif not found and isinstance(draft.given.bindings.get(text), Declared):
        compilation.error("CS202", f"`{text}` is an abbreviation, not an input", written.span)
    return found


def _dimension(compilation: Compilation, coding: syntax.Call, variable: Declared) -> int | None:
    name, domain = coding.function.text, variable.domain
    if name not in CODINGS:
        return compilation.unknown("coding", coding.function, CODINGS)
    compilation.meanings.note(coding.function.span, "coding")
    if domain is None:
        return None
    if name == "symbol":
        given = matched(compilation, coding.function, coding.arguments, (DIMENSION,), coding.span)
        dimension = given and argument_value(compilation, DIMENSION, given["dim"])
        return dimension if isinstance(dimension, int) else None
    if coding.arguments:
        return compilation.error("CS207", f"`{name}` takes no arguments", coding.span)
    if name == "scalar" and isinstance(domain, Symbols | Tuples):
        return compilation.error(
            "CS205",
            f"`scalar` is a coding of numbers, but `{variable.name}` is {described(domain)}",
            coding.span,
            help="use `symbol(dim = …)` or `onehot`",
        )
    if name == "onehot" and domain.size > LARGEST_DIMENSION:
        message = f"`{variable.name}` has more than {LARGEST_DIMENSION} values for `onehot`"
        return compilation.error("CS924", message, coding.span, help="use `symbol(dim = …)`")
    return 1 if name == "scalar" else domain.size
