"""The syntax tree: what a file says, before anything is known about what it means.

Every node is a frozen dataclass with a span. Spans take no part in equality, so two trees are
equal when the files say the same thing. The parser builds these nodes and checks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from causalspec.dsl.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


# Leaves -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name where it is declared or used."""

    text: str


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted text. `value` is what it stands for, escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """`true` or `false`."""

    value: bool


# Expressions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`city.country`, `bracket.low`, `Cause.test`, `result.answer`."""

    value: Expression
    name: Name


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`carry[2]`: a member of a family."""

    family: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`abs(x)`, `max(x, y)`, `within(lower, x)`, `symbol(dim = 4)`, `iia(random_subspace)`."""

    function: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """One argument, with its name where one is written."""

    name: Name | None
    value: Expression


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`sum(body for index in range)`; also all, any, count, argmax, first, min, max."""

    function: Name
    body: Expression
    index: Name
    range: ValueSet


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: Literal["-", "not"]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: Literal["+", "-", "*", "/", "//", "%", "**"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """`a and b and c`, flattened."""

    operator: Literal["and", "or"]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """A chain, as in `lower <= amount <= upper`: one operator fewer than operands."""

    operands: tuple[Expression, ...]
    operators: tuple[Literal["==", "!=", "<", "<=", ">", ">="], ...]


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`x in 2.50..7.50`, `x in {A, B}`, `x in Digit`, `x not in …` (negated)."""

    operand: Expression
    values: ValueSet
    negated: bool


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`match x { A => 1  B, C => 2  else => 3 }`."""

    subject: Expression
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Arm(Node):
    """`A, 3..5 => result`; no patterns means `else`. `result` is an expression or a template."""

    patterns: tuple[Pattern, ...]
    result: Expression | Template


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """`(low = lower, high = upper)`."""

    fields: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """`target = value` in a tuple, an example, a `do` or an abstraction."""

    target: Expression
    value: Expression


# Sets of values: one notation for types, `in` tests and match patterns -------------------------


@dataclass(frozen=True, slots=True)
class NamedSet(Node):
    """`bool`, `Digit`, `City`, `words` without a file."""

    name: Name


@dataclass(frozen=True, slots=True)
class RangeSet(Node):
    """`0..9`, `0.00..9.99 step 0.01`, `0..digits - 1`, `0..*` (no upper end)."""

    low: Expression
    high: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class ElementSet(Node):
    """`{Yes, No}`, `{1, 3, 5}`: names declare symbols in a type, refer to them elsewhere."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class WordsSet(Node):
    """`words "names.txt"`."""

    path: Text


@dataclass(frozen=True, slots=True)
class TupleSet(Node):
    """`(low : Price, high : Price)`."""

    fields: tuple[TypedName, ...]


@dataclass(frozen=True, slots=True)
class TypedName(Node):
    """`low : Price`: a tuple's field, a function's parameter, a table's column."""

    name: Name
    type: ValueSet


ValueSet: TypeAlias = NamedSet | RangeSet | ElementSet | WordsSet | TupleSet
Expression: TypeAlias = (
    Name | Number | Text | Truth | Field | Member | Call | Aggregate | Unary | Binary | Logical
    | Comparison | Membership | Conditional | Match | Tuple
)  # fmt: skip
Pattern: TypeAlias = Expression | RangeSet


