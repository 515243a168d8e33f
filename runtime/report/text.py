"""Words and figures that the report and the terminal share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.dsl.display import shown
from causalspec.runtime.results.above_floor import AboveFloor
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.looks import Looks
from causalspec.runtime.results.records import (
    ClaimVerdict,
    ControlScore,
    RivalDifference,
    SiteRank,
    Verification,
    WrongAnswer,
)
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import duration, written_size

NO_SWAP, FULL_VECTOR = "no_swap", "full_vector"
"""Controls that other scores are read against: the floor, and swapping all there is at the site."""

VACUOUS = "vacuous"

LONGEST_PROMPT = 80

SHOWN_SITES = 5

ANSWERS = {
    "vocabulary": "the whole vocabulary",
    "declared": "the task’s declared answers alone",
    "classes": "the network’s classes",
}
"""What a network may choose its answers from, as a manifest has it."""

WHAT_IIA_MEANS = (
    "Interchange intervention accuracy (IIA) is the share of counterfactual pairs on which the "
    "network, with the aligned part of its activations taken from its run on the source, says what "
    "the hypothesis says under the same swap. "
    "1 would be a perfect account of the network on these pairs; a network that ignores the swap "
    "scores the floor, `no_swap`."
)

WHAT_A_VERDICT_DOES_NOT_SAY = (
    "That the hypothesis is the only one that fits: a rival that gives the same labels would score "
    "the same, and only the rivals named here were compared.",
    "Anything about inputs that the spec does not describe, other prompts, other networks, or "
    "pairs that were left out because the network answers them wrongly.",
    "That a failed hypothesis is absent: another site, another map or more dimensions may carry "
    "it.",
    "How much another seed would change: the 95 % Wilson intervals cover the choice of pairs, not "
    "the fitting of the map.",
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A score to read others against: `text` is what people call it."""

    name: str
    text: str
    value: float


def visible(text: str) -> str:
    """`text` with every character that would not show, or would act, replaced by what stands for it
    in a terminal, too; newlines and tabs stay.
    """
    return "".join(character if character in "\n\t" else shown(character) for character in text)


def verbatim(text: str) -> str:
    """One answer of a network, on one line, with nothing in it unseen."""
    return visible(text).replace("\n", "⏎").replace("\t", "⇥") or "(nothing)"


def figure(value: float) -> str:
    """A score or a difference of scores to three places: `0.902`, `−0.050`, `–` for none."""
    return f"{value:.3f}".replace("-", "−") if math.isfinite(value) else "–"


def short_figure(value: float) -> str:
    """A score in two places for a small cell: `.90`, `1.0`; 1.0 and .00 are exact."""
    if not math.isfinite(value):
        return "–"
    if value == 1:
        return "1.0"
    rounded = min(0.99, round(value, 2)) if value > 0 else value
    return f"{max(rounded, 0.01) if value > 0 else rounded:.2f}".replace("0.", ".", 1)


def expectation_figure(value: float) -> str:
    """The left side of an `expect` line, to four places so that rounding rarely crosses a bound."""
    return f"{value:.4f}".replace("-", "−") if math.isfinite(value) else "–"


def interval(score: Score) -> str:
    """`0.873 to 0.925`."""
    return f"{figure(score.lower)} to {figure(score.upper)}" if score.total else "–"


def percent(part: int, whole: int) -> str:
    """`95.6 %`."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def cost(verdict: ClaimVerdict) -> str:
    """`3 min 12 s, at most 1.3 GiB of memory`, and of a GPU's own, where one was used."""
    told = duration(verdict.seconds)
    if verdict.memory:
        told += f", at most {written_size(verdict.memory)} of memory"
    if verdict.device_memory:
        told += f" and {written_size(verdict.device_memory)} of the GPU's"
    return told


