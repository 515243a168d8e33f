"""Which use of a name means which declaration: noted while the front end resolves names.

Editors read this; nothing in the compiler does. A file with mistakes has notes on all that could be
resolved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from causalspec.compiler.domains import Domain
from causalspec.compiler.entries import Entry
from causalspec.dsl import syntax
from causalspec.dsl.source import Span

UNREAD = "unread"
"""What a name means that seems to be declared in a statement with a mistake of syntax."""

Meaning: TypeAlias = Span | Entry | str
"""The place of the name that declares it; a row of the vocabulary; or a kind of the language's own
words (`type`, `function`, `distribution`, …), or `UNREAD`.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """A name of another file: a kind as messages say it, and the task or model that it is of."""

    kind: str
    owner: str | None = None


@dataclass(slots=True)
class Meanings:
    """The notes on one file."""

    uses: dict[Span, Meaning] = field(default_factory=dict[Span, Meaning])
    """What each name means, by its own place. A declaring name has a meaning, too, where another
    one declares the same: a model's output is its task's.
    """
    values: dict[str, list[syntax.Name]] = field(default_factory=dict[str, list[syntax.Name]])
    """Where named values are declared. One word is one value in every type."""
    imported_values: dict[str, Span] = field(default_factory=dict[str, Span])
    """Where those are declared, in their own files, that come along with what is imported."""
    imported: dict[Span, Origin] = field(default_factory=dict[Span, "Origin"])
    """What imported names declare, by their places here, and what comes along with types, tasks
    and models, by its places in their own files.
    """
    domains: dict[Span, Domain] = field(default_factory=dict[Span, Domain])
    """What types, tables and variables can be, by the place of the name that declares them."""

    def note(self, use: Span, meaning: syntax.Name | Meaning | None) -> None:
        """Note what a name means; None for what has no place in a text."""
        if meaning is not None:
            self.uses[use] = meaning.span if isinstance(meaning, syntax.Name) else meaning

    def note_value(self, use: syntax.Name) -> None:
        """Note a named value where its name is used."""
        place = self._place_of(use.text)
        if place is not None:
            self.uses.setdefault(use.span, place)

    def declare_value(self, name: syntax.Name) -> None:
        """Note a place where a named value is declared."""
        places = self.values.setdefault(name.text, [])
        if all(place.span != name.span for place in places):
            places.append(name)

    def import_values(self, words: Iterable[str], home: Meanings) -> None:
        """Note where named values are declared that come along from the file of `home`."""
        for word in words:
            place = home._place_of(word)
            if place is not None and word not in self.imported_values:
                self.imported_values[word] = place
                self.imported[place] = Origin("value")

    def _place_of(self, word: str) -> Span | None:
        """Where a named value is declared, None for one that a file beside the spec holds."""
        here = self.values.get(word)
        return here[0].span if here else self.imported_values.get(word)
