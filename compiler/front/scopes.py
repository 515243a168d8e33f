"""Which names an expression can read, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from causalspec.compiler.domains import Domain
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
    def value(self) -> Value:
        """A reference to it."""
        return Value(Reference(self.name), self.domain)


@dataclass(frozen=True, slots=True)
class Family:
    """`x[i in 0..3]`: members by index."""

    name: str
    members: Mapping[int, Value | Declared]


@dataclass(frozen=True, slots=True)
class Side:
    """One setting of a pair: what `base.` or `result.` stands before."""

    name: str
    scope: Scope
    outputs: tuple[str, ...]


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

    def find(self, name: str) -> Binding | None:
        """What a name stands for, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.bindings.get(name)
            if found is not None:
                return found
            scope = scope.outer
        return None

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

    def inner(self, bindings: Mapping[str, Binding]) -> Environment:
        """The same place with more names in reach."""
        scope = Scope(bindings, self.scope)
        return replace(self, scope=scope)