def wrong_answer(answer: WrongAnswer) -> str:
    """``after `…gave a gift to` it says ` the`, right is ` Mary` ``: of a long prompt its end."""
    prompt = verbatim(answer.prompt)
    if len(prompt) > LONGEST_PROMPT:
        prompt = f"…{prompt[1 - LONGEST_PROMPT :]}"
    return (
        f"after `{prompt}` it says `{verbatim(answer.said)}`, right is `{verbatim(answer.right)}`"
    )


def site_name(sites: Sequence[Site]) -> str:
    """`residual, layer 22, token last`, several joined; `no site` where none could be chosen."""
    return " and ".join(str(site) for site in dict.fromkeys(sites)) or "no site"


def headline(verification: Verification) -> str:
    """`2 of 2 claims hold`, `1 of 3 claims holds, 1 is unknown`."""
    total = len(verification.verdicts)
    holding = sum(verdict.holds is True for verdict in verification.verdicts)
    unknown = sum(verdict.holds is None for verdict in verification.verdicts)
    if total == 0:
        return "No claim was verified"
    if total == 1:
        [verdict] = verification.verdicts
        word = outcome(verdict)
        return f"The claim {'is ' if word in ('unknown', VACUOUS) else ''}{word}"
    empty = sum(verdict.is_vacuous for verdict in verification.verdicts)
    counts = ((empty, VACUOUS), (unknown, "unknown"))
    left = "".join(
        f", {count} {'is' if count == 1 else 'are'} {word}" for count, word in counts if count
    )
    return f"{holding} of {total} claims {'holds' if holding == 1 else 'hold'}{left}"


def verdict_word(holds: bool | None) -> str:
    """`holds`, `fails` or `unknown`."""
    return {True: "holds", False: "fails", None: "unknown"}[holds]


def outcome(verdict: ClaimVerdict) -> str:
    """`vacuous` where that alone keeps a claim from holding, else as `verdict_word` says."""
    return VACUOUS if verdict.is_vacuous else verdict_word(verdict.holds)


def doubts(verdict: ClaimVerdict) -> tuple[str, ...]:
    """What speaks against a claim beside its expectations: `vacuous: …`, `unknown: …`."""
    found = ((VACUOUS, verdict.vacuous), ("unknown", verdict.parted))
    return tuple(f"{word}: {reason}" for word, reason in found if reason)


def held_against(verdict: ClaimVerdict) -> tuple[str, ...]:
    """What every verdict says beside its score: how far it lies above the floor, how sure the site
    is, how often test was looked at, the score on `train`, what an untrained network leaves, and
    how natural the edits are.
    """
    found: list[str] = []
    if verdict.above_floor is not None:
        found.append(_above_floor(verdict.above_floor))
    found += [_rank(rank) for rank in verdict.ranks]
    if verdict.looks is not None and verdict.looks.in_all > 1:
        found.append(_looks(verdict.looks))
    if verdict.train is not None and verdict.train.total:
        found.append(
            f"IIA {figure(verdict.train.mean)} on {verdict.train.total} of the pairs that the maps "
            f"were fitted to, {figure(verdict.score.mean)} on test"
        )
    above = verdict.above_untrained
    if above is not None:
        found.append(
            f"{figure(above.mean)} above the untrained network on the same pairs, 95 % interval "
            f"{figure(above.lower)} to {figure(above.upper)}"
        )
    found += [_rival(rival) for rival in verdict.rivals]
    for fitted in verdict.fitted:
        if fitted.distance is not None:
            where = "" if len(verdict.fitted) == 1 else f" at {fitted.site}"
            found.append(
                f"edited activations{where} lie {fitted.distance:.2f} times as far from natural "
                "ones as these from each other"
            )
    return tuple(found)


def _above_floor(above: AboveFloor) -> str:
    floor = f"the floor of {figure(above.floor)} ({above.by})"
    if math.isnan(above.mean):
        return f"nothing lies above {floor}: the data tell no swap from none"
    return (
        f"{figure(above.mean)} of the way from {floor} to 1, 95 % interval "
        f"{figure(above.lower)} to {figure(above.upper)}"
    )


