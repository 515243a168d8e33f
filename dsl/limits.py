"""What a file may ask for: a spec is untrusted input, and reading one ends."""

from __future__ import annotations

from typing import Final

LARGEST_FILE: Final = 1 << 20
"""In bytes of UTF-8."""

MOST_TOKENS: Final = 100_000
"""Words and signs of a file, those in the slots of its templates among them."""

DEEPEST_NESTING: Final = 200
"""Of brackets in the text, and of nodes below a declaration in the tree."""

TALLEST_STACK: Final = 7 * DEEPEST_NESTING
"""Of the parser: no file within the nesting limit needs more, and recovery stays quick."""

LARGEST_INTEGER: Final = 2**31 - 1
"""For a literal with decimals, this bounds the scaled integer that it is stored as."""

MOST_MISTAKES: Final = 100
"""Nobody reads on after so many, and a damaged file could hold a million."""
