"""Two texts word by word: what the second keeps of the first, what it has in place of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher


def side_by_side(before: str, after: str) -> Iterator[tuple[list[str], list[str]]]:
    """Runs of words of a text, each with those that the other text has there: the same ones where
    they are kept, else others or none.
    """
    old, new = before.split(), after.split()
    for _kind, i, j, k, n in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield old[i:j], new[k:n]


def kept_share(before: str, after: str) -> float:
    """The share of a text's words that the other text keeps; 1 where it has none."""
    runs = list(side_by_side(before, after))
    kept = sum(len(old) for old, new in runs if old == new)
    return kept / max(1, sum(len(old) for old, _ in runs)) if before.split() else 1.0


def changes(before: str, after: str) -> tuple[str, ...]:
    """What changed, as `he said → she said`; `…` stands where one text has nothing."""
    return tuple(
        f"{' '.join(old) or '…'} → {' '.join(new) or '…'}"
        for old, new in side_by_side(before, after)
        if old != new
    )
