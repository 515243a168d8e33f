"""From a syntax tree to a checked specification: the list of the compiler's passes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from causalspec.compiler.evidence import Examination
from causalspec.compiler.front.abstractions import compile_abstractions
from causalspec.compiler.front.claims import compile_claim
from causalspec.compiler.front.derivations import derive_models
from causalspec.compiler.front.designs import compile_design
from causalspec.compiler.front.examples import compile_examples
from causalspec.compiler.front.file_names import check_file_names
from causalspec.compiler.front.functions import check_functions
from causalspec.compiler.front.imports import import_names
from causalspec.compiler.front.input_encoding import encoding_of
from causalspec.compiler.front.models import ModelDraft, compile_model
from causalspec.compiler.front.names import Compilation, collect
from causalspec.compiler.front.placements import AlignmentContext, compile_alignment
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.scores import ClaimContext
from causalspec.compiler.front.tasks import TaskDraft, compile_task, draft_task
from causalspec.compiler.front.templates import answers_of, prompts_of
from causalspec.compiler.front.types import named_domain
from causalspec.compiler.front.unread import set_aside
from causalspec.compiler.meanings import Meanings
from causalspec.compiler.proofs.allowances import silence
from causalspec.compiler.specification import (
    Alignment,
    Claim,
    CounterfactualDesign,
    Example,
    Specification,
    Task,
)
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.limits import MOST_MISTAKES
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source
from causalspec.dsl.source import Source, Span


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
    drafts = _draft_tasks(file, compilation)
    check_functions(file, compilation)
    tasks, examples = _tasks(compilation, drafts)
    models = _models(file, compilation, drafts)
    abstractions = derive_models(file, compilation, models)
    abstractions |= compile_abstractions(file, compilation, models)
    for model in models.values():
        scope = Environment(compilation, model.own.scope(model.environment.scope))
        body = model.declaration.body
        examples += compile_examples(compilation, body, model.model, model.variables, scope)
    designs = _designs(file, compilation, models)
    alignments = _alignments(file, compilation, AlignmentContext(models, tasks, designs))
    claims = _claims(file, compilation, ClaimContext(models, tasks, designs, alignments))
    _note_domains(compilation, drafts, models)
    if errors_before or diagnostics.has_errors:
        return None
    return Specification(
        source=file.source,
        tasks=tasks,
        models={name: draft.model for name, draft in models.items()},
        examples=tuple(examples),
        counterfactuals=designs,
        alignments=alignments,
        claims=claims,
        files=compilation.files,
        abstractions=abstractions,
    )


def _note_domains(
    compilation: Compilation, drafts: dict[str, TaskDraft], models: dict[str, ModelDraft]
) -> None:
    """Note what types and variables can be: of a family, what its first member can be."""
    domains = compilation.meanings.domains
    for name, domain in compilation.domains.items():
        if domain is not None:
            domains[compilation.declared[name].name.span] = domain
    tasks = [roster for draft in drafts.values() for roster in (draft.given, draft.results)]
    for roster in (*tasks, *(draft.own for draft in models.values())):
        members = {one.name.partition("[")[0]: one for one in reversed(roster.members)}
        for text, name in roster.spans.items():
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
        return any(one.holds is None for one in self.examinations)


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


def _draft_tasks(file: syntax.File, compilation: Compilation) -> dict[str, TaskDraft]:
    return {
        one.name.text: draft_task(compilation, one)
        for one in file.declarations
        if isinstance(one, syntax.TaskDeclaration) and _is_first(compilation, one)
    }


def _is_first(compilation: Compilation, declaration: syntax.Declaration) -> bool:
    """Whether a name means this declaration: later ones of the same name are reported already."""
    if isinstance(declaration, syntax.ImportDeclaration):
        return False
    return compilation.declared.get(declaration.name.text) is declaration


def _tasks(
    compilation: Compilation, drafts: dict[str, TaskDraft]
) -> tuple[dict[str, Task], list[Example]]:
    tasks: dict[str, Task] = {}
    examples: list[Example] = []
    for name, draft in drafts.items():
        model = compile_task(compilation, draft)
        documentation = draft.declaration.documentation
        tasks[name] = Task(
            name=name,
            model=model,
            prompts=prompts_of(compilation, draft),
            answers=answers_of(compilation, draft),
            encoding=encoding_of(compilation, draft),
            documentation=documentation.value if documentation is not None else "",
            span=draft.declaration.name.span,
        )
        known = draft.given.scope(draft.parameters)
        scope = Environment(compilation, draft.results.scope(known))
        body = draft.declaration.body
        examples += compile_examples(compilation, body, model, draft.variables, scope)
    return tasks, examples


def _models(
    file: syntax.File, compilation: Compilation, drafts: dict[str, TaskDraft]
) -> dict[str, ModelDraft]:
    models: dict[str, ModelDraft] = {}
    for one in file.declarations:
        if isinstance(one, syntax.ModelDeclaration) and _is_first(compilation, one):
            draft = compile_model(compilation, one, drafts)
            if draft is not None:
                models[one.name.text] = draft
    return models


def _designs(
    file: syntax.File, compilation: Compilation, models: dict[str, ModelDraft]
) -> dict[str, CounterfactualDesign]:
    designs: dict[str, CounterfactualDesign] = {}
    for one in file.declarations:
        if isinstance(one, syntax.CounterfactualsDeclaration) and _is_first(compilation, one):
            design = compile_design(compilation, one, models)
            if design is not None:
                designs[design.name] = design
    return designs


def _alignments(
    file: syntax.File, compilation: Compilation, context: AlignmentContext
) -> dict[str, Alignment]:
    alignments: dict[str, Alignment] = {}
    for one in file.declarations:
        if isinstance(one, syntax.AlignDeclaration) and _is_first(compilation, one):
            alignment = compile_alignment(compilation, one, context)
            if alignment is not None:
                alignments[alignment.name] = alignment
    return alignments


def _claims(file: syntax.File, compilation: Compilation, context: ClaimContext) -> dict[str, Claim]:
    claims: dict[str, Claim] = {}
    for one in file.declarations:
        if isinstance(one, syntax.ClaimDeclaration) and _is_first(compilation, one):
            claim = compile_claim(compilation, one, context)
            if claim is not None:
                claims[claim.name] = claim
    return claims
