"""Numbers on the command line: what is none, or too large, is refused in words."""

from __future__ import annotations

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """A whole number from 0 to 2^31 - 1."""
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"`{text}` is not a whole number from 0 on")
    if len(text) > 10 or int(text) >= 2**31:
        raise ArgumentTypeError(f"`{text}` is more than 2^31 - 1")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 to 2^31 - 1."""
    number = count(text)
    if number == 0:
        raise ArgumentTypeError("0 is too few")
    return number


def rate(text: str) -> float:
    """A learning rate."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 10:
        raise ArgumentTypeError(f"`{text}` is not a learning rate")
    return number
