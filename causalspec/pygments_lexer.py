"""Highlighting of specs by Pygments: documentation, notebooks, terminals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pygments.lexer import (
    RegexLexer,
    bygroups,  # pyright: ignore[reportUnknownVariableType]
    words,
)
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

# A test ties these lists to the grammar.
DECLARATIONS: Final = (
    "abstraction", "align", "claim", "counterfactuals", "derive", "function", "import", "model",
    "table", "task", "type",
)  # fmt: skip
STATEMENTS: Final = (
    "allow", "balance", "collapse", "cover", "distinguish", "encode", "example", "expect", "input",
    "keep", "let", "marginalize", "merge", "noise", "of", "output", "prompt", "require", "say",
    "seed", "split", "swap", "var",
)  # fmt: skip
EXPRESSION_WORDS: Final = ("else", "if", "match", "then")
OPERATOR_WORDS: Final = ("and", "in", "not", "or")
CONSTANTS: Final = ("false", "true")
JOINING_WORDS: Final = (
    "approximately", "as", "at", "by", "cyclic", "disjoint", "do", "fitted", "for", "from",
    "gives", "key", "language", "layers", "on", "step", "to", "together", "token", "weight",
    "where", "with", "words", "writing",
)  # fmt: skip
"""These may be names, too: a lexer that sees no grammar colours them all the same."""

BUILT_IN: Final = (
    "abs", "all", "any", "argmax", "bool", "count", "first", "iia", "max", "min", "sum",
)  # fmt: skip


class CausalLexer(RegexLexer):
    """Specs of causalspec: `.causal` files."""

    name = "causalspec"
    aliases: ClassVar[Sequence[str]] = ["causal", "causalspec"]
    filenames: ClassVar[Sequence[str]] = ["*.causal"]
    url = "https://github.com/causalspec/causalspec"
    version_added = ""
    tokens: ClassVar = {
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"""', String, "long text"),
            (r'"', String, "text"),
            (r"[0-9][0-9_]*(?:\.[0-9][0-9_]*)?", Number),
            (r"(\.)([A-Za-z_]\w*)", bygroups(Punctuation, Name.Attribute)),
            (words(DECLARATIONS, prefix=r"\b", suffix=r"\b"), Keyword.Declaration),
            (words(STATEMENTS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(EXPRESSION_WORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(OPERATOR_WORDS, prefix=r"\b", suffix=r"\b"), Operator.Word),
            (words(CONSTANTS, prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(JOINING_WORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (words(BUILT_IN, prefix=r"\b", suffix=r"\b"), Name.Builtin),
            (r"[A-Za-z_]\w*", Name),
            (r"=>|\*\*|//|[=!<>]=|[-+*/%=<>~]", Operator),
            (r"\.\.|[{}()\[\],.:]", Punctuation),
        ],
        "long text": [(r'"""', String, "#pop"), (r'[^"\\{]+|"', String), ("", String, "template")],
        "text": [(r'"', String, "#pop"), (r'[^"\\{]+', String), ("", String, "template")],
        "template": [
            (r"\\u\{[0-9A-Fa-f]*\}|\\.|\\\n", String.Escape, "#pop"),
            (r"\{\{", String.Escape, "#pop"),
            (r"\{[^{}\"\n]*\}", String.Interpol, "#pop"),
            (r"[\\{]", String, "#pop"),
        ],
    }
