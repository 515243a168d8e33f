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

from causalspec.dsl.texts import SLOT
from causalspec.dsl.words import DECLARATIONS, OPERATOR_WORDS, keywords

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
            (words(("false", "true"), prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(OPERATOR_WORDS, prefix=r"\b", suffix=r"\b"), Operator.Word),
            (words(DECLARATIONS, prefix=r"\b", suffix=r"\b"), Keyword.Declaration),
            # Words that may be names, too: a lexer that sees no grammar colours them all the same.
            (words(keywords(), prefix=r"\b", suffix=r"\b"), Keyword),
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
            (SLOT.pattern, String.Interpol, "#pop"),
            (r"[\\{]", String, "#pop"),
        ],
    }
