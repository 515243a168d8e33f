"""What can be written at the cursor: words that the grammar takes, names of the right kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lark import Token
from lsprotocol import types

from causalspec.compiler import ArgumentKind, parts_of
from causalspec.language_server import built_in
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.context import Context, argument_at, context_at
from causalspec.language_server.index import Index
from causalspec.language_server.symbols import VALUED, Kind, Symbol

NAMING = {"type", "table", "function", "task", "model", "counterfactuals", "align", "claim"} | {
    "abstraction", "derive", "input", "noise", "let", "var", "prompt", "encode", "split"
}  # fmt: skip
"""Words that a new name follows."""

LINK = r"(?:([A-Za-z_]\w*)(?: \[[^\]]*\])? \. )"
"""A name before a dot, maybe with an index, in tokens with a blank behind each."""

MODELS = (Kind.MODEL,)
VALUES = (*VALUED, Kind.PARAMETER, Kind.SIDE, Kind.SOURCE, Kind.FUNCTION)


def completions(analysis: Analysis, offset: int) -> list[types.CompletionItem]:
    """The proposals for the word that ends at an offset."""
    context = context_at(analysis.source, offset)
    items = [
        types.CompletionItem(label=word, kind=types.CompletionItemKind.Keyword)
        for word in context.keywords
    ]
    names = "NAME" in context.accepted or not context.accepted
    symbols = _symbols(analysis.index, context) if names else ()
    seen: set[str] = set()
    for symbol in symbols:
        if symbol.name not in seen:
            seen.add(symbol.name)
            items.append(_item(symbol))
    return items


def _item(symbol: Symbol) -> types.CompletionItem:
    return types.CompletionItem(
        label=symbol.name,
        kind=symbol.kind.item,
        detail=f"{symbol.kind} of {symbol.owner}" if symbol.owner else str(symbol.kind),
        documentation=symbol.help or None,
    )


def _symbols(index: Index, context: Context) -> Iterable[Symbol]:
    """The names that could stand here, by what stands before."""
    words = [str(token) for token in context.declaration]
    previous = words[-1] if words else ""
    reach = [*_reach(index, context.block, words)]
    if previous == ".":
        return _members(index, context, reach)
    special = _by_word(index, context, words, reach)
    if special is not None:
        return special
    if context.block == "claim":
        return _in_claim(index, context, reach)
    if context.block == "align":
        return _of_kinds(reach, (Kind.VARIABLE,))
    if context.block == "counterfactuals":
        reach = [*_runs(index, words), *index.top.values()]
    return (*_of_kinds(reach, VALUES), *index.elements(), *built_in.FUNCTIONS.values())


def _reach(index: Index, block: str, words: list[str]) -> Iterator[Symbol]:
    """The names of the task or model that a declaration is, or is about, and those of the file."""
    name = words[1] if len(words) > 1 else ""
    about = words[words.index("{") - 1] if "{" in words[1:] else ""
    match block:
        case "counterfactuals" | "align" | "abstraction" | "derive":
            yield from index.reach(about)
        case "claim":
            yield from index.reach(next(iter(words[n + 1] for n in _ofs(words)), ""))
        case "model":
            yield from index.of_owner(name)
            yield from index.reach(about)
        case _:
            yield from index.reach(name)


def _ofs(words: list[str]) -> Iterator[int]:
    return (number for number, word in enumerate(words[:-1]) if word == "of")


def _runs(index: Index, words: list[str]) -> list[Symbol]:
    """The runs that a condition on pairs can be about."""
    sources = [symbol for symbol in index.of_owner(words[1]) if symbol.kind is Kind.SOURCE]
    sides = ("base", "result") if sources else ("base", "result", "source")
    return [*sources, *(Symbol(name, Kind.SIDE) for name in sides)]


def _by_word(
    index: Index, context: Context, words: list[str], reach: list[Symbol]
) -> Iterable[Symbol] | None:
    """What follows a word that asks for one kind of name; None behind any other word."""
    top, known = list(index.top.values()), built_in.known()
    block, inside = context.block, "{" in words
    statement = [str(token) for token in context.statement]
    previous = words[-1] if words else ""
    match previous:
        case ":":
            return (*_of_kinds(top, (Kind.TYPE, Kind.TABLE)), *built_in.TYPES.values())
        case "of":
            return _of_kinds(top, (Kind.TASK,) if block == "model" else MODELS)
        case "to" if block == "align":
            return built_in.symbols(known.sites)
        case "from" if inside and statement[:1] == ["derive"]:
            return [symbol for symbol in _runs(index, words) if symbol.name != "result"]
        case "from" if inside and statement[:1] != ["distinguish"]:
            return [symbol for symbol in _runs(index, words) if symbol.kind is Kind.SOURCE]
        case "to" | "from":
            return _of_kinds(top, MODELS)
        case "~":
            return built_in.DISTRIBUTIONS.values()
        case "as":
            return built_in.CODINGS.values() if block == "task" else ()
        case "encode":
            return built_in.FORMS.values()
        case "at":
            return built_in.symbols(known.sites)
        case "token" | "..":
            return built_in.symbols(known.anchors) if block == "align" else None
        case "by":
            return built_in.symbols(known.methods)
        case "writing":
            return built_in.symbols(known.writes)
        case "(" if words[-2:-1] == ["slot"]:
            return _of_kinds(reach, (Kind.SLOT, Kind.INPUT, Kind.ABBREVIATION))
        case "(" | "=" | "," if block == "align":
            return _argument(index, context)
        case "(" | "," if "disjoint" in statement:
            return _of_kinds(reach, (Kind.INPUT,))
        case "draw":
            return _of_kinds(reach, (Kind.INPUT,))
        case "swap" | "marginalize" | "collapse":
            return _of_kinds(reach, (Kind.VARIABLE,))
        case "," if statement[:1] == ["swap"]:
            return _of_kinds(reach, (Kind.VARIABLE,))
        case "say" if block == "model":
            kinds = (Kind.VARIABLE, Kind.OUTPUT, Kind.INPUT, Kind.NOISE)
            return _of_kinds(reach, kinds)
        case "output" | "say":
            return _of_kinds(reach, (Kind.OUTPUT,))
        case "var" if block == "align":
            return _of_kinds(reach, (Kind.VARIABLE,))
        case _ if previous in NAMING:
            return ()
        case _:
            return None


def _argument(index: Index, context: Context) -> Iterable[Symbol]:
    """The names of a method's arguments, and what the one that is written can be."""
    given = argument_at(context)
    if given is None:
        return ()
    names = [
        Symbol(argument.name, Kind.PARAMETER, help=argument.help)
        for argument in given.entry.arguments
    ]
    named = context.statement[-1] == "="
    values: Iterable[Symbol] = ()
    match given.argument and given.argument.kind:
        case ArgumentKind.BASIS:
            values = built_in.symbols(built_in.known().bases)
        case ArgumentKind.START:
            values = built_in.symbols(built_in.known().starts)
        case ArgumentKind.DATA:
            values = _of_kinds(index.top.values(), (Kind.COUNTERFACTUALS,))
        case ArgumentKind.VALUE:
            values = index.elements()
        case _:
            pass
    return values if named else (*names, *values)


