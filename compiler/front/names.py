"""What a file declares at its top level, and how a name that is not there is reported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

from causalspec.compiler.domains import Domain, Rows, Symbols
from causalspec.compiler.front.unread import Unread
from causalspec.compiler.front.values import POISONED, Value
from causalspec.compiler.meanings import UNREAD, Meanings
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics, Fix, Related, closest
from causalspec.dsl.foreign import told_of
from causalspec.dsl.source import Span
from causalspec.dsl.spelling import one_slip, only_name_meant
from causalspec.dsl.words import OPERATOR_WORDS

if TYPE_CHECKING:
    from causalspec.compiler.front.models import ModelDraft
    from causalspec.compiler.front.tasks import TaskDraft
    from causalspec.compiler.specification import Alignment, CounterfactualDesign, Task

MOST_STEPS = 50_000
"""How many parts the expressions of one file may have, with all that they inline and expand."""

MOST_CANDIDATES = 5_000
"""A suggestion is sought among so many names: long word lists must not slow a report down."""

KINDS: tuple[tuple[type[syntax.Node], str], ...] = (
    (syntax.TypeDeclaration, "type"),
    (syntax.TableDeclaration, "table"),
    (syntax.FunctionDeclaration, "function"),
    (syntax.TaskDeclaration, "task"),
    (syntax.ModelDeclaration, "model"),
    (syntax.CounterfactualsDeclaration, "counterfactuals declaration"),
    (syntax.AlignDeclaration, "alignment"),
    (syntax.ClaimDeclaration, "claim"),
    (syntax.AbstractionDeclaration, "abstraction"),
    (syntax.DeriveDeclaration, "derived model"),
)


def kind_of(declaration: syntax.Declaration) -> str:
    """What a declaration declares, as messages say it."""
    return next(kind for node, kind in KINDS if isinstance(declaration, node))


def with_article(kind: str) -> str:
    """`a type`, `an alignment`."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


NamedDeclaration = (
    syntax.TypeDeclaration
    | syntax.TableDeclaration
    | syntax.FunctionDeclaration
    | syntax.TaskDeclaration
    | syntax.ModelDeclaration
    | syntax.CounterfactualsDeclaration
    | syntax.AlignDeclaration
    | syntax.ClaimDeclaration
    | syntax.AbstractionDeclaration
    | syntax.DeriveDeclaration
)


MODELS = (syntax.ModelDeclaration, syntax.DeriveDeclaration)
Found = TypeVar("Found")
Kind = TypeVar("Kind")


class Remarks(TypedDict, total=False):
    """What a report may say beside its message."""

    help: str | None
    related: Iterable[Related]
    fix: Fix | None


