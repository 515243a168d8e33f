"""The vocabulary: its own rows, and those that installed packages bring."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from causalspec.compiler.extensions import installed_entries
from causalspec.compiler.specification import Anchor, Method, Metric
from causalspec.compiler.vocabulary import (
    BUILT_IN,
    ArgumentKind,
    Entry,
    Vocabulary,
    full_vocabulary,
)
from causalspec.dsl.diagnostics import ToolFailure
from tests.helpers.compiled import compiled, findings

ENTRIES = [
    (field.name, entry)
    for field in fields(Vocabulary)
    for entry in getattr(BUILT_IN, field.name).values()
]
SPEC = """
task Sum { input a, b : 0..9  output total : 0..18 = a + b  prompt main "{a} plus {b} is" }
model Direct of Sum { var left = a  output total = left + b }
counterfactuals Pairs of Direct { swap left  split train 100, test 50 }
align Last of Direct { var left at residual token last by das(dim = 2) }
claim Found { of Direct on Pairs.test with Last  expect iia >= 0.9 }
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package whose entry point `rows` names `MODULE:ROWS`, for the length of a test."""
    monkeypatch.syspath_prepend(tmp_path)

    def one(package: str, rows: str, at: str = "ROWS") -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(rows, encoding="utf-8")
        information = tmp_path / f"{module}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
        )
        (information / "entry_points.txt").write_text(
            f"[causalspec.vocabulary]\nrows = {module}:{at}\n", encoding="utf-8"
        )
        monkeypatch.delitem(sys.modules, module, raising=False)
        installed_entries.cache_clear()

    yield one
    installed_entries.cache_clear()


ROWS = """
from causalspec.compiler.vocabulary import (
    Argument, ArgumentKind, ControlEntry, MethodEntry, MetricEntry, SiteEntry
)
width = Argument("width", ArgumentKind.INTEGER, "how wide", default=3)
ROWS = (
    SiteEntry("experts", "An expert.", units="expert", implementation="theirs.run:Experts"),
    MethodEntry("shears", "A shear.", (width,), implementation="theirs.run:Shears", trained=True),
    MetricEntry("surprise", "A surprise.", implementation="theirs.run:Surprise"),
    ControlEntry("reversed_labels", "Labels reversed.", implementation="theirs.run:Reversed"),
)
"""


# Our own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "entry"), ENTRIES, ids=[f"{a}-{b.name}" for a, b in ENTRIES])
def test_every_row_is_a_sentence_of_plain_english(kind: str, entry: Entry) -> None:
    table = getattr(BUILT_IN, kind)
    assert table[entry.name] is entry
    assert entry.help.endswith(".")
    assert entry.help.count(". ") == 0
    assert entry.help[0].isupper() or entry.help[0] == "`"
    assert entry.help.count("`") % 2 == 0
    assert (entry.package, entry.implementation) == (None, None)
    names = [argument.name for argument in entry.arguments]
    assert len(set(names)) == len(names)
    for argument in entry.arguments:
        assert argument.help[0].islower()
        assert not argument.help.endswith(".")
        assert not (argument.required and argument.default is not None)
    assert entry.name not in entry.also
    assert not [other for other in entry.also if other in table]
    required = [argument.required for argument in entry.arguments]
    assert required == sorted(required, reverse=True)  # what may be left out comes last


def test_no_two_kinds_of_scores_share_a_name() -> None:
    assert not set(BUILT_IN.metrics) & set(BUILT_IN.bounds)


def test_anchors_are_those_that_a_position_can_have() -> None:
    assert list(BUILT_IN.anchors) == list(Anchor)


def test_defaults_are_of_their_kinds() -> None:
    found = {
        argument.name: (argument.kind, argument.default)
        for _, entry in ENTRIES
        for argument in entry.arguments
        if argument.default is not None
    }
    assert found == {
        "over": (ArgumentKind.BASIS, Method("neurons")),
        "blocks": (ArgumentKind.INTEGER, 10),
        "scale": (ArgumentKind.NUMBER, 1.0),
    }


# Those of packages --------------------------------------------------------------------------------


def test_rows_of_a_package_are_the_languages_own(install: Install) -> None:
    install("their-rows", ROWS)
    known = full_vocabulary()
    assert list(known.sites) == [*BUILT_IN.sites, "experts"]
    assert known.methods["shears"].package == "their-rows"
    assert known.methods["shears"].implementation == "theirs.run:Shears"
    specification = compiled(
        SPEC.replace("residual", "experts[0..2] layers 3")
        .replace("das(dim = 2)", "shears")
        .replace("iia >= 0.9", "surprise(reversed_labels) >= 0.9")
    )
    (placement,) = specification.alignments["Last"].placements
    assert placement.site.text == "experts[0..2] layers 3"
    assert placement.method == Method("shears", (("width", 3),))
    assert specification.claims["Found"].metrics == (Metric("surprise", of="reversed_labels"),)


def test_rows_of_a_package_are_suggested(install: Install) -> None:
    install("their-rows", ROWS)
    (told,) = findings(SPEC.replace("residual", "expert"))
    assert told.endswith("unknown site `expert` (did you mean `experts`?)")


def test_one_row_needs_no_tuple(install: Install) -> None:
    install("their-rows", ROWS + "ONE = ROWS[1]\n", at="ONE")
    assert list(full_vocabulary().methods) == [*BUILT_IN.methods, "shears"]
    assert full_vocabulary().sites == BUILT_IN.sites


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("1 / 0", "`their_rows:ROWS` cannot be imported: ZeroDivisionError: division by zero"),
        (
            "OTHER = ()",
            "`their_rows:ROWS` cannot be imported: AttributeError: module 'their_rows' has no "
            "attribute 'ROWS'",
        ),
        (
            "ROWS = (3,)",
            "`their_rows:ROWS` holds 3, which is none of SiteEntry, MethodEntry, ControlEntry, "
            "MetricEntry",
        ),
        (
            f"{ROWS}ROWS = MethodEntry('a b', 'A.', implementation='a:b')",
            "`a b` cannot be written as a name",
        ),
        (
            f"{ROWS}ROWS = MethodEntry('shears', 'A shear.')",
            "`shears` does not say what carries it out, as `package.module:object`",
        ),
        (
            f"{ROWS}ROWS = MethodEntry('das', 'Das.', implementation='a:b')",
            "the method `das` is already in the language",
        ),
    ],
)
def test_a_package_that_breaks_the_vocabulary_is_named(
    install: Install, rows: str, told: str
) -> None:
    install("their-rows", rows)
    with pytest.raises(ToolFailure) as failure:
        full_vocabulary()
    message = f"the installed package `their-rows` breaks the vocabulary: {told}"
    assert str(failure.value) == message
    assert failure.value.help == "mend the package, or `pip uninstall their-rows`"


def test_two_packages_with_one_name(install: Install) -> None:
    install("a-rows", ROWS)
    install("b-rows", ROWS)
    with pytest.raises(ToolFailure) as failure:
        full_vocabulary()
    assert str(failure.value) == (
        "the installed package `b-rows` breaks the vocabulary: the site `experts` is one of "
        "`a-rows`, too"
    )


def test_packages_are_asked_only_for_names_that_are_not_ours(install: Install) -> None:
    install("their-rows", "1 / 0")
    assert findings(SPEC) == []
    with pytest.raises(ToolFailure):
        findings(SPEC.replace("residual", "experts"))


def test_what_a_row_names_is_not_imported() -> None:
    program = (
        "import sys\nfrom causalspec.compiler.vocabulary import full_vocabulary\n"
        "full_vocabulary()\n"
        "print(*sorted({'torch', 'numpy', 'z3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_a_spec_loads_no_list_of_packages() -> None:
    program = (
        "import sys\nfrom causalspec.compiler import compile, vocabulary\n"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
