"""`check --fix`: carry out every fix that is certain, check again, and report what remains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from causalspec.compiler import AS_DECLARED, CheckedFile, Settings, check_source
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.fixes import apply_fixes
from causalspec.dsl.reading import read_source
from causalspec.dsl.source import Source

MOST_ROUNDS = 10
"""A fix can bring the next mistake to light. So many times that is followed up."""


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file after its fixes. `text` is None where there was nothing to fix."""

    checked: CheckedFile
    text: str | None
    fixes: int


def fix_file(path: Path, settings: Settings = AS_DECLARED) -> FixedFile:
    """Check a file as it would be with every certain fix carried out; writes nothing.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    diagnostics = Diagnostics()
    source = read_source(path, str(path), diagnostics)
    if source is None:
        return FixedFile(CheckedFile(None, diagnostics), None, 0)
    written = source.text
    fixes = 0
    for _ in range(MOST_ROUNDS):
        checked = check_source(source, path.parent, diagnostics, settings)
        text = apply_fixes(source, checked.diagnostics)
        if text == source.text:
            break
        fixes += len(
            {diagnostic.fix for diagnostic in checked.diagnostics if diagnostic.fix is not None}
        )
        source, diagnostics = Source(source.name, text), Diagnostics()
    else:
        checked = check_source(source, path.parent, diagnostics, settings)
    return FixedFile(checked, source.text if source.text != written else None, fixes)