@dataclass(slots=True)
class Compilation:
    """What one run over one file knows so far. Every pass reads it and reports into it."""

    diagnostics: Diagnostics
    folder: Path | None
    declared: dict[str, NamedDeclaration] = field(default_factory=dict)
    domains: dict[str, Domain | None] = field(default_factory=dict)
    """Types and tables by name, None where the declaration is wrong."""
    settings: Mapping[str, Fraction] = field(default_factory=dict[str, Fraction])
    """Parameters that the command line sets, by `digits` or `Addition.digits`."""
    drafts: dict[str, TaskDraft] = field(default_factory=dict[str, "TaskDraft"])
    tasks: dict[str, Task] = field(default_factory=dict[str, "Task"])
    models: dict[str, ModelDraft] = field(default_factory=dict[str, "ModelDraft"])
    designs: dict[str, CounterfactualDesign] = field(
        default_factory=dict[str, "CounterfactualDesign"]
    )
    alignments: dict[str, Alignment] = field(default_factory=dict[str, "Alignment"])
    symbol_sets: list[Symbols | Rows] = field(default_factory=list)
    """Every set of named values of the file: where a symbol without an expected type is sought."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each word list and table, by the name that the spec uses."""
    steps_left: int = MOST_STEPS
    whole: syntax.Node | None = None
    """The expression whose parts are compiled now."""
    homes: dict[str, Compilation] = field(default_factory=dict[str, "Compilation"])
    """Imported functions, with the file whose names their bodies read."""
    failed: set[str] = field(default_factory=set[str])
    """Names whose import was reported: whoever reads them stays silent."""
    unread: Unread = field(default_factory=Unread)
    """What the file says with mistakes of syntax: names declared there are not unknown."""
    meanings: Meanings = field(default_factory=Meanings)
    imported: dict[str, syntax.Name] = field(default_factory=dict[str, syntax.Name])
    """The names of other files' declarations, where this file imports them."""
    path: tuple[Path, ...] = ()
    """The files whose imports led to this one."""
    read: dict[Path, Compilation] = field(default_factory=dict[Path, "Compilation"])
    """The imported files that are compiled, shared by all: what two ways lead to is one thing."""
    _reported: set[tuple[str, Span]] = field(default_factory=set)

    def error(self, code: str, message: str, span: Span, **remarks: Unpack[Remarks]) -> None:
        """Report once: the members of a family share one text, and its mistakes. Whoever can go no
        further returns what this does: nothing.
        """
        if (code, span) not in self._reported:
            self._reported.add((code, span))
            self.diagnostics.error(code, message, span, **remarks)

    def wrong(
        self, code: str, place: syntax.Node | Span, says: str, **remarks: Unpack[Remarks]
    ) -> None:
        """Report what is written at a place: a message that starts with its text."""
        span = place.span if isinstance(place, syntax.Node) else place
        self.error(code, f"`{span.text}` {says}", span, **remarks)

    def refuse(
        self, code: str, place: syntax.Node | Span, says: str, **remarks: Unpack[Remarks]
    ) -> Value:
        """The same of an expression: it has no value, and whoever reads it stays silent."""
        self.wrong(code, place, says, **remarks)
        return POISONED

    def repeated(self, message: str, again: Span, first: Related, help: str | None = None) -> None:
        """Report what is stated a second time."""
        self.error("CS203", message, again, help=help, related=(first,))

    def wrong_kind(self, name: syntax.Name, other: NamedDeclaration, wanted: str) -> None:
        """Report a name that declares something else than what is wanted."""
        says = f"is {with_article(kind_of(other))}, {wanted}"
        text, after = name.span.source.text, name.span.end
        part = re.compile(r"\.(\w+)").match(text, after) if wanted == "not a value" else None
        advice = f"a symbol is written without its type, as in `{part[1]}`" if part else None
        related = declared_at(other.name.span)
        self.wrong("CS202", name, says, help=advice, related=related)

    def unknown(
        self,
        what: str,
        name: syntax.Name,
        candidates: Iterable[str],
        *,
        words: tuple[str, ...] = (),
        code: str = "CS201",
        help: str | None = None,
    ) -> None:
        """Report a name that nothing declares, with the nearest one that something does, or the
        nearest of the language's own `words` that could stand in its place.
        """
        if name.text in self.failed or self.unread.may_declare(name.text):
            self.meanings.note(name.span, None if name.text in self.failed else UNREAD)
            return
        every = tuple(dict.fromkeys(candidates))
        known = every[:MOST_CANDIDATES]
        suggestion = closest(name.text, (*known, *words))
        advice, fix = help, None
        is_slip = suggestion is not None and one_slip(name.text, suggestion)
        told = told_of(name.text, name.span.source, name.span.start)
        if told is not None and not is_slip:
            self.error(code, f"unknown {what} `{name.text}`", name.span, help=told)
            return
        if what in self.unread.nameless and not is_slip:
            return
        if suggestion is not None:
            advice = f"did you mean `{suggestion}`?"
        if is_slip and known == every and _stands_once(name):
            meant = only_name_meant(name.text, (*known, *words))
            if meant is not None and meant not in OPERATOR_WORDS:
                fix = Fix(name.span, meant, f"replace `{name.text}` by `{meant}`")
        if suggestion is None and help is None and 0 < len(known) <= 8:
            advice = "known here: " + ", ".join(f"`{candidate}`" for candidate in known)
        self.error(code, f"unknown {what} `{name.text}`", name.span, help=advice, fix=fix)

    def declaration(self, name: syntax.Name) -> NamedDeclaration | None:
        """What the file declares under a name, which is noted."""
        found = self.declared.get(name.text)
        declaring = found.name if found is not None else None
        self.meanings.note(name.span, self.imported.get(name.text, declaring))
        return found

    def named(
        self,
        name: syntax.Name,
        among: Mapping[str, Found],
        kinds: tuple[type[NamedDeclaration], ...],
        what: str,
        *,
        also: Iterable[str] = (),
    ) -> Found | None:
        """What a name means among what declarations of some kinds came to, None with the reason
        reported; silent where the declaration itself is wrong. `also` could stand in its place.
        """
        other = self.declaration(name)
        if other is None:
            self.unknown(what, name, (*self.names_of(*kinds), *also))
        elif not isinstance(other, kinds):
            wanted = next(kind for node, kind in KINDS if node is kinds[0])
            self.wrong_kind(name, other, f"not {with_article(wanted)}")
        return among.get(name.text)

    def names_of(self, *kinds: type[syntax.Node]) -> Iterator[str]:
        """The names that declarations of these kinds carry."""
        return (
            name for name, declaration in self.declared.items() if isinstance(declaration, kinds)
        )


def _stands_once(name: syntax.Name) -> bool:
    """Whether its file holds a name in one place only: one that is written twice is not a slip."""
    return len(re.findall(rf"\b{re.escape(name.text)}\b", name.span.source.text)) == 1


def collect(file: syntax.File, into: Compilation) -> None:
    """Every declaration under its name; the first one wins, each later one is reported."""
    for declaration in file.declarations:
        if isinstance(declaration, syntax.ImportDeclaration) or not declaration.name.text:
            continue
        first = into.declared.setdefault(declaration.name.text, declaration)
        if first is not declaration:
            duplicate(into, declaration.name, first.name.span)


def of_kind(nodes: Iterable[object], kind: type[Kind]) -> list[Kind]:
    """Those of a kind, in their order."""
    return [node for node in nodes if isinstance(node, kind)]


def documented(documentation: syntax.Text | None) -> str:
    """What the documentation of a declaration says."""
    return documentation.value if documentation is not None else ""


def quoted(names: Iterable[str]) -> str:
    """Names in a row, as messages show them."""
    return ", ".join(f"`{name}`" for name in names)


def declared_at(span: Span) -> tuple[Related, ...]:
    """The remark of a message that what it speaks of is declared there."""
    return (Related(span, "declared here"),)


def distinct(compilation: Compilation, names: Iterable[syntax.Name]) -> Mapping[str, syntax.Name]:
    """The first of each name; later ones are reported."""
    first: dict[str, syntax.Name] = {}
    for name in names:
        if first.setdefault(name.text, name) is not name:
            duplicate(compilation, name, first[name.text].span)
    return first


def duplicate(compilation: Compilation, name: syntax.Name, first: Span) -> None:
    """Report a second declaration of a name."""
    message, where = f"`{name.text}` is declared twice", Related(first, "first declared here")
    compilation.repeated(message, name.span, where, help="give one of them another name")
