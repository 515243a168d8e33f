"""How every message is put, whatever it says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from causalspec.dsl.diagnostics import Diagnostic

OPENS = re.compile(r'(^|[ ("\[/+–-])$')
CLOSES = re.compile(r"^($|[ ,.;:)\"\]?'s/+–-])")
STILTED = re.compile(
    r"(?<!there )\b(?:is|are) no (?!longer\b|more\b)|\bthereof\b|\bwhence\b|\bcannot not\b"
)


def well_put(diagnostics: Iterable[Diagnostic]) -> None:
    """Hold that messages and advice are plain, begin small, end openly, and quote without nesting.

    What a file quotes with backquotes of its own may nest: such files are left out.
    """
    for diagnostic in diagnostics:
        if "`" in diagnostic.span.source.text:
            continue
        fix = () if diagnostic.fix is None else (diagnostic.fix.title,)
        advice = () if diagnostic.help is None else (diagnostic.help,)
        related = (remark.message for remark in diagnostic.related)
        for text in (diagnostic.message, *advice, *fix, *related):
            pieces = text.split("`")
            outside, inside = pieces[::2], pieces[1::2]
            assert len(pieces) % 2, f"a backquote too many: {text}"
            assert all(OPENS.search(piece) for piece in outside[:-1]), f"nested: {text}"
            assert all(CLOSES.search(piece) for piece in outside[1:]), f"nested: {text}"
            assert all(inside), f"quotes nothing: {text}"
            assert not text.endswith(".") or text.endswith(" …."), f"a period: {text}"
            assert not STILTED.search(" ".join(outside)), text
        first = diagnostic.message[0]
        assert not first.isupper() or diagnostic.message.startswith("U+"), diagnostic.message
