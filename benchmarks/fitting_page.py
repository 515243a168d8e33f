"""What fitting.py measured, as the tables of docs/fitting.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "benchmarks" / "results" / "fitting.json"
PAGE = ROOT / "docs" / "fitting.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->"

STARTS = ("random", "components", "differences")
SCHEDULES = ("linear", "cosine", "constant")
STEPS = (50, 100, 200, 400)
SEEDS = 3
EVERY = 10
"""So many steps lie between two looks at the validation pairs."""
PATIENCES = (30, 50, 100)
"""So many steps without a better look end a fit."""
STOPPED = (200, 400)
"""Fits of so many steps are tried with an early stop."""
MARKED = (0, 20, 50, 100, 150, 200, 300, 400)
"""After so many steps validation IIA is kept."""


def early_stop(curve: Sequence[float], patience: int) -> tuple[int, int]:
    """At which look a fit ends whose validation IIA goes this way, and the look whose map it
    keeps: the first of the best. It ends after so many looks that were no better, and at once
    where all pairs are right, since nothing can be better.
    """
    best = 0
    for look, score in enumerate(curve):
        if score > curve[best]:
            best = look
        if curve[best] == 1 or look - best >= patience:
            return look, best
    return len(curve) - 1, best


@dataclass(frozen=True, slots=True)
class Way:
    """A way to fit: from which start, by which schedule, for how many steps."""

    start: str
    schedule: str
    steps: int


DEFAULT = Way("random", "linear", 200)


@dataclass(frozen=True)
class Measured:
    """One network's site, and its fits by each way, one for each seed."""

    name: str
    figures: Mapping[str, Any]
    fits: Mapping[Way, Sequence[Mapping[str, Any]]]

    def tests(self, way: Way) -> list[float]:
        """IIA on the test pairs, for each seed."""
        return [fit["test"] for fit in self.fits[way]]

    @property
    def is_found(self) -> bool:
        """Whether the default's fits score above no swap at all: else there is nothing to find."""
        return mean(self.tests(DEFAULT)) > self.figures["no_swap"]


def read_kept(path: Path = KEPT) -> list[Measured]:
    """What was measured of every network."""
    found: list[Measured] = []
    for name, entry in json.loads(path.read_text(encoding="utf-8")).items():
        fits: dict[Way, list[Mapping[str, Any]]] = {}
        for fit in entry["figures"]["fits"]:
            way = Way(fit["start"], fit["schedule"], fit["steps"])
            fits.setdefault(way, []).append(fit)
        found.append(Measured(name, entry["figures"], fits))
    return found


def compared(one: Sequence[float], other: Sequence[float]) -> int:
    """1 where the mean of one is higher than that of the other by more than the seeds of either are
    apart, -1 where it is lower by more, else 0: no difference.
    """
    apart = mean(one) - mean(other)
    spread = max(max(scores) - min(scores) for scores in (one, other))
    return 0 if abs(apart) <= spread else 1 if apart > 0 else -1


def section(every: Sequence[Measured]) -> str:
    """The measured part of the page."""
    held = [one for one in every if one.is_found]
    parts = (networks(every), by_start(every), by_way(held), stopped(held))
    return "\n\n".join(parts) + "\n\n"


def networks(every: Sequence[Measured]) -> str:
    """What was fitted where."""
    rows = [
        [
            one.name,
            f"{figures['site']}, width {figures['width']}",
            f"{figures['dimensions']} of {figures['variables']} variable"
            + ("s" if figures["variables"] > 1 else ""),
            " / ".join(f"{count:,}" for count in figures["pairs"]),
            short(figures["no_swap"]),
        ]
        for one in every
        for figures in [one.figures]
    ]
    head = ["spec and alignment, network", "site", "dimensions", "pairs", "no swap"]
    minutes = sum(one.figures["processor_seconds"] for one in every) / 60
    told = (
        f"Pairs are those to fit on, to look at and to test on. All {sum_of_fits(every)} fits took "
        f"{minutes:.1f} minutes of processor, beside other work."
    )
    return f"{table(head, rows)}\n\n{told}"


