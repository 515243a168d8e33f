"""A table's cells as codes: keys, columns, and every cell that does not have its column's type."""

from __future__ import annotations

from collections.abc import Sequence

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
    keys = _keys(declaration, text, problems)
    origin, key = declaration.name.text, declaration.key.text
    key_domain = Symbols(keys, f"{origin}.{key}")
    codes = tuple(range(len(keys)))
    columns = [Column(key, key_domain, codes, declaration.key.span)]
    return Rows(origin, keys, columns, text.cells), text


def add_columns(
    columns: Sequence[tuple[syntax.TypedName, Domain | None]],
    text: TableText,
    rows: Rows,
    problems: list[str],
) -> None:
    """Read a table's columns, each with its domain, None for whichever words occur. Cells that do
    not have their column's type are added to `problems`.
    """
    for column, type_ in columns:
        name = column.name.text
        place = text.header.index(name)
        cells = [row[place] for row in text.cells]
        words = tuple(dict.fromkeys(cell for cell in cells if cell))
        domain = Symbols(words, f"{rows.table}.{name}") if type_ is None else type_
        named = {} if isinstance(domain, Numbers) else {domain.text(c): c for c in domain.codes()}
        codes: list[int] = []
        for line, cell in zip(text.lines, cells, strict=True):
            code = number_code(domain, cell) if isinstance(domain, Numbers) else named.get(cell)
            if code is not None:
                codes.append(code)
            elif cell:
                problems.append(
                    f"line {line}: `{cell}` is not a value of `{column.type.span.text}`"
                )
            else:
                problems.append(f"line {line} has no `{name}`")
        rows.columns.append(Column(name, domain, tuple(codes), column.name.span))


def _columns_exist(
    compilation: Compilation, declaration: syntax.TableDeclaration, text: TableText
) -> bool:
    names = (declaration.key, *(column.name for column in declaration.columns))
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
