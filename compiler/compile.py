"""From a syntax tree to a checked specification: the list of the compiler's passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from causalspec.compiler.evidence import Examination
from causalspec.compiler.front.abstractions import compile_abstractions
from causalspec.compiler.front.claims import compile_claim
from causalspec.compiler.front.derivations import derive_models
from causalspec.compiler.front.designs import compile_design
from causalspec.compiler.front.elaborate import check_functions
from causalspec.compiler.front.encodings import encoding_of
from causalspec.compiler.front.examples import compile_examples
from causalspec.compiler.front.file_names import check_file_names
from causalspec.compiler.front.imports import import_names
from causalspec.compiler.front.models import compile_model
from causalspec.compiler.front.names import (
    Compilation,
    NamedDeclaration,
    collect,
    documented,
    of_kind,
)
from causalspec.compiler.front.placements import compile_alignment
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.subexpressions import deep_calls
from causalspec.compiler.front.tasks import TaskDraft, compile_task, draft_task
from causalspec.compiler.front.templates import answers_of, prompts_of
from causalspec.compiler.front.types import named_domain
from causalspec.compiler.front.unread import set_aside
from causalspec.compiler.meanings import Meanings
from causalspec.compiler.model import family_of
from causalspec.compiler.proofs.allowances import silence
from causalspec.compiler.specification import Example, Specification, Task
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.limits import MOST_MISTAKES
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source
from causalspec.dsl.source import Source, Span

_Declaration = TypeVar("_Declaration", bound=NamedDeclaration)
_Built = TypeVar("_Built")


@deep_calls()
def compile_file(
    file: syntax.File,
    folder: Path | None,
    diagnostics: Diagnostics,
    meanings: Meanings | None = None,
) -> Specification | None:
    """The specification that a file states; None when it has errors, all of them reported.

    `folder` is where word lists and tables are read, and nothing outside it. What the names of the
    file mean is noted in `meanings`.
    """
    errors_before = diagnostics.has_errors
    file, unread = set_aside(file)
    meanings = meanings or Meanings()
    compilation = Compilation(diagnostics, folder, unread=unread, meanings=meanings)
    import_names(file, compilation)
    collect(file, compilation)
    check_file_names(file, compilation)
    for name in compilation.names_of(syntax.TypeDeclaration, syntax.TableDeclaration):
        named_domain(compilation, name)
    built = partial(_built, file, compilation)
    drafts = built(syntax.TaskDeclaration, draft_task)
    check_functions(file, compilation)
    examples: list[Example] = []
    for name, draft in drafts.items():
        compilation.tasks[name] = _task(compilation, draft)
        scope = Environment(compilation, draft.results.scope(draft.given.scope(draft.parameters)))
        model = compilation.tasks[name].model
        body = draft.declaration.body
        examples += compile_examples(scope, body, model, draft.variables)
    models = built(syntax.ModelDeclaration, partial(compile_model, tasks=drafts))
    compilation.models |= models
    abstractions = derive_models(file, compilation) | compile_abstractions(file, compilation)
    for draft in compilation.models.values():
        scope = Environment(compilation, draft.own.scope(draft.environment.scope))
        body = draft.declaration.body
        examples += compile_examples(scope, body, draft.model, draft.variables)
    compilation.designs |= built(syntax.CounterfactualsDeclaration, compile_design)
    compilation.alignments |= built(syntax.AlignDeclaration, compile_alignment)
    claims = built(syntax.ClaimDeclaration, compile_claim)
    _note_domains(compilation, drafts)
    if errors_before or diagnostics.has_errors:
        return None
    return Specification(
        source=file.source,
        tasks=compilation.tasks,
        models={name: draft.model for name, draft in compilation.models.items()},
        examples=tuple(examples),
        counterfactuals=compilation.designs,
        alignments=compilation.alignments,
        claims=claims,
        files=compilation.files,
        abstractions=abstractions,
    )


def _built(
    file: syntax.File,
    compilation: Compilation,
    kind: type[_Declaration],
    build: Callable[[Compilation, _Declaration], _Built | None],
) -> dict[str, _Built]:
    """What every declaration of a kind comes to, by name; those that come to nothing left out, and
    later ones of the same name, which are reported already.
    """
    declared = compilation.declared
    built = [
        (declaration.name.text, build(compilation, declaration))
        for declaration in of_kind(file.declarations, kind)
        if declared.get(declaration.name.text) is declaration
    ]
    return {name: result for name, result in built if result is not None}


def _task(compilation: Compilation, draft: TaskDraft) -> Task:
    return Task(
        name=draft.name,
        model=compile_task(compilation, draft),
        prompts=prompts_of(compilation, draft),
        answers=answers_of(compilation, draft),
        encoding=encoding_of(compilation, draft),
        documentation=documented(draft.declaration.documentation),
        span=draft.declaration.name.span,
    )


def _note_domains(compilation: Compilation, drafts: dict[str, TaskDraft]) -> None:
    """Note what types and variables can be: of a family, what its first member can be."""
    domains = compilation.meanings.domains
    for name, domain in compilation.domains.items():
        if domain is not None:
            declared = compilation.imported.get(name, compilation.declared[name].name)
            domains[declared.span] = domain
    blocks = [block for draft in drafts.values() for block in (draft.given, draft.results)]
    for block in (*blocks, *(draft.own for draft in compilation.models.values())):
        members = {family_of(member.name): member for member in reversed(block.members)}
        for text, name in block.spans.items():
            if text in members and (domain := members[text].domain) is not None:
                domains.setdefault(name.span, domain)


@dataclass(frozen=True, eq=False)
class CheckedFile:
    """Everything that can be said about a file without a network.

    `specification` is None when there are errors. `examinations` are the questions that took
    evaluation or proof, with their answers.
    """

    specification: Specification | None
    diagnostics: Diagnostics
    examinations: tuple[Examination, ...] = ()

    @property
    def leaves_open(self) -> bool:
        """Whether some question could not be settled."""
        return any(examination.holds is None for examination in self.examinations)


def check_file(path: Path) -> CheckedFile:
    """Read, compile and examine a file.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    diagnostics = Diagnostics()
    source = read_source(path, str(path), diagnostics)
    if source is None:
        return CheckedFile(None, diagnostics)
    return check_source(source, path.parent, diagnostics)


