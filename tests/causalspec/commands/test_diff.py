"""`causalspec diff`: what changed, the witness, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.schemas import validate
from tests.helpers.terminal import Terminal

OLD = """language 1

# Sums of two digits.
task Sum {
  input a, b : 0..9
  require a <= b
  let both = a + b
  output total : 0..18 = both
  prompt main "{a} plus {b} is"
  say total " {total}"
  example { a = 1  b = 2 } gives { total = 3 }
}

model Plain of Sum {
  "Add them."
  var left = a
  output total = left + b
}

counterfactuals Pairs of Plain {
  swap left
  keep where base.a != source.a
  split train 100, test 50
}

align Places of Plain {
  var left at residual layers 2..5 token slot(b).last by das(dim = 8)
}

claim Holds {
  of Plain on Pairs.test with Places
  expect iia >= 0.90
  expect iia - iia(random_subspace) >= 0.2
}
"""


FINE, CLAIM_FAILED, DATA_CHANGED = 0, 1, 6
Change = Callable[..., tuple[int, str, str]]


def changed(text: str, *replacements: tuple[str, str]) -> str:
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after)
    return text


@pytest.fixture
def diff(run: Terminal) -> Change:
    """Compares two versions, the second with some texts replaced where it is not given."""

    def compare(
        *replacements: tuple[str, str], old: str = OLD, new: str | None = None, options: str = ""
    ) -> tuple[int, str, str]:
        run.write(old=old, new=changed(old, *replacements) if new is None else new)
        return run("diff", "old.causal", "new.causal", *options.split())

    return compare


def test_nothing(diff: Change) -> None:
    assert diff() == (FINE, "nothing changed\n", "")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("# Sums of", "# The sums of", "the file: comments"),
        ("  output total : 0..18", "   output total : 0..18", "the file: layout"),
        ("Add them.", "Add both of them.", "Plain: its documentation"),
        ("let both = a + b", "let both = b + a", "Sum: `total` is written otherwise and gives the"),
        ("  let both = a + b\n", "", "Sum: `total` is written otherwise and gives the"),
        (
            "var left = a",
            "var left = min(a, 9)",
            "`left` is written otherwise and gives the",
        ),
        ("require a <= b", "require not (b < a)", "`require` is written otherwise and admits"),
        ("expect iia >= 0.90", "expect 0.9 <= iia", "Holds: written otherwise"),
        (
            "base.a != source.a",
            "source.a != base.a",
            "Pairs: keeps `source.a != base.a`, kept `base.a != source.a`: the same pairs",
        ),
        (
            "  swap left\n  keep where base.a != source.a\n",
            "  keep where base.a != source.a\n  swap left\n",
            "Pairs: the order of its body",
        ),
    ],
)
def test_text_alone(diff: Change, before: str, after: str, said: str) -> None:
    more = [("= both", "= a + b")] if after == "" else []
    status, printed, _ = diff((before, after), *more)
    lines = printed.splitlines()
    assert (status, lines[:3]) == (FINE, ["only the text changed", "", "text"])
    assert said in lines[3]


def test_the_order_of_declarations(diff: Change) -> None:
    start, end = OLD.index("align Places"), OLD.index("claim Holds")
    status, printed, _ = diff(new=OLD[:start] + OLD[end:] + "\n" + OLD[start:end])
    assert status == FINE
    assert "  the file: the order of its declarations\n" in printed


MEANING = [
    (
        "left + b",
        "left + min(b, 8)",
        "meaning\n  Plain: `total` was `9` and is `8` at `a = 0, b = 9`\n",
    ),
    (
        "var left = a",
        "var left = min(a, 8)",
        "  Plain: `left` was `9` and is `8` at `a = 9, b = 9`\n"
        "    there `total = 18` before, `total = 17` now\n",
    ),
    (
        "left + b",
        "left + b + (if left > b then 1 else 0)",
        "  Plain: `total` was `1` and is `2` at `b = 0, left = 1`\n"
        "    no input leads there: it takes an intervention\n",
    ),
    (
        "let both = a + b",
        "let both = max(a, b)",
        "  Sum: `total` was `2` and is `1` at `a = 1, b = 1`\n",
    ),
    ("model Plain of Sum {", "model Plain of Sum approximately {", "is stated `approximately`"),
]
INTERFACE = [
    (
        "require a <= b",
        "require a < b",
        "  Sum: `require` admits fewer inputs\n    no longer admitted: a = 0, b = 0\n",
    ),
    (
        "require a <= b",
        "require b <= a",
        "  Sum: `require` admits other inputs\n"
        "    no longer admitted: a = 0, b = 1\n"
        "    admitted now: a = 1, b = 0\n",
    ),
    (
        "input a, b : 0..9",
        "input a : 0..9  input b : 0..9 ~ weights { 9 => 2  else => 1 }",
        "  Sum: `b` is drawn otherwise: `9` in 0.1 before, in 0.1818 now\n",
    ),
    (
        "input a, b : 0..9",
        "input a, b : 0..8",
        "  Sum: `a` takes other values: numbers 0..9 before, numbers 0..8 now\n",
    ),
    (
        "var left = a",
        "var left = a  var more = b",
        "  Plain: the variable `more` is new\n    numbers 0..9\n",
    ),
]
CLAIMS = [
    ("0.90", "0.95", "  Holds: tightened: expects `iia >= 0.95` and no longer `iia >= 0.90`\n"),
    ("0.90", "0.85", "  Holds: loosened: expects `iia >= 0.85` and no longer `iia >= 0.90`\n"),
    (
        "iia >= 0.90",
        "lower(iia) >= 0.90",
        "  Holds: tightened: expects `lower(iia) >= 0.90` and no longer `iia >= 0.90`\n",
    ),
    (
        "expect iia - iia(random_subspace) >= 0.2",
        "",
        "  Holds: loosened: no longer expects `iia - iia(random_subspace) >= 0.2`\n",
    ),
    ("iia >= 0.90", "iia(left) >= 0.90", "  Holds: loosened: no longer expects `iia >= 0.90`\n"),
    ("iia >= 0.90", "cause >= 0.90", "  Holds: tightened: expects `cause >= 0.90`, too\n"),
    (
        "iia - iia(random_subspace) >= 0.2",
        "iia >= iia(random_subspace) + 0.1",
        "  Holds: loosened: expects `iia >= iia(random_subspace) + 0.1` and no longer "
        "`iia - iia(random_subspace) >= 0.2`\n",
    ),
    ("Pairs.test", "Pairs.train", "  Holds: is scored on `Pairs.train`, was `Pairs.test`\n"),
    (
        "  example { a = 1  b = 2 } gives { total = 3 }\n",
        "",
        "  Sum: loosened: the example `a = 1, b = 2 gives total = 3` is gone\n",
    ),
    (
        "language 1\n",
        'language 1\nallow CS502 "it is meant so"\n',
        "  the file: loosened: the warning CS502 is accepted, “it is meant so”\n",
    ),
]


DATA = [
    ("train 100", "train 200", "data\n  Pairs: the split `train` has 200 pairs, had 100\n"),
    ("swap left", "swap left  balance result.total > 3", "  Pairs: balances `result.total > 3`,"),
    ("split train", "seed 3  split train", "  Pairs: its seed is 3, was 0\n"),
    (
        "swap left",
        "swap left  derive source from base { b = 3 }",
        "  Pairs: `source` is made by `derive source from base { b = 3 }`, was drawn\n",
    ),
    ("swap left", "swap left  cover left > 4", "  Pairs: covers `left > 4`, covered nothing\n"),
    ("test 50", "test 50 disjoint by (b)", "splits are disjoint by `b`, were by nothing\n"),
    (
        "keep where base.a != source.a",
        "keep where base.a != source.a and base.b != 3",
        "  Pairs: keeps `base.a != source.a and base.b != 3`, kept `base.a != source.a`\n"
        "    no longer kept:\n"
        "      swap left\n"
        "      base: a = ",
    ),
]
PROMPTS = [
    (
        "{a} plus {b} is",
        "{a} and {b} make",
        "prompts\n  Sum: `main` reads otherwise at `a = 0, b = 0`\n"
        "    - 0 plus 0 is\n    + 0 and 0 make\n",
    ),
    ('say total " {total}"', 'say total "{total}"', "for `total = 0` is to say “0”, was “ 0”"),
    ("{a} plus", "{a as first} plus", "  Sum: `main` has a slot `first`\n"),
    ("  say total", '  prompt other "{b} and {a}"\n  say total', "the prompt `other` is new"),
]
PLACEMENTS = [
    (
        "layers 2..5",
        "layers 0..*",
        "placements\n  Places: `left`: layers `0..*`, was `2..5` (more are searched)\n",
    ),
    ("slot(b).last", "last", "  Places: `left`: tokens `last`, was `slot(b).last`\n"),
    ("das(dim = 8)", "full_vector", "  Places: `left`: method `full_vector`, was `das(dim = 8)`\n"),
    ("at residual", "at head[0..3]", "  Places: `left`: site `head[0..3]`, was `residual`\n"),
    (
        "residual layers 2..5",
        'module["a.b"]',
        '  Places: `left`: site `module["a.b"]`, was `residual`\n'
        "  Places: `left`: layers none, was `2..5`\n",
    ),
    (
        "2..5 token",
        "2..5 to mlp_output layers 6 token",
        "  Places: `left`: edge `mlp_output layers 6`, was none\n",
    ),
    (
        "slot(b).last by",
        "slot(b).first .. slot(b).last together by",
        "tokens `slot(b).first .. slot(b).last together`, was `slot(b).last`\n",
    ),
    (
        "by das(dim = 8)",
        "by das(dim = 8) writing value(3)",
        "  Places: `left`: write `value(3)`, was `interchange`\n",
    ),
]


@pytest.mark.parametrize(
    ("status", "before", "after", "said"),
    [
        *((CLAIM_FAILED, *change) for change in (*MEANING, *INTERFACE, *CLAIMS)),
        *((DATA_CHANGED, *change) for change in (*DATA, *PROMPTS, *PLACEMENTS)),
    ],
)
def test_what_changed(diff: Change, status: int, before: str, after: str, said: str) -> None:
    ended, printed, _ = diff((before, after))
    assert ended == status
    assert said in printed


TOGETHER = "var left, right at residual token last by probe"
APART = "var left at residual token last by probe\n  var right at residual token last by probe"
OTHERWISE = "var right at residual token last by probe\n  var left at residual token last by probe"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (APART, TOGETHER, "`left` and `right` share one site"),
        (TOGETHER, OTHERWISE, "`left` and `right` no longer share one site"),
        (
            "var left at residual token last by probe",
            "var left at residual token last by probe\n"
            "  var right at head[3] layers 1 to mlp_output layers 2 token all together\n"
            "    by full_vector writing steer(1, 2)",
            "`right` is placed: `head[3] layers 1 to mlp_output layers 2 token all together by "
            "full_vector writing steer(1, 2, scale = 1)`",
        ),
        (APART, OTHERWISE, None),
    ],
)
def test_what_shares_a_site(diff: Change, old: str, new: str, said: str | None) -> None:
    text = (
        "language 1\n"
        'task T { input a, b : 0..9  output y : 0..18 = a + b  prompt main "{a} plus {b}:" }\n'
        "model M of T { var left = a  var right = b  output y = left + right }\n"
        "align A of M {\n  PLACES\n}\n"
    )
    status, printed, _ = diff(old=text.replace("PLACES", old), new=text.replace("PLACES", new))
    lines = printed.splitlines()
    if said is None:
        assert (status, lines[2]) == (FINE, "text")
    else:
        assert (status, lines[2:]) == (DATA_CHANGED, ["placements", f"  A: {said}"])


def test_another_dictionary(run: Terminal) -> None:
    for name in ("old", "new"):
        Path(name).mkdir()
        Path(name, "sae.safetensors").write_text(name, encoding="utf-8")
        change = ("das(dim = 8)", 'dictionary("sae.safetensors", features = {3})')
        run.write(**{f"{name}/a": changed(OLD, change)})
    status, printed, _ = run("diff", "old/a.causal", "new/a.causal")
    assert (status, printed.splitlines()) == (
        DATA_CHANGED,
        ["changed: placements", "", "placements", "  sae.safetensors: the file changed"],
    )


NOISY = """language 1
task T { input a : 0..9  output y : 0..10 = a }
model M of T approximately {
  noise slip : bool ~ bernoulli(0.25)
  var read = a + (if slip then 1 else 0)  output y = read }
