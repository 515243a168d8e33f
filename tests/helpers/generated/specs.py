"""Random specs as text: a task and models of it that the compiler accepts, from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from causalspec.compiler.compile import compile_file
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.generated.expressions import (
    DIGIT,
    HALF,
    KINDS,
    NUMBERS,
    ODD,
    POINT,
    TRUTH,
    TUPLES,
    Choice,
    Expressions,
    Kind,
    Scope,
    joined,
)

FILES = {
    "names.txt": "Ann\nBen\nCleo\n",
    "towns.csv": "name,country,ally,size\nParis,France,United States,4\nLyon,France,France,\n"
    "New York,United States,France,3\n",
    "rivers.csv": "name,length\nSeine,7\nHudson,5\n",
    "lexicon.causal": 'language 1\ntype Shade = {Pale, Dark, "Very dark"}\n'
    "type Box = (inside : 0..4,)\nfunction halved(number : 0..4) = number / 2\n",
}
"""What specs read."""

WORDS = (
    "approximately", "as", "at", "by", "chat", "cyclic", "disjoint", "distinct", "do", "draw",
    "fitted", "for", "from", "gives", "key", "language", "layers", "on", "seeds", "to", "together",
    "token", "weight", "where", "with", "words", "writing", "step", "amount", "_low", "X2",
)  # fmt: skip
"""Names for variables: above all, words that other statements give a meaning."""


def write_files(folder: Path) -> None:
    """Put the files that specs read into a folder."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


_Output = tuple[str, Kind, str]
"""A name, which for a family ends in a bracket; what it is, and its type as written."""


@dataclass
class Block:
    """A task or model: its first line up to the brace, and its statements."""

    name: str
    opening: str
    statements: list[str]


@dataclass
class Spec:
    """A spec in parts, so that examples can be put in once their values are known."""

    declarations: list[str]
    blocks: list[Block]

    def text(self, examples: Mapping[str, Sequence[str]] | None = None) -> str:
        """The whole file, with the examples of each task or model."""
        parts = ["language 1", *self.declarations]
        for block in self.blocks:
            statements = [*block.statements, *(examples or {}).get(block.name, ())]
            parts.append("\n  ".join([f"{block.opening} {{", *statements]) + "\n}")
        return "\n".join(parts) + "\n"


