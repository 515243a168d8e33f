"""Where in a file a cell stands, for messages."""

from __future__ import annotations

import json
import re

from causalspec.compiler.data.audit.rows import Chunk, Excerpt, RowFile, line_of
from causalspec.compiler.data.audit.text_files import JsonLines
from causalspec.dsl.source import Span


def cell_span(file: RowFile, chunk: Chunk, row: int, column: str, cell: object) -> Span:
    """Where a cell stands: in its line where the file is text, else by row and column."""
    line = chunk.lines[row]
    if not file.is_text:
        text = f"{column} = {cell}"[:200]
        return Span(Excerpt(str(file.path), text, first_line=line), 0, len(text))
    text = line_of(file.path, line)
    source = Excerpt(str(file.path), text, first_line=line)
    start, end = (
        _json_place(text, column) if isinstance(file, JsonLines) else _csv_place(file, text, column)
    )
    return Span(source, start, end)


def _csv_place(file: RowFile, text: str, column: str) -> tuple[int, int]:
    cells = re.split(r"[,\t]" if "\t" in text else ",", text)
    if '"' in text or len(cells) != len(file.columns):
        return 0, len(text)
    place = file.columns.index(column)
    start = sum(len(cell) + 1 for cell in cells[:place])
    return start, start + max(1, len(cells[place]))


def _json_place(text: str, column: str) -> tuple[int, int]:
    start = 0
    for key in [column] if json.dumps(column) in text else column.split("."):
        found = re.compile(rf"{re.escape(json.dumps(key, ensure_ascii=False))}\s*:\s*").search(
            text, start
        )
        if found is None:
            return 0, len(text)
        start = found.end()
    value = re.compile(r'"(?:[^"\\]|\\.)*"|[^,}\]\s]+').match(text, start)
    return start, value.end() if value else len(text)
