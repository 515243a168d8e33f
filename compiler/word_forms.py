"""Words of English as prompts need them, by spelling alone: with an article, and in the plural."""

from __future__ import annotations

from collections.abc import Callable, Mapping

VOWELS = frozenset("aeiouAEIOU")


def with_article(word: str) -> str:
    """`a ball`, `an apple`: by the first letter. What sounds otherwise (`hour`) needs a column."""
    return f"{'an' if word[:1] in VOWELS else 'a'} {word}"


def plural(word: str) -> str:
    """`balls`, `boxes`, `berries`: by the last letters. What is irregular needs a column."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in VOWELS and len(word) > 1:
        return f"{word[:-1]}ies"
    return f"{word}s"


def _with_capital(word: str) -> str:
    return f"A{with_article(word)[1:]}"


FORMS: Mapping[str, Callable[[str], str]] = {
    "a": with_article,
    "A": _with_capital,
    "plural": plural,
}
"""What a slot may ask of a word: `{a(noun)}`, `{A(noun)}` at the start of a sentence."""