counterfactuals D of M { swap read  noise fresh  split train 50 }
"""


def test_noise_that_the_sources_share(diff: Change) -> None:
    status, printed, _ = diff(("fresh", "shared"), old=NOISY)
    lines = printed.splitlines()
    assert (status, lines[3]) == (DATA_CHANGED, "  D: its sources have the base's noise")
    assert lines[4].startswith("  D: `train`: ")


def test_how_many_generated_rows_change(diff: Change) -> None:
    status, printed, _ = diff(("split train", "seed 3  split train"))
    lines = printed.splitlines()
    assert status == DATA_CHANGED
    assert [line.partition(" rows change")[0] for line in lines[4:]] == [
        "  Pairs: `train`: 100 of 100",
        "  Pairs: `test`: 50 of 50",
    ]


RENAMED = "    perhaps `{}`, renamed: all else is the same\n"


@pytest.mark.parametrize(
    ("replacements", "said", "status"),
    [
        (
            [("left", "first")],
            "interface\n  Plain: the variable `left` is gone\n"
            "  Plain: the variable `first` is new\n    numbers 0..9\n" + RENAMED.format("left"),
            1,
        ),
        (
            [("Plain", "Whole")],
            "interface\n  Plain: the model is gone\n"
            "  Whole: the model is new\n" + RENAMED.format("Plain"),
            1,
        ),
        (
            [("Pairs", "Swaps")],
            "data\n  Pairs: the data set is gone\n"
            "  Swaps: the data set is new\n" + RENAMED.format("Pairs"),
            1,
        ),
        (
            [("Places", "Here")],
            "placements\n  Places: the alignment is gone\n"
            "  Here: the alignment is new\n" + RENAMED.format("Places"),
            1,
        ),
        (
            [("Holds", "IsSo")],
            "claims\n  Holds: the claim is gone\n"
            "  IsSo: the claim is new\n" + RENAMED.format("Holds"),
            1,
        ),
        (
            [("main", "first")],
            "prompts\n  Sum: the prompt `main` is gone\n"
            "  Sum: the prompt `first` is new\n" + RENAMED.format("main"),
            6,
        ),
        (
            [("Sum ", "Addition "), ("total", "result_")],
            "interface\n  Sum: the task is gone\n"
            "  Addition: the task is new\n" + RENAMED.format("Sum"),
            1,
        ),
    ],
)
def test_another_name_alone(
    diff: Change, replacements: list[tuple[str, str]], said: str, status: int
) -> None:
    ended, printed, _ = diff(*replacements)
    assert ended == status
    assert said in printed
    assert "\nmeaning\n" not in printed and "stays open" not in printed


def test_another_name_and_another_meaning(diff: Change) -> None:
    status, printed, _ = diff(("left", "first"), ("first + b", "first"))
    assert status == CLAIM_FAILED
    assert RENAMED.format("left") in printed
    assert "  Plain: `total` was `1` and is `0` at `a = 0, b = 1`\n" in printed


def test_a_hint_takes_more_than_a_name(diff: Change) -> None:
    status, printed, _ = diff(("Holds", "IsSo"), ("0.90", "0.95"))
    assert status == CLAIM_FAILED
    assert "  IsSo: the claim is new\n" in printed
    assert "renamed" not in printed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a : 0..9", "a : 0..8"),
        ("a : 0..9", "a : 1..9 step 2"),
        ("red, green, blue", "green, red, blue"),
        ("red, green, blue", "red, green, blue, black"),
    ],
)
def test_other_values_of_an_input_read_the_same(diff: Change, before: str, after: str) -> None:
    text = (
        "language 1\n"
        "task T { input a : 0..9  input c : {red, green, blue}  output y : 0..9 = a\n"
        '  prompt main "{a} {c}" }\n'
    )
    status, printed, _ = diff((before, after), old=text)
    assert (status, printed.startswith("changed: interface\n")) == (CLAIM_FAILED, True)


SAYS = """language 1

