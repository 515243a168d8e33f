"""Text as a terminal shows it: how wide characters are, and nothing that could steer it."""

from __future__ import annotations

import unicodedata
from functools import cache

TAB = "    "


@cache
def shown(character: str) -> str:
    """A character, or what stands for it where a terminal would obey it or hide it."""
    code = ord(character)
    if character == "\t":
        return TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return f"\\u{{{code:X}}}"
    return character


def visible(text: str) -> str:
    """A text with all its characters shown: what reaches people goes through here."""
    if text.isprintable():
        return text
    return "".join(map(shown, text))


def width(text: str) -> int:
    """How many columns of a terminal a text takes once it is shown."""
    return sum(_cells(cell) for character in text for cell in shown(character))


@cache
def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
