"""Verdicts in the terminal: the report's headline, expectations and controls, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from causalspec.runtime.report.text import (
    cost,
    doubts,
    expectation_figure,
    figure,
    headline,
    held_against,
    interval,
    outcome,
    repeats,
    site_name,
    sorted_controls,
    spread_of,
    verdict_word,
    visible,
    wrong_answer,
)
from causalspec.runtime.report.too_few import what_helps
from causalspec.runtime.results.records import ClaimVerdict, ControlScore, PairCounts, Verification

_PLAIN_RULE = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
_PLAIN_CHARACTERS = str.maketrans({"−": "-", "–": "-", "’": "'", "×": "x"})


def print_verdicts(verification: Verification, console: Console) -> None:
    """Print the headline and, claim by claim, what was expected and what it was held against.

    Colours and rules are those that the console can show; words alone carry the verdict. What
    comes from a spec is printed as text: no markup of rich's and no escape sequence acts.
    """
    terminal = _Terminal(console)
    manifest = verification.manifest
    terminal.line(headline(verification), "bold")
    terminal.line(f"{manifest.spec} on {manifest.network}, seed {manifest.seed}", "dim")
    for verdict in verification.verdicts:
        console.print()
        _print_claim(verdict, terminal)


class _Terminal:
    """A console, with the characters that it can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.box = _PLAIN_RULE if console.options.ascii_only else box.SIMPLE_HEAD

    def text(self, content: str, style: str = "") -> Text:
        shown = visible(content)
        if self.console.options.ascii_only:
            plain = shown.translate(_PLAIN_CHARACTERS)
            shown = plain.encode("ascii", "backslashreplace").decode("ascii")
        return Text(shown, style)

    def line(self, content: str, style: str = "", indent: int = 0) -> None:
        self.console.print(Padding(self.text(content, style), (0, 0, 0, indent), expand=False))

    def verdict(self, holds: bool | None, word: str = "") -> Text:
        styles = {True: "bold green", False: "bold red", None: "bold yellow"}
        return self.text(word or verdict_word(holds), styles[holds])

    def table(self, words: str, *figures: str) -> Table:
        """A table whose first column is words and whose others are figures."""
        table = Table(box=self.box, pad_edge=False, show_edge=False, header_style="dim")
        table.add_column(words, overflow="fold")
        for name in figures:
            table.add_column(name, justify="right", no_wrap=True)
        return table

    def show(self, table: Table) -> None:
        self.console.print(Padding(table, (1, 0, 0, 2), expand=False))


def _print_claim(verdict: ClaimVerdict, terminal: _Terminal) -> None:
    heading = terminal.text(f"{verdict.claim}  ", "bold")
    word = terminal.verdict(verdict.holds, outcome(verdict))
    terminal.console.print(heading.append_text(word))
    if verdict.documentation:
        terminal.line(verdict.documentation, "italic", 2)
    score = verdict.score
    terminal.line(
        f"IIA {figure(score.mean)}, 95 % interval {interval(score)}, "
        f"on {score.correct} of {score.total} test pairs{repeats(score)}",
        indent=2,
    )
    terminal.line(f"{verdict.method} at {site_name(verdict.chosen)}; {cost(verdict)}", "dim", 2)
    for line in held_against(verdict):
        terminal.line(line, "dim", 2)
    for counts in verdict.counts:
        terminal.line(_counts(counts), "dim", 2)
    for answer in verdict.wrong:
        terminal.line(wrong_answer(answer), indent=4)
    if verdict.expectations:
        terminal.show(_expectations(verdict, terminal))
        _print_reasons(verdict, terminal)
    for doubt in doubts(verdict):
        terminal.console.print()
        terminal.line(doubt, indent=2)
        _print_seeds(verdict, terminal)
    if verdict.controls:
        terminal.show(_scores("control or rival", sorted_controls(verdict), terminal))
        _print_control_notes(verdict, terminal)
    if verdict.per_kind:
        terminal.show(_scores("kind of swap", verdict.per_kind, terminal))
    if verdict.notes:
        terminal.console.print()
    for note in verdict.notes:
        terminal.line(f"note: {note}", indent=2)


def _counts(counts: PairCounts) -> str:
    distinct = "" if counts.distinct in (None, counts.used) else f", {counts.distinct} distinct"
    return (
        f"{counts.design}.{counts.split}: {counts.drawn} pairs drawn, "
        f"{counts.answered} answered rightly, {counts.used} scored{distinct}"
    )


def _expectations(verdict: ClaimVerdict, terminal: _Terminal) -> Table:
    table = terminal.table("expected", "came to", "verdict")
    for expectation in verdict.expectations:
        table.add_row(
            terminal.text(expectation.text),
            terminal.text(expectation_figure(expectation.value)),
            terminal.verdict(expectation.holds),
        )
    return table


def _print_reasons(verdict: ClaimVerdict, terminal: _Terminal) -> None:
    reasons = dict.fromkeys(
        expectation.reason for expectation in verdict.expectations if expectation.reason
    )
    if reasons:
        terminal.console.print()
    for reason in reasons:
        terminal.line(f"unknown: {reason}", indent=2)
    for helps in what_helps(verdict):
        terminal.line(f"help: {helps}", indent=2)


def _print_control_notes(verdict: ClaimVerdict, terminal: _Terminal) -> None:
    """The range of what was drawn at random, and why a control was not tested."""
    found = [
        (control.name, spread_of(control) or control.not_tested) for control in verdict.controls
    ]
    lines = [f"{name}: {what}" for name, what in found if what]
    if lines:
        terminal.console.print()
    for line in lines:
        terminal.line(line, "dim", 2)


def _print_seeds(verdict: ClaimVerdict, terminal: _Terminal) -> None:
    for expectation in verdict.expectations:
        for number, found in enumerate(expectation.by_seed):
            if not number:
                terminal.console.print()
                terminal.line(f"{expectation.text}:", indent=2)
            terminal.line(
                f"seed {found.seed}: {expectation_figure(found.value)} at "
                f"{site_name(found.sites)}, {verdict_word(found.holds)}",
                indent=4,
            )


def _scores(what: str, scores: Iterable[ControlScore], terminal: _Terminal) -> Table:
    table = terminal.table(what, "IIA", "95 % interval")
    for score in scores:
        table.add_row(
            terminal.text(score.name),
            terminal.text(figure(score.score.mean)),
            terminal.text("not tested" if score.not_tested else interval(score.score)),
        )
    return table
