"""What people from elsewhere write in a value or a type, by a token that cannot stand there."""

from __future__ import annotations

from causalspec.dsl.foreign import IMPLICATION, LIST, NOTHING, RANGE, Phrase

QUANTIFIED = r"\w+\s*(?::|in\b)"
"""What stands behind a quantifier: its variable, and what it ranges over."""

AGGREGATES = "sum|all|any|count|min|max|first|argmax"
CONDITIONAL = "`x if c else y` is written `if c then x else y`"
BEHIND_A_COMMA = "an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"
FAMILY = "a family is declared with its indices, as in `input w[i in 0..2] : 0..9`"
BRACES = "a set of values is written in braces, as in `{Red, Green}`"
CHANCE = "a chance is written `~ bernoulli(0.5)`, others by `~ weights { A => 1  B => 2 }`"
CALLED = "what a function takes stands in parentheses, as in `abs(x)` or `max(x, y)`"
ARM = "an arm is written `A => 1`, and one of several values `A, B => 1`"
FOR = "members are read by their index, as in `sum(x[i] for i in 0..3)`"
SOME = "`some i : S | b` is written `any(b for i in 0..3)`"

VALUES = (
    Phrase(
        r"\bexample\b[^\n]*\}",
        r"->|=>|==?|expect\b|\w+\s*=",
        "gives",
        "what comes out stands behind `gives`, as in `example { x = 1 } gives { o = true }`",
    ),
    Phrase("", r":|\|?or\b", "=>", ARM),
    Phrase("", r"\*\s*(?:=>|->|:)", "else", "the arm for all other values is `else => …`"),
    Phrase(
        r"\bmatch\b[^\n{]*",
        r"with\b|:",
        "{",
        "a `match` has its arms in braces, as in `match c { A => 1  B => 2 }`",
    ),
    Phrase(
        r"(?:[{(,]|\b(?:example|do|gives)\b)[^\n]*\w",
        ":",
        "=",
        "a value is given by `=`, as in `x = 1`",
    ),
    Phrase(r"\bin\s*\(\s*[^()\n]+", ",", ")", BRACES),
    Phrase(
        r"\w\.\w+",
        r"\(",
        "",
        "a function stands before what it takes, as in `max(x, y)` and `sum(x[i] for i in 0..3)`",
    ),
    Phrase("", r"between\b", "+", "`x between 1 and 3` is written `x in 1..3`"),
    Phrase(r"\bif\b[^\n]*", r"[(\d]|\w+\s+else\b", "then", "`if` is written `if c then x else y`"),
    Phrase("", "~", "not", "`~a` is written `not a`"),
    Phrase(r"\bfor", r"\(", "", FOR),
    Phrase(r"\bfor\s+\w+", r"=|from\b|of\b|:", "in", FOR),
    Phrase(r",\s*for", r"\w", "", FOR),
    Phrase("", r"(?:and|or)\s*\(", "if", "`and(a, b)` is written `a and b`"),
    Phrase(r"\bif\s*\([^()\n,]+", ",", ")", "`if(c, x, y)` is written `if c then x else y`"),
    Phrase(r"\b(?:and|or)", r"[<>=]", "", "comparisons chain, as in `1 < x < 5`"),
    Phrase(r"\.\.\s*[\w.]+", r"by\b|:", "step", "steps are written as in `0..10 step 2`"),
    Phrase(":", r"\.\.", "", RANGE),
    Phrase("", r"as\b", "+", "values need no conversion; to count: `if a then 1 else 0`"),
    Phrase("~", r"[\d.{]", "", CHANCE),
    Phrase(r"~\s*\w+", r"\d", "", CHANCE),
    Phrase(
        r"\binput\s[^\n]*",
        r",\s*\w+\s*:",
        "..",
        "each type has an `input` of its own, as in `input a : bool  input x : 0..9`",
    ),
    Phrase(r"\b(?:input|noise|var|output|let)\s[^\n=]*\[", r"\d", "", FAMILY),
    Phrase(r"\b(?:input|noise|var|output|let)\s+\w+\s*\[\s*\w+", r"\]", "in", FAMILY),
    Phrase(r"\brange\s*\((?:[^()\n]|\([^()\n]*\))*\)", "", "..", "`range(10)` is written `0..9`"),
    Phrase(r":\s*(?:Optional|Union)\s*\[[^\n]*\]", "", "..", NOTHING),
    Phrase(r":\s*\w+\s*\[[^\n]*\]", "", "..", FAMILY),
    Phrase(
        r"[:=]\s*\w+\s*\([^()\n]*\)",
        "",
        "..",
        "a type is a set of values, as in `0..9` or `{Red, Green}`",
    ),
    Phrase(r'[:=]\s*[\w"]+', r"or\b|,", "..", BRACES),
    Phrase(r"(?<![\w.])\w+\s*-\s*\w+", "", "..", RANGE),
    Phrase(r"\w", r"(:|to\b)\s*[\w-]+", "..", RANGE),
    Phrase(
        r"\bin\s+[A-Za-z_]\w*\s*\+[^\n]*",
        "",
        "..",
        "a set of values is written in braces, as in `c in {Red, Green}`",
    ),
    Phrase(r"\bin\s+\w+", "", "..", RANGE),
    Phrase(r"\{\s*-?\w+", r"\.\.", "}", "a range stands without braces, as in `0..9`"),
    Phrase(r"\([^()\n]*=[^()\n]*\)", "=>", "", BEHIND_A_COMMA),
    Phrase("", r"\([^()\n]*=[^()\n]*\)\s*=>", "", BEHIND_A_COMMA),
    Phrase("", r"\[", "{", BRACES),
    Phrase(
        rf"\b(?:{AGGREGATES})\s*\(",
        r"\[[^\]\n]*(?:\[[^\]\n]*\][^\]\n]*)*\bfor\b",
        "if",
        "`sum([x[i] for i in 0..3])` is written `sum(x[i] for i in 0..3)`, without a list",
    ),
    Phrase("", r"\[", "if", LIST),
    Phrase("", r"\{[^}\n]*:", "if", "values by value are a `match`: `match x { A => 1  B => 2 }`"),
    Phrase(
        "", r"\{", "if", "a set of values is a type, or stands behind `in`, as in `x in {A, B}`"
    ),
    Phrase(r"\(\s*[^()\n]+", ",", ")", "a tuple names its parts, as in `(first = a, second = b)`"),
    Phrase(r"\bif\b[^\n]*", "[:{]", "then", "`if c:` is written `if c then x else y`"),
    Phrase(r"\S[ \t]*", r"if\b(?![^\n]*\bthen\b)[^\n]*\belse\b", "+", CONDITIONAL),
    Phrase(
        r"\([^()\n]*\bfor\b[^()\n]*",
        r"(?:if|where)\b",
        "+",
        "what counts is chosen in the value: `sum(if x[i] > 1 then x[i] else 0 for i in 0..3)`",
    ),
    Phrase(r"\[[^\]\n]*", ":", "]", "members are read one by one, as in `sum(x[i] for i in 1..2)`"),
    Phrase(
        r"\w\[[^\]\n]*", ",", "]", "a family has one index, as in `x[2]`, or `x[4 * row + column]`"
    ),
    Phrase(r"\.\.", r"[.<=]", "", RANGE),
    Phrase("<", "->", "", "`a <-> b` is written `a == b`"),
    Phrase("", "->", "", f"`a -> b` {IMPLICATION}"),
    Phrase(
        r"\b(?:all|forall)", QUANTIFIED, "", "`all i : S | b` is written `all(b for i in 0..3)`"
    ),
    Phrase(r"\b(?:some|exists)", QUANTIFIED, "", SOME),
    Phrase(r"\bno", QUANTIFIED, "", "`no i : S | b` is written `not any(b for i in 0..3)`"),
    Phrase(
        r"\b(?:one|lone)",
        QUANTIFIED,
        "",
        "`one i : S | b` is written `count(b for i in 0..3) == 1`",
    ),
    Phrase(rf"\b(?:abs|{AGGREGATES})", r"[\w{\[]", "", CALLED),
)
"""What stands in a value or a type."""
