"""From a syntax tree to a checked specification: the list of the compiler's passes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from causalspec.compiler.evidence import Examination
from causalspec.compiler.front.abstractions import compile_abstractions
from causalspec.compiler.front.claims import compile_claim
from causalspec.compiler.front.designs import compile_design
from causalspec.compiler.front.file_names import check_file_names
from causalspec.compiler.front.hypotheses import (
    built,
    compile_models,
    model_examples,
    task_examples,
)
from causalspec.compiler.front.imports import compile_names
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.parameters import AS_DECLARED, Settings
from causalspec.compiler.front.placements import compile_alignment
from causalspec.compiler.front.question_texts import question_texts
from causalspec.compiler.front.subexpressions import deep_calls
from causalspec.compiler.front.unread import set_aside
from causalspec.compiler.meanings import Meanings
from causalspec.compiler.model import family_of
from causalspec.compiler.proofs.allowances import silence
from causalspec.compiler.specification import Specification
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics, Severity
from causalspec.dsl.limits import MOST_MISTAKES
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source
from causalspec.dsl.source import Source, Span


def compile_file(
    file: syntax.File,
    folder: Path | None,
    diagnostics: Diagnostics,
    meanings: Meanings | None = None,
    settings: Settings = AS_DECLARED,
) -> Specification | None:
    """The specification that a file states; None when it has errors, all of them reported.

    The arguments are those of `open_file`.
    """
    return open_file(file, folder, diagnostics, meanings, settings)[0]


@deep_calls()
def open_file(
    file: syntax.File,
    folder: Path | None,
    diagnostics: Diagnostics,
    meanings: Meanings | None = None,
    settings: Settings = AS_DECLARED,
) -> tuple[Specification | None, Compilation]:
    """The specification that a file states, and what is known of its names, for what is said of its
    models elsewhere: see `compile_policy`.

    `folder` is where word lists and tables are read, and nothing outside it. What the names of the
    file mean is noted in `meanings`. `settings` are values of tasks' parameters in the place of the
    declared ones, by `digits` or `Addition.digits`.
    """
    errors_before = diagnostics.has_errors
    file, unread = set_aside(file)
    meanings = meanings or Meanings()
    compilation = Compilation(
        diagnostics, folder, settings=settings, unread=unread, meanings=meanings
    )
    drafts = compile_names(file, compilation)
    check_file_names(file, compilation)
    examples = [*task_examples(compilation, drafts)]
    derived = compile_models(file, compilation)
    abstractions = derived | compile_abstractions(file, compilation)
    examples += model_examples(file, compilation)
    own = partial(built, file, compilation)
    compilation.designs |= own(syntax.CounterfactualsDeclaration, compile_design)
    compilation.alignments |= own(syntax.AlignDeclaration, compile_alignment)
    claims = own(syntax.ClaimDeclaration, compile_claim)
    said = {name: question_texts(draft) for name, draft in compilation.models.items()}
    _note_domains(compilation)
    if errors_before or diagnostics.has_errors:
        return None, compilation
    specification = Specification(
        source=file.source,
        tasks=compilation.tasks,
        models={name: draft.model for name, draft in compilation.models.items()},
        examples=tuple(examples),
        counterfactuals=compilation.designs,
        alignments=compilation.alignments,
        claims=claims,
        files=compilation.files,
        abstractions=abstractions,
        question_texts={name: texts for name, texts in said.items() if texts},
    )
    return specification, compilation


def _note_domains(compilation: Compilation) -> None:
    """Note what types and variables can be: of a family, what its first member can be."""
    domains = compilation.meanings.domains
    for name, domain in compilation.domains.items():
        if domain is not None:
            declared = compilation.imported.get(name, compilation.declared[name].name)
            domains[declared.span] = domain
    tasks = compilation.drafts.values()
    blocks = [block for draft in tasks for block in (draft.given, draft.results)]
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


def check_file(path: Path, settings: Settings = AS_DECLARED) -> CheckedFile:
    """Read, compile and examine a file, parameters of its tasks set as in `compile_file`.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    diagnostics = Diagnostics()
    source = read_source(path, str(path), diagnostics)
    if source is None:
        return CheckedFile(None, diagnostics)
    return check_source(source, path.parent, diagnostics, settings)


def check_source(
    source: Source,
    folder: Path | None,
    diagnostics: Diagnostics,
    settings: Settings = AS_DECLARED,
) -> CheckedFile:
    """Compile and examine a text, whether or not a file holds it yet."""
    file = parse(source, diagnostics)
    specification = compile_file(file, folder, diagnostics, settings=settings)
    if specification is None:
        _keep_first(diagnostics)
        return CheckedFile(None, diagnostics)
    # Solvers take long to import, and a file with errors needs none.
    from causalspec.compiler.proofs.examine import examine

    examinations = examine(specification, diagnostics)
    _keep_own_warnings(source, diagnostics)
    silence(file, diagnostics)
    return CheckedFile(None if diagnostics.has_errors else specification, diagnostics, examinations)


def _keep_own_warnings(source: Source, diagnostics: Diagnostics) -> None:
    """Leave out warnings about imported files: each is told, and allowed, where it is checked."""
    diagnostics.found[:] = [
        diagnostic
        for diagnostic in diagnostics.found
        if diagnostic.severity is Severity.ERROR or diagnostic.span.source is source
    ]


def _keep_first(diagnostics: Diagnostics) -> None:
    """Leave out what nobody would read to its end: one slip can make thousands of names wrong."""
    found = list(diagnostics)
    left_out = len(found) - MOST_MISTAKES
    if left_out > 1:  # one more may be the parser's own remark that it gave up
        diagnostics.found[:] = found[:MOST_MISTAKES]
        last = found[MOST_MISTAKES - 1].span
        message = f"{left_out} further mistakes are not shown"
        diagnostics.error("CS904", message, Span(last.source, last.end, last.end))


def load_specification(
    path: Path, settings: Settings = AS_DECLARED
) -> tuple[Specification | None, Diagnostics]:
    """The specification of a file, None when it has errors, and all that is wrong with it.

    Raises `ToolFailure` where there is no such file or it cannot be read.
    """
    checked = check_file(path, settings)
    return checked.specification, checked.diagnostics