def _in_claim(index: Index, context: Context, reach: list[Symbol]) -> Iterable[Symbol]:
    words = [str(token) for token in context.statement]
    if words[:1] == ["expect"]:
        known = built_in.known()
        scores = [*built_in.symbols(known.metrics), *built_in.symbols(known.bounds)]
        if "(" in words[-2:] or words[-1:] == [","]:
            scores += built_in.symbols(known.controls)
            scores += _of_kinds(reach, (Kind.MODEL, Kind.VARIABLE))
        return scores
    if words[-1:] == ["with"]:
        return _of_kinds(reach, (Kind.ALIGNMENT,))
    designs = _of_kinds(reach, (Kind.COUNTERFACTUALS,))
    if words[-1:] == ["on"] and words[-2:] != ["fitted", "on"]:
        return (*designs, *built_in.DATA.values())
    if words[-1:] in (["("], [","]):
        return designs
    return _of_kinds(reach, (Kind.PROMPT,))


def _members(index: Index, context: Context, reach: list[Symbol]) -> Iterable[Symbol]:
    """What the dot leads to: a side's variables, a design's splits, a value's fields."""
    tokens = context.declaration[:-1]
    if tokens and tokens[-1] == ")":
        anchors = built_in.known().anchors
        return [built_in.row_symbol(anchors[name]) for name in ("first", "last")]
    names = _chain(tokens)
    sides = _runs(index, [str(token) for token in tokens])
    if context.block == "counterfactuals" and names[:1] and names[0] in {s.name for s in sides}:
        if len(names) == 1:
            return _of_kinds(reach, VALUED)
        names = names[1:]
    found = next((symbol for symbol in reach if names and symbol.name == names[0]), None)
    if found is None:
        return ()
    if found.kind is Kind.COUNTERFACTUALS:
        return [symbol for symbol in index.of_owner(found.name) if symbol.kind is Kind.SPLIT]
    domain = index.domain(found)
    for name in names[1:]:
        part = parts_of(domain).get(name)
        domain = part.domain if part is not None else None
    return [Symbol(name, Kind.FIELD) for name in parts_of(domain)]


def _chain(tokens: list[Token]) -> list[str]:
    """The names before a dot, of `base.city` or `carry[2]`, without indices."""
    chain = re.search(rf"({LINK})+$", f"{' '.join(tokens)} . ")
    return re.findall(LINK, chain[0]) if chain is not None else []


def _of_kinds(symbols: Iterable[Symbol], kinds: tuple[Kind, ...]) -> list[Symbol]:
    return [symbol for symbol in symbols if symbol.kind in kinds]
