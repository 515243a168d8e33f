"""What people write who come from another language, and the sentence that says what to write here.

Tables by what a notation is seen from: characters that start no token, words, and names that
nothing declares. Phrases around a token that cannot stand where it stands are in `phrases`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from causalspec.dsl.diagnostics import Diagnostics, Fix
from causalspec.dsl.source import Source, Span

DECLARING = "|".join(("input", "noise", "let", "var", "output", "type", "table", "function"))

BLOCK_SCALAR = re.compile(r"\bprompt\s+\w+\s*:?\s*\Z")
WINDOW = 200
"""How many characters before a mistake a phrase may start."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Characters that start no token, and what stands here for the same thing. Where that hangs on
    more than the characters, `told` says so. `kind` is Lark's name of the token to read on with.
    """

    written: str
    here: str
    kind: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern of the text before a wrong token, one of the text from it on, and the token that
    would have been right there (in Lark's name), if any one tells.
    """

    before: str
    after: str
    instead_of: str
    told: str


RANGE = "a range is written with two points between its ends, as in `0..9`"
IMPLICATION = "is written `A => b` in a `match`, and `not a or b` for implication"

SIGNS = (
    Sign("<=>", "==", "", "`a <=> b` is written `a == b`"),
    Sign("<>", "!=", "COMPARISON"),
    Sign(":=", "=", "EQUALS"),
    Sign("=<", "<=", "COMPARISON"),
    Sign("===", "==", "COMPARISON"),
    Sign("!==", "!=", "COMPARISON"),
    Sign("&&", "and", "AND"),
    Sign("||", "or", "OR"),
    Sign("!", "not", "NOT"),
    Sign("≥", ">=", "COMPARISON"),
    Sign("≤", "<=", "COMPARISON"),
    Sign("≠", "!=", "COMPARISON"),
    Sign("∧", "and", "AND"),
    Sign("∨", "or", "OR"),
    Sign("¬", "not", "NOT"),
    Sign("∈", "in", "IN"),
    Sign("×", "*", "TIMES"),
    Sign("−", "-", "MINUS"),
    Sign("&", "and", "AND", "`&` is written `and`, which binds less tightly than comparisons"),
    Sign("|", "or", "OR", "`a | b` is written `a or b`, and `A | B` as a set of values `{A, B}`"),
    Sign("^", "!=", "", "`a ^ b` is written `a != b` for truth values, and `a ** b` as a power"),
    Sign("⊕", "!=", "", "`a ⊕ b` is written `a != b`"),
    Sign("↔", "==", "", "`a ↔ b` is written `a == b`"),
    Sign("→", "=>", "", f"`a → b` {IMPLICATION}"),
    Sign("⇒", "=>", "", f"`a ⇒ b` {IMPLICATION}"),
    Sign("÷", "//", "", "`a ÷ b` is written `a / b` where it is exact, and else `a // b`"),
    Sign("–", "-", "", "`a – b` is written `a - b`, and as a range `a..b`"),
    Sign("…", "..", "", RANGE),
    Sign("$", "", "", "a name stands alone, without `$`, and in a slot as in `{x}`"),
)

THIN_ARROW = Sign("->", "->", "THIN_ARROW")
"""Whether it stands in an arm, the parser can tell, and says then what to write."""

LAMBDA = "a function is declared at the top level, as in `function double(x : 0..9) = 2 * x`"
LENGTH = "a family's length is the number that it is declared with, often a task's parameter"
LIST = "there are no lists: a family is declared as in `x[i in 0..2]` and read by `x[1]`"
NOTHING = "every variable has a value: declare one more symbol, as in `{Yes, No, Unknown}`"
WHOLE = "whole numbers are written as a range, as in `0..9`"
WORDLIKE = 'words are symbols, as in `{Red, Green}`, or lines of a file, as in `words "names.txt"`'

