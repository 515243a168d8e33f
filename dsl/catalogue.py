"""The pages that explain diagnostics: one Markdown file a code, with an example and its fix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("explanations")
CODE: Final = re.compile(r"CS[1-9][0-9]{2}")
TITLE: Final = re.compile(r"# (CS[1-9][0-9]{2}): (.+)\n")
EXAMPLE: Final = r"^## {heading}\n\n?(?:[^`\n].*\n+)*```causal\n(.*?)^```$"


@dataclass(frozen=True, slots=True)
class Page:
    """One explanation. The examples are None where no text in a page could show the mistake."""

    code: str
    title: str
    text: str
    fails: str | None
    fixed: str | None


def codes() -> tuple[str, ...]:
    """All codes that have a page, in order."""
    return tuple(sorted(file.stem for file in FOLDER.glob("CS*.md") if CODE.fullmatch(file.stem)))


def explanation(code: str) -> str | None:
    """The page of a code as Markdown; None for a code that does not exist."""
    code = code.upper()
    file = FOLDER / f"{code}.md"
    if not CODE.fullmatch(code) or not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


def title(code: str) -> str:
    """What a code stands for, in a few words."""
    return page(code).title


def page(code: str) -> Page:
    """The parts of the page of a code. Raises `ValueError` for a page that is not as pages are."""
    text = explanation(code)
    title = TITLE.match(text or "")
    if text is None or title is None or title[1] != code:
        raise ValueError(f"there is no page for {code} that starts with `# {code}: `")
    return Page(code, title[2], text, _example(text, "Fails"), _example(text, "Fixed"))


def _example(text: str, heading: str) -> str | None:
    found = re.search(EXAMPLE.format(heading=heading), text, re.MULTILINE | re.DOTALL)
    return found[1] if found else None
