"""What people write who come from another language, by a token that cannot stand where it stands.

The first phrase that fits is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.dsl.foreign import IMPLICATION, LAMBDA, LIST, NOTHING, RANGE


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern of the text before a wrong token, one of the text from it on, and the token that
    would have been right there (in Lark's name), if any one tells.
    """

    before: str
    after: str
    instead_of: str
    told: str


SITE = r"\b(?:at|to)\s+"
"""How a site of an alignment is led."""

QUANTIFIED = r"\w+\s*(?::|in\b)"
"""What stands behind a quantifier: its variable, and what it ranges over."""

AGGREGATES = "sum|all|any|count|min|max|first|argmax"
CONDITIONAL = "`x if c else y` is written `if c then x else y`"
IMPORT = 'an import names a file and what it takes, as in `import "lexicon.causal" { Name }`'
BEHIND_A_COMMA = "an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"
FAMILY = "a family is declared with its indices, as in `input w[i in 0..2] : 0..9`"
COMMENT = "a comment starts with `#`; a text documents what it opens, right behind a `{`"
SPLIT = "a split is its name and its size, as in `split test 100`"
SEED = "a seed is its number alone, as in `seed 3`"
SOME = "`some i : S | b` is written `any(b for i in 0..3)`"
DATA = "what is given is an input of a task, as in `task T { input n : 0..9 }`"

PLACES = (
    Phrase(rf"{SITE}module", r'"', "[", 'a module stands in brackets, as in `module["layers.3"]`'),
    Phrase(rf"{SITE}\w+", r"\(?\s*\d", "[", "one of several heads is written as in `head[3]`"),
    Phrase(rf"{SITE}\w+\s*\[[^\]\n]*", ",", "]", "several heads are a set, as in `head[{1, 3}]`"),
    Phrase(
        r"\bvar\s[^\n]*",
        r"from\b",
        "at",
        "an edge is written as in `at head[9] layers 5 to mlp_output layers 8`",
    ),
    Phrase(r"\bfeatures\s*=\s*\([^()\n]+", ",", ")", "features are a set, as in `{12, 907}`"),
    Phrase(
        r"\blayers?",
        r"[:=\[]",
        "",
        "layers are a number, a range or a set, as in `layers 0`, `layers 0..3`, `layers {0, 2}`",
    ),
    Phrase(
        r"\btoken",
        r"-\s*\d",
        "",
        "`token -1` is written `token last`, and `token -2` as `token last - 1`",
    ),
    Phrase(r"\btoken", r"\d", "", "`token 3` is written `token first + 3`: it counts from `first`"),
    Phrase(r"[\d.]%", "", "", "a share is a number from 0 to 1: `90%` is written `0.9`"),
    Phrase("", r"(?:assert|ensure|check)\b", "expect", "a score is judged by `expect iia >= 0.9`"),
)
"""What is written in an alignment or a claim."""