WORDS = {
    "xor": "`a xor b` is written `a != b`",
    "xnor": "`a xnor b` is written `a == b`",
    "nor": "`a nor b` is written `not (a or b)`",
    "nand": "`a nand b` is written `not (a and b)`",
    "iff": "`a iff b` is written `a == b`",
    "implies": "`a implies b` is written `not a or b`",
    "unless": "`a unless b` is written `b or a`",
    "is": "`a is b` is written `a == b`, and `a is not b` is written `a != b`",
    "equals": "`a equals b` is written `a == b`",
    "mod": "`a mod b` is written `a % b`",
    "div": "`a div b` is written `a // b`",
    "pow": "`pow(a, b)` is written `a ** b`",
    "case": "an arm of a `match` starts with its values, as in `match x { A => 1  else => 2 }`",
    "when": "an arm of a `match` starts with its values, as in `match x { A => 1  else => 2 }`",
    "switch": "`switch` is written `match`, as in `match x { A => 1  else => 2 }`",
    "default": "the arm for all other values is `else => …`",
    "_": "the arm for all other values is `else => …`",
    "lambda": LAMBDA,
    "def": LAMBDA,
    "fn": LAMBDA,
    "return": "an expression gives its value without `return`",
    "assert": "what inputs must meet is written `require …`, a test `example { … } gives { … }`",
    "print": "nothing is printed: ask `causalspec sample` for values",
    "enum": "a set of symbols is declared as in `type Color = {Red, Green}`",
    "class": "what has parts is a named tuple, as in `type Range = (low : 0..9, high : 0..9)`",
    "struct": "what has parts is a named tuple, as in `type Range = (low : 0..9, high : 0..9)`",
    "while": "nothing is repeated: write a family, as in `var carry[i in 0..3] = …`",
    "range": RANGE,
    "int": WHOLE,
    "Int": WHOLE,
    "integer": WHOLE,
    "nat": WHOLE,
    "float": "numbers are exact decimals in steps, as in `0.00..9.99 step 0.01`",
    "real": "numbers are exact decimals in steps, as in `0.00..9.99 step 0.01`",
    "str": WORDLIKE,
    "string": WORDLIKE,
    "String": WORDLIKE,
    "char": WORDLIKE,
    "boolean": "truth values are of type `bool`",
    "Bool": "truth values are of type `bool`",
    "list": LIST,
    "List": LIST,
    "array": LIST,
    "dict": 'what belongs to what is a table, as in `table City "cities.csv" key name { … }`',
    "len": LENGTH,
    "None": NOTHING,
    "null": NOTHING,
    "nil": NOTHING,
    "Optional": NOTHING,
}

EXACT = "numbers are exact: there are `+ - * / // % **`, `abs`, `min` and `max`"
DISTINCT = "a family without repetition is declared as in `input distinct x[i in 0..3] : 0..9`"
WEIGHTS = "a distribution is written by its weights, as in `~ weights { 0 => 1  1 => 2 }`"

FUNCTIONS = {
    "int": "`int(a)` of a truth value is written `if a then 1 else 0`, and a number needs none",
    "float": "numbers are exact as they are, and need no `float`",
    "bool": "`bool(x)` of a number is written `x != 0`",
    "str": 'a value becomes a text in a slot of a prompt, as in `prompt p "{x}"`',
    "sorted": "nothing is sorted: compare the members of a family, as in `x[0] <= x[1]`",
    "round": "numbers are rounded down by `//`, as in `x // 10`",
    "floor": "numbers are rounded down by `//`, as in `x // 10`",
    "mean": "a mean is a sum by its number, as in `sum(x[i] for i in 0..3) / 4`",
    "choice": "what is drawn is declared by `input`, as in `input x : {Red, Green}`",
    "randint": "what is drawn is declared by `input`, as in `input x : 0..9`",
    "length": LENGTH,
    "size": LENGTH,
    "eq": "`eq(a, b)` is written `a == b`",
    "equal": "`equal(a, b)` is written `a == b`",
    "ifelse": "`ifelse(c, x, y)` is written `if c then x else y`",
    "cond": "`cond(c, x, y)` is written `if c then x else y`",
    "sqrt": EXACT,
    "log": EXACT,
    "exp": EXACT,
    "random": "what is drawn is declared by `input`, as in `input x : 0..9`",
    "set": DISTINCT,
    "distinct": DISTINCT,
    "unique": DISTINCT,
    "alldifferent": DISTINCT,
    "all_different": DISTINCT,
    "normal": WEIGHTS,
    "gaussian": WEIGHTS,
    "poisson": WEIGHTS,
    "binomial": WEIGHTS,
    "categorical": WEIGHTS,
    "exponential": WEIGHTS,
}
"""What is told of a function that nothing declares."""

