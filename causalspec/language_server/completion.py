"""What can be written at the cursor: words that the grammar takes, names of the right kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lark import Token
from lsprotocol import types

from causalspec.compiler import ArgumentKind
from causalspec.dsl import syntax
from causalspec.dsl.source import Source, Span
from causalspec.language_server import built_in
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.arguments import argument_at
from causalspec.language_server.context import Context, context_at
from causalspec.language_server.symbols import Index, Kind, Scope, Symbol

ITEM_KINDS = {
    Kind.TYPE: types.CompletionItemKind.Struct,
    Kind.TABLE: types.CompletionItemKind.Struct,
    Kind.FIELD: types.CompletionItemKind.Field,
    Kind.ELEMENT: types.CompletionItemKind.EnumMember,
    Kind.FUNCTION: types.CompletionItemKind.Function,
    Kind.TASK: types.CompletionItemKind.Module,
    Kind.MODEL: types.CompletionItemKind.Class,
    Kind.BUILT_IN: types.CompletionItemKind.Constant,
}
NOWHERE = Source("", "")
NAMING = {"type", "table", "function", "task", "model", "counterfactuals", "align", "claim"} | {
    "abstraction", "derive", "input", "noise", "let", "var", "prompt", "encode", "split"
}  # fmt: skip
"""Words that a new name follows."""

MODELS = (Kind.MODEL,)
VALUES = (
    Kind.INPUT, Kind.NOISE, Kind.ABBREVIATION, Kind.VARIABLE, Kind.OUTPUT, Kind.PARAMETER,
    Kind.INDEX, Kind.SIDE, Kind.SOURCE, Kind.FUNCTION,
)  # fmt: skip


def completions(analysis: Analysis, offset: int) -> list[types.CompletionItem]:
    """The proposals for the word that ends at an offset."""
    context = context_at(analysis.source, offset)
    items = [
        types.CompletionItem(label=word, kind=types.CompletionItemKind.Keyword)
        for word in context.keywords
    ]
    names = "NAME" in context.accepted or not context.accepted
    symbols = _symbols(analysis, context) if names else ()
    seen: set[str] = set()
    for symbol in symbols:
        if symbol.name not in seen:
            seen.add(symbol.name)
            items.append(_item(symbol))
    return items


def _item(symbol: Symbol) -> types.CompletionItem:
    return types.CompletionItem(
        label=symbol.name,
        kind=ITEM_KINDS.get(symbol.kind, types.CompletionItemKind.Variable),
        detail=f"{symbol.kind} of {symbol.owner}" if symbol.owner else str(symbol.kind),
        documentation=symbol.help or None,
    )


def _symbols(analysis: Analysis, context: Context) -> Iterable[Symbol]:
    """The names that could stand here, by what stands before."""
    index = analysis.index
    scope = index.scope_at(context.start) if context.declaration else index.file_scope
    words = [str(token) for token in context.declaration]
    previous = words[-1] if words else ""
    if previous == ".":
        return _members(index, context, scope)
    special = _by_word(index, context, words, previous)
    if special is not None:
        return special
    if context.block == "claim":
        return _in_claim(index, context)
    if context.block == "align":
        return _of_kinds(scope, (Kind.VARIABLE,))
    return (
        *_of_kinds(scope, VALUES),
        *index.elements.values(),
        *built_in.FUNCTIONS.names.values(),
    )


def _by_word(
    index: Index, context: Context, words: list[str], previous: str
) -> Iterable[Symbol] | None:
    """What follows a word that asks for one kind of name; None behind any other word."""
    top = index.file_scope
    block, inside = context.block, "{" in words
    match previous:
        case ":":
            return (*_of_kinds(top, (Kind.TYPE, Kind.TABLE)), *built_in.TYPES.names.values())
        case "of":
            return _of_kinds(top, (Kind.TASK,) if block == "model" else MODELS)
        case "to" if block == "align":
            return built_in.rows().sites.names.values()
        case "to":
            return _of_kinds(top, MODELS)
        case "from" if [str(token) for token in context.statement[:1]] == ["distinguish"]:
            return _of_kinds(top, MODELS)
        case "from":
            return _sources(index, context) if inside else _of_kinds(top, MODELS)
        case "~":
            return built_in.DISTRIBUTIONS.names.values()
        case "as":
            return built_in.CODINGS.names.values() if block == "task" else ()
        case "encode":
            return built_in.FORMS.names.values()
        case "at":
            return built_in.rows().sites.names.values()
        case "token" | "..":
            return built_in.rows().anchors.names.values() if block == "align" else None
        case "by":
            return built_in.rows().methods.names.values()
        case "writing":
            return built_in.rows().writes.names.values()
        case "(" if words[-2:-1] == ["slot"]:
            kinds = (Kind.SLOT, Kind.INPUT, Kind.ABBREVIATION)
            return _of_kinds(index.slots.get(_model(words), Scope()), kinds)
        case "(" | "=" | "," if block == "align":
            return _argument(index, context)
        case "(" | "," if "disjoint" in [str(token) for token in context.statement]:
            return _of_kinds(_model_scope(index, context), (Kind.INPUT,))
        case "swap" | "marginalize" | "collapse":
            return _of_kinds(_model_scope(index, context), (Kind.VARIABLE,))
        case "," if [str(token) for token in context.statement[:1]] == ["swap"]:
            return _of_kinds(_model_scope(index, context), (Kind.VARIABLE,))
        case "output" | "say":
            return [one for one in _reach(index, context) if one.kind is Kind.OUTPUT]
        case "var" if block == "align":
            return _of_kinds(_model_scope(index, context), (Kind.VARIABLE,))
        case _ if previous in NAMING:
            return ()
        case _:
            return None


def _argument(index: Index, context: Context) -> Iterable[Symbol]:
    """The names of a method's arguments, and what the one that is written can be."""
    given = argument_at(context)
    if given is None:
        return ()
    names = [Symbol(one.name, Kind.PARAMETER, help=one.help) for one in given.entry.arguments]
    named = context.statement[-1] == "="
    values: Iterable[Symbol] = ()
    match given.argument and given.argument.kind:
        case ArgumentKind.BASIS:
            values = built_in.rows().bases.names.values()
        case ArgumentKind.DATA:
            values = _of_kinds(index.file_scope, (Kind.COUNTERFACTUALS,))
        case ArgumentKind.VALUE:
            values = index.elements.values()
        case _:
            pass
    return values if named else (*names, *values)