task Rain {
  input falls : bool
  output wet : bool = falls
}

model Direct of Rain {
  var drops = falls
  output wet = drops
  say drops { true => "it rains"  false => "it is dry" }
}
"""


def test_what_questions_say_is_text_alone(diff: Change) -> None:
    status, printed, _ = diff(("it is dry", "nothing falls"), old=SAYS)
    assert status == FINE
    assert printed == (
        "only the text changed\n\ntext\n  Direct: what questions say of its variables\n"
    )


@pytest.mark.parametrize(
    ("written", "status", "told"),
    [
        ('"it rains" or "drops fall"', 3, "error[CS650]: a question speaks of a value in one text"),
        ('"it rains"', 0, ""),
    ],
)
def test_a_question_speaks_in_one_text(run: Terminal, written: str, status: int, told: str) -> None:
    run.write(rain=changed(SAYS, ('"it rains"', written)))
    found, _, errors = run("check", "rain.causal", "--quiet")
    assert (found, errors[: len(told)]) == (status, told)


def test_a_question_that_stays_open(diff: Change) -> None:
    """No sum of two cubes is a cube, which took Euler's descent."""
    text = "language 1\ntask T { input a, b, c : 1..1000\n  output y : bool = a > b or false }\n"
    assert diff(("false", "a ** 3 + b ** 3 == c ** 3"), old=text)[0] == 4