def random_spec(seed: int) -> Spec:
    """A task and one or two models."""
    return _Writer(random.Random(seed)).spec()


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names = chance.sample(WORDS, len(WORDS))
        self._chosen = ""

    def spec(self) -> Spec:
        task, scope, outputs = self._task()
        models = [self._model(f"M{k}", scope, outputs) for k in range(self._chance.randint(1, 2))]
        return Spec(self._declarations(), [task, *models])

    def _declarations(self) -> list[str]:
        documented = self._pick(("", '"Three towns."', '"""Three\ntowns."""'))
        country = self._pick(("country : words", "country, ally : words"))
        columns = [country, "size : 0..9 else 0"]
        self._chance.shuffle(columns)
        imported = ["Shade", "Box", "halved"]
        imports = self._pick(([imported],) * 4 + ([imported[:2], imported[2:]],))
        found = [
            'allow CS402 "some variables are only read by nothing"',
            *(
                f'import "lexicon.causal" {{ {", ".join(imported)}{self._comma()} }}'
                for imported in imports
            ),
            "type Digit = 0..4",
            f"type Odd = {self._pick(ODD.written[1:])}",
            f"type Half = {self._pick(HALF.written[1:])}",
            f"type Point = {POINT.written[1]}",
            f"type Crate = (inside : Digit{self._comma()})",
            f'table Town "towns.csv" key name {{ {documented} {joined(self._chance, columns)} }}',
            "function apart(left : Digit, right : Digit) = abs(left - right)",
            f"function doubled(number : Digit{self._comma()}) = 2 * number",
            "function two() = 2",
        ]
        if self._chance.random() < 0.2:
            key = self._pick(("name", "name : {Seine, Hudson}"))
            length = self._pick(("", "length : 0..9"))
            found.append(f'table River "rivers.csv" key {key} {{ {documented} {length} }}')
        self._chance.shuffle(found)
        return found

    # Tasks ---------------------------------------------------------------------------------------

    def _task(self) -> tuple[Block, Scope, list[_Output]]:
        scope, lines = Scope(), list[str]()
        parameters = self._pick(("", "()", "(high = 2)", "(high = 3, low = high - 3)"))
        indices = range(4) if "3" in parameters else range(3)
        self._chosen = f"(high = {len(indices) - 1})" if "high" in parameters else ""
        last = "high" if "high" in parameters else "2"
        inputs = [self._input(scope) for _ in range(self._chance.randint(2, 3))]
        lines += [line for _, _, line in inputs]
        if self._chance.random() < 0.5:
            name = self._names.pop()
            scope.families[name] = indices
            plain = [self._names.pop() for _ in range(self._chance.randint(0, 2))]
            for member in plain:
                scope.add(member, DIGIT)
            names = ", ".join([f"{name}[i in 0..{last}]", *plain])
            apart = len(indices) + len(plain) <= 5 and self._chance.random() < 0.3  # of five digits
            drawn = self._pick(("", " ~ uniform")) if apart else self._drawn(DIGIT)
            lines.append(f"input {'distinct ' * apart}{names} : Digit{drawn}")
        expressions = Expressions(self._chance, scope)
        first, kind, _ = inputs[0]
        if self._chance.random() < 0.5:
            admitted = f"{first} == {expressions.of(kind, 0)}"
            lines.append(f"require {admitted} or ({expressions.truth(2)})")
        lines += self._lets(scope)
        outputs: list[_Output] = []
        for _ in range(self._pick((1, 1, 2))):
            name, sort = self._names.pop(), self._pick(KINDS)
            type_ = self._pick(sort.written)
            outputs.append((name, sort, type_))
            lines.append(f"output {name} : {type_} = {expressions.of(sort, 3)}")
        if scope.families and self._chance.random() < 0.5:
            name = self._names.pop()
            outputs.append((f"{name}[", DIGIT, "Digit"))
            family = next(iter(scope.families))
            lines.append(f"output {name}[i in 0..{last}] : Digit = {family}[i]")
        lines += self._texts(inputs, outputs)
        self._chance.shuffle(lines)
        if self._chance.random() < 0.3:
            lines.insert(0, '"What is observed."')
        return Block("T", f"task T{parameters}", lines), scope, outputs

    def _input(self, scope: Scope) -> tuple[str, Kind, str]:
        name, kind = self._names.pop(), self._pick(KINDS)
        scope.add(name, kind)
        return name, kind, f"input {name} : {self._pick(kind.written)}{self._drawn(kind)}"

    def _drawn(self, kind: Kind) -> str:
        forms = ["", "", " ~ uniform", " ~ uniform()"]
        if kind is TRUTH:
            forms.append(" ~ bernoulli(0.25)")
        if kind.values:
            arms = Expressions(self._chance, Scope()).arms(kind, lambda: self._pick("123"))
            forms.append(f" ~ weights {arms}")
        return self._pick(forms)

    def _lets(self, scope: Scope) -> list[str]:
        lines: list[str] = []
        for _ in range(self._chance.randint(0, 2)):
            name, expressions = self._names.pop(), Expressions(self._chance, scope)
            if self._chance.random() < 0.5:
                lines.append(f"let {name} = {expressions.number(2)}")
                scope.numbers.append(name)
            else:
                written = self._pick(("", " : bool"))
                lines.append(f"let {name}{written} = {expressions.truth(2)}")
                scope.add(name, TRUTH)
        return lines

    def _texts(
        self, inputs: Sequence[tuple[str, Kind, str]], outputs: Sequence[_Output]
    ) -> list[str]:
        """Prompts, answers and an encoding."""
        lines: list[str] = []
        (first, kind, _), (second, other, _) = inputs[0], inputs[1]
        slot = f"{{{first}:.2f}}" if kind in NUMBERS else f"{{{first}}}"
        if kind not in TUPLES and self._chance.random() < 0.5:
            quoted = self._pick(('"{}"', '"""{}"""')).format(f"Given {slot}: ")
            lines.append(f"prompt plain {quoted}")
        if kind.values and other not in TUPLES and self._chance.random() < 0.5:
            arms = self._texts_by(kind, f"now {{{second} as shown}}")
            lines.append(f"prompt by_case match {first} {arms}")
        for name, sort, _ in outputs:
            if sort.values and name[-1] != "[" and self._chance.random() < 0.5:
                said = self._texts_by(sort, "so")
            elif sort not in TUPLES and name[-1] != "[" and self._chance.random() < 0.5:
                said = f'" {{{name}}}"'
            else:
                continue
            lines.append(f"say {name} {said}")
            if any(line.startswith("prompt plain") for line in lines):
                lines.append(f"say {name} in plain {said}")
        if self._chance.random() < 0.5 and not {sort for _, sort, _ in inputs} & {*TUPLES}:
            codings = ("symbol(dim = 4)", "onehot")
            groups = [f"{first} as {self._pick(codings)}", f"{second} as {self._pick(codings)}"]
            together = [f"{', '.join(name for name, _, _ in inputs)} as {self._pick(codings)}"]
            chosen = self._pick((groups, together))
            lines.append(f"encode vector {{ {joined(self._chance, chosen)} }}")
        return lines

    def _texts_by(self, kind: Kind, text: str) -> str:
        parts = Expressions(self._chance, Scope()).parted(kind)
        arms = [f'{", ".join(part) or "else"} => " {text} {k}"' for k, part in enumerate(parts)]
        return f"{{ {joined(self._chance, arms)} }}"

    # Models --------------------------------------------------------------------------------------

    def _model(self, name: str, given: Scope, outputs: Sequence[_Output]) -> Block:
        names, scope = self._names, given.copy()
        self._names = [*names]
        cyclic = self._chance.random() < 0.15
        lines = [f"noise {noise} : {self._pick(kind.written)}{self._drawn(kind)}"
                 for noise, kind in self._noise(scope)]  # fmt: skip
        if cyclic:
            lines += self._circle(scope)
        for _ in range(self._chance.randint(1, 3)):
            lines += self._pick((self._typed, self._untyped, self._family, self._lets))(scope)
        expressions = Expressions(self._chance, scope)
        for output, kind, type_ in outputs:
            if output.endswith("["):
                family = next(iter(given.families))
                written = f"{family}[i] + ({expressions.of(DIGIT, 1)})"
                lines.append(
                    f"output {output}i in 0..{given.families[family][-1]}] = ({written}) % 5"
                )
            else:
                written = self._pick(("", f" : {type_}"))
                lines.append(f"output {output}{written} = {expressions.of(kind, 2)}")
        self._chance.shuffle(lines)
        if self._chance.random() < 0.3:
            lines.insert(0, '"One hypothesis."')
        self._names = names
        kinds = " cyclic" * cyclic + self._pick(("", " approximately"))
        return Block(name, f"model {name} of T{self._pick(('', self._chosen))}{kinds}", lines)

    def _noise(self, scope: Scope) -> list[tuple[str, Kind]]:
        found: list[tuple[str, Kind]] = []
        if self._chance.random() < 0.4:
            name, kind = self._names.pop(), self._pick((TRUTH, DIGIT, ODD))
            found.append((name, kind))
            scope.add(name, kind)
        return found

    def _typed(self, scope: Scope) -> list[str]:
        name, kind = self._names.pop(), self._pick(KINDS)
        value = Expressions(self._chance, scope).of(kind, 3)
        scope.add(name, kind)
        return [f"var {name} : {self._pick(kind.written)} = {value}"]

    def _untyped(self, scope: Scope) -> list[str]:
        name = self._names.pop()
        value = Expressions(self._chance, scope).number(3)
        scope.numbers.append(name)
        return [f"var {name} = {value}"]

    def _family(self, scope: Scope) -> list[str]:
        """Each member reads the one before it."""
        name = self._names.pop()
        value = Expressions(self._chance, scope).of(DIGIT, 2)
        scope.families[name] = range(3)
        step = f"if i == 0 then {value} else ({name}[i - 1] + i) % 5"
        return [f"var {name}[i in 0..2] : Digit = {step}"]

    def _circle(self, scope: Scope) -> list[str]:
        """Two variables that read each other."""
        first, second = self._names.pop(), self._names.pop()
        kinds = self._pick((TRUTH, DIGIT)), self._pick((TRUTH, ODD))
        for name, kind in zip((first, second), kinds, strict=True):
            scope.add(name, kind)
        expressions = Expressions(self._chance, scope)
        return [
            f"var {name} : {self._pick(kind.written)} = {expressions.of(kind, 3)}"
            for name, kind in zip((first, second), kinds, strict=True)
        ]

    def _comma(self) -> str:
        return self._pick(("", ","))

    def _pick(self, choices: Sequence[Choice]) -> Choice:
        return self._chance.choice(choices)


def compiled_spec(text: str, folder: Path) -> Specification:
    """The specification of a text, which must have no errors."""
    diagnostics = Diagnostics()
    file = parse(Source("generated.causal", text), diagnostics)
    specification = compile_file(file, folder, diagnostics)
    assert specification is not None, (
        f"{text}\n{[diagnostic.message for diagnostic in diagnostics]}"
    )
    return specification


def interveneable(model: CausalModel) -> list[str]:
    """What an intervention may set."""
    return [
        variable.name
        for variable in model.variables
        if variable.role in (Role.VARIABLE, Role.OUTPUT)
    ]


def random_code(model: CausalModel, name: str, chance: random.Random) -> int:
    """A value of a variable's domain."""
    codes = model.by_name[name].domain.codes()
    return codes[chance.randrange(len(codes))]