def _in_claim(index: Index, context: Context) -> Iterable[Symbol]:
    words = [str(token) for token in context.statement]
    if words[:1] == ["expect"]:
        known = built_in.rows()
        scores = (*known.metrics.names.values(), *known.bounds.names.values())
        if "(" in words[-2:] or words[-1:] == [","]:
            variables = _of_kinds(index.scope_at(context.start), (Kind.VARIABLE,))
            rivals = _of_kinds(index.file_scope, MODELS)
            return (*scores, *known.controls.names.values(), *rivals, *variables)
        return scores
    if words[-1:] == ["with"]:
        return _of_kinds(index.file_scope, (Kind.ALIGNMENT,))
    if words[-1:] in (["prompt"], ["on"]) and words[-2:] != ["fitted", "on"] and words[-1] == "on":
        designs = _of_kinds(index.file_scope, (Kind.COUNTERFACTUALS,))
        return (*designs, built_in.MEAN)
    if words[-1:] in (["("], [","]):
        return _of_kinds(index.file_scope, (Kind.COUNTERFACTUALS,))
    return [one.symbol for one in index.occurrences if one.symbol.kind is Kind.PROMPT]


def _members(index: Index, context: Context, scope: Scope) -> Iterable[Symbol]:
    """What the dot leads to."""
    tokens = context.declaration[:-1]
    if tokens and tokens[-1] == ")":
        anchors = built_in.rows().anchors.names
        return (anchors["first"], anchors["last"])
    chain = _chain(tokens)
    found = index.members(chain, scope) if chain is not None else None
    return _own(found) if found is not None else ()


def _chain(tokens: list[Token]) -> syntax.Expression | None:
    """The names before a dot, `base.city` or `carry[2]`, as an expression."""
    position = len(tokens)
    names: list[Token] = []
    while position:
        if tokens[position - 1] == "]":
            while position and tokens[position - 1] != "[":
                position -= 1
            position -= 1
        if position <= 0 or not str(tokens[position - 1]).isidentifier():
            break
        names.append(tokens[position - 1])
        position -= 1
        if not position or tokens[position - 1] != ".":
            break
        position -= 1
    expression: syntax.Expression | None = None
    for token in reversed(names):
        span = Span(NOWHERE, token.start_pos or 0, token.end_pos or 0)
        name = syntax.Name(str(token), span=span)
        expression = name if expression is None else syntax.Field(expression, name, span=span)
    return expression


def _sources(index: Index, context: Context) -> Iterator[Symbol]:
    return (one for one in _reach(index, context) if one.kind is Kind.SOURCE)


def _reach(index: Index, context: Context) -> Iterator[Symbol]:
    return index.scope_at(context.start).everything()


def _model(words: list[str]) -> str:
    """The model that a declaration is about: what stands before its brace."""
    return words[words.index("{") - 1] if "{" in words[1:] else ""


def _model_scope(index: Index, context: Context) -> Scope:
    """The names of the model that a declaration is about."""
    scope = index.scope_at(context.start)
    side = scope.names.get("base")
    if side is not None and side.members is not None:
        return side.members
    return scope


def _of_kinds(scope: Scope, kinds: tuple[Kind, ...]) -> list[Symbol]:
    return [one for one in scope.everything() if one.kind in kinds]


def _own(scope: Scope) -> Iterator[Symbol]:
    """A scope's symbols without those of the file around it."""
    return (one for one in scope.everything() if one.kind in (*VALUES, Kind.FIELD, Kind.SPLIT))
