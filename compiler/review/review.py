"""What a change of a spec changes, from its interface and meaning down to its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from causalspec.compiler.review.changes import Area, Change, gone_and_new
from causalspec.compiler.review.declarations import (
    abstraction_changes,
    allowance_changes,
    claim_changes,
    design_changes,
    example_changes,
    placement_changes,
)
from causalspec.compiler.review.models import model_changes
from causalspec.compiler.review.prompts import prompt_changes
from causalspec.compiler.review.texts import declared_name, text_changes
from causalspec.compiler.specification import Specification, Task
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse

_Declared = TypeVar("_Declared")


def review_changes(old: Specification, new: Specification) -> tuple[Change, ...]:
    """Every change, the gravest area first, within one in the order of the old text.

    A mechanism has changed when for some values of what it reads it gives another one; one written
    otherwise that always gives the same has changed in its text alone. What has another name is
    gone and new, with a hint where nothing but names tells the two apart.
    """
    files = [parse(specification.source, Diagnostics()) for specification in (old, new)]
    known = _renamed(files[0], files[1], _names(old) ^ _names(new))

    def compared(
        kind: str,
        area: Area,
        sides: tuple[Mapping[str, _Declared], Mapping[str, _Declared]],
        changes: Callable[[_Declared, _Declared], Iterable[Change]],
    ) -> Iterator[Change]:
        before, after = sides
        for name in {**before, **after}:
            was, now = ({name: side[name]} if name in side else {} for side in sides)
            gone, fresh = f"the {kind} is gone", f"the {kind} is new"
            yield from gone_and_new(area, name, was, now, gone=gone, fresh=fresh, was=known)
            if was and now:
                yield from changes(was[name], now[name])

    interface, claims = Area.INTERFACE, Area.CLAIMS
    designs = old.counterfactuals, new.counterfactuals
    alignments = old.alignments, new.alignments
    found = [
        *compared("task", interface, (old.tasks, new.tasks), _task_changes),
        *compared("model", interface, (old.models, new.models), model_changes),
        *compared("data set", Area.DATA, designs, design_changes),
        *compared("alignment", Area.PLACEMENTS, alignments, placement_changes),
        *compared("claim", claims, (old.claims, new.claims), claim_changes),
        *compared("abstraction", claims, (old.abstractions, new.abstractions), abstraction_changes),
        *example_changes(old, new),
        *allowance_changes(files[0], files[1]),
        *_of_files(old, new),
    ]
    found.extend(text_changes(files[0], files[1], {change.where for change in found}))
    return tuple(sorted(dict.fromkeys(found), key=lambda change: list(Area).index(change.area)))


def _task_changes(old: Task, new: Task) -> Iterator[Change]:
    yield from model_changes(old.model, new.model)
    yield from prompt_changes(old, new)


def _of_files(old: Specification, new: Specification) -> Iterator[Change]:
    """Files whose bytes changed: of word lists, tables and imports, what follows is told apart; of
    what a method reads, this is all that can be told.
    """
    alignments = (*old.alignments.values(), *new.alignments.values())
    methods = [placement.method for alignment in alignments for placement in alignment.placements]
    read = {name for method in methods for name in method.files}
    gone, fresh = "the file is no longer read", "the file is read now"
    for name in sorted({*old.files, *new.files}):
        was, now = (
            {name: specification.files[name]} if name in specification.files else {}
            for specification in (old, new)
        )
        yield from gone_and_new(Area.TEXT, name, was, now, gone=gone, fresh=fresh)
        if was and now and was != now:
            area = Area.PLACEMENTS if name in read else Area.TEXT
            yield Change(area, name, "the file changed")


def _names(specification: Specification) -> set[str]:
    """What is declared, and every variable, a family by its own name."""
    models = (
        *(task.model for task in specification.tasks.values()),
        *specification.models.values(),
    )
    variables = (name.partition("[")[0] for model in models for name in model.by_name)
    return {
        *specification.tasks, *specification.models, *specification.counterfactuals,
        *specification.alignments, *specification.claims, *specification.abstractions, *variables,
    }  # fmt: skip


def _renamed(old: syntax.File, new: syntax.File, names: set[str]) -> dict[str, str]:
    """Which declaration that is gone a new one reads like but for names that are gone and new."""
    before, after = (
        {declared_name(declaration): declaration for declaration in file.declarations}
        for file in (old, new)
    )

    def words(declaration: syntax.Declaration) -> list[str]:
        found: list[str] = re.findall(r"\w+|[^\w\s]", declaration.span.text)
        return ["" if word in names else word for word in found]

    gone = {name: words(declaration) for name, declaration in before.items() if name not in after}
    fresh = {name: words(declaration) for name, declaration in after.items() if name not in before}
    return {
        name: former
        for name, own in fresh.items()
        for former in reversed(gone)
        if gone[former] == own
    }
