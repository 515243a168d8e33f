"""A table's cells as codes: keys, columns, and every cell that does not have its column's type."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.compiler.domains import Column, Domain, Numbers, Rows, Symbols
from causalspec.compiler.front.files import TableText, read_table
from causalspec.compiler.front.names import Compilation, distinct
from causalspec.compiler.written_values import number_code
from causalspec.dsl import syntax


def table_rows(
    compilation: Compilation, declaration: syntax.TableDeclaration, problems: list[str]
) -> tuple[Rows, TableText] | None:
    """The rows of a table by their keys, with the text that its other columns are in still; what is
    wrong with keys is added to `problems`.
    """
    text = read_table(compilation, declaration.path)
    if text is None or not _columns_exist(compilation, declaration, text):
        return None
    return Rows(declaration.name.text, _keys(declaration, text, problems), [], text.cells), text


@dataclass(frozen=True, slots=True)
class ColumnsToRead:
    """Columns of one type. `domain` is None for whichever words occur in any of them, `empty` what
    an empty cell is, if it is anything.
    """

    names: tuple[syntax.Name, ...]
    domain: Domain | None
    type_text: str = "words"
    empty: str | None = None


def add_columns(columns: ColumnsToRead, text: TableText, rows: Rows, problems: list[str]) -> None:
    """Read columns of a table. Cells that do not have their type are added to `problems`."""
    places = [text.header.index(name.text) for name in columns.names]
    read = [[row[place] or columns.empty for row in text.cells] for place in places]
    domain = columns.domain
    if domain is None:
        words = dict.fromkeys(cell for cells in read for cell in cells if cell)
        origin = ", ".join(f"{rows.table}.{name.text}" for name in columns.names)
        domain = Symbols(tuple(words), origin)
    named = {} if isinstance(domain, Numbers) else {domain.text(c): c for c in domain.codes()}
    for column, cells in zip(columns.names, read, strict=True):
        name = column.text
        named = {} if isinstance(domain, Numbers) else {domain.text(c): c for c in domain.codes()}
        codes: list[int] = []
        for line, cell in zip(text.lines, cells, strict=True):
            if not cell:
                problems.append(f"line {line} has no `{name}`")
                continue
            code = number_code(domain, cell) if isinstance(domain, Numbers) else named.get(cell)
            if code is not None:
                codes.append(code)
            else:
                problems.append(f"line {line}: `{cell}` is not a value of `{columns.type_text}`")
        rows.columns.append(Column(name, domain, tuple(codes), column.span))


def _columns_exist(
    compilation: Compilation, declaration: syntax.TableDeclaration, text: TableText
) -> bool:
    names = (declaration.key, *(name for group in declaration.columns for name in group.names))
    first = distinct(compilation, names)
    missing = [name for name in first.values() if name.text not in text.header]
    for name in missing:
        compilation.unknown("column", name, text.header, code="CS210")
    return not missing and len(first) == len(names)


def _keys(
    declaration: syntax.TableDeclaration, text: TableText, problems: list[str]
) -> tuple[str, ...]:
    place = text.header.index(declaration.key.text)
    lines: dict[str, int] = {}
    for line, row in zip(text.lines, text.cells, strict=True):
        key = row[place]
        if not key:
            problems.append(f"line {line} has no `{declaration.key.text}`")
        elif key in lines:
            problems.append(f"line {line} repeats the key `{key}` of line {lines[key]}")
        lines.setdefault(key, line)
    return tuple(lines)
