"""Mistakes planted into programs without any: what is planted, where, and what is then reported."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from causalspec.compiler.compile import compile_file
from causalspec.dsl import catalogue, syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics, Severity
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.syntax import Node
from causalspec.dsl.tokens import span_of, tokenize
from tests.helpers.generated.typed_programs import program
from tests.helpers.spec_files import SPECS

HEADERS = (
    syntax.TaskDeclaration, syntax.ModelDeclaration, syntax.CounterfactualsDeclaration,
    syntax.AlignDeclaration, syntax.ClaimDeclaration, syntax.DeriveDeclaration,
    syntax.AbstractionDeclaration,
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """A text without errors, and the folder of the files that it names."""

    name: str
    text: str
    folder: Path | None

    def errors(self, text: str) -> list[Diagnostic]:
        """What is wrong with another text in its place."""
        diagnostics = Diagnostics()
        compile_file(parse(Source(self.name, text), diagnostics), self.folder, diagnostics)
        return [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]


@dataclass(frozen=True)
class Statement:
    """A statement or one-line declaration of a program, with its words and its nodes."""

    program: Program
    start: int
    end: int
    following: int
    """Where the token after it ends: a mistake at its end may be seen there."""
    nodes: tuple[tuple[Node, Node | None, str], ...]
    """Each with its parent, and the field of the parent that it is in."""

    @property
    def text(self) -> str:
        return self.program.text[self.start : self.end]


@dataclass(frozen=True)
class Plant:
    """A statement's new text."""

    kind: str
    statement: Statement
    text: str


def programs(generated: int) -> list[Program]:
    """The library's specs, the fixed programs of the explanations, and generated ones."""
    found = [
        Program(file.name, file.read_text(encoding="utf-8"), file.parent)
        for file in sorted(SPECS.glob("*/*.causal"))
    ]
    for code in catalogue.codes():
        page = catalogue.page(code)
        if page.fixed is not None and "```text" not in page.text:
            found.append(Program(f"{code}.causal", page.fixed, None))
    found += [Program(f"{seed}.causal", program(seed), None) for seed in range(generated)]
    return [whole for whole in found if not whole.errors(whole.text)]


@cache
def statements(program: Program) -> tuple[Statement, ...]:
    """Every statement of a block, and every declaration that has none."""
    source = Source(program.name, program.text)
    file = parse(source, Diagnostics())
    tokens = tokenize(source, 0, len(program.text), Diagnostics())
    ends = [span_of(source, token).end for token in tokens]
    found: list[Statement] = []
    for declaration in file.declarations:
        for statement in declaration.body if isinstance(declaration, HEADERS) else (declaration,):
            start, end = statement.span.start, statement.span.end
            following = next((other for other in ends if other > end), len(program.text))
            found.append(Statement(program, start, end, following, tuple(nodes_of(statement))))
    return tuple(found)


def nodes_of(root: Node) -> Iterator[tuple[Node, Node | None, str]]:
    """Every node of a tree, with its parent and the field of the parent that it is in."""
    pending: list[tuple[Any, Node | None, str]] = [(root, None, "")]
    while pending:
        value, parent, name = pending.pop()
        if isinstance(value, Node):
            yield value, parent, name
            pending += [(getattr(value, f.name), value, f.name) for f in fields(value)]
        elif isinstance(value, tuple):
            pending += [(item, parent, name) for item in value]  # pyright: ignore


# What can be wrong ------------------------------------------------------------------------------

Mistake: TypeAlias = Callable[[Statement, random.Random], str | None]
"""A statement's text with one mistake in it; None where the statement has no place for it."""


def _replaced(statement: Statement, node: Node, text: str) -> str:
    start, end = node.span.start - statement.start, node.span.end - statement.start
    return statement.text[:start] + text + statement.text[end:]


def _tokens(statement: Statement) -> list[tuple[int, int, str]]:
    text = statement.text
    found = tokenize(Source("one", text), 0, len(text), Diagnostics())
    return [(token.start_pos or 0, token.end_pos or 0, token.type) for token in found]


def _no_operand(statement: Statement, chance: random.Random) -> str | None:
    """`a + ` for `a + b`."""
    nodes = [
        node.right
        for node, _, _ in statement.nodes
        if isinstance(node, syntax.Binary) and statement.start <= node.span.start
    ]
    return _replaced(statement, chance.choice(nodes), "") if nodes else None


