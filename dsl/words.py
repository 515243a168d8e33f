"""The language's own words for what messages speak of: keywords, and what may come next."""

from __future__ import annotations

from functools import cache
from typing import Final

from lark import Token
from lark.lexer import PatternStr

from causalspec.dsl.grammar import END, grammar

BLOCKS: Final = {
    "task": ("input", "require", "let", "output", "prompt", "say", "encode", "example"),
    "model": ("var", "noise", "let", "output", "say", "example"),
    "counterfactuals": (
        "swap",
        "derive",
        "keep",
        "balance",
        "cover",
        "noise",
        "distinguish",
        "split",
        "seed",
    ),
    "align": ("var",),
    "claim": ("of", "expect"),
    "derive": ("marginalize", "merge", "collapse"),
}
"""The declarations that hold statements, and the words that start these."""

DECLARATIONS: Final = (
    *("type", "table", "function", "import", "task", "model", "counterfactuals", "align"),
    *("claim", "abstraction", "derive", "allow"),
)
STATEMENTS: Final = frozenset(word for words in BLOCKS.values() for word in words)

LEADING_WORDS: Final = STATEMENTS | set(DECLARATIONS)

OPERAND_WORDS: Final = frozenset({"if", "not", "match", "true", "false"})
"""Reserved words that an expression may start with."""

OPERATOR_WORDS: Final = frozenset({"and", "or", "not", "in"})
"""Words that a formula hangs on: what looks like one may be another one, so none is put in."""

OPERATORS: Final = frozenset(
    {"PLUS", "MINUS", "TIMES", "DIVISION", "POWER", "COMPARISON", "AND", "OR", "IN", "NOT", "DOT"}
)


@cache
def spellings() -> dict[str, str]:
    """How each token whose spelling is fixed is written."""
    return {
        terminal.name: terminal.pattern.value
        for terminal in grammar().terminals
        if isinstance(terminal.pattern, PatternStr)
    }


@cache
def keywords() -> dict[str, str]:
    """The token of each word that has a meaning of its own."""
    return {text: kind for kind, text in spellings().items() if text.isalpha()}


def found(token: Token) -> str:
    """How a message names the token that stands where another was expected."""
    if token.type == END and not token:
        return "the end of the file"
    text = str(token)
    if token.type in {"SHORT_TEXT", "LONG_TEXT"}:
        line = text.splitlines()[0]
        return f"the text `{line}`" if line == text and len(line) <= 32 else "a text"
    return f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"


def expected(kinds: set[str]) -> str:
    """What may come next, said in at most a few words."""
    kinds = set(kinds)
    said: list[str] = []
    if {"NAME", "NUMBER", "IF"} <= kinds:
        said += ["an expression", "a set"] if "LBRACE" in kinds else ["an expression"]
        kinds -= {"MINUS", "LPAR", "LBRACE", "SHORT_TEXT", "LONG_TEXT"}
        kinds -= {keywords()[word] for word in OPERAND_WORDS}
    elif {"NAME", "NUMBER", "LBRACE"} <= kinds:
        said.append("a set of values")
        kinds -= {"LBRACE", "MINUS", "LPAR", "SHORT_TEXT", "LONG_TEXT", "MATCH", "TRUE", "FALSE"}
    elif {"NAME", "NUMBER"} <= kinds:
        said.append("a value" if "ELSE" not in kinds else "a pattern")
        kinds -= {"MINUS", "LPAR", "SHORT_TEXT", "LONG_TEXT", "MATCH", "TRUE", "FALSE"}
    elif "NAME" in kinds:
        said.append("a name")
    if "NAME" in kinds:
        kinds -= {"NAME", "NUMBER", "NOT"} | {keywords()[word] for word in joining_words()}
    statements = {kind for kind in kinds if spellings().get(kind) in STATEMENTS}
    declarations = {kind for kind in kinds if spellings().get(kind) in DECLARATIONS}
    if declarations <= statements:  # words that start a statement, too
        declarations = set[str]()
    statements -= declarations
    if "SHORT_TEXT" in kinds and not statements:
        said.append("a text")
    kinds -= {"SHORT_TEXT", "LONG_TEXT"}
    if "NUMBER" in kinds:
        said.append("a number")
        kinds -= {"NUMBER"}
    if {"PLUS", "TIMES"} <= kinds:
        kinds -= OPERATORS | {"LPAR", "LSQB"}
    many = len(statements) > 2
    if declarations:
        kinds -= declarations | {"LANGUAGE", END}
    if many:
        kinds -= statements
    said += sorted((f"`{spellings()[kind]}`" for kind in kinds if kind in spellings()), key=_order)
    said += ["a statement"] if many else []
    said += ["a declaration"] if declarations else []
    if END in kinds:
        said.append("the end")
    said = said or ["an operator"]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"


@cache
def joining_words() -> frozenset[str]:
    """The words that may also be names."""
    return frozenset(
        spellings()[symbol.name]
        for rule in grammar().rules
        if rule.origin.name in ("_leading_word", "name")
        for symbol in rule.expansion
        if symbol.name in spellings()
    )


def _order(word: str) -> tuple[bool, str]:
    """Words before signs."""
    return not word[1].isalpha(), word
