"""Finite domains: which values a variable can take, and the integer code that stands for each.

Evaluators see codes only. A domain turns codes into what people read, and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

from causalspec.dsl.source import Span


@dataclass(frozen=True, slots=True)
class Truths:
    """`bool`: 0 is false, 1 is true."""

    @property
    def size(self) -> int:
        return 2

    def codes(self) -> range:
        return range(2)

    def text(self, code: int) -> str:
        return "true" if code else "false"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Exact numbers `code / denominator` with `low <= code <= high` and `code - low` a multiple of
    `step` (all three in codes): `0.00..9.99 step 0.01` is `Numbers(0, 999, 1, 100)`.
    """

    low: int
    high: int
    step: int = 1
    denominator: int = 1

    @property
    def size(self) -> int:
        return max(0, (self.high - self.low) // self.step + 1)

    def codes(self) -> range:
        return range(self.low, self.high + 1, self.step)

    def value(self, code: int) -> Fraction:
        return Fraction(code, self.denominator)

    def text(self, code: int) -> str:
        """An exact decimal where one exists (`7.50` in steps of 0.01), else a fraction."""
        value = self.value(code)
        decimals = 0
        while 10**decimals % self.denominator:
            decimals += 1
            if decimals > 12:
                return str(value)
        scaled = value * 10**decimals
        digits = f"{abs(scaled.numerator):0{decimals + 1}d}"
        sign = "-" if value < 0 else ""
        return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


@dataclass(frozen=True, slots=True)
class Symbols:
    """Named values; a code is the position in `members`.

    `origin` says where they come from, for messages: a type's name, a word list's file.
    Two symbol domains are the same type when their members are the same.
    """

    members: tuple[str, ...]
    origin: str = field(default="", compare=False)

    @property
    def size(self) -> int:
        return len(self.members)

    def codes(self) -> range:
        return range(len(self.members))

    def text(self, code: int) -> str:
        return self.members[code]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table; a code is the row's number from 0. `keys` are the key column's words.

    A column may be of the table's own type, or of one that leads back to it, so the columns are
    put in once all tables are known. Two tables are the same where their names, keys and `cells`
    (the text of each row) are.
    """

    table: str
    keys: tuple[str, ...]
    columns: list[Column] = field(repr=False, compare=False)
    cells: tuple[tuple[str, ...], ...] = field(default=(), repr=False)

    @property
    def size(self) -> int:
        return len(self.keys)

    def codes(self) -> range:
        return range(len(self.keys))

    def text(self, code: int) -> str:
        return self.keys[code]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the code in `domain` for every row."""

    name: str
    domain: Domain
    codes: tuple[int, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tuples:
    """Named tuples in mixed radix, the first field slowest; digits count domain positions."""

    fields: tuple[TupleField, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @property
    def size(self) -> int:
        return prod(field.domain.size for field in self.fields)

    def codes(self) -> range:
        return range(self.size)

    def split(self, code: int) -> Iterator[tuple[str, int]]:
        """Each field's name with its own code."""
        radix = self.size
        for part in self.fields:
            radix //= part.domain.size
            position, code = divmod(code, radix)
            yield part.name, part.domain.codes()[position]

    def text(self, code: int) -> str:
        parts = zip(self.fields, self.split(code), strict=True)
        return (
            "(" + ", ".join(f"{name} = {part.domain.text(of)}" for part, (name, of) in parts) + ")"
        )


@dataclass(frozen=True, slots=True)
class TupleField:
    name: str
    domain: Domain
    span: Span | None = field(default=None, compare=False, repr=False)


Domain = Truths | Numbers | Symbols | Rows | Tuples


def parts_of(domain: Domain | None) -> Mapping[str, Column | TupleField]:
    """What a dot behind a value leads to: the columns of rows, the fields of tuples."""
    match domain:
        case Rows(columns=parts) | Tuples(fields=parts):
            return {part.name: part for part in parts}
        case _:
            return {}
