"""The terminal's verdict, as whole strings."""

import dataclasses
import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from causalspec.runtime.results.as_json import from_json
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import (
    ControlScore,
    ExpectationVerdict,
    PairCounts,
    Verification,
    WrongAnswer,
)
from causalspec.runtime.results.verdict_table import print_verdicts

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
VERIFICATION = from_json(FIXTURE.read_text(encoding="utf-8"))


def printed(verification: Verification, encoding: str = "utf-8", width: int = 80) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_verdicts(verification, Console(file=file, width=width))
    file.flush()
    return "".join(line.rstrip() + "\n" for line in raw.getvalue().decode(encoding).splitlines())


def shortened() -> Verification:
    """Two claims, the first with three controls of six and one of three counts."""
    first, second = VERIFICATION.verdicts
    first = dataclasses.replace(
        first, controls=first.controls[:3], counts=first.counts[2:], notes=first.notes[1:]
    )
    return dataclasses.replace(VERIFICATION, verdicts=(first, second))


EXPECTED = """\
1 of 2 claims holds
indirect_object.causal on SmolLM2-135M-Instruct, seed 0

PositionIsAVariable  holds
  First find out which position is repeated, then copy the name at the other
  one.
  IIA 0.902, 95 % interval 0.873 to 0.925, on 451 of 500 test pairs
  das(dim = 16) at residual, layer 22, token last; 3 min 12 s
  SwapPosition.test: 523 pairs drawn, 500 answered rightly, 500 scored

  expected                             came to   verdict
  ──────────────────────────────────────────────────────
  iia >= 0.85                           0.9020     holds
  iia - iia(random_subspace) >= 0.25    0.3820     holds
  iia - iia(random_network) >= 0.25     0.9020     holds

  control or rival     IIA    95 % interval
  ─────────────────────────────────────────
  full_vector        0.730   0.689 to 0.767
  random_subspace    0.520   0.476 to 0.563
  no_swap            0.018   0.009 to 0.034

  note: The shortened forward pass agreed with the plain one to 2e-5 on 8 pairs,
  so it was used.

TheNameFollows  fails
  The answer's name is carried as such.
  IIA 0.922, 95 % interval 0.895 to 0.942, on 461 of 500 test pairs
  full_vector at residual, layer 29, token last; 41 s
  SwapName.validation: 210 pairs drawn, 200 answered rightly, 200 scored
  SwapName.test: 528 pairs drawn, 500 answered rightly, 500 scored

  expected                     came to   verdict
  ──────────────────────────────────────────────
  iia >= 0.85                   0.9220     holds
  iia - iia(no_swap) >= 0.80    0.8980     holds
  lower(iia) >= 0.90            0.8952     fails

  control or rival     IIA    95 % interval
  ─────────────────────────────────────────
  no_swap            0.024   0.014 to 0.041
  random_network     0.000   0.000 to 0.008

  kind of swap                            IIA    95 % interval
  ────────────────────────────────────────────────────────────
  swap name                             0.952   0.918 to 0.972
  swap name from s1, position from s2   0.892   0.847 to 0.925

  note: These figures are made up for a test; no network was run.
"""


def test_eighty_columns():
    assert printed(shortened()) == EXPECTED


def test_a_console_that_has_ascii_only():
    assert printed(shortened(), "ascii") == EXPECTED.replace("─", "-")


def test_what_ascii_lacks_is_escaped_and_nothing_overflows():
    first = dataclasses.replace(
        VERIFICATION.verdicts[0],
        documentation="Zoë’s – α",
        expectations=(ExpectationVerdict("iia - iia(no_swap) >= 0.25", -0.05, False),),
        controls=(ControlScore("no_swap", Score(0, 0), ""),),
        counts=(),
        notes=(),
    )
    assert printed(dataclasses.replace(VERIFICATION, verdicts=(first,)), "ascii", 40) == (
        "The claim fails\n"
        "indirect_object.causal on\n"
        "SmolLM2-135M-Instruct, seed 0\n"
        "\n"
        "PositionIsAVariable  fails\n"
        "  Zo\\xeb's - \\u03b1\n"
        "  IIA 0.902, 95 % interval 0.873 to\n"
        "  0.925, on 451 of 500 test pairs\n"
        "  das(dim = 16) at residual, layer 22,\n"
        "  token last; 3 min 12 s\n"
        "\n"
        "  expected             came to   verdict\n"
        "  --------------------------------------\n"
        "  iia - iia(no_swap)   -0.0500     fails\n"
        "  >= 0.25\n"
        "\n"
        "  control or rival   IIA   95 % interval\n"
        "  --------------------------------------\n"
        "  no_swap              -               -\n"
    )