def sum_of_fits(every: Sequence[Measured]) -> int:
    """How many there were."""
    return sum(len(fits) for one in every for fits in one.fits.values())


def by_start(every: Sequence[Measured]) -> str:
    """Each start after few steps and after as many as the default's, on each network."""
    ways = [Way(start, "linear", steps) for steps in (50, 200) for start in STARTS]
    rows = [[one.name, *(spread(one.tests(way)) for way in ways)] for one in every]
    head = ["IIA on `test`", *(f"{way.start}, {way.steps} steps" for way in ways)]
    return f"### Starts\n\n{table(head, rows)}"


def by_way(every: Sequence[Measured]) -> str:
    """All ways, over the networks."""
    rows: list[list[str]] = []
    for start in STARTS:
        for schedule in SCHEDULES:
            ways = [Way(start, schedule, steps) for steps in STEPS]
            rows.append([start, schedule, *(beside_default(every, way) for way in ways)])
    head = ["start", "schedule", *(f"{steps} steps" for steps in STEPS)]
    told = (
        f"Mean IIA on `test` over the {len(every)} networks on which the default scores above no "
        "swap, and on how many of them it is higher "
        "(+) or lower (−) than the default's, 200 steps from a random start by the linear "
        "schedule, by more than the seeds are apart; on the others there is no difference."
    )
    return f"### Starts, schedules, steps\n\n{told}\n\n{table(head, rows)}"


def beside_default(every: Sequence[Measured], way: Way) -> str:
    """The mean over the networks, and on how many it is more and less than the default's."""
    score = f"{mean(mean(one.tests(way)) for one in every):.3f}"
    if way == DEFAULT:
        return f"**{score}**"
    signs = [compared(one.tests(way), one.tests(DEFAULT)) for one in every]
    return f"{score} (+{signs.count(1)} −{signs.count(-1)})"


def stopped(every: Sequence[Measured]) -> str:
    """What an early stop would have saved, and cost."""
    rows: list[list[str]] = []
    for start in STARTS:
        for patience in PATIENCES:
            ways = [Way(start, "linear", steps) for steps in STOPPED]
            cells = (cell for way in ways for cell in stop_cells(every, way, patience))
            rows.append([start, str(patience), *cells])
    head = ["start", "patience"]
    for steps in STOPPED:
        head += [f"steps of {steps}", "IIA", "at worst"]
    told = (
        f"Validation IIA is looked at every {EVERY} steps. A fit ends when no look was better than "
        "the best for as many steps as its patience, or when all validation pairs are right, and "
        "keeps the map of the first best look. *Steps* is the share of the steps that are taken by "
        "the linear schedule, *IIA* by how much the mean on `test` changes against the same fits "
        "in full, *at worst* by how much that of one fit does."
    )
    return f"### An early stop\n\n{told}\n\n{table(head, rows)}"


def stop_cells(every: Sequence[Measured], way: Way, patience: int) -> list[str]:
    """The share of steps that are taken, the change of the mean, and the worst of one fit."""
    shares: list[float] = []
    changes: list[float] = []
    for one in every:
        for fit in one.fits[way]:
            end, _, kept = fit["stops"][str(patience)]
            shares.append(end / way.steps)
            changes.append(kept - fit["test"])
    share = f"{mean(shares):.0%}".replace("%", " %")
    return [share, signed(mean(changes)), signed(min(changes))]


def signed(change: float) -> str:
    """Three places with a sign; 0 has none."""
    return f"{change:+.3f}".replace("-", "−") if round(change, 3) else "0"


def spread(scores: Sequence[float]) -> str:
    """The mean, and the least and the most where they are not the same."""
    low, high = short(min(scores)), short(max(scores))
    return short(mean(scores)) + (f" ({low} to {high})" if low != high else "")


def short(score: float) -> str:
    """Three places; 1.0 is exact."""
    if score == 1:
        return "1.0"
    return f"{min(score, 0.999):.3f}".removeprefix("0")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_page(page: Path = PAGE, kept: Path = KEPT) -> None:
    """Renew the measured part of the page."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page.write_text(
        before + BEGIN + "\n" + section(read_kept(kept)) + END + after, encoding="utf-8"
    )
