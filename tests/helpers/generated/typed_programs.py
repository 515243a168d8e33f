"""Random programs in which every name is declared and every type is right: nothing is wrong yet.

What a program computes is beside the point; that each kind of statement and declaration stands in
some of them is not.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SYMBOLS = ("Red", "Green", "Blue", "North", "South", "Early", "Late", "Open", "Closed", "Heavy")
NAMES = (
    "amount", "border", "carry", "distance", "entry", "factor", "ground", "height", "item",
    "journey", "kernel", "limit", "margin", "number", "offset", "parity", "quantity", "rank",
    "subject", "total", "upper", "volume", "width", "yield_", "zone",
)  # fmt: skip
PEOPLE = ("Weather", "Market", "Harbour", "Library", "Orchard", "Station", "Theatre", "Village")


@dataclass
class _Names:
    """What an expression may read, by type."""

    numbers: list[str] = field(default_factory=list[str])
    truths: list[str] = field(default_factory=list[str])
    colors: list[str] = field(default_factory=list[str])

    def copy(self) -> _Names:
        return _Names([*self.numbers], [*self.truths], [*self.colors])


def program(seed: int) -> str:
    """One program; the same for the same seed."""
    return _Writer(random.Random(seed)).program()


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._fresh = chance.sample(NAMES, len(NAMES))
        self._heads = chance.sample(PEOPLE, len(PEOPLE))
        self._colors = chance.sample(SYMBOLS, 3)
        self._functions: list[str] = []

    def program(self) -> str:
        task, high = self._heads.pop(), self._chance.randint(5, 9)
        lines = [
            "# Generated.",
            "language 1",
            "",
            f"type Digit = 0..{high}",
            f"type Shade = {{{', '.join(self._colors)}}}",
            "",
        ]
        if self._chance.random() < 0.6:
            name = self._fresh.pop()
            self._functions.append(name)
            lines += [f"function {name}(left : Digit, right : Digit) = left + 2 * right", ""]
        names = _Names()
        numbers = [self._fresh.pop() for _ in range(self._chance.randint(2, 3))]
        truth, color, output = (self._fresh.pop() for _ in range(3))
        names.numbers += numbers
        names.truths.append(truth)
        names.colors.append(color)
        lines += [
            f"task {task} {{",
            f"  input {', '.join(numbers)} : Digit",
            f"  input {truth} : bool",
            f"  input {color} : Shade ~ weights {{ {self._colors[0]} => 2  else => 1 }}",
            f"  require {numbers[0]} != {numbers[1]}",
        ]
        if self._chance.random() < 0.7:
            short = self._fresh.pop()
            lines.append(f"  let {short} = {self._number(names, 2)}")
            names.numbers.append(short)
        lines += [
            f"  output {output} : bool = {self._truth(names, 2)}",
            f'  prompt plain """{{{numbers[0]}}} and {{{numbers[1]} as other}}, {{{color}}}:"""',
            f'  say {output} {{ true => " yes"  false => " no" }}',
            "}",
            "",
        ]
        models = [self._heads.pop() for _ in range(self._chance.randint(1, 3))]
        variables = {name: self._model(lines, name, task, names, output) for name in models}
        model = self._chance.choice(models)
        self._evidence(lines, model, variables[model], numbers, output, models)
        return "\n".join(lines)

    def _model(
        self, lines: list[str], name: str, task: str, names: _Names, output: str
    ) -> list[str]:
        known, own = names.copy(), list[str]()
        lines += [f"model {name} of {task} approximately {{"]
        if self._chance.random() < 0.4:
            lines.append('  "One hypothesis of several."')
        if self._chance.random() < 0.4:
            noise = self._fresh.pop()
            known.truths.append(noise)
            lines.append(f"  noise {noise} : bool ~ bernoulli(0.1)")
        for _ in range(self._chance.randint(1, 2)):
            variable = self._fresh.pop()
            if self._chance.random() < 0.5:
                lines.append(f"  var {variable} = {self._number(known, 2)}")
                known.numbers.append(variable)
            else:
                lines.append(f"  var {variable} : bool = {self._truth(known, 2)}")
                known.truths.append(variable)
            own.append(variable)
        read = [f"{name} <= 5" if name in known.numbers else name for name in own]
        lines += [f"  output {output} = {' and '.join(read)} or {self._truth(known, 1)}", "}", ""]
        return own

    def _evidence(
        self,
        lines: list[str],
        model: str,
        variables: list[str],
        numbers: list[str],
        output: str,
        models: list[str],
    ) -> None:
        """Data, an alignment and a claim."""
        data, places, claim = (self._heads.pop() for _ in range(3))
        lines += [f"counterfactuals {data} of {model} {{"]
        lines += [f"  swap {variable}" for variable in variables]
        lines += [
            f"  keep where base.{numbers[0]} != source.{numbers[0]}",
            f"  balance result.{output}",
            f"  split train 40, validation 20, test 30 disjoint by ({numbers[1]})",
            "  seed 7",
            "}",
            "",
            f"align {places} of {model} {{",
            f"  var {', '.join(variables)} at residual layers 2..* token last by das(dim = 4)",
            "}",
            "",
            f"claim {claim} {{",
            f"  of {model} on {data}.test prompt plain with {places}",
            "  expect iia >= 0.90",
            "  expect lower(iia) - iia(random_subspace) >= 0.10",
            *(f"  expect iia >= iia({rival})" for rival in models if rival != model),
            "}",
            "",
        ]

    def _number(self, names: _Names, depth: int) -> str:
        leaf = self._chance.choice([*names.numbers, str(self._chance.randint(0, 9))])
        if depth == 0:
            return leaf
        left, right = self._number(names, depth - 1), self._number(names, depth - 1)
        truth = self._truth(names, depth - 1)
        choices = [
            leaf,
            f"{left} + {right}",
            f"({left} - {right}) * 2",
            f"max({left}, {right})",
            f"abs({left} - {right})",
            f"({left}) % 3",
            f"(if {truth} then {left} else {right})",
            self._match(names, left, right),
            f"sum({left} + i for i in 0..2)",
        ]
        choices += [
            f"{function}({names.numbers[0]}, {names.numbers[1]})" for function in self._functions
        ]
        return self._chance.choice(choices)

    def _match(self, names: _Names, left: str, right: str) -> str:
        first, second, _ = self._colors
        subject = self._chance.choice(names.colors)
        return f"(match {subject} {{ {first}, {second} => {left}  else => {right} }})"

    def _truth(self, names: _Names, depth: int) -> str:
        leaf = self._chance.choice(names.truths)
        if depth == 0:
            return leaf
        number, other = self._number(names, depth - 1), self._number(names, depth - 1)
        return self._chance.choice(
            [
                leaf,
                f"{number} <= {other}",
                f"0 <= {number} < 9",
                f"{self._chance.choice(names.colors)} == {self._chance.choice(self._colors)}",
                f"{names.numbers[0]} in {{1, 3, 5}}",
                f"not ({self._truth(names, depth - 1)})",
                f"({leaf} or {number} > {other})",
            ]
        )
