"""What helps where pairs are too few, by what loses most of them."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from causalspec.runtime.report.page import render_report
from causalspec.runtime.report.too_few import what_helps
from causalspec.runtime.results.as_json import from_json
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ClaimVerdict, ExpectationVerdict, PairCounts
from causalspec.runtime.results.verdict_table import print_verdicts

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))
REASON = "on 12 independent pairs the interval reaches 0.222 past the bound; 27 would do"


def unknown(score: Score, distinct: int, enough: int | None = 27) -> ClaimVerdict:
    line = ExpectationVerdict("iia >= 0.9", 0.95, None, REASON, enough)
    assert score.drawn is not None
    count = PairCounts("Pairs", "test", score.drawn, score.total, score.total, 0.1, distinct)
    return dataclasses.replace(RUN.verdicts[0], score=score, expectations=(line,), counts=(count,))


@pytest.mark.parametrize(
    ("score", "distinct", "said"),
    [
        (Score(12, 12, 12, 12), 12, ["write `split test 27` in `Pairs`, now 12"]),
        (
            Score(12, 12, 12, 50),
            12,
            [
                "the network answers 12 of 50 pairs rightly: a prompt that it plays better leaves "
                "more, and `--keep-unanswered` scores all",
                "write `split test 120` in `Pairs`, now 50",
            ],
        ),
        (
            Score(500, 500, 8, 500),
            8,
            [
                "only 8 of 500 pairs differ for the network, and more rows repeat them: give the "
                "task more inputs, or leave fewer out by `keep where`"
            ],
        ),
        (
            Score(490, 500, 20, 500),
            480,
            [
                "480 pairs count as 20 independent ones, since they share bases and sources: give "
                "the task more inputs to draw them from",
                "write `split test 680` in `Pairs`, now 500",
            ],
        ),
    ],
)
def test_what_helps(score: Score, distinct: int, said: list[str]):
    assert list(what_helps(unknown(score, distinct))) == said


def test_nothing_where_no_number_would_do_or_none_is_wanted():
    assert what_helps(unknown(Score(12, 12, 12, 12), 12, None)) == ()
    assert what_helps(RUN.verdicts[0]) == ()
    assert what_helps(RUN.verdicts[1]) == ()  # it fails: more pairs are no help


def test_terminal_and_report_say_it():
    verdict = unknown(Score(12, 12, 12, 12), 12)
    run = dataclasses.replace(RUN, verdicts=(verdict,))
    out = io.StringIO()
    print_verdicts(run, Console(file=out, width=100))
    assert f"unknown: {REASON}\n" in out.getvalue()
    assert "help: write `split test 27` in `Pairs`, now 12\n" in out.getvalue()
    assert "write <code>split test 27</code> in <code>Pairs</code>, now 12" in render_report(run)
