"""The examples of an explanation's page as files: as they stand there, or written by a program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from causalspec.dsl import catalogue

SECTIONS = re.compile(r"^## (Fails|Fixed)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\S+)(?: (\S+\.\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def has_examples(code: str) -> bool:
    """Whether the page shows a spec that fails and its fix."""
    return len(SECTIONS.findall(catalogue.page(code).text)) == 2


def write_example(code: str, heading: str, folder: Path) -> Path:
    """The spec under a heading, `Fails` or `Fixed`, beside the files that the page shows."""
    before, *sections = SECTIONS.split(catalogue.page(code).text)
    for part in (before, dict(zip(sections[::2], sections[1::2], strict=True))[heading]):
        for kind, name, content in BLOCK.findall(part):
            if kind == "python":
                subprocess.run([sys.executable, "-c", content], cwd=folder, check=True)
            elif kind == "causal" or name:
                (folder / (name or "page.causal")).write_text(content, encoding="utf-8")
    return folder / "page.causal"
