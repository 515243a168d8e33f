"""What a verification finds, as plain values: the content of `result.json` and of the report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """A share of pairs with its 95 % Wilson interval.

    Of `drawn` pairs `total` could be scored. Where some repeat, they count as `effective` ones (see
    `repeats`), and the interval is that of so many. None stands for all of them. Wilson, "Probable
    inference, the law of succession, and statistical inference" (1927).
    """

    correct: int
    total: int
    effective: float | None = None
    drawn: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total:
            raise ValueError(f"{self.correct} of {self.total} is not a share")
        least = 0.0 if not self.total else 1.0
        if self.effective is not None and not least <= self.effective <= self.total:
            raise ValueError(f"{self.total} pairs can't count as {self.effective}")
        if self.drawn is not None and self.drawn < self.total:
            raise ValueError(f"{self.total} of {self.drawn} pairs can't be scored")

    def counts_as(self) -> float:
        """How many pairs the interval is of: repeated ones count once."""
        return self.total if self.effective is None else self.effective

    @property
    def mean(self) -> float:
        """NaN for no pairs, as are the bounds."""
        return self.correct / self.total if self.total else math.nan

    @property
    def lower(self) -> float:
        """The lower end of the 95 % Wilson interval."""
        return self.interval(self.counts_as())[0]

    @property
    def upper(self) -> float:
        """The upper end of the 95 % Wilson interval."""
        return self.interval(self.counts_as())[1]

    def interval(self, pairs: float) -> tuple[float, float]:
        """The 95 % Wilson interval that the same mean would have on so many pairs."""
        mean = self.mean  # exactly 0 where nothing is correct, 1 where everything is
        return min(mean, self._wilson(-1, pairs)), max(mean, self._wilson(+1, pairs))

    def _wilson(self, sign: int, n: float) -> float:
        if not self.total:
            return math.nan
        z = 1.959963984540054
        p = self.mean
        centre = p + z * z / (2 * n)
        spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return min(1.0, max(0.0, (centre + sign * spread) / (1 + z * z / n)))


@dataclass(frozen=True, slots=True)
class Site:
    """Where a map sits: `residual`, layer 22, token `last` (empty for networks without tokens)."""

    site: str
    layer: int
    token: str


@dataclass(frozen=True, slots=True)
class SiteScore:
    """IIA on the validation pairs of the map fitted at one site."""

    site: Site
    validation: Score
    final_loss: float | None


@dataclass(frozen=True, slots=True)
class ControlScore:
    """`name` is a control or a rival model; `explanation` says in a sentence what was done."""

    name: str
    score: Score
    explanation: str


@dataclass(frozen=True, slots=True)
class ExpectationVerdict:
    """One `expect` line: as written, what its left side came to, and whether it holds.

    `holds` is None where the bound is met on pairs that do not suffice to tell. `reason` then says
    why, and `enough` how many distinct pairs of the same score would do, where any number would.
    """

    text: str
    value: float
    holds: bool | None
    reason: str = ""
    enough: int | None = None


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs of a split were drawn, and of how many the network answers base and every
    source rightly; `used` is how many were scored, and `distinct` how many of these differ for the
    network.
    """

    design: str
    split: str
    drawn: int
    answered: int
    used: int
    floor: float  # share of used pairs whose label is the base's own
    distinct: int | None = None


@dataclass(frozen=True, slots=True)
class PairRow:
    """One counterfactual pair as people read it."""

    base: str
    sources: tuple[str, ...]
    swapped: str  # "position", "left, right"
    base_answer: str
    label: str
    said: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A prompt that the network, left alone, answers wrongly: what it said, and what is right."""

    prompt: str
    said: str
    right: str


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim's outcome. `sites` in the order of the sweep; `chosen` by validation alone, None
    where the network answers no pair, so that nothing could be fitted.
    """

    claim: str
    model: str
    documentation: str
    alignment: str
    method: str  # "das(dim = 16)"
    score: Score
    per_kind: tuple[ControlScore, ...]  # test score of each kind of swap, when there are several
    chosen: Site | None
    sites: tuple[SiteScore, ...]
    controls: tuple[ControlScore, ...]
    expectations: tuple[ExpectationVerdict, ...]
    counts: tuple[PairCounts, ...]
    rows: tuple[PairRow, ...]
    notes: tuple[str, ...]  # what the reader should know: plain path used, batch halved, …
    graph_svg: str  # the hypothesis' causal graph
    seconds: float
    chance: float | None = None  # what guessing among the possible labels scores, where known
    wrong: tuple[WrongAnswer, ...] = ()  # some, where less than half of the pairs are answered

    @property
    def holds(self) -> bool | None:
        """Whether every expectation does; None where none fails and some are unknown."""
        return every(one.holds for one in self.expectations)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What went in, so that the run can be repeated and checked."""

    causalspec: str
    spec: str  # the file's name
    spec_sha256: str
    files: tuple[tuple[str, str], ...]  # word lists and tables: (name, SHA-256)
    network: str
    network_sha256: str
    seed: int
    versions: tuple[tuple[str, str], ...]  # ("torch", "2.13.0"), …
    device: str
    command: str  # reproduces the run


@dataclass(frozen=True, slots=True)
class Verification:
    """A whole run: every claim's verdict and the manifest."""

    manifest: Manifest
    verdicts: tuple[ClaimVerdict, ...]

    @property
    def holds(self) -> bool | None:
        """Whether every claim does; None where none fails and some are unknown."""
        return every(one.holds for one in self.verdicts)


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all answers are yes, by Kleene: a no decides, else an unknown (None) does."""
    known = set(answers)
    return False if False in known else None if None in known else True
