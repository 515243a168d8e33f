"""How far words are apart by letters, and when a misspelt one can have been only one thing."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 4
"""One letter makes another word of a shorter name: `x1` and `x2`, `low` and `row`."""


def one_slip(written: str, meant: str) -> bool:
    """Whether one letter too many, too few, wrong, or swapped with its neighbour lies between."""
    if written == meant or abs(len(written) - len(meant)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b),
        min(len(written), len(meant)),
    )
    rest, other = written[start:], meant[start:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )


def only_name_meant(written: str, names: Iterable[str]) -> str | None:
    """The name that `written` is a slip of, if no other can have been meant: it is one slip away,
    every other is at least three, and they count with the same digits.
    """
    near = [name for name in dict.fromkeys(names) if name != written and _two_slips(written, name)]
    if len(near) != 1 or min(len(written), len(near[0])) < SHORTEST:
        return None
    return near[0] if one_slip(written, near[0]) and _digits(written) == _digits(near[0]) else None


def only_word_meant(written: str, words: Iterable[str]) -> str | None:
    """The same for the language's own words that may stand in a place: they are few, so that it
    takes no more than being the only one that is one slip, or its capitals, away.
    """
    near = [
        word
        for word in dict.fromkeys(words)
        if one_slip(written, word) or written.casefold() == word.casefold()
    ]
    return near[0] if len(near) == 1 and len(written) > 2 else None


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def _two_slips(written: str, meant: str) -> bool:
    """Whether at most two slips lie between: the optimal string alignment distance."""
    if abs(len(written) - len(meant)) > 2:
        return False
    before, row = list[int](), list(range(len(meant) + 1))
    for i, a in enumerate(written, 1):
        after = [i]
        for j, b in enumerate(meant, 1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and (a, b) == (meant[j - 2], written[i - 2]):
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        before, row = row, after
    return row[-1] <= 2
