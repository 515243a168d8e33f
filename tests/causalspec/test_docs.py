"""What the documentation shows is what comes out.

With CAUSALSPEC_WRITE_DOCS=1 the shown output is replaced by what comes out, to be read first.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.helpers.forked_runs import ForkedRuns, Run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks are POSIX's")
PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
BLOCK = re.compile(
    r"^<!-- (?P<kind>file|run): (?P<what>.+?) -->\n```[a-z]*\n(?P<text>.*?)^```$", re.M | re.S
)
# What pytest and rich read to learn where they run: on a build server pytest cuts no line short.
SURROUNDINGS = re.compile(
    r"PYTEST_|PY_COLORS|NO_COLOR|FORCE_COLOR|CI$|BUILD_NUMBER$|GITHUB_ACTIONS$"
)


def output_of(command: str, forked: ForkedRuns) -> str:
    """What a command writes to a file, in 80 columns, without what differs from run to run."""
    environment = {k: v for k, v in os.environ.items() if not SURROUNDINGS.match(k)}
    output = Path("../output.txt")
    run = Run(shlex.split(command), output=str(output), environment=environment | {"COLUMNS": "80"})
    forked(run)
    seconds = re.sub(r"in \d+\.\d\ds", "in 0.50s", output.read_text(encoding="utf-8"))
    return re.sub(r"^(=+) (.*) =+$", lambda found: f"{f' {found[2]} ':=^80}", seconds, flags=re.M)


def with_output(text: str, forked: ForkedRuns) -> str:
    """A page with its output as it comes out, its files written and its commands run in order."""

    def replaced(block: re.Match[str]) -> str:
        if block["kind"] == "file":
            Path(block["what"]).write_text(block["text"], encoding="utf-8")
            return block[0]
        shown = output_of(block["what"], forked)
        return f"<!-- run: {block['what']} -->\n```text\n{shown.rstrip()}\n```"

    return BLOCK.sub(replaced, text)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page").mkdir()
    monkeypatch.chdir(tmp_path / "page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.usefixtures("here")
def test_the_output_shown_is_what_comes_out(page: Path, forked: ForkedRuns):
    text = page.read_text(encoding="utf-8")
    made = with_output(text, forked)
    if os.environ.get("CAUSALSPEC_WRITE_DOCS"):
        page.write_text(made, encoding="utf-8")
    assert made == text


@pytest.mark.usefixtures("here")
def test_a_build_server_shows_what_a_person_sees(
    forked: ForkedRuns, monkeypatch: pytest.MonkeyPatch
):
    Path("test_wrong.py").write_text(f"def test_wrong():\n    raise ValueError('{'long ' * 20}')\n")
    seen = output_of("pytest -q test_wrong.py", forked)
    for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "FORCE_COLOR"):
        monkeypatch.setenv(name, "1")
    assert output_of("pytest -q test_wrong.py", forked) == seen


@pytest.mark.usefixtures("here")
def test_a_page_with_other_output_is_noticed(forked: ForkedRuns):
    block = "<!-- file: a.causal -->\n```causal\nlanguage 2\n```\n\n"
    shown = "<!-- run: causalspec check --plain a.causal -->\n```text\nfine\n```"
    assert with_output(block + shown, forked) != block + shown