def _doubled_operator(statement: Statement, chance: random.Random) -> str | None:
    places = [end for _, end, kind in _tokens(statement) if kind in {"PLUS", "TIMES", "AND", "OR"}]
    if not places:
        return None
    place = chance.choice(places)
    return f"{statement.text[:place]} *{statement.text[place:]}"


def _no_value(statement: Statement, chance: random.Random) -> str | None:
    """Nothing after the last `=`, `:` or `=>` at which the statement could be cut."""
    text, places = statement.text, [end for _, end, kind in _tokens(statement) if kind == "EQUALS"]
    return text[: places[0]] if places and "{" not in text[: places[0]] else None


def _only_its_word(statement: Statement, chance: random.Random) -> str | None:
    return statement.text.split(maxsplit=1)[0]


def _strange_character(statement: Statement, chance: random.Random) -> str | None:
    places = [start for start, _, _ in _tokens(statement)[1:]]
    place = chance.choice(places)
    return f"{statement.text[:place]}{chance.choice('§@$?')}{statement.text[place:]}"


def _stray_bracket(statement: Statement, chance: random.Random) -> str | None:
    return f"{statement.text} {chance.choice(')]')}"


def _no_closing(statement: Statement, chance: random.Random) -> str | None:
    places = [start for start, _, kind in _tokens(statement) if kind in {"RPAR", "RSQB"}]
    if not places:
        return None
    place = chance.choice(places)
    return statement.text[:place] + statement.text[place + 1 :]


def _two_values(statement: Statement, chance: random.Random) -> str | None:
    """`a b`: an operator or comma is missing."""
    places = [
        node.span.end - statement.start
        for node, parent, _ in statement.nodes
        if isinstance(node, syntax.Number) and isinstance(parent, syntax.Binary | syntax.Comparison)
    ]
    if not places:
        return None
    place = chance.choice(places)
    return f"{statement.text[:place]} 5{statement.text[place:]}"


def _other_equality(statement: Statement, chance: random.Random) -> str | None:
    found = [(s, e) for s, e, _ in _tokens(statement) if statement.text[s:e] in {"=", "=="}]
    if not found:
        return None
    start, end = chance.choice(found)
    wrong = "=" if statement.text[start:end] == "==" else "=="
    return statement.text[:start] + wrong + statement.text[end:]


def _foreign_operator(statement: Statement, chance: random.Random) -> str | None:
    found = list(re.finditer(r"\b(and|or)\b", statement.text))
    if not found or '"' in statement.text:
        return None
    plant = chance.choice(found)
    foreign = {"and": "&&", "or": "||"}[plant[0]]
    return statement.text[: plant.start()] + foreign + statement.text[plant.end() :]


def _open_text(statement: Statement, chance: random.Random) -> str | None:
    """A text in plain quotes that is not closed, at the end of a line."""
    places = [m.end() - 1 for m in re.finditer(r'(?<!")"[^"\n]+"(?=\n|$)', statement.text)]
    if not places or '"""' in statement.text:
        return None
    place = chance.choice(places)
    return statement.text[:place] + statement.text[place + 1 :]


def _used_names(statement: Statement) -> list[syntax.Name]:
    """Names that expressions read."""
    return [
        node
        for node, parent, name in statement.nodes
        if isinstance(node, syntax.Name)
        and isinstance(
            parent,
            syntax.Binary | syntax.Comparison | syntax.Logical | syntax.Unary | syntax.Conditional
            | syntax.Require | syntax.Variable | syntax.Output | syntax.Let | syntax.SwapItem
            | syntax.Argument | syntax.Membership,
        )
        and name not in {"name", "source"}
        and node.text not in {"i", "iia"}
    ]  # fmt: skip


def _unknown_name(statement: Statement, chance: random.Random) -> str | None:
    names = _used_names(statement)
    return _replaced(statement, chance.choice(names), "nowhere") if names else None


def _unknown_type(statement: Statement, chance: random.Random) -> str | None:
    names = [node for node, _, _ in statement.nodes if isinstance(node, syntax.NamedSet)]
    return _replaced(statement, chance.choice(names), "Nothing") if names else None