def _rank(rank: SiteRank) -> str:
    found = (
        f"{site_name(rank.best)} is the best of {rank.searched:,} sites in "
        f"{100 * rank.share:.0f} % of resamples of the validation pairs; "
    )
    others = rank.not_told_apart
    if not others:
        return f"{found}all others are told apart from the best"
    named = "; ".join(site_name(sites) for sites in others[:SHOWN_SITES])
    more = len(others) - SHOWN_SITES
    rest = f"; and {more:,} more" if more > 0 else ""
    what = "1 other is" if len(others) == 1 else f"{len(others):,} others are"
    return f"{found}{what} not told apart from the best: {named}{rest}"


def _looks(looks: Looks) -> str:
    times = "once" if looks.since_change == 1 else f"{looks.since_change:,} times"
    found = f"test looked at {times} since the claim last changed"
    if looks.in_all > looks.since_change:
        found += f", {looks.in_all:,} times in all by claims on the same pairs"
    return found


def _rival(rival: RivalDifference) -> str:
    where = " on the same pairs" if rival.same_pairs else ", on pairs of its own"
    found = (
        f"{figure(abs(rival.mean))} {'below' if rival.mean < 0 else 'above'} {rival.name}{where}, "
        f"95 % interval {figure(rival.lower)} to {figure(rival.upper)}"
    )
    if not rival.is_tie:
        return found
    enough = "no number of" if rival.enough is None else f"{rival.enough:,} independent"
    return f"{found}: a tie, which {enough} pairs would settle"


def spread_of(control: ControlScore) -> str:
    """`20 draws, 0.412 to 0.598` of a control that is drawn at random."""
    if not control.spread:
        return ""
    low, high = min(control.spread), max(control.spread)
    return f"{len(control.spread)} draws, {figure(low)} to {figure(high)}"


def repeats(score: Score) -> str:
    """`, which count as 12 independent ones` where pairs repeat or share inputs, else nothing."""
    pairs = score.counts_as()
    return "" if pairs == score.total else f", which count as {count_of(pairs)} independent ones"


def count_of(pairs: float) -> str:
    """How many pairs some count as: `12`, `7.8`."""
    return f"{pairs:,.1f}".removesuffix(".0")


def control_named(verdict: ClaimVerdict, name: str) -> ControlScore | None:
    """The claim's control of that name, if it was run."""
    return next((control for control in verdict.controls if control.name == name), None)


def sorted_controls(verdict: ClaimVerdict) -> list[ControlScore]:
    """Controls and rivals from the best score to the worst, ties as they were run."""
    return sorted(
        verdict.controls, key=lambda control: -control.score.correct / max(1, control.score.total)
    )


def references(verdict: ClaimVerdict) -> tuple[Reference, ...]:
    """The scores to read a claim's against: floor, chance and whole vector, where known.

    Without the claim's own floor it is `no_swap`, and without this control the share of labels that
    equal the base's answer.
    """
    found: list[Reference] = []
    floor = control_named(verdict, NO_SWAP)
    above = verdict.above_floor
    if above is not None:
        found.append(Reference("floor", f"floor: {above.by}", above.floor))
    elif floor is not None:
        found.append(Reference("floor", f"floor: {NO_SWAP}", floor.score.mean))
    elif verdict.counts:
        found.append(Reference("floor", "floor: the base’s own answer", verdict.counts[-1].floor))
    if verdict.chance is not None:
        found.append(Reference("chance", "chance", verdict.chance))
    whole = control_named(verdict, FULL_VECTOR)
    if whole is not None:
        found.append(Reference("whole", f"whole vector: {FULL_VECTOR}", whole.score.mean))
    return tuple(reference for reference in found if math.isfinite(reference.value))
