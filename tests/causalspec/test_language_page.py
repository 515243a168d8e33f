"""What the page of the language shows is accepted.

A block of it that starts with `language 1` is a whole file; one that does not goes on with the file
above it. Data files are the blocks marked with `file`, as on the other pages.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from tests.causalspec.test_docs import BLOCK

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
FILES = {block["what"]: block["text"] for block in BLOCK.finditer(PAGE) if block["kind"] == "file"}
EXAMPLE = re.compile(r"(?<!-->\n)^```causal\n(.*?)^```$", re.M | re.S)


def examples() -> dict[int, str]:
    """Each file that the page shows, whole with what goes on with it, by the line it ends in."""
    files: dict[int, str] = {}
    shown = ""
    for block in EXAMPLE.finditer(PAGE):
        if block[1].startswith("language 1\n"):
            shown = ""
        shown += block[1] + "\n"
        files[PAGE.count("\n", 0, block.end()) + 1] = shown
    return files


@pytest.mark.parametrize(("line", "text"), examples().items(), ids=lambda part: str(part)[:8])
def test_an_example_is_accepted_without_a_remark(line: int, text: str, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / "example.causal"
    path.write_text(text, encoding="utf-8")
    assert [f"{found.code} {found.message}" for found in check_file(path).diagnostics] == [], line