def test_json(diff: Change) -> None:
    status, printed, _ = diff(("left + b", "left + min(b, 8)"), options="--format json")
    told = json.loads(printed)
    validate(told, "diff")
    assert (status, told["status"]) == (CLAIM_FAILED, 1)
    assert told["verdict"] == "changed: meaning and data"
    assert told["changes"][0] == {
        "area": "meaning",
        "where": "Plain",
        "text": "`total` was `9` and is `8` at `a = 0, b = 9`",
        "details": [],
    }


CROSS = 'language 1\nallow CS502 "<b> *so*"'
MARKDOWN = """\
### `new.causal`: changed: claims and prompts

**claims**

- `the file`: loosened: the warning CS502 is accepted, “\\<b\\> \\*so\\*”

**prompts**

- `Sum`: `main` reads otherwise at `a = 0, b = 0`

  ```diff
  - 0 plus 0 is
  + 0 `and` *0* make
  ```
"""


def test_markdown(diff: Change) -> None:
    changes = ("{a} plus {b} is", "{a} `and` *{b}* make"), ("language 1", CROSS)
    assert diff(*changes, options="--format markdown") == (CLAIM_FAILED, MARKDOWN, "")


@pytest.mark.parametrize("paths", [("nowhere", "new"), ("old", "nowhere")])
def test_a_version_that_is_not_there(run: Terminal, paths: tuple[str, str]) -> None:
    run.write(old=OLD, new=OLD)
    status, _, complaint = run("diff", *(f"{path}.causal" for path in paths))
    assert (status, "there is no file `nowhere.causal`" in complaint) == (5, True)


def test_a_version_with_errors(diff: Change) -> None:
    status, _, complaint = diff(("left + b", "lefd + b"))
    assert (status, "new.causal:17" in complaint) == (3, True)
