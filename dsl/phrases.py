"""What people from elsewhere write, seen from a token that cannot stand where it stands.

The first phrase that fits is told.
"""

from __future__ import annotations

from causalspec.dsl.foreign import LAMBDA, Phrase
from causalspec.dsl.value_phrases import VALUES

SITE = r"\b(?:at|to)\s+"
"""How a site of an alignment is led."""

NAMING = r"(?:(?:const|val|set|define)\s+)?[A-Za-z_]\w*\s*(?::=|<-|=(?![=>]))"
"""What gives a value to a name."""

IMPORT = 'an import names a file and what it takes, as in `import "lexicon.causal" { Name }`'
COMMENT = "a comment starts with `#`; a text documents what it opens, right behind a `{`"
WORDS_OF_A_FILE = 'a file of words is named by a text, as in `words "names.txt"`'
PROMPT = 'a prompt is its name and its text, as in `prompt q "{a}"`'
SAY = 'an answer is told by its text, as in `say o "{o}"`'
SPLIT = "a split is its name and its size, as in `split test 100`"
SEED = "a seed is its number alone, as in `seed 3`"
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
    Phrase(r"\bprompt\s+\w+", "[:=(]", "", PROMPT),
    Phrase(r"\bsay\s+\w+", "[:=]", "", SAY),
    Phrase(
        r"\binput\s[^\n=]*:[^\n=]*",
        r"=|default\b|with\b|uniformly\b",
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
        r"\binput\s+\w+",
        r"=|(?:in|is|as|of|bool)\b|<-|\d|\{",
        ":",
        "an input has a type, as in `input x : 0..9`",
    ),
    Phrase(
        r"\b(?:let|var|input|output|noise|type|task|model|prompt)\s+\w+",
        r"-\s*\w",
        "",
        "names are of letters, digits and `_`, as in `my_name`",
    ),
    Phrase(r"\bsay\s[^\n]*=>", r"\w", "", 'an answer stands in quotes, as in `true => "yes"`'),
    Phrase("", r"(?:template|text|question)\b", "prompt", PROMPT),
    Phrase("", r"(?:answer|label|target)\b", "say", SAY),
    Phrase(
        "",
        r"(?:where|constraint|constrain|assume|forbid|such|ensure)\b",
        "require",
        "what inputs must meet is written `require x != y`",
    ),
    Phrase("", r"test\b", "let", "a test is written `example { x = 1 } gives { o = true }`"),
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

PHRASES = (*PLACES, *DECLARATIONS, *VALUES, *STATEMENTS)
