"""What a prompt's text and the graph settle at once, against every pair of texts."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causalspec.compiler.data.prompts import formatted
from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths
from causalspec.compiler.expressions import Reference
from causalspec.compiler.proofs.unambiguous_prompts import slots_fix_answers, slots_read_back
from causalspec.compiler.specification import SlotValue, TemplateArm
from tests.helpers.compiled import compiled

DOMAINS: list[tuple[Domain, str | None]] = [
    (Numbers(0, 11), None),
    (Numbers(-2, 2), None),
    (Numbers(0, 11), "2"),
    (Numbers(0, 11), "02"),
    (Numbers(0, 15, 5, 10), ".1f"),
    (Symbols(("a", "ab", "b")), None),
    (Symbols(("a", "ab", "b")), "3"),
    (Truths(), None),
]
TEXTS = ["", " ", ",", "a", "1", "-", ".", "e", ", 0"]


@st.composite
def arms(draw: st.DrawFn) -> TemplateArm:
    parts: list[str | SlotValue] = [draw(st.sampled_from(TEXTS))]
    for number in range(draw(st.integers(1, 3))):
        domain, written = draw(st.sampled_from(DOMAINS))
        parts.append(SlotValue(f"s{number}", Reference(f"x{number}"), domain, written))
        parts.append(draw(st.sampled_from(TEXTS)))
    return TemplateArm(None, tuple(parts))


def texts(arm: TemplateArm) -> list[str]:
    """The text of every choice of slots."""
    choices = [
        [part]
        if isinstance(part, str)
        else [formatted(part.domain, code, part.format) for code in part.domain.codes()]
        for part in arm.parts
    ]
    return ["".join(values) for values in product(*choices)]


@given(arms())
def test_slots_that_read_back_never_run_together(arm: TemplateArm) -> None:
    if slots_read_back(arm):
        written = texts(arm)
        assert len(set(written)) == len(written)


@pytest.mark.parametrize(
    ("prompt", "read_back"),
    [
        ("{a}, {b}", True),
        ("{a} {c}", True),
        ("{a}{b}", False),
        ("{a}0{b}", False),
        ("{a:3} {b}", False),  # a width is filled with spaces
        ("{c} and {a}", True),
        ("{c}d{a}", False),
        ("{a}", True),
    ],
)
def test_where_a_slot_ends(prompt: str, read_back: bool) -> None:
    text = (
        "task T { input a, b : 0..99  input c : {red, blue}  output y : 0..99 = a\n"
        f'  prompt main "{prompt}" }}'
    )
    (arm,) = compiled(text).tasks["T"].prompts["main"].arms
    assert slots_read_back(arm) == read_back


@pytest.mark.parametrize(
    ("prompt", "fixed"),
    [
        ('"{a} {b} {c}"', [True]),
        ('"{total} {c}"', [True]),
        ('"{total}"', [False]),
        ('"{a} {c}"', [False]),
        ('"{a + b} {c}"', [False]),  # the sum would do, but that takes arithmetic to say
        ('match c { red => "{total}"  else => "{a} {b} {c}" }', [True, True]),
        ('match c { red => "{total}"  else => "{a} {b}" }', [True, False]),
    ],
)
def test_what_slots_show_fixes_the_answer(prompt: str, fixed: list[bool]) -> None:
    text = (
        "task T { input a, b : 0..9  input c : {red, blue}  let total = a + b\n"
        "  output y : 0..18 = if c == red then total else 0\n"
        f"  prompt main {prompt} }}"
    )
    task = compiled(text).tasks["T"]
    arms = task.prompts["main"].arms
    assert [slots_fix_answers(task.model, arm) for arm in arms] == fixed