def test_a_spec_moves_no_cursor_and_sets_no_style():
    hostile = "\x1b[2J[bold red]x[/]\x9b31m\u202e\r"
    verdict = dataclasses.replace(
        VERIFICATION.verdicts[0],
        claim=hostile,
        documentation=hostile,
        notes=(hostile,),
        expectations=(ExpectationVerdict(hostile, 1.0, True),),
        controls=(ControlScore(hostile, Score(1, 2), hostile),),
    )
    text = printed(dataclasses.replace(VERIFICATION, verdicts=(verdict,)))
    assert not set(text) & set("\x1b\x9b\u202e\r")
    assert text.count("␛[2J[bold red]x[/]\\u{9B}31m\\u{202E}␍") == 5


def test_a_colour_terminal_says_it_in_words_too():
    raw = io.StringIO()
    print_verdicts(
        VERIFICATION, Console(file=raw, width=80, force_terminal=True, color_system="standard")
    )
    assert "\x1b[1;32mholds\x1b[0m" in raw.getvalue()
    assert "\x1b[1;31mfails\x1b[0m" in raw.getvalue()


def test_no_claims():
    text = printed(dataclasses.replace(VERIFICATION, verdicts=()))
    assert text == (
        "No claim was verified\nindirect_object.causal on SmolLM2-135M-Instruct, seed 0\n"
    )


def test_a_claim_that_could_not_be_asked_is_unknown_and_shows_what_was_said():
    first = dataclasses.replace(
        VERIFICATION.verdicts[0],
        score=Score(0, 0),
        chosen=(),
        sites=(),
        controls=(),
        rows=(),
        expectations=(
            ExpectationVerdict("iia >= 0.85", math.nan, None, "no pair was scored"),
            ExpectationVerdict("iia <= 0.99", math.nan, None, "no pair was scored"),
        ),
        counts=(PairCounts("SwapPosition", "test", 300, 0, 0, math.nan, 0),),
        wrong=(
            WrongAnswer("When Mary and John went to", " the", " Mary"),
            WrongAnswer(f"{'long ' * 30}ago", "\n", " Mary"),
        ),
        notes=("the network does not play this task",),
    )
    assert printed(dataclasses.replace(VERIFICATION, verdicts=(first,)), width=100) == (
        "The claim is unknown\n"
        "indirect_object.causal on SmolLM2-135M-Instruct, seed 0\n"
        "\n"
        "PositionIsAVariable  unknown\n"
        "  First find out which position is repeated, then copy the name at the other one.\n"
        "  IIA –, 95 % interval –, on 0 of 0 test pairs\n"
        "  das(dim = 16) at no site; 3 min 12 s\n"
        "  SwapPosition.test: 300 pairs drawn, 0 answered rightly, 0 scored\n"
        "    after `When Mary and John went to` it says ` the`, right is ` Mary`\n"
        "    after `… long long long long long long long long long long long long long long long "
        "ago` it says\n"
        "    `⏎`, right is ` Mary`\n"
        "\n"
        "  expected      came to   verdict\n"
        "  ───────────────────────────────\n"
        "  iia >= 0.85         –   unknown\n"
        "  iia <= 0.99         –   unknown\n"
        "\n"
        "  unknown: no pair was scored\n"
        "\n"
        "  note: the network does not play this task\n"
    )


@pytest.mark.parametrize(
    ("outcomes", "headline"),
    [
        ((None, True, True), "2 of 3 claims hold, 1 is unknown"),
        ((None, None, True), "1 of 3 claims holds, 2 are unknown"),
        ((False, None), "0 of 2 claims hold, 1 is unknown"),
        ((None,), "The claim is unknown"),
    ],
)
def test_headlines(outcomes: tuple[bool | None, ...], headline: str):
    verdicts = tuple(
        dataclasses.replace(
            VERIFICATION.verdicts[0], expectations=(ExpectationVerdict("iia >= 0.8", 0.9, holds),)
        )
        for holds in outcomes
    )
    text = printed(dataclasses.replace(VERIFICATION, verdicts=verdicts))
    assert text.splitlines()[0] == headline
