"""Imports: types, tables, functions, tasks and models of other files in the spec's folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import get_args

from causalspec.compiler.domains import Domain, Rows, Symbols, Tuples, parts_of
from causalspec.compiler.front.elaborate import check_functions
from causalspec.compiler.front.files import place_of, read_beside
from causalspec.compiler.front.hypotheses import compile_models, compile_tasks, draft_tasks
from causalspec.compiler.front.instances import adopt_task, seen_from
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import (
    Compilation,
    collect,
    declared_at,
    duplicate,
    kind_of,
    of_kind,
    with_article,
)
from causalspec.compiler.front.symbols import members_of
from causalspec.compiler.front.tasks import TaskDraft
from causalspec.compiler.front.types import named_domain
from causalspec.compiler.front.unread import set_aside
from causalspec.compiler.meanings import Origin
from causalspec.compiler.model import Role, family_of
from causalspec.compiler.specification import SlotValue
from causalspec.dsl import syntax
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source

DEEPEST_IMPORTS = 16
HYPOTHESES = syntax.TaskDeclaration | syntax.ModelDeclaration | syntax.DeriveDeclaration
IMPORTED = (
    syntax.TypeDeclaration | syntax.TableDeclaration | syntax.FunctionDeclaration | HYPOTHESES
)


WORDS = {Role.ABBREVIATION: "abbreviation", Role.VARIABLE: "variable"}
"""What editors call variables in these roles; all others by the role's own name."""


def compile_names(file: syntax.File, into: Compilation) -> list[TaskDraft]:
    """What a file imports and declares, up to its tasks, which are given; its models read these."""
    _import_names(file, into)
    collect(file, into)
    _check_needed_tasks(file, into)
    for name in into.names_of(syntax.TypeDeclaration, syntax.TableDeclaration):
        named_domain(into, name)
    drafts = draft_tasks(file, into)
    check_functions(file, into)
    compile_tasks(into, drafts)
    return drafts


def _import_names(file: syntax.File, into: Compilation) -> None:
    """Declare every imported name in `into`, as the file that it stands in means it."""
    for declaration in of_kind(file.declarations, syntax.ImportDeclaration):
        for name in declaration.names:
            into.imported.setdefault(name.text, name)
        home = _home(declaration, into)
        if home is not None:
            _take(declaration, home, into)
        else:
            into.failed |= {name.text for name in declaration.names}


def _check_needed_tasks(file: syntax.File, compilation: Compilation) -> None:
    """Report tasks of the file that have the name of one that an imported model comes with."""
    for declaration in of_kind(file.declarations, syntax.TaskDeclaration):
        needed = compilation.drafts.get(declaration.name.text)
        if needed is not None and compilation.declared[declaration.name.text] is declaration:
            compilation.wrong(
                "CS230",
                declaration.name,
                "is another task than the one that an imported model comes with",
                help="give one of the two tasks another name",
                related=declared_at(needed.declaration.name.span),
            )


def _home(declaration: syntax.ImportDeclaration, into: Compilation) -> Compilation | None:
    """The imported file with all that it declares, None with the reason reported."""
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
    home = into.read.get(place)
    if home is None:
        # Named from where the importing file is named from, so that programs find it, too.
        name = str(Path(written.span.source.name).parent / written.value)
        file, unread = set_aside(parse(Source(name, text), into.diagnostics))
        home = Compilation(
            into.diagnostics,
            place.parent,
            settings=into.settings,
            unread=unread,
            path=(*into.path, place),
            read=into.read,
        )
        compile_names(file, home)
        compile_models(file, home)
        into.read[place] = home
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
                help="import types, tables, functions, tasks and models",
                related=declared_at(found.name.span),
            )
        elif name.text in into.declared:
            duplicate(into, name, into.declared[name.text].name.span)
        else:
            into.declared[name.text] = found
            into.meanings.imported[name.span] = Origin(kind_of(found))
            if isinstance(found, HYPOTHESES):
                _take_hypothesis(name, home, into)
            elif isinstance(found, syntax.FunctionDeclaration):
                into.homes[name.text] = home.homes.get(name.text, home)
            else:
                domain = home.domains.get(name.text)
                into.domains[name.text] = domain
                _take_values(domain, home, into)


def _take_hypothesis(name: syntax.Name, home: Compilation, into: Compilation) -> None:
    """Take a task, or a model with its task, and the named values of their variables."""
    model = home.models.get(name.text)
    task = home.drafts.get(name.text) if model is None else model.task
    if model is not None:
        into.models[name.text] = seen_from(into, model)
    if task is None:
        into.failed.add(name.text)
        return
    adopt_task(into, task, name)
    _note_origins(into, task, model)
    for variable in (*task.variables.values(), *(model.own.members if model is not None else ())):
        _take_values(variable.domain, home, into)


def _note_origins(into: Compilation, task: TaskDraft, model: ModelDraft | None) -> None:
    """Note for editors what the names in an imported task or model are."""
    noted = into.meanings.imported
    for declared in task.parameters.declaring.values():
        if isinstance(declared, syntax.Name):
            noted[declared.span] = Origin("parameter", task.declaration.name.text)
    blocks = [(task.declaration, block) for block in (task.given, task.results)]
    for declaration, block in (*blocks, *([(model.declaration, model.own)] if model else ())):
        for variable in block.members:
            declaring = block.spans.get(family_of(variable.name))
            if declaring is not None:
                noted[declaring.span] = Origin(
                    WORDS.get(variable.role, str(variable.role)), declaration.name.text
                )
    for prompt in task.environment.compilation.tasks[task.name].prompts.values():
        noted[prompt.span] = Origin("prompt", task.declaration.name.text)
        for slot in (part for arm in prompt.arms for part in arm.parts):
            if isinstance(slot, SlotValue) and slot.span is not None:
                noted.setdefault(slot.span, Origin("slot", task.declaration.name.text))


def _take_values(domain: Domain | None, home: Compilation, into: Compilation) -> None:
    """Make the named values of a domain known by their names."""
    if isinstance(domain, Symbols | Rows) and domain not in into.symbol_sets:
        into.symbol_sets.append(domain)
        _note_values(domain, home, into)
    for part in domain.fields if isinstance(domain, Tuples) else ():
        _take_values(part.domain, home, into)


def _note_values(domain: Symbols | Rows, home: Compilation, into: Compilation) -> None:
    """Note for editors where a domain's named values are declared, and those of its columns."""
    waiting: list[Domain] = [domain]
    seen: list[Domain] = []  # A column may be of its own table's type.
    while waiting:
        part = waiting.pop()
        if part not in seen:
            seen.append(part)
            if isinstance(part, Symbols | Rows):
                into.meanings.import_values(members_of(part), home.meanings)
            waiting += [column.domain for column in parts_of(part).values()]