# Templates ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verbatim(Node):
    """Text of a template that stands for itself, `{{` and `}}` resolved."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot(Node):
    """`{subject as s2}`, `{amount:.2f}`."""

    value: Expression
    alias: Name | None
    format: str | None


@dataclass(frozen=True, slots=True)
class Template(Node):
    '''A quoted text with slots; `triple` when it was written between `"""`.'''

    parts: tuple[Verbatim | Slot, ...]
    triple: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class TemplateMatch(Node):
    """`match asked { Country => "…" }`; in `say y { … }` the subject is the output itself."""

    subject: Expression
    arms: tuple[Arm, ...]


# Statements of tasks and models ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Declarator(Node):
    """`x`, or the family `x[i in 0..3]`."""

    name: Name
    index: Name | None = None
    range: ValueSet | None = None


@dataclass(frozen=True, slots=True)
class Distribution(Node):
    """`~ bernoulli(0.1)`, `~ weights { A => 2  else => 1 }`, `~ uniform`."""

    name: Name
    arguments: tuple[Argument, ...]
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Input(Node):
    """`input x, y : T ~ …`."""

    declarators: tuple[Declarator, ...]
    type: ValueSet
    distribution: Distribution | None


@dataclass(frozen=True, slots=True)
class Noise(Node):
    """`noise u : T ~ bernoulli(0.1)`."""

    declarators: tuple[Declarator, ...]
    type: ValueSet
    distribution: Distribution | None


@dataclass(frozen=True, slots=True)
class Require(Node):
    condition: Expression


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`var v : T = mechanism`."""

    declarator: Declarator
    type: ValueSet | None
    mechanism: Expression


@dataclass(frozen=True, slots=True)
class Output(Node):
    """`output y : T = mechanism`."""

    declarator: Declarator
    type: ValueSet | None
    mechanism: Expression


@dataclass(frozen=True, slots=True)
class Prompt(Node):
    name: Name
    body: Template | TemplateMatch


@dataclass(frozen=True, slots=True)
class Say(Node):
    """`say y { Yes => "Yes" }` or `say y " {y}"`."""

    output: Expression
    body: Template | TemplateMatch


@dataclass(frozen=True, slots=True)
class Encode(Node):
    """`encode vector { a, b as symbol(dim = 4) }`."""

    form: Name
    groups: tuple[EncodeGroup, ...]


@dataclass(frozen=True, slots=True)
class EncodeGroup(Node):
    inputs: tuple[Expression, ...]
    coding: Call


@dataclass(frozen=True, slots=True)
class Example(Node):
    """`example { inputs } do { interventions } gives { expected }`."""

    inputs: tuple[Assignment, ...]
    interventions: tuple[Assignment, ...]
    expected: tuple[Assignment, ...]


TaskStatement: TypeAlias = Input | Require | Let | Output | Prompt | Say | Encode | Example
ModelStatement: TypeAlias = Variable | Output | Noise | Let | Example


# Declarations ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypeDeclaration(Node):
    name: Name
    type: ValueSet


@dataclass(frozen=True, slots=True)
class TableDeclaration(Node):
    """`table City "cities.csv" key name { country : words }`."""

    name: Name
    path: Text
    key: Name
    documentation: Text | None
    columns: tuple[TypedName, ...]


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Node):
    name: Name
    parameters: tuple[TypedName, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class ImportDeclaration(Node):
    path: Text
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class TaskDeclaration(Node):
    name: Name
    parameters: tuple[Argument, ...]
    documentation: Text | None
    body: tuple[TaskStatement, ...]


@dataclass(frozen=True, slots=True)
class ModelDeclaration(Node):
    name: Name
    task: Name
    approximately: bool
    cyclic: bool
    documentation: Text | None
    body: tuple[ModelStatement, ...]


@dataclass(frozen=True, slots=True)
class Swap(Node):
    """`swap left from s1, right from s2 weight 2`: one kind of intervention."""

    items: tuple[SwapItem, ...]
    weight: Number | None


@dataclass(frozen=True, slots=True)
class SwapItem(Node):
    """`left from s1`, or `left from (s1 with right from s2)`: `within` says what is swapped in the
    source's own run.
    """

    variable: Expression
    source: Name | None
    within: tuple[SwapItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep(Node):
    """`keep where condition`."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Balance(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Cover(Node):
    """`cover left, right`: every combination of the values that can exist, equally often."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NoiseSharing(Node):
    """`noise shared` or `noise fresh`."""

    way: Name


@dataclass(frozen=True, slots=True)
class Distinguish(Node):
    """`distinguish from Rival, Other`: only pairs on which all of them predict another label."""

    models: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Split(Node):
    """`split train 8000, test 1000 disjoint by (first, second)`."""

    parts: tuple[SplitPart, ...]
    disjoint: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class SplitPart(Node):
    name: Name
    rows: Number


@dataclass(frozen=True, slots=True)
class Seed(Node):
    value: Number


CounterfactualsStatement: TypeAlias = (
    Swap | Keep | Balance | Cover | NoiseSharing | Distinguish | Split | Seed
)


@dataclass(frozen=True, slots=True)
class CounterfactualsDeclaration(Node):
    name: Name
    model: Name
    documentation: Text | None
    body: tuple[CounterfactualsStatement, ...]


@dataclass(frozen=True, slots=True)
class TokenPosition(Node):
    """`last`, `slot(amount).first + 1`, `slot(name)[2]`, `text("dollars").last`, `all`."""

    anchor: Name
    argument: Expression | None
    part: Name | Expression | None
    offset: int


@dataclass(frozen=True, slots=True)
class Site(Node):
    """`residual layers 0..*`, `head[{1, 3}] layers 5`, `module["encoder.3.mlp"]`."""

    name: Name
    index: ValueSet | Expression | None
    layers: ValueSet | Expression | None


@dataclass(frozen=True, slots=True)
class Method(Node):
    """What is done at a site, with what: `das(dim = 16)`, `mean(Pairs.train)`, `zero`."""

    name: Name
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """One argument of a method, with its name where one is written. A set can be one, too."""

    name: Name | None
    value: Expression | ElementSet


@dataclass(frozen=True, slots=True)
class Placement(Node):
    """`var v, w at residual layers 0..* token last by das(dim = 16) writing zero`.

    `receiver` is where an edge leads, `at head[9] layers 5 to mlp_output layers 8`. `tokens` holds
    one position, or the two ends of a range `slot(x).first .. last`, `together` the word behind it.
    """

    variables: tuple[Expression, ...]
    site: Site
    receiver: Site | None
    tokens: tuple[TokenPosition, ...]
    together: Name | None
    method: Method
    write: Method | None


@dataclass(frozen=True, slots=True)
class AlignDeclaration(Node):
    name: Name
    model: Name
    documentation: Text | None
    body: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Of(Node):
    """`of M on D.test prompt p with A fitted on q`; `data` is `D.test` or `mean(…)`."""

    model: Name
    data: Expression
    prompt: Name | None
    alignment: Name
    fitted_on: Name | None


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`expect iia - iia(random_network) >= 0.30`."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class ClaimDeclaration(Node):
    name: Name
    documentation: Text | None
    body: tuple[Of | Expect, ...]


@dataclass(frozen=True, slots=True)
class AbstractionDeclaration(Node):
    name: Name
    fine: Name
    coarse: Name
    documentation: Text | None
    body: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Marginalize(Node):
    variables: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Merge(Node):
    """`merge (b, c) as d`."""

    variables: tuple[Expression, ...]
    name: Name


@dataclass(frozen=True, slots=True)
class Collapse(Node):
    """`collapse e { 0..4 => Low  5..9 => High }`."""

    variable: Expression
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class DeriveDeclaration(Node):
    name: Name
    model: Name
    documentation: Text | None
    body: tuple[Marginalize | Merge | Collapse, ...]


Declaration: TypeAlias = (
    TypeDeclaration | TableDeclaration | FunctionDeclaration | ImportDeclaration | TaskDeclaration
    | ModelDeclaration | CounterfactualsDeclaration | AlignDeclaration | ClaimDeclaration
    | AbstractionDeclaration | DeriveDeclaration
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`# text`, with the `#`."""

    text: str


@dataclass(frozen=True, slots=True)
class Allow(Node):
    """`allow CS502 "reason"`: a warning that the file's author has seen and accepts."""

    code: Name
    reason: Text


@dataclass(frozen=True, slots=True)
class File(Node):
    """One `.causal` file. Comments lie beside the tree: the formatter puts them back.

    `unread` is where mistakes are: what no node says, or says only in part.
    """

    source: Source = field(compare=False, repr=False)
    language: Number | None
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(compare=False)
    allowances: tuple[Allow, ...] = ()
    unread: tuple[Span, ...] = field(default=(), compare=False, repr=False)
