"""`causalspec compare`: its text, its JSON and its exit status."""

from __future__ import annotations

import json

import pytest

from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal

EQUALITY = str(spec_file("hierarchical_equality"))
ADDITION = str(spec_file("addition"))


def test_the_same(run: Terminal) -> None:
    assert run("compare", EQUALITY, "BothEqualities", "LeftEquality") == (
        0,
        "BothEqualities and LeftEquality\n"
        "  yes every input gives the same outputs: exhaustive (10,000)\n"
        "  yes every intervention on `left` gives the same outputs: exhaustive (300)\n"
        "variables\n"
        "  `left` of BothEqualities is the same as `left` of LeftEquality: exhaustive (100)\n",
        "",
    )


def test_different(run: Terminal) -> None:
    status, printed, _ = run("compare", ADDITION, "CarryChain", "NoCarry")
    lines = printed.splitlines()
    assert (status, lines[1]) == (1, "  no  every input gives the same outputs")
    assert lines[2].strip() == "at x[0] = 0, x[1] = 0, x[2] = 1, y[0] = 0, y[1] = 0, y[2] = 9"
    assert lines[-1] == "  without intervention: 16.64%, exhaustive (1,000,000)"
    status, printed, _ = run("compare", ADDITION, "CarryChain", "NoCarry", "--format", "json")
    told = json.loads(printed)
    assert (status, told["outputs"]["same"], told["interventions"]) == (1, False, None)
    assert told["outputs"]["inputs"]["y[2]"] == "9"


CYCLIC = """language 1
task T { input a : 0..999999  output y : bool = a > 3 }
model A of T cyclic { var v : 0..9999 = v  output y = a > 3 and v == v }
model B of T { output y = a > 3 }
"""
TWO_TASKS = """language 1
task T { input a : bool  output y : bool = a }
task U { input a : bool  output y : bool = a }
"""


@pytest.mark.parametrize(
    ("text", "names", "status", "message"),
    [
        (None, ("BothEqualitys", "LeftEquality"), 2, "did you mean `BothEqualities`?"),
        (None, ("Nothing", "LeftEquality"), 2, "there is no model `Nothing`"),
        (CYCLIC, ("A", "B"), 4, ""),
        (TWO_TASKS, ("T", "U"), 2, ""),
    ],
    ids=["a slip", "no such model", "an open question", "models of different tasks"],
)
def test_what_has_no_answer(
    text: str | None, names: tuple[str, str], status: int, message: str, run: Terminal
) -> None:
    run.write(spec=text or "")
    ended, _, complaint = run("compare", "spec.causal" if text else EQUALITY, *names)
    assert (ended, message in complaint) == (status, True)
