"""The file of a data set that somebody made: JSON Lines, CSV or Parquet, by its ending."""

from __future__ import annotations

from pathlib import Path

from causalspec.compiler.data.audit.parquet import Parquet
from causalspec.compiler.data.audit.rows import RowFile
from causalspec.compiler.data.audit.text_files import Csv, JsonLines
from causalspec.dsl.diagnostics import ToolFailure, closest

FORMS = (".jsonl", ".csv", ".tsv", ".parquet")


def open_rows(path: Path) -> RowFile:
    """The rows of a file, by its ending. Raises `ToolFailure` where there is none to read."""
    form = path.suffix.lower()
    if form not in FORMS:
        near = closest(form, FORMS)
        hint = f"did you mean `{path.stem}{near}`?" if near else None
        raise ToolFailure(f"`{path}` is neither of {', '.join(FORMS)}", hint)
    if not path.is_file():
        beside = (
            [path_beside.name for path_beside in path.parent.iterdir()]
            if path.parent.is_dir()
            else []
        )
        near = closest(path.name, beside)
        raise ToolFailure(f"there is no file `{path}`", f"did you mean `{near}`?" if near else None)
    if form == ".jsonl":
        return JsonLines(path)
    return Parquet(path) if form == ".parquet" else Csv(path, "\t" if form == ".tsv" else ",")
