"""What statements are written with: the nodes from names and expressions to templates and sites.

Import these from `causalspec.dsl.syntax`, which has all nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, TypeAlias, dataclass_transform

from causalspec.dsl.source import Span


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class _FrozenDataclass:
    """Makes each class below it a frozen dataclass."""

    def __init_subclass__(cls) -> None:
        # What all nodes do alike stands in `Node`: written for each, it would take half of the time
        # that making these classes takes, at every start.
        dataclass(frozen=True, eq=False, repr=False)(cls)


class Node(_FrozenDataclass):
    """What stands somewhere in a file. Nodes that say the same are equal, wherever they stand."""

    span: Span = field(kw_only=True, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash((type(self), *_compared(self)))

    def __repr__(self) -> str:
        said = (f"{part.name}={getattr(self, part.name)!r}" for part in fields(self) if part.repr)
        return f"{type(self).__name__}({', '.join(said)})"


def _compared(node: object) -> list[Any]:
    return [getattr(node, name) for name in _compared_names(type(node))]


@cache
def _compared_names(node: type[Any]) -> tuple[str, ...]:
    return tuple(part.name for part in fields(node) if part.compare)


@cache
def field_names(node: type[Node]) -> tuple[str, ...]:
    """The fields of a kind of node but its span."""
    return tuple(field.name for field in fields(node) if field.name != "span")


# Leaves -------------------------------------------------------------------------------------


class Name(Node):
    """A name where it is declared or used."""

    text: str


class Instance(Name):
    """`Carry(digits = 4)`: a task or model used with parameters of its own. The span is that of the
    name alone.
    """

    settings: tuple[Argument, ...]


class Number(Node):
    """An exact decimal literal, as written: `7`, `2_000`, `2.50`; never negative."""

    text: str

    @property
    def decimals(self) -> int:
        """How many digits stand behind the point."""
        return len(self.text.replace("_", "").partition(".")[2])

    @property
    def scaled(self) -> int:
        """The value times ten to the power of `decimals`."""
        return int(self.text.replace("_", "").replace(".", ""))


class Text(Node):
    """A quoted text. `value` is what it stands for, escapes resolved."""

    value: str


class Truth(Node):
    """`true` or `false`."""

    value: bool


# Expressions --------------------------------------------------------------------------------


class Field(Node):
    """`city.country`, `bracket.low`, `Cause.test`, `result.answer`."""

    value: Expression
    name: Name


class Member(Node):
    """`carry[2]`: a member of a family."""

    family: Expression
    index: Expression


class Call(Node):
    """`abs(x)`, `max(x, y)`, `within(lower, x)`, `symbol(dim = 4)`, `iia(random_subspace)`."""

    function: Name
    arguments: tuple[Argument, ...]


class Argument(Node):
    """One argument, with its name where one is written."""

    name: Name | None
    value: Expression


class Aggregate(Node):
    """`sum(body for index in range)`; also all, any, count, argmax, first, min, max."""

    function: Name
    body: Expression
    index: Name
    range: ValueSet


class Unary(Node):
    operator: Literal["-", "not"]
    operand: Expression


class Binary(Node):
    operator: Literal["+", "-", "*", "/", "//", "%", "**"]
    left: Expression
    right: Expression


class Logical(Node):
    """`a and b and c`, flattened."""

    operator: Literal["and", "or"]
    operands: tuple[Expression, ...]


class Comparison(Node):
    """A chain, as in `lower <= amount <= upper`: one operator fewer than operands."""

    operands: tuple[Expression, ...]
    operators: tuple[Literal["==", "!=", "<", "<=", ">", ">="], ...]


class Membership(Node):
    """`x in 2.50..7.50`, `x in {A, B}`, `x in Digit`, `x not in …` (negated)."""

    operand: Expression
    values: ValueSet
    negated: bool


class Conditional(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


class Match(Node):
    """`match x { A => 1  B, C => 2  else => 3 }`."""

    subject: Expression
    arms: tuple[Arm, ...]


class Arm(Node):
    """`A, 3..5 => result`; no patterns means `else`. `result` is an expression, a template or, of
    an answer, several.
    """

    patterns: tuple[Pattern, ...]
    result: Expression | Template | RightTexts


class Tuple(Node):
    """`(low = lower, high = upper)`; as a pattern also `(low = 0..3, high = {1, 2})`."""

    fields: tuple[Assignment | FieldPattern, ...]


class FieldPattern(Node):
    """`low = 0..3` in a pattern: the values that a field may have."""

    target: Name
    values: RangeSet | ElementSet


class Assignment(Node):
    """`target = value` in a tuple, an example, a `do` or an abstraction."""

    target: Expression
    value: Expression


# Sets of values: one notation for types, `in` tests and match patterns -------------------------


class NamedSet(Node):
    """`bool`, `Digit`, `City`, `words` without a file."""

    name: Name


class RangeSet(Node):
    """`0..9`, `0.00..9.99 step 0.01`, `0..digits - 1`, `0..*` (no upper end)."""

    low: Expression
    high: Expression | None
    step: Expression | None


class ElementSet(Node):
    """`{Yes, No}`, `{1, 3, 5}`: names declare symbols in a type, refer to them elsewhere."""

    elements: tuple[Expression, ...]


class WordsSet(Node):
    """`words "names.txt"`."""

    path: Text


class TupleSet(Node):
    """`(low : Price, high : Price)`."""

    fields: tuple[TypedName, ...]


class TypedName(Node):
    """`low : Price`: a tuple's field, a function's parameter."""

    name: Name
    type: ValueSet


ValueSet: TypeAlias = NamedSet | RangeSet | ElementSet | WordsSet | TupleSet
Expression: TypeAlias = (
    Name | Number | Text | Truth | Field | Member | Call | Aggregate | Unary | Binary | Logical
    | Comparison | Membership | Conditional | Match | Tuple
)  # fmt: skip
Pattern: TypeAlias = Expression | RangeSet


# Templates ------------------------------------------------------------------------------------


class Verbatim(Node):
    """Text of a template that stands for itself, `{{` and `}}` resolved."""

    text: str


class TextLoop(Node):
    """`"{item[i]}" for i in 0..3 by ", "`: a text once for each index, `by` between them."""

    template: Template
    index: Name
    range: ValueSet
    separator: Text | None


class Slot(Node):
    """`{subject as s2}`, `{amount:.2f}`, `{"{item[i]}" for i in 0..3}`."""

    value: Expression | TextLoop
    alias: Name | None
    format: str | None


class Template(Node):
    '''A quoted text with slots; `triple` when it was written between `"""`.'''

    parts: tuple[Verbatim | Slot, ...]
    triple: bool = field(compare=False)


class RightTexts(Node):
    """`"Paris" or " Paris"`, or `"{y:02d}" for y in 0..99 where y > start`: each text is right.

    Without a loop `index`, `values` and `condition` are None.
    """

    texts: tuple[Template, ...]
    index: Name | None = None
    values: ValueSet | None = None
    condition: Expression | None = None


class TemplateMatch(Node):
    """`match asked { Country => "…" }`; in `say y { … }` the subject is the output itself."""

    subject: Expression
    arms: tuple[Arm, ...]


class Turn(Node):
    """`user "…"`: what somebody says in a chat."""

    role: Name
    template: Template


class Chat(Node):
    """`chat { system "…"  user "…" }`."""

    turns: tuple[Turn, ...]