STATEMENTS = (
    Phrase(
        "",
        r"(?:int|real|float|str|string|char|vector|array)\b\s*(?:<[^>\n]*>|\[[^\]\n]*\])?\s*\w",
        "input",
        "an input is declared by its name and its type, as in `input w : 0..9`; "
        "decimals have steps, as in `0.00..9.99 step 0.01`",
    ),
    Phrase(
        "",
        r"\w+\s*(?:\[[^\]\n]*\])?\s*~",
        "input",
        "what is drawn is declared by `input`, as in `input w : bool ~ bernoulli(0.5)`",
    ),
    Phrase(
        "",
        r"\w+\s*(?:\[[^\]\n]*\])?\s*~",
        "noise",
        "what is drawn is declared by `noise`, as in `noise w : bool ~ bernoulli(0.5)`",
    ),
    Phrase(
        "",
        r"(?:parents?|variables|values|functions|mechanisms?|edges?)\b",
        "var",
        "a variable is its name and its mechanism, which names what it reads: `var v = x == y`",
    ),
    Phrase("", r"\w+\s*=(?![=>])", "var", "a variable is declared by `var`, as in `var v = x + 1`"),
    Phrase("", r"\w+\s*=(?![=>])", "let", "a value is named by `let`, as in `let z = x + 1`"),
    Phrase("", r"if\b", "let", "an `if` is a value, as in `let z = if a then b else c`"),
    Phrase("", r"match\b", "let", "a `match` is a value, as in `let z = match c { A => 1 }`"),
    Phrase(
        "",
        r"for\b",
        "let",
        "nothing is repeated: `for` stands in a value, as in `let z = sum(x[i] for i in 0..3)`",
    ),
    Phrase(
        r"\b(?:var|let|output|noise)\s+\w+",
        r"\(",
        "",
        "a variable has no arguments: its mechanism names what it reads, as in `var v = x == y`",
    ),
    Phrase(
        r"\bprompt\s+\w+", "[:=(]", "", 'a prompt is its name and its text, as in `prompt q "{a}"`'
    ),
    Phrase(
        r"\bsay\s+\w+",
        "[:=]",
        "",
        'an answer is told by its text, as in `say o "{o}"`',
    ),
    Phrase(
        r"\binput\s[^\n=]*:[^\n=]*",
        "=",
        "~",
        "an input is drawn, and has no value of its own: `input a : bool ~ bernoulli(0.5)`",
    ),
    Phrase(r"\bseed", "=|:", "", SEED),
    Phrase(r"\bswap\s+\S+", "=|<|:", "from", "`swap v from s` takes `v` from the source `s`"),
    Phrase(r"\bsplit\b[^\n]*\bseed", "=|:", "", SEED),
    Phrase(r"\bsplit\s[^\n]*", "=|:", "", SPLIT),
    Phrase(r"\bsplit", r"\d", "", SPLIT),
    Phrase(r"\bkeep", r"(?!w)\S", "where", "a filter is written `keep where …`"),
    Phrase(
        r"\blet\s+\w+", ":", "=", "a `let` has the type of its expression, as in `let x = a + b`"
    ),
    Phrase(r"\binput\s+\w+", "=|in\\b", ":", "an input has a type, as in `input x : 0..9`"),
)
"""What leads a statement, or follows the word that does."""

DECLARATIONS = (
    Phrase(r"\bimport", r"\w", "", IMPORT),
    Phrase(r'\bimport\s+"[^"\n]*"', "", "{", IMPORT),
    Phrase("", r"from\b[^\n]*\bimport\b", "", IMPORT),
    Phrase("", r"(?:data|parameters|transformed|generated)\b[^\n]*\{", "task", DATA),
    Phrase(
        "",
        r"(?:(?:abstract|one|lone|some|var|private)\s+)*sig\b",
        "task",
        "a set of symbols is declared as in `type Color = {Red, Green}`",
    ),
    Phrase("", r"(?:pred|fun)\b", "task", LAMBDA),
    Phrase("", r"fact\b", "task", "what inputs must meet is written `require …` in a task"),
    Phrase("", "[\"']", "task", COMMENT),
    Phrase(r"\)", "->", "=", "a function has the type of its expression: `function f(x : T) = …`"),
)
"""What leads a declaration, or stands in its head."""

VALUES = (
    Phrase(r"\brange\s*\([^()\n]*\)", "", "..", "`range(10)` is written `0..9`"),
    Phrase(r":\s*(?:Optional|Union)\s*\[[^\n]*\]", "", "..", NOTHING),
    Phrase(r":\s*\w+\s*\[[^\n]*\]", "", "..", FAMILY),
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
    Phrase("", r"\[", "{", "a set of values is written in braces, as in `{Red, Green}`"),
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
        r"if\b",
        "+",
        "what counts is chosen in the value: `sum(if x[i] > 1 then x[i] else 0 for i in 0..3)`",
    ),
    Phrase(r"\[[^\]\n]*", ":", "]", "members are read one by one, as in `sum(x[i] for i in 1..2)`"),
    Phrase(r"\.\.", r"\.", "", RANGE),
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
)
"""What stands in a value or a type."""

PHRASES = (*PLACES, *DECLARATIONS, *VALUES, *STATEMENTS)
