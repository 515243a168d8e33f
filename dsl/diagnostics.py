"""The only way to say that something is wrong with a spec: a code, a message, a span, help."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partialmethod

from causalspec.dsl.source import Span
from causalspec.dsl.spelling import one_slip


class Severity(StrEnum):
    """Whether a finding makes a spec unusable."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that the reader should see, and why."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement that is certain to be what the author meant; `check --fix` applies it."""

    span: Span
    replacement: str
    title: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a spec.

    `code` is stable and never reused (`CS201`); `message` is one lower-case sentence without a
    period, the user's text in backquotes; `span` lies exactly on the culprit.
    """

    code: str
    message: str
    span: Span
    help: str | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    severity: Severity = Severity.ERROR


@dataclass(slots=True)
class Diagnostics:
    """What one run has found so far; every pass adds to the same list and goes on."""

    found: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        help: str | None = None,
        related: Iterable[Related] = (),
        fix: Fix | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add an error."""
        self.found.append(Diagnostic(code, message, span, help, tuple(related), fix, severity))

    warning = partialmethod(error, severity=Severity.WARNING)
    """Add a warning: its arguments are those of `error`."""

    @property
    def has_errors(self) -> bool:
        """Whether any finding is more than a warning."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.found)

    def __iter__(self) -> Iterator[Diagnostic]:
        """The findings in the order of the text."""
        return iter(
            sorted(self.found, key=lambda found: (found.span.source.name, found.span.start))
        )

    def __len__(self) -> int:
        return len(self.found)


class SpecError(Exception):
    """A spec was asked to do something although it, or a file that it names, is wrong."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(f"{found.code} {found.message}" for found in self.diagnostics))


class InternalError(Exception):
    """A mistake of causalspec's own, never of a spec: please report it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (a mistake in causalspec: please report it with the spec)")


_MOST_LISTED = 10


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` is most likely a misspelling of, if any is near enough: of several
    that share as many letters, one that a single slip makes (`dsa` is `das`, not `lda`).
    """
    folded = name.casefold()
    by_folded = {candidate.casefold(): candidate for candidate in candidates if candidate != name}
    matches = difflib.get_close_matches(folded, by_folded, n=3, cutoff=0.6)
    slips = [match for match in matches if match == folded or one_slip(folded, match)]
    return by_folded[(slips or matches)[0]] if matches else None


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """How a message about a name that is not there ends: with the one that was meant, or with what
    there is.
    """
    known = list(candidates)
    begun = [
        candidate
        for candidate in known
        if name and candidate.casefold().startswith(name.casefold())
    ]
    near = closest(name, known) or (begun[0] if len(begun) == 1 else None)
    if near is not None:
        return f"did you mean `{near}`?"
    if not known:
        return "there is none"
    listed = ", ".join(f"`{candidate}`" for candidate in known[:_MOST_LISTED])
    more = f" and {len(known) - _MOST_LISTED} more" if len(known) > _MOST_LISTED else ""
    return f"there {'is' if len(known) == 1 else 'are'} {listed}{more}"


class ToolFailure(Exception):  # noqa: N818 (`SpecError` and it are told apart by their names)
    """Something outside the spec failed: a file, a network's folder, memory, a full disk.

    The message is one sentence as in diagnostics; `help` says what to do about it. `leaves_open`
    marks failures that leave a question unanswered, where nothing is broken.
    """

    leaves_open = False

    def __init__(self, message: str, help: str | None = None) -> None:
        self.help = help
        super().__init__(message)