def check_source(source: Source, folder: Path | None, diagnostics: Diagnostics) -> CheckedFile:
    """Compile and examine a text, whether or not a file holds it yet."""
    file = parse(source, diagnostics)
    specification = compile_file(file, folder, diagnostics)
    if specification is None:
        _keep_first(diagnostics)
        return CheckedFile(None, diagnostics)
    # Solvers take long to import, and a file with errors needs none.
    from causalspec.compiler.proofs.examine import examine

    examinations = examine(specification, diagnostics)
    silence(file, diagnostics)
    return CheckedFile(None if diagnostics.has_errors else specification, diagnostics, examinations)


def _keep_first(diagnostics: Diagnostics) -> None:
    """Leave out what nobody would read to its end: one slip can make thousands of names wrong."""
    found = list(diagnostics)
    left_out = len(found) - MOST_MISTAKES
    if left_out > 1:  # one more may be the parser's own remark that it gave up
        diagnostics.found[:] = found[:MOST_MISTAKES]
        last = found[MOST_MISTAKES - 1].span
        message = f"{left_out} further mistakes are not shown"
        diagnostics.error("CS904", message, Span(last.source, last.end, last.end))


def load_specification(path: Path) -> tuple[Specification | None, Diagnostics]:
    """The specification of a file, None when it has errors, and all that is wrong with it.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    checked = check_file(path)
    return checked.specification, checked.diagnostics
