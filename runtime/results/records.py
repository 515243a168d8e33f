"""What a verification finds, as plain values: the content of `result.json` and of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from causalspec.runtime.results.above_floor import AboveFloor
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.looks import Looks
from causalspec.runtime.results.paired import PairedDifference
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, slots=True)
class SiteRank:
    """How sure it is that `best` is the best of the `searched` sites, by their validation scores:
    the `share` of resamples of the pairs in which it is, and all others that are `not_told_apart`
    from the best, which are in a set that has this in it with 95 % confidence.
    """

    best: tuple[Site, ...]
    searched: int
    share: float
    not_told_apart: tuple[tuple[Site, ...], ...]


@dataclass(frozen=True, slots=True)
class MeasuredScore:
    """A metric that a claim asks for, of its own maps (`of` empty), a control or a rival.

    `value` with the interval from `lower` to `upper`, over `pairs` pairs.
    """

    metric: str
    of: str
    value: float
    lower: float
    upper: float
    pairs: int


@dataclass(frozen=True, slots=True)
class SiteScore:
    """IIA on the validation pairs of the maps fitted at some sites: one for each placement. Where
    the sites were dropped early, the score is that of a fit of `dropped_after` steps; after none,
    that of a swap of the whole vectors on a few of the pairs. `measures` are other metrics on these
    pairs, where they were asked for.
    """

    sites: tuple[Site, ...]
    validation: Score
    final_loss: float | None
    dropped_after: int | None = None
    measures: tuple[MeasuredScore, ...] = ()


@dataclass(frozen=True, slots=True)
class FittedMap:
    """What the map at one of the chosen sites came to: its dimensions for each of its variables,
    learned ones as they were hardened, and for a map that loses information the share of the
    base's variance that its features hold; the rest is left as it was.
    """

    site: Site
    variables: tuple[str, ...]
    dimensions: tuple[int, ...]
    retained: float | None
    methods: tuple[str, ...] = ()  # each variable's, as written: "das(dim = 16)"
    distance: float | None = None
    """How many times as far edited vectors lie from natural ones as natural ones do."""


@dataclass(frozen=True, slots=True)
class ControlScore:
    """`name` is a control or a rival model; `explanation` says in a sentence what was done."""

    name: str
    score: Score
    explanation: str
    spread: tuple[float, ...] = ()  # what each draw of a random control scores
    not_tested: str = ""  # why it has no score


@dataclass(frozen=True, slots=True)
class RivalDifference:
    """By how much the claim's IIA is above a rival's, with the 95 % interval from `lower` to
    `upper`, paired where their pairs are the `same_pairs`. Where 0 lies in it that is a tie, and
    `enough` independent pairs would settle it, were the difference the same; None where no number
    would, or none is wanted.
    """

    name: str
    mean: float
    lower: float
    upper: float
    same_pairs: bool
    enough: int | None

    @property
    def is_tie(self) -> bool:
        """Whether either may be the better."""
        return self.lower <= 0 <= self.upper


@dataclass(frozen=True, slots=True)
class SeedVerdict:
    """What an expectation came to with the maps of one seed of the fit, at the sites chosen for it;
    `holds` is as in `ExpectationVerdict`.
    """

    seed: int
    value: float
    holds: bool | None
    sites: tuple[Site, ...]


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
    by_seed: tuple[
        SeedVerdict, ...
    ] = ()  # where it is asked of several seeds; `value` is the first's


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
    """One claim's outcome. `sites` in the order of the sweep; `chosen` by validation alone, a site
    for each placement, none where the network answers no pair, so that nothing could be fitted.
    """

    claim: str
    model: str
    documentation: str
    alignment: str
    method: str  # "das(dim = 16)"
    score: Score
    per_kind: tuple[ControlScore, ...]  # test score of each kind of swap, when there are several
    chosen: tuple[Site, ...]
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
    measures: tuple[MeasuredScore, ...] = ()  # metrics beside IIA that the claim asks for
    fitted: tuple[FittedMap, ...] = ()  # the maps at the chosen sites
    train: Score | None = None  # IIA of the chosen maps on pairs that they were fitted to
    above_untrained: PairedDifference | None = None  # iia - iia(random_network), pair by pair
    vacuous: str = ""  # why the claim says nothing of what the network has learned
    parted: str = ""  # why the scores on train and test part by too much
    rivals: tuple[RivalDifference, ...] = ()  # against each rival that the claim names
    looks: Looks | None = None  # how often the test pairs were scored, where the ledger tells
    ranks: tuple[SiteRank, ...] = ()  # of each choice of a site among several
    above_floor: AboveFloor | None = None  # `score` above what no swap explains
    memory: int = 0  # bytes that the process had taken at most by the end of the claim
    device_memory: int = 0  # bytes of a GPU's own memory likewise; 0 on any other device

    @property
    def as_expected(self) -> bool | None:
        """Whether every expectation holds; None where none fails and some are unknown."""
        return every(expectation.holds for expectation in self.expectations)

    @property
    def holds(self) -> bool | None:
        """Whether every expectation does and nothing speaks against it: a vacuous claim does not
        hold, and one whose scores part by too much is unknown. What is met on pairs that do not
        suffice stays unknown: so few tell it from an untrained network's score as little.
        """
        if self.as_expected is not True:
            return self.as_expected
        return False if self.vacuous else None if self.parted else True

    @property
    def is_vacuous(self) -> bool:
        """Whether that alone keeps it from holding."""
        return bool(self.vacuous) and self.as_expected is True


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
    answers: str = ""  # what the network chose its answers from: "vocabulary", "declared", …
    parameters: tuple[tuple[str, str], ...] = ()  # of tasks: ("Addition.digits", "4")
    reused: tuple[tuple[str, str], ...] = ()  # files whose maps were scored: (name, SHA-256)
    precision: str = "float32"  # of products: "float32", or "bfloat16" added up in float32


@dataclass(frozen=True, slots=True)
class Verification:
    """A whole run: every claim's verdict and the manifest."""

    manifest: Manifest
    verdicts: tuple[ClaimVerdict, ...]

    @property
    def holds(self) -> bool | None:
        """Whether every claim does; None where none fails and some are unknown."""
        return every(verdict.holds for verdict in self.verdicts)


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all answers are yes, by Kleene: a no decides, else an unknown (None) does."""
    known = set(answers)
    return False if False in known else None if None in known else True
