"""Which names an expression can read, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum, auto
from typing import cast

from causalspec.compiler.domains import Domain, parts_of
from causalspec.compiler.expressions import Expression, Reference, references
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.values import Value
from causalspec.compiler.model import Role
from causalspec.dsl import syntax
from causalspec.dsl.source import Span


class Progress(Enum):
    """How far a declared variable's mechanism is compiled."""

    UNTOUCHED = auto()
    RUNNING = auto()
    DONE = auto()


@dataclass(slots=True, eq=False)
class Declared:
    """A variable of a task or model while it is compiled.

    `typed` says that `domain` was written (or taken from the task), rather than read off the
    mechanism; `domain` is None while unknown, and for good when something about it is wrong.
    """

    name: str
    role: Role
    span: Span
    environment: Environment
    source: syntax.Expression | None = None
    typed: bool = False
    union: bool = False
    """Declared as plain `words`: whichever symbols the mechanism yields."""
    domain: Domain | None = None
    progress: Progress = Progress.UNTOUCHED
    mechanism: Expression | None = None
    weights: tuple[int, ...] | None = None
    _known_reads: tuple[Expression, tuple[str, ...]] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The names that the mechanism reads."""
        if self.mechanism is None:
            return ()
        if self._known_reads is None or self._known_reads[0] is not self.mechanism:
            self._known_reads = (self.mechanism, references(self.mechanism))
        return self._known_reads[1]

    @property
    def is_given(self) -> bool:
        """Whether no mechanism computes it."""
        return self.role in (Role.INPUT, Role.NOISE)

    @property
    def value(self) -> Value:
        """A reference to it."""
        return Value(Reference(self.name), self.domain)


@dataclass(frozen=True, slots=True)
class Family:
    """`x[i in 0..3]`: members by index."""

    name: str
    members: Mapping[int, Value | Declared]

    @property
    def example(self) -> str:
        """How a member may be named."""
        return f"name a member, as in `{self.name}[{next(iter(self.members), 0)}]`"

    @property
    def advice(self) -> str | None:
        """Which members there are."""
        indices = sorted(self.members)
        return f"its indices are {indices[0]}..{indices[-1]}" if indices else None


@dataclass(frozen=True, slots=True)
class Side:
    """One setting of a pair: what `base.` or `result.` stands before."""

    name: str
    scope: Scope
    outputs: tuple[str, ...]
    admitted: tuple[Expression, ...] = ()
    """What must hold for it to be a setting at all, of a source that is derived."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A name that is declared, but that this place must not read; `reason` says why."""

    reason: str


Binding = Value | Declared | Family | Side | Hidden


@dataclass(frozen=True, slots=True)
class Scope:
    """Names with what they stand for, inside the names of an enclosing scope."""

    bindings: Mapping[str, Binding] = field(default_factory=dict[str, Binding])
    outer: Scope | None = None
    declaring: Mapping[str, syntax.Name | str] = field(default_factory=dict[str, syntax.Name | str])
    """The names in the text that declare the bindings, or the kind of those that the language has.
    """

    def find(self, name: str) -> Binding | None:
        """What a name stands for, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.bindings.get(name)
            if found is not None:
                return found
            scope = scope.outer
        return None

    def meaning(self, name: str) -> syntax.Name | str | None:
        """What declares a name, innermost first."""
        scope: Scope | None = self
        while scope is not None and name not in scope.bindings:
            scope = scope.outer
        return None if scope is None else scope.declaring.get(name)

    def names(self) -> Iterator[str]:
        """Every name that can be read here."""
        scope: Scope | None = self
        while scope is not None:
            for name, binding in scope.bindings.items():
                if not isinstance(binding, Hidden):
                    yield name
            scope = scope.outer


@dataclass(frozen=True, slots=True)
class Environment:
    """What compiling an expression depends on: the file, the names in reach, the functions that
    are being inlined, the variables whose mechanisms wait for this one.
    """

    compilation: Compilation
    scope: Scope = field(default_factory=Scope)
    inlining: tuple[str, ...] = ()
    waiting: list[Declared] = field(default_factory=list[Declared])
    cyclic: bool = False
    """Whether variables may depend on themselves here."""
    called: bool = False
    """Whether this is a function's body with the arguments of one call."""
    narrowed: bool = False
    """Whether a subject has only some of the values here that its text speaks of, so that a pattern
    may take none of them.
    """

    def find(self, name: syntax.Name) -> Binding | None:
        """What a name stands for here, which is noted."""
        found = self.scope.find(name.text)
        if found is not None:
            self.compilation.meanings.note(name.span, self.scope.meaning(name.text))
        return found

    def inner(self, name: syntax.Name, binding: Binding) -> Environment:
        """The same place with one more name in reach."""
        scope = Scope({name.text: binding}, self.scope, {name.text: name})
        return replace(self, scope=scope)

    def note_names(self, written: syntax.Node) -> None:
        """Note the names of what is not compiled, such as a branch that no index takes."""
        uses = self.compilation.meanings
        waiting: list[object] = [written]
        while waiting:
            match waiting.pop():
                case syntax.Name() as name if name.span not in uses.uses:
                    if self.find(name) is None:
                        uses.note_value(name)
                case syntax.Field(value=syntax.Name() as value, name=name):
                    found = self.find(value)
                    domain = found.domain if isinstance(found, Value | Declared) else None
                    part = parts_of(domain).get(name.text)
                    uses.note(name.span, part.span if part is not None else None)
                case syntax.Field(value=value):
                    waiting.append(value)
                case syntax.NamedSet(name=name):
                    self.compilation.declaration(name)
                case syntax.Call(function=function, arguments=arguments):
                    self.compilation.declaration(function)
                    waiting += [argument.value for argument in arguments]
                case syntax.Node() as node:
                    waiting += [getattr(node, part.name) for part in fields(node)]
                case other if isinstance(other, tuple):
                    waiting += cast("tuple[object, ...]", other)
                case _:
                    pass
