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

NAMING = r"(?:(?:const|val|set|define)\s+)?[A-Za-z_]\w*\s*(?::=|<-|=(?![=>]))"
"""What gives a value to a name."""

QUANTIFIED = r"\w+\s*(?::|in\b)"
"""What stands behind a quantifier: its variable, and what it ranges over."""

AGGREGATES = "sum|all|any|count|min|max|first|argmax"
CONDITIONAL = "`x if c else y` is written `if c then x else y`"
IMPORT = 'an import names a file and what it takes, as in `import "lexicon.causal" { Name }`'
BEHIND_A_COMMA = "an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"
FAMILY = "a family is declared with its indices, as in `input w[i in 0..2] : 0..9`"
COMMENT = "a comment starts with `#`; a text documents what it opens, right behind a `{`"
WORDS_OF_A_FILE = 'a file of words is named by a text, as in `words "names.txt"`'
BRACES = "a set of values is written in braces, as in `{Red, Green}`"
CHANCE = "a chance is written `~ bernoulli(0.5)`, others by `~ weights { A => 1  B => 2 }`"
CALLED = "what a function takes stands in parentheses, as in `abs(x)` or `max(x, y)`"
ARM = "an arm is written `A => 1`, and one of several values `A, B => 1`"
SPLIT = "a split is its name and its size, as in `split test 100`"
SEED = "a seed is its number alone, as in `seed 3`"
SOME = "`some i : S | b` is written `any(b for i in 0..3)`"
DATA = "what is given is an input of a task, as in `task T { input n : 0..9 }`"

PLACES = (
    Phrase(rf"{SITE}layers?", r"\w", "", "a layer is one of a site, as in `at residual layers 3`"),
    Phrase(r"\bat", r"model\b", "", 'a module is named by its path: `at module["layers.0.mlp"]`'),
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
        r"\blayers?\s+\d+",
        ",",
        "",
        "layers are a number, a range or a set, as in `layers 0`, `layers 0..3`, `layers {0, 2}`",
    ),
    Phrase(r"\btoken", '"', "", 'the tokens of a text are named as in `token text("yes").last`'),
    Phrase(
        r"\btoken",
        r"-\s*\d",
        "",
        "`token -1` is written `token last`, and `token -2` as `token last - 1`",
    ),
    Phrase(r"\btoken", r"\d", "", "`token 3` is written `token first + 3`: it counts from `first`"),
    Phrase(r"[\d.]%", "", "", "a share is a number from 0 to 1: `90%` is written `0.9`"),
    Phrase(
        "",
        r"(?:assert|ensure|check)\b|\w+(?:\([^()\n]*\))?\s*[<>=]",
        "expect",
        "a score is judged by `expect iia >= 0.9`",
    ),
    Phrase(r"\bexpect", ":", "", "a score is judged by `expect iia >= 0.9`"),
    Phrase(
        r"\bexpect\s[^\n]*",
        r"on\b",
        "",
        "what a claim is about is said once, as in `of M on C.test with A`",
    ),
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
    Phrase("", NAMING, "var", "a variable is declared by `var`, as in `var v = x + 1`"),
    Phrase("", NAMING, "let", "a value is named by `let`, as in `let z = x + 1`"),
    Phrase(
        r"\bsay\s[^\n]*",
        r"if\b",
        "",
        'an answer by its value is written `say o { true => "yes"  false => "no" }`',
    ),
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
    Phrase(r"\bsplit\s[^\n]*", "%", "", SPLIT),
    Phrase(
        "",
        r"(?:n|num|size|samples|rows|pairs|number|count)\w*\s*[=:]?\s*\d",
        "split",
        "how many pairs are made is written `split test 100`",
    ),
    Phrase(
        r"\bbalance\s+(?:by|on|over)",
        r"\w",
        "",
        "what is balanced follows: `balance result.o`",
    ),
    Phrase("", r"(?:filter|where|if|when|require)\b", "keep", "a filter is written `keep where …`"),
    Phrase(r"\brequire\s[^\n]*", ",", "+", "conditions are joined, as in `require a and b`"),
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
    Phrase(r"\bimport", r"\{", "", IMPORT),
    Phrase("", r"(?:include|use|using)\b", "task", IMPORT),
    Phrase(r"\bwords", r"\w", "", WORDS_OF_A_FILE),
    Phrase(r"[:=]\s*(?:file|open|read|load|lines|list|text)", r'[("]', "", WORDS_OF_A_FILE),
    Phrase(
        "", NAMING, "task", "constants are parameters of a task, as in `task Addition(digits = 3)`"
    ),
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
    Phrase(
        r"\bexample\b[^\n]*\}",
        r"->|=>|==?",
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
    Phrase("~", r"[\d.]", "", CHANCE),
    Phrase(r"~\s*\w+", r"\d", "", CHANCE),
    Phrase(
        r"\binput\s[^\n]*",
        r",\s*\w+\s*:",
        "..",
        "each type has an `input` of its own, as in `input a : bool  input x : 0..9`",
    ),
    Phrase(r"\b(?:input|noise|var|output|let)\s[^\n=]*\[", r"\d", "", FAMILY),
    Phrase(r"\b(?:input|noise|var|output|let)\s+\w+\s*\[\s*\w+", r"\]", "in", FAMILY),
    Phrase(r"\brange\s*\([^()\n]*\)", "", "..", "`range(10)` is written `0..9`"),
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

PHRASES = (*PLACES, *DECLARATIONS, *VALUES, *STATEMENTS)