TYPES = {
    "number": WHOLE,
    "num": WHOLE,
    "natural": WHOLE,
    "bit": "truth values are of type `bool`",
    "text": WORDLIKE,
}
"""What is told of another name that nothing declares."""


def sign_at(source: Source, start: int, end: int, diagnostics: Diagnostics) -> Sign | None:
    """The sign of another language that stands at `start`, reported."""
    text = source.text
    if re.compile(r"\?[^:\n]*:").match(text, start, end):
        told = "`a ? b : c` is written `if a then b else c`"
        diagnostics.error("CS109", told, Span(source, start, start + 1))
        return Sign("?", "")
    if text[start] in "|>" and BLOCK_SCALAR.search(text, 0, start) is not None:
        told = 'a text of several lines stands between `"""`'
        diagnostics.error("CS109", told, Span(source, start, start + 1))
        return Sign(text[start], "")
    if text.startswith("->", start, end):
        return THIN_ARROW
    for sign in SIGNS:
        if text.startswith(sign.written, start, end):
            span = Span(source, start, start + len(sign.written))
            here = sign.here if sign.here[:1] in "<>=!*-" else _apart(span, sign.here)
            fix = None if sign.told else Fix(span, here, f"write `{sign.here}`")
            told = sign.told or f"`{sign.written}` is written `{sign.here}`"
            diagnostics.error("CS109", told, span, fix=fix)
            return sign
    return None


def space_at(source: Source, start: int, diagnostics: Diagnostics) -> bool:
    """Whether a space stands at `start` that is not the plain one: it is reported."""
    character = source.text[start]
    if unicodedata.category(character) != "Zs":
        return False
    span = Span(source, start, start + 1)
    name = unicodedata.name(character).lower()
    diagnostics.error(
        "CS101",
        f"a space is written as the plain one, not as U+{ord(character):04X}, the {name}",
        span,
        fix=Fix(span, " ", "write a plain space"),
    )
    return True


def block_comment_at(source: Source, start: int, end: int, diagnostics: Diagnostics) -> int:
    """Report the `/* … */` that starts at `start`, or its first line where nothing closes it; where
    it ends.
    """
    text = source.text
    closing, line = text.find("*/", start + 2, end), text.find("\n", start, end)
    stop = closing + 2 if closing >= 0 else line if line >= 0 else end
    told = "`/* … */` is written with a `#` before the comment on each line"
    diagnostics.error("CS109", told, Span(source, start, stop))
    return stop


def told_of(name: str, source: Source, start: int) -> str | None:
    """What to say about a name that nothing declares here, where another language has that name and
    this file does not.
    """
    if source.text[max(0, start - WINDOW) : start].rstrip().endswith("//"):
        return "a comment starts with `#`"
    called = source.text[start + len(name) :].lstrip().startswith("(")
    told = (FUNCTIONS if called else TYPES).get(name) or WORDS.get(name)
    if told is None or re.search(rf"\b(?:{DECLARING})\s+{name}\b", source.text):
        return None
    return told


def _apart(span: Span, word: str) -> str:
    """A word with the spaces that keep it apart from what stands beside `span`."""
    text = span.source.text
    left = " " if re.match(r"\w", text[span.start - 1 : span.start]) else ""
    right = "" if text[span.end : span.end + 1].isspace() else " "
    return f"{left}{word}{right}"
