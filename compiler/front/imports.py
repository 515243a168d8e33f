"""Imports: types, tables and functions of other files in the spec's folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import get_args

from causalspec.compiler.domains import Rows, Symbols
from causalspec.compiler.front.elaborate import check_functions
from causalspec.compiler.front.files import place_of, read_beside
from causalspec.compiler.front.names import (
    Compilation,
    collect,
    declared_at,
    duplicate,
    kind_of,
    of_kind,
    with_article,
)
from causalspec.compiler.front.types import named_domain
from causalspec.compiler.front.unread import set_aside
from causalspec.dsl import syntax
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source

DEEPEST_IMPORTS = 16
IMPORTED = syntax.TypeDeclaration | syntax.TableDeclaration | syntax.FunctionDeclaration


def import_names(file: syntax.File, into: Compilation) -> None:
    """Declare every imported name in `into`, as the file that it stands in means it."""
    for declaration in of_kind(file.declarations, syntax.ImportDeclaration):
        for name in declaration.names:
            into.imported.setdefault(name.text, name)
        home = _home(declaration, into)
        if home is not None:
            _take(declaration, home, into)
        else:
            into.failed |= {name.text for name in declaration.names}


def _home(declaration: syntax.ImportDeclaration, into: Compilation) -> Compilation | None:
    """The imported file with its types and functions, None with the reason reported."""
    written = declaration.path
    place = place_of(into, written.value, written.span)
    if place is None:
        return None
    if place in into.path:
        message = f"`{written.value}` leads back to itself"
        advice = "move what both files need into a third one"
        return into.error("CS224", message, written.span, help=advice)
    if len(into.path) >= DEEPEST_IMPORTS:
        message = f"imports nest more than {DEEPEST_IMPORTS} deep"
        return into.error("CS926", message, written.span, help="import from fewer files")
    text = read_beside(into, written)
    if text is None:
        return None
    # Named from where the importing file is named from, so that programs find it, too.
    name = str(Path(written.span.source.name).parent / written.value)
    file, unread = set_aside(parse(Source(name, text), into.diagnostics))
    home = Compilation(into.diagnostics, place.parent, unread=unread, path=(*into.path, place))
    import_names(file, home)
    collect(file, home)
    for name in home.names_of(syntax.TypeDeclaration, syntax.TableDeclaration):
        named_domain(home, name)
    check_functions(file, home)
    folder = PurePosixPath(Path(written.value).as_posix()).parent
    into.files |= {str(folder / name): digest for name, digest in home.files.items()}
    return home


def _take(declaration: syntax.ImportDeclaration, home: Compilation, into: Compilation) -> None:
    for name in declaration.names:
        found = home.declared.get(name.text)
        if found is None:
            into.failed.add(name.text)
            importable = home.names_of(*get_args(IMPORTED))
            home.unknown("declaration", name, importable)
        elif not isinstance(found, IMPORTED):
            into.wrong(
                "CS202",
                name,
                f"is {with_article(kind_of(found))}, which cannot be imported",
                help="import types, tables and functions",
                related=declared_at(found.name.span),
            )
        elif name.text in into.declared:
            duplicate(into, name, into.declared[name.text].name.span)
        else:
            into.declared[name.text] = found
            if isinstance(found, syntax.FunctionDeclaration):
                into.homes[name.text] = home.homes.get(name.text, home)
                continue
            domain = home.domains.get(name.text)
            into.domains[name.text] = domain
            if isinstance(domain, Symbols | Rows) and domain not in into.symbol_sets:
                into.symbol_sets.append(domain)
