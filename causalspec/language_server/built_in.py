"""The names that the language brings along, each with a sentence for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from causalspec.compiler import BUILT_IN, Entry, Vocabulary, argument_text, full_vocabulary
from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.language_server.symbols import Kind, Symbol


def _words(names: dict[str, str]) -> dict[str, Symbol]:
    return {name: Symbol(name, Kind.BUILT_IN, help=text) for name, text in names.items()}


TYPES: Final = _words(
    {
        "bool": "The two values `false` and `true`.",
        "words": "Named symbols: one a line of a file, or whichever a mechanism yields.",
    }
)
FUNCTIONS: Final = _words(
    {
        "abs": "`abs(x)`: the absolute value.",
        "min": "`min(x, y)`, or `min(body for i in 0..3)`: the least.",
        "max": "`max(x, y)`, or `max(body for i in 0..3)`: the greatest.",
        "sum": "`sum(body for i in 0..3)`: the sum over a family.",
        "all": "`all(body for i in 0..3)`: whether the body holds for every index.",
        "any": "`any(body for i in 0..3)`: whether the body holds for some index.",
        "count": "`count(body for i in 0..3)`: for how many indices the body holds.",
        "argmax": "`argmax(body for i in 0..3)`: the first index where the body is greatest.",
        "first": "`first(body for i in 0..3)`: the first index where the body holds; undefined "
        "where it holds for none.",
        "defined": "`defined(result)`, in `keep`, `balance` and `cover`: whether the hypothesis "
        "gives the outputs of a run, or one variable of it, a value.",
    }
)
DISTRIBUTIONS: Final = _words(
    {
        "uniform": "Every value is equally likely.",
        "bernoulli": "`bernoulli(0.1)`: true with this probability.",
        "weights": "`weights { A => 2  else => 1 }`: a weight for each value.",
    }
)
CODINGS: Final = _words(
    {
        "symbol": "`symbol(dim = 4)`: a fixed random vector for each value.",
        "onehot": "A one at the value's place, zeros elsewhere.",
        "scalar": "The value itself, as one number.",
    }
)
FORMS: Final = _words({"vector": "The inputs' vectors, one after the other."})
TEXT_FORMS: Final = _words(
    {
        "a": "`{a(noun)}`, in a prompt: the noun after `a` or `an`.",
        "plural": "`{plural(noun)}`, in a prompt: the noun's plural.",
    }
)
ROLES: Final = _words(
    {
        "system": "What a chat's network is told beforehand.",
        "user": "What a chat's user says.",
        "assistant": "What a chat's network says, or begins to say.",
    }
)
DATA: Final = _words({"mean": "`mean(A.test, B.test)`: the scores' mean over several data sets."})
WORDS: Final[Mapping[str, Mapping[str, Symbol]]] = {
    "type": TYPES,
    "function": FUNCTIONS,
    "distribution": DISTRIBUTIONS,
    "coding": CODINGS,
    "encoding": FORMS,
    "text form": TEXT_FORMS,
    "role": ROLES,
    "data": DATA,
}
"""The language's own words, by what the compiler notes that they are."""


@cache
def known() -> Vocabulary:
    """The vocabulary. A package that breaks it is reported by `check`, not here."""
    try:
        return full_vocabulary()
    except ToolFailure:
        return BUILT_IN


def symbols(entries: Mapping[str, Entry]) -> list[Symbol]:
    """Rows of the vocabulary as symbols."""
    return [row_symbol(entry) for entry in entries.values()]


@cache
def row_symbol(entry: Entry) -> Symbol:
    """A row of the vocabulary as a symbol, the same one each time."""
    return Symbol(entry.name, Kind.BUILT_IN, help=_help(entry))


def _help(entry: Entry) -> str:
    """A row's sentence and where it comes from, then its arguments."""
    whose = f" From the package `{entry.package}`." if entry.package is not None else ""
    listed = [f"- `{argument_text(argument)}`: {argument.help}" for argument in entry.arguments]
    return "\n".join((f"{entry.help}{whose}", *(["", *listed] if listed else [])))


def code_symbol(code: str) -> Symbol | None:
    """The code of a warning that a file allows, with what it stands for."""
    if catalogue.explanation(code) is None:
        return None
    return Symbol(code, Kind.BUILT_IN, help=f"{catalogue.title(code)}: `causalspec explain {code}`")
