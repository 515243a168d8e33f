"""The page of the language shows every construct, and all that it shows is accepted.

A block of it that starts with `language 1` is a whole file; one that does not goes on with the file
above it. Data files are the blocks marked with `file`, as on the other pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from causalspec.compiler.front.calls import AGGREGATES, BUILT_IN_FUNCTIONS
from causalspec.compiler.front.encodings import CODINGS
from causalspec.compiler.front.tasks import DISTRIBUTIONS
from causalspec.compiler.vocabulary import ANCHORS, CONTROLS, METHODS, METRICS, SITES, WRITES
from causalspec.dsl.formatter import format_source
from causalspec.dsl.grammar import grammar
from causalspec.dsl.source import Source
from causalspec.dsl.texts import SLOT
from causalspec.dsl.words import keywords
from tests.causalspec.test_docs import BLOCK
from tests.helpers.grammar_coverage import used

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
FILES = {block["what"]: block["text"] for block in BLOCK.finditer(PAGE) if block["kind"] == "file"}
EXAMPLE = re.compile(r"(?<!-->\n)^```causal\n(.*?)^```$", re.M | re.S)


def examples() -> dict[int, str]:
    """Each file that the page shows, whole with what goes on with it, by the line it starts in."""
    files: dict[int, str] = {}
    line = 0
    for block in EXAMPLE.finditer(PAGE):
        if block[1].startswith("language 1"):
            line = PAGE.count("\n", 0, block.start()) + 1
            files[line] = ""
        files[line] += "\n" * bool(files[line]) + block[1]
    return files


@pytest.mark.parametrize(("line", "text"), examples().items(), ids=lambda part: str(part)[:8])
def test_an_example_is_accepted_as_it_stands(line: int, text: str, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / "example.causal"
    path.write_text(text, encoding="utf-8")
    assert format_source(Source("example.causal", text)) == text
    assert [f"{found.code} {found.message}" for found in check_file(path).diagnostics] == [], line


def test_every_rule_of_the_grammar_and_every_word_stands_in_an_example() -> None:
    texts = [*examples().values(), *(t for n, t in FILES.items() if n.endswith(".causal"))]
    # A slot is parsed on its own; those that start with a text are loops, which have no format.
    loops = [slot[1:-1] for text in texts for slot in SLOT.findall(text) if slot[1] == '"']
    shown = {name for name, _ in used(texts) | used(loops, "slot")}
    every = {str(rule.origin.name) for rule in grammar().rules}
    helpers = {"slot", "open_say_arm"} | {
        rule for rule in every if rule.startswith(("_", "leading_", "marked_"))
    }
    assert every - shown - helpers == set()
    words = set(re.findall(r"[a-z]+", "\n".join(texts)))
    assert set(keywords()) - words == set()


def test_every_name_of_the_vocabulary_stands_on_the_page() -> None:
    tables = (SITES, METHODS, WRITES, METRICS, CONTROLS)
    names = {name for table in tables for name in table} - {"interchange"}  # what goes unsaid
    names |= {*AGGREGATES, *BUILT_IN_FUNCTIONS, *CODINGS, *DISTRIBUTIONS, *ANCHORS}
    assert names - set(re.findall(r"\w+", PAGE)) == set()
