"""Random expressions of the language as text, typed so that the compiler accepts them.

Every form of the grammar that an expression, a set of values or a pattern can take comes up.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Kind:
    """What a value is: its type in one of several writings, and all its values as literals, where
    it has such.
    """

    name: str
    written: tuple[str, ...]
    values: tuple[str, ...] = ()
    step: str = ""
    """The distance between values; empty for what is not a number."""


TRUTH = Kind("truth", ("bool",), ("false", "true"))
DIGIT = Kind("digit", ("Digit", "0..4", "{0, 1, 2, 3, 4}", "2 - 2..2 ** 2"), tuple("01234"), "1")
ODD = Kind("odd", ("Odd", "{-1, 1, 3,}", "-1..3 step 2"), ("-1", "1", "3"), "2")
HALF = Kind(
    "half",
    ("Half", "-0.5..1.0 step 0.5", "-(1 / 2)..2 / 2 step 0.50"),
    ("-0.5", "0.0", "0.5", "1.0"),
    "0.5",
)
SHADE = Kind("shade", ("Shade",), ("Pale", "Dark", '"Very dark"'))
PERSON = Kind("person", ('words "names.txt"',), ("Ann", "Ben", "Cleo"))
TOWN = Kind("town", ("Town",), ("Paris", "Lyon", '"New York"'))
POINT = Kind("point", ("Point", "(across : 0..2, up : bool, shade : Shade,)"))
BOX = Kind("box", ("Box", "(inside : Digit)"))
TUPLES = (POINT, BOX)
COUNTRY = Kind("country", (), ("France", '"United States"'))
NUMBERS = (DIGIT, ODD, HALF)
KINDS = (TRUTH, *NUMBERS, SHADE, PERSON, TOWN, *TUPLES)

Choice = TypeVar("Choice")


@dataclass
class Scope:
    """What can be read: names by kind, numbers of no declared type, and families of digits."""

    names: dict[Kind, list[str]] = field(default_factory=dict[Kind, list[str]])
    numbers: list[str] = field(default_factory=list[str])
    families: dict[str, range] = field(default_factory=dict[str, range])

    def copy(self) -> Scope:
        names = {kind: [*known] for kind, known in self.names.items()}
        return Scope(names, [*self.numbers], dict(self.families))

    def add(self, name: str, kind: Kind) -> None:
        self.names.setdefault(kind, []).append(name)


def joined(chance: random.Random, items: Sequence[str]) -> str:
    """Items with a comma between them where it is needed, and elsewhere as chance will have it.

    What starts with a sign, a parenthesis, a quotation mark, `step`, `for` or `where` could
    continue the item before it.
    """
    text = ""
    for item in items:
        needed = item[0] in '-("' or item.startswith(("step", "for", "where"))
        text += (", " if needed or chance.random() < 0.5 else "  ") if text else ""
        text += item
    return text + ("," if items and chance.random() < 0.2 else "")


class Expressions:
    """Writes expressions over a scope, at most `depth` operations deep."""

    def __init__(self, chance: random.Random, scope: Scope) -> None:
        self._chance = chance
        self.scope = scope

    def of(self, kind: Kind, depth: int) -> str:
        """An expression whose value is always one of the kind's."""
        if kind is TRUTH:
            return self.truth(depth)
        if kind in TUPLES:
            return self._tuple(kind, depth)
        leaves = [*self.scope.names.get(kind, ()), *kind.values]
        forms = [lambda: self._pick(leaves)]
        if depth:
            if kind in NUMBERS:
                forms += [lambda: self._fitted(kind, depth)] * 3
            forms.append(lambda: self._conditional(kind, depth))
            forms.append(lambda: self._match(kind, depth))
        return self._pick(forms)()

    def number(self, depth: int) -> str:
        """A number of any size and scale."""
        if depth == 0:
            return self._number_leaf()
        operand = self._operand
        forms: list[Callable[[], str]] = [
            self._number_leaf,
            lambda: f"{operand(depth)} {self._pick('+-')} {operand(depth)}",
            lambda: f"{operand(depth)} * {self._bounded()}",
            lambda: f"{operand(depth)} // {self._pick(('2', '3', '0.5', '2.5'))}",
            lambda: f"{operand(depth)} % {self._pick(('2', '3', '0.5', '1.25'))}",
            lambda: f"{operand(depth)} / {self._pick(('2', '4', '0.5'))}",
            lambda: f"{self._bounded()} ** {self._pick('012')}",
            lambda: f"-{operand(depth)}",
            lambda: f"abs({self.number(depth - 1)})",
            lambda: f"{self._pick(('min', 'max'))}({self._arguments(depth)})",
            lambda: self._call(depth),
            lambda: self._conditional(None, depth),
            lambda: self._match(None, depth),
            lambda: self._aggregate(("sum", "min", "max", "argmax"), self._inner_number),
            lambda: self._aggregate(("count", "first"), self._inner_truth),
        ]
        return self._pick(forms)()

    def truth(self, depth: int) -> str:
        """A truth value."""
        leaves = [*self.scope.names.get(TRUTH, ()), "true", "false"]
        if depth == 0:
            return self._pick(leaves)
        operand, term = self._operand, self._truth_operand
        forms: list[Callable[[], str]] = [
            lambda: self._pick(leaves),
            lambda: f"{operand(depth)} {self._pick(COMPARISONS)} {operand(depth)}",
            lambda: f"{operand(depth)} <= {operand(depth)} < {operand(depth)}",
            lambda: f"not {term(depth)}",
            lambda: f"{term(depth)} {self._pick(('==', '!='))} {term(depth)}",
            lambda: " and ".join(term(depth) for _ in range(self._chance.randint(2, 3))),
            lambda: " or ".join(term(depth) for _ in range(self._chance.randint(2, 3))),
            lambda: self._conditional(TRUTH, depth),
            lambda: self._match(TRUTH, depth),
            lambda: self._equality(depth),
            self._membership,
            lambda: self._aggregate(("all", "any"), self._inner_truth),
        ]
        return self._pick(forms)()

    def arms(self, kind: Kind, result: Callable[[], str]) -> str:
        """Arms that together take every value of a kind."""
        texts = [
            f"{', '.join(map(self._pattern, taken)) or 'else'} => {result()}"
            for taken in self.parted(kind)
        ]
        return f"{{ {joined(self._chance, texts)} }}"

    def parted(self, kind: Kind) -> list[tuple[str, ...]]:
        """The values of a kind in groups, an empty one for all that are left."""
        values = [*kind.values]
        self._chance.shuffle(values)
        parts: list[tuple[str, ...]] = []
        while values and len(parts) < 3:
            count = self._chance.randint(1, len(values))
            parts.append(tuple(values.pop() for _ in range(count)))
        return [*parts, ()] if values else parts

    # Sets and patterns ---------------------------------------------------------------------------

    def _pattern(self, value: str) -> str:
        if value == "France":
            return self._pick((value, "Paris.country"))
        if value[0] not in "0123456789-":
            return value
        forms = [value, f"({value})"]
        if re.fullmatch("[1-9]", value):
            forms += [f"{int(value) - 1} + 1", f"{int(value) + 1} - 1", f"{value} * 1"]
            forms += [f"{value} // 1", f"{value} ** 1"]
            forms += [f"{value}..{value}", f"{value}..{value} step 1"]
        if value == "4":
            forms += ["4..*", "4..* step 1"]
        return self._pick(forms)

    def _value_set(self, kind: Kind) -> str:
        forms = [*kind.written]
        if kind.values and kind is not TRUTH:
            some = self._chance.sample(kind.values, self._chance.randint(1, len(kind.values)))
            forms.append(f"{{{', '.join(some)}{self._pick(('', ','))}}}")
        if kind in NUMBERS:
            low, high = sorted(self._chance.sample(range(len(kind.values)), 2))
            ends = f"{kind.values[low]}..{kind.values[high]}"
            forms += [ends, f"{ends} step {kind.step}", f"{kind.values[low]}..*"]
        return self._pick(forms)

    def _membership(self) -> str:
        """Of what has a declared type: from others' intervals a set may be known to be far."""
        known = [kind for kind in KINDS if self.scope.names.get(kind)]
        if not known:
            return "true"
        kind = self._pick(known)
        name = self._pick(self.scope.names[kind])
        if kind is TOWN and self._chance.random() < 0.5:
            kind, name = COUNTRY, f"{name}.country"
        values = self._value_set(kind)
        if kind in TUPLES and self._chance.random() < 0.5:
            values = f"{{{self._tuple_pattern(kind)}}}"
        return f"{name} {self._pick(('in', 'not in'))} {values}"

    def _tuple_pattern(self, kind: Kind) -> str:
        """Some tuples of a kind, by one of its fields or by two."""
        if kind is POINT:
            across, shade = self._pick(("0..1", "{0, 2}", "1")), self._pick(SHADE.values)
            fields = [f"across = {across}", f"shade = {shade}", f"shade = {{Pale, {shade}}}"]
            return f"({self._pick((fields[0], f'{fields[0]}, {self._pick(fields[1:])}'))})"
        return f"(inside = {self._pick(('0..2', '{0, 3}', '4'))})"

    # Forms of several kinds ----------------------------------------------------------------------

    def _any(self, kind: Kind | None, depth: int) -> str:
        return self.number(depth) if kind is None else self.of(kind, depth)

    def _conditional(self, kind: Kind | None, depth: int) -> str:
        branches = self._any(kind, depth - 1), self._any(kind, depth - 1)
        return f"if {self.truth(depth - 1)} then {branches[0]} else {branches[1]}"

    def _match(self, kind: Kind | None, depth: int) -> str:
        tuples = [kind for kind in TUPLES if self.scope.names.get(kind)]
        if tuples and self._chance.random() < 0.3:
            matched = self._pick(tuples)
            there, elsewhere = self._any(kind, depth - 1), self._any(kind, depth - 1)
            arms = f"{self._tuple_pattern(matched)} => {there}, else => {elsewhere}"
            return f"match {self._pick(self.scope.names[matched])} {{ {arms} }}"
        known = [kind for kind in KINDS if kind.values and self.scope.names.get(kind)]
        subject_kind = self._pick(known) if known else TRUTH
        subject = self.truth(0)
        if subject_kind is not TRUTH:
            subject = self._pick(self.scope.names[subject_kind])
        if subject_kind is TOWN and self._chance.random() < 0.5:
            subject_kind, subject = COUNTRY, f"{subject}.country"
        return f"match {subject} {self.arms(subject_kind, lambda: self._any(kind, depth - 1))}"

    def _aggregate(self, names: tuple[str, ...], body: Callable[[str], str]) -> str:
        index = "index"
        return f"{self._pick(names)}({body(index)} for {index} in {self._pick(('0..2', '{0, 2}'))})"

    def _inner_number(self, index: str) -> str:
        family = self._member(index)
        return self._pick((family, f"{family} * {index}", f"{index} - {self._number_leaf()}"))

    def _inner_truth(self, index: str) -> str:
        return f"{self._member(index)} {self._pick(('<', '!=', '>='))} {self._number_leaf()}"

    def _member(self, index: str) -> str:
        """A family has the members 0, 1 and 2 at least."""
        if not self.scope.families:
            return index
        name = self._pick([*self.scope.families])
        return self._pick((f"{name}[{index}]", f"{name}[2 - {index}]"))

    # Numbers -------------------------------------------------------------------------------------

    def _number_leaf(self) -> str:
        members = [f"{name}[{k}]" for name, indices in self.scope.families.items() for k in indices]
        bounded = [f"max(min({name}, 99), -99)" for name in self.scope.numbers]
        return self._pick([self._bounded(), *members, *bounded])

    def _bounded(self) -> str:
        """A small number that is not an operation."""
        towns = [f"{name}.size" for name in self.scope.names.get(TOWN, ())]
        points = [f"{name}.across" for name in self.scope.names.get(POINT, ())]
        boxes = [f"{name}.inside" for name in self.scope.names.get(BOX, ())]
        names = [name for kind in NUMBERS for name in self.scope.names.get(kind, ())]
        literals = [self._pick(("0", "1", "2", "10", "1_0", "1.5", "0.25"))]
        return self._pick([*names, *names, *towns, *points, *boxes, *literals])

    def _fitted(self, kind: Kind, depth: int) -> str:
        whole = f"({self.number(depth - 1)}) // {kind.step if kind is HALF else 1}"
        if kind is DIGIT:
            return self._pick((f"{whole} % 5", f"min(max({whole}, 0), 4)"))
        return f"{whole} % 3 * 2 - 1" if kind is ODD else f"{whole} % 4 / 2 - 0.5"

    def _arguments(self, depth: int) -> str:
        values = [self.number(depth - 1) for _ in range(self._chance.randint(2, 3))]
        return ", ".join(values) + self._pick(("", ","))

    def _call(self, depth: int) -> str:
        first, second = self.of(DIGIT, depth - 1), self.of(DIGIT, depth - 1)
        return self._pick(
            (
                f"apart({first}, {second})",
                f"apart(right = {first}, left = {second},)",
                f"halved({first})",
                f"doubled({first},)",
                "two()",
            )
        )

    def _operand(self, depth: int) -> str:
        text = self.number(depth - 1)
        bare = not text.startswith("if ") and self._chance.random() < 0.5
        return text if bare or re.fullmatch(r"[\w.]+", text) else f"({text})"

    # Truth values and symbols --------------------------------------------------------------------

    def _truth_operand(self, depth: int) -> str:
        text = self.truth(depth - 1)
        return text if re.fullmatch(r"\w+", text) else f"({text})"

    def _equality(self, depth: int) -> str:
        known = [kind for kind in (SHADE, PERSON, TOWN, *TUPLES) if self.scope.names.get(kind)]
        if not known:
            return "false"
        kind = self._pick(known)
        sides = [self._pick(self.scope.names[kind]), self.of(kind, 0)]
        self._chance.shuffle(sides)
        return self._pick(("{} == {}", "{} != {}")).format(*sides)

    def _tuple(self, kind: Kind, depth: int) -> str:
        names = self.scope.names.get(kind, [])
        if names and self._chance.random() < 0.5:
            return self._pick(names)
        less = max(0, depth - 1)
        parts = [f"inside = {self.of(DIGIT, less)}"]
        if kind is POINT:
            parts = [f"across = ({self.number(less)}) // 1 % 3", f"up = {self.truth(less)}"]
            parts.append(f"shade = {self.of(SHADE, less)}")
        return f"({', '.join(parts)}{self._pick(('', ','))})"

    def _pick(self, choices: Sequence[Choice]) -> Choice:
        return self._chance.choice(choices)