def _unknown_model(statement: Statement, chance: random.Random) -> str | None:
    names = [
        node
        for node, parent, name in statement.nodes
        if isinstance(parent, syntax.Of)
        and name in {"model", "alignment", "prompt"}
        and isinstance(node, syntax.Name)
    ]
    return _replaced(statement, chance.choice(names), "Nowhere") if names else None


def _unknown_place(statement: Statement, chance: random.Random) -> str | None:
    names: list[Node] = [
        node
        for node, parent, name in statement.nodes
        if (isinstance(parent, syntax.Placement) and name == "site")
        or (isinstance(parent, syntax.TokenPosition) and name == "anchor")
        or (isinstance(parent, syntax.Call) and name == "function")
    ]
    return _replaced(statement, chance.choice(names), "nowhere") if names else None


def _unknown_field(statement: Statement, chance: random.Random) -> str | None:
    names = [
        node.name
        for node, parent, _ in statement.nodes
        if isinstance(node, syntax.Field) and not isinstance(parent, syntax.TokenPosition)
    ]
    return _replaced(statement, chance.choice(names), "nowhere") if names else None


def _wrong_type(statement: Statement, chance: random.Random) -> str | None:
    """A truth where a number is needed, or a number where a truth is."""
    nodes: list[tuple[Node, str]] = []
    for node, parent, name in statement.nodes:
        if isinstance(parent, syntax.Binary) and not isinstance(node, syntax.Tuple):
            nodes.append((node, "true"))
        elif isinstance(parent, syntax.Logical) or (
            isinstance(parent, syntax.Conditional | syntax.Require) and name == "condition"
        ):
            nodes.append((node, "7"))
    if not nodes:
        return None
    node, text = chance.choice(nodes)
    return _replaced(statement, node, text)


def _declared_twice(statement: Statement, chance: random.Random) -> str | None:
    head = statement.nodes[0][0]
    if not isinstance(head, syntax.Variable | syntax.Let):
        return None
    return f"{statement.text} {statement.text}"


KINDS: dict[str, Mistake] = {
    "no operand": _no_operand,
    "doubled operator": _doubled_operator,
    "no value": _no_value,
    "only its word": _only_its_word,
    "strange character": _strange_character,
    "stray bracket": _stray_bracket,
    "no closing bracket": _no_closing,
    "two values": _two_values,
    "other equality": _other_equality,
    "foreign operator": _foreign_operator,
    "open text": _open_text,
    "unknown name": _unknown_name,
    "unknown type": _unknown_type,
    "unknown model": _unknown_model,
    "unknown place": _unknown_place,
    "unknown field": _unknown_field,
    "wrong type": _wrong_type,
    "declared twice": _declared_twice,
}


@cache
def plants(program: Program, seed: int) -> tuple[Plant, ...]:
    """One mistake of each kind for every statement that has a place for it."""
    chance = random.Random(f"{seed} {program.name}")
    found: list[Plant] = []
    for statement in statements(program):
        for kind, mistake in KINDS.items():
            text = mistake(statement, chance)
            if text is not None and text != statement.text:
                found.append(Plant(kind, statement, text))
    return tuple(found)


@dataclass(frozen=True)
class Outcome:
    """What is reported of a program with these plants."""

    plants: tuple[Plant, Plant]
    text: str
    errors: tuple[Diagnostic, ...]
    found: tuple[bool, bool]

    @property
    def spurious(self) -> int:
        """How many reports there are beyond one for each mistake that is found."""
        return len(self.errors) - sum(self.found)


def planted(first: Plant, second: Plant) -> Outcome:
    """Plant two mistakes and look whether something is reported where each of them is."""
    first, second = sorted((first, second), key=lambda plant: plant.statement.start)
    program = first.statement.program
    text, ranges, shift = program.text, list[tuple[int, int]](), 0
    for plant in (first, second):
        low, high = plant.statement.start + shift, plant.statement.end + shift
        text = text[:low] + plant.text + text[high:]
        shift += len(plant.text) - (high - low)
        # The token that follows belongs to the place, up to the other mistake.
        ranges.append((low, plant.statement.following + shift))
    errors = tuple(program.errors(text))
    seen = [sum(low <= error.span.start <= high for error in errors) for low, high in ranges]
    if len(errors) == 1 and all(seen):
        seen[1] = 0  # One report speaks of one mistake.
    return Outcome((first, second), text, errors, (seen[0] > 0, seen[1] > 0))
