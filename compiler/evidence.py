"""How an answer is known. Unknown is never a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from causalspec.dsl.source import Span


@dataclass(frozen=True, slots=True)
class Proved:
    """By algebra on intervals, or by the solver, for every setting."""

    text = "proved"


@dataclass(frozen=True, slots=True)
class Exhaustive:
    """Every one of `count` settings was tried."""

    count: int

    @property
    def text(self) -> str:
        """As reports say it."""
        return f"exhaustive ({self.count:,})"


@dataclass(frozen=True, slots=True)
class Sampled:
    """So many settings were drawn, which shows what there is and not what there isn't."""

    count: int
    seed: int

    @property
    def text(self) -> str:
        """As reports say it."""
        return f"sampled ({self.count:,}, seed {self.seed})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The question was beyond every limit."""

    text = "unknown"


Evidence = Proved | Exhaustive | Sampled | Unknown


def combined(first: Evidence, second: Evidence) -> Evidence:
    """How it is known that two things hold: by the weaker of the two; of enumerations, all."""
    if isinstance(first, Exhaustive) and isinstance(second, Exhaustive):
        return Exhaustive(first.count + second.count)
    strength = (Proved, Exhaustive, Sampled, Unknown)
    return max(first, second, key=lambda evidence: strength.index(type(evidence)))


@dataclass(frozen=True, slots=True)
class Witness:
    """A setting of inputs and noise that makes a condition true."""

    setting: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NoWitness:
    """No setting was found; only `Proved` and `Exhaustive` say that there is none."""

    evidence: Evidence

    @property
    def is_certain(self) -> bool:
        """Whether there is none."""
        return isinstance(self.evidence, Proved | Exhaustive)

    @property
    def holds(self) -> bool | None:
        """The answer to whether there is none; None where that is open."""
        return True if self.is_certain else None


@dataclass(frozen=True, slots=True)
class Examination:
    """One question about a specification with its answer. `holds` is None where it is open.

    `details` are lines that show the answer, such as two runs side by side; `why` leads from what a
    counterexample gives back to what it is computed from.
    """

    question: str
    holds: bool | None
    evidence: Evidence
    span: Span | None = None
    details: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def examined(
    question: str,
    found: Witness | NoWitness,
    span: Span | None,
    refuted: Callable[[Mapping[str, int]], Iterable[str]],
    why: Callable[[Mapping[str, int]], Iterable[str]] = lambda _: (),
) -> Examination:
    """The answer to whether there is no witness. `refuted` reports one, and gives the lines that
    show it, `why` those that explain it.
    """
    if isinstance(found, NoWitness):
        return Examination(question, found.holds, found.evidence, span)
    shown = tuple(refuted(found.setting))
    return Examination(question, False, Exhaustive(1), span, shown, tuple(why(found.setting)))


def examined_some(
    question: str, found: Witness | NoWitness, span: Span | None, refuted: Callable[[], None]
) -> Examination:
    """The answer to whether there is a witness. `refuted` reports that there is none."""
    if isinstance(found, Witness):
        return Examination(question, True, Exhaustive(1), span)
    if found.is_certain:
        refuted()
    return Examination(question, False if found.is_certain else None, found.evidence, span)
