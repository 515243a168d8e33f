"""The syntax tree: what a file says, before anything is known about what it means.

Every node is a frozen dataclass with a span. Spans take no part in equality, so two trees are
equal when the files say the same thing. The parser builds these nodes and checks nothing.
"""

# ruff: noqa: F403, F405 (this module has all nodes, those of its neighbours among them)

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from causalspec.dsl.source import Source, Span
from causalspec.dsl.syntax_data import *
from causalspec.dsl.syntax_parts import *
from causalspec.dsl.syntax_places import *

# Statements of tasks and models ------------------------------------------------------------------


class Input(Node):
    """`input x, y : T ~ …`; `distinct` is that word where it is written, as in
    `input distinct who[i in 0..3] : T`.
    """

    distinct: Name | None
    declarators: tuple[Declarator, ...]
    type: ValueSet
    distribution: Distribution | None


class Noise(Node):
    """`noise u : T ~ bernoulli(0.1)`."""

    declarators: tuple[Declarator, ...]
    type: ValueSet
    distribution: Distribution | None


class Require(Node):
    condition: Expression


class Let(Node):
    """`let v : T = value`."""

    declarator: Declarator
    type: ValueSet | None
    value: Expression


class Variable(Node):
    """`var v : T = mechanism`."""

    declarator: Declarator
    type: ValueSet | None
    mechanism: Expression


class Output(Node):
    """`output y : T = mechanism`."""

    declarator: Declarator
    type: ValueSet | None
    mechanism: Expression


class Prompt(Node):
    name: Name
    body: Template | TemplateMatch | Chat


class Say(Node):
    """`say y { Yes => "Yes" }`, `say y " {y}"` or `say y "{y}" or " {y}"`; `say y in brief "{y}"`
    where that prompt asks; in a model, of any variable, what questions call its values.
    """

    output: Expression
    prompt: Name | None
    body: Template | RightTexts | TemplateMatch


class Encode(Node):
    """`encode vector { a, b as symbol(dim = 4) }`."""

    form: Name
    groups: tuple[EncodeGroup, ...]


class EncodeGroup(Node):
    inputs: tuple[Expression, ...]
    coding: Call


class Example(Node):
    """`example { inputs } do { interventions } gives { expected }`."""

    inputs: tuple[Assignment, ...]
    interventions: tuple[Assignment, ...]
    expected: tuple[Assignment, ...]


TaskStatement: TypeAlias = Input | Require | Let | Output | Prompt | Say | Encode | Example
ModelStatement: TypeAlias = Variable | Output | Noise | Let | Say | Example


# Declarations ------------------------------------------------------------------------------------


class TypeDeclaration(Node):
    name: Name
    type: ValueSet


class TableDeclaration(Node):
    """`table City "cities.csv" key name : Name { country : words }`."""

    name: Name
    path: Text
    key: Name
    key_type: ValueSet | None
    documentation: Text | None
    columns: tuple[ColumnGroup, ...]


class ColumnGroup(Node):
    """`masculine, feminine : words else Unknown`; `empty` is what an empty cell is."""

    names: tuple[Name, ...]
    type: ValueSet
    empty: Expression | None


class FunctionDeclaration(Node):
    name: Name
    parameters: tuple[TypedName, ...]
    body: Expression


class ImportDeclaration(Node):
    path: Text
    names: tuple[Name, ...]


class TaskDeclaration(Node):
    name: Name
    parameters: tuple[Argument, ...]
    documentation: Text | None
    body: tuple[TaskStatement, ...]


class ModelDeclaration(Node):
    name: Name
    task: Name
    approximately: bool
    cyclic: bool
    documentation: Text | None
    body: tuple[ModelStatement, ...]


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


class AlignDeclaration(Node):
    name: Name
    model: Name
    documentation: Text | None
    body: tuple[Placement, ...]


class Of(Node):
    """`of M on D.test prompt p with A fitted on q`; `data` is `D.test` or `mean(…)`."""

    model: Name
    data: Expression
    prompt: Name | None
    alignment: Name
    fitted_on: Name | None


class Seeds(Node):
    """`for 4 of 5 seeds`."""

    least: Number
    of: Number


class Expect(Node):
    """`expect iia - iia(random_network) >= 0.30`, `expect iia >= 0.9 for 4 of 5 seeds`."""

    condition: Expression
    seeds: Seeds | None


class ClaimDeclaration(Node):
    name: Name
    documentation: Text | None
    body: tuple[Of | Expect, ...]


class AbstractionDeclaration(Node):
    name: Name
    fine: Name
    coarse: Name
    documentation: Text | None
    body: tuple[Assignment, ...]


class Marginalize(Node):
    variables: tuple[Expression, ...]


class Merge(Node):
    """`merge (b, c) as d`."""

    variables: tuple[Expression, ...]
    name: Name


class Collapse(Node):
    """`collapse e { 0..4 => Low  5..9 => High }`."""

    variable: Expression
    arms: tuple[Arm, ...]


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


class Comment(Node):
    """`# text`, with the `#`."""

    text: str


class LanguageStatement(Node):
    """`language 1`, wherever it stands; the parser makes sure that it comes first."""

    version: Number


class Allow(Node):
    """`allow CS502 "reason"`: a warning that the file's author has seen and accepts."""

    code: Name
    reason: Text


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
