"""What a change of a spec changes, from its interface and meaning down to its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.claims import (
    abstraction_changes,
    allowance_changes,
    claim_changes,
    example_changes,
)
from causalspec.compiler.review.designs import design_changes
from causalspec.compiler.review.drawn_pairs import pair_changes
from causalspec.compiler.review.models import model_changes
from causalspec.compiler.review.placements import placement_changes
from causalspec.compiler.review.prompts import prompt_changes
from causalspec.compiler.review.renamings import Renamed, in_the_old_names
from causalspec.compiler.review.texts import declared_name, text_changes
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse


def review_changes(old: Specification, new: Specification) -> tuple[Change, ...]:
    """Every change, the gravest area first, within one in the order of the old text.

    A mechanism has changed when for some values of what it reads it gives another one; one written
    otherwise that always gives the same has changed in its text alone.
    """
    renamed = in_the_old_names(old, new)
    found = [
        *renamed.changes,
        *_declared(old, renamed.specification),
        *_of_models(old, renamed.specification),
        *_of_the_rest(old, renamed),
        *example_changes(old, renamed.specification),
    ]
    files = [parse(one.source, Diagnostics()) for one in (old, new)]
    found.extend(allowance_changes(files[0], files[1]))
    found.extend(_of_files(old, new))
    told = {one.where for one in found} | _new_names(renamed)
    if renamed.changes:  # other declarations call what has another name by it
        told |= {declared_name(one) for one in files[0].declarations}
    found.extend(text_changes(files[0], files[1], told))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: list(Area).index(one.area)))


def _declared(old: Specification, new: Specification) -> Iterator[Change]:
    """Declarations that are gone and new."""
    for kind, area, before, after in (
        ("task", Area.INTERFACE, old.tasks, new.tasks),
        ("model", Area.INTERFACE, old.models, new.models),
        ("data set", Area.DATA, old.counterfactuals, new.counterfactuals),
        ("alignment", Area.PLACEMENTS, old.alignments, new.alignments),
        ("claim", Area.CLAIMS, old.claims, new.claims),
        ("abstraction", Area.CLAIMS, old.abstractions, new.abstractions),
    ):
        yield from _names(kind, area, before, after)


def _names(
    kind: str, area: Area, old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Change]:
    for names, others, fate in ((old, new, "gone"), (new, old, "new")):
        for name in names:
            if name not in others:
                yield Change(area, name, f"the {kind} is {fate}")


def _of_models(old: Specification, new: Specification) -> Iterator[Change]:
    for name, task in old.tasks.items():
        if name in new.tasks:
            yield from model_changes(task.model, new.tasks[name].model)
            yield from prompt_changes(task, new.tasks[name])
    for name, model in old.models.items():
        if name in new.models:
            yield from model_changes(model, new.models[name])


def _of_the_rest(old: Specification, renamed: Renamed) -> Iterator[Change]:
    new = renamed.specification
    for name, design in old.counterfactuals.items():
        if name in new.counterfactuals:
            other = new.counterfactuals[name]
            yield from design_changes(design, other)
            yield from _of_pairs(old, renamed, name)
    for name, alignment in old.alignments.items():
        if name in new.alignments:
            yield from placement_changes(alignment, new.alignments[name])
    for name, claim in old.claims.items():
        if name in new.claims:
            yield from claim_changes(claim, new.claims[name])
    for name, abstraction in old.abstractions.items():
        if name in new.abstractions:
            yield from abstraction_changes(abstraction, new.abstractions[name])


def _of_pairs(old: Specification, renamed: Renamed, name: str) -> Iterator[Change]:
    """Generated only where something that decides on the pairs is written otherwise."""
    before, after = old.counterfactuals[name], renamed.specification.counterfactuals[name]
    written = {called: new for new, called in renamed.names.designs.items()}.get(name, name)
    if before == after and written == name:
        return
    calling = renamed.names.variables.get(_new_name(renamed, after.model.name), {})
    yield from pair_changes(before, renamed.original.counterfactuals[written], calling)


def _new_name(renamed: Renamed, model: str) -> str:
    return {old: new for new, old in renamed.names.models.items()}.get(model, model)


def _of_files(old: Specification, new: Specification) -> Iterator[Change]:
    """Files whose bytes changed: of word lists, tables and imports, what follows is told apart; of
    what a method reads, this is all that can be told.
    """
    alignments = (*old.alignments.values(), *new.alignments.values())
    methods = [one.method for alignment in alignments for one in alignment.placements]
    read = {name for method in methods for name in method.files}
    for name in sorted({*old.files, *new.files}):
        was, now = old.files.get(name), new.files.get(name)
        if was is None or now is None:
            fate = "no more read" if now is None else "read now"
            yield Change(Area.TEXT, name, f"the file is {fate}")
        elif was != now:
            area = Area.PLACEMENTS if name in read else Area.TEXT
            yield Change(area, name, "the file changed")


def _new_names(renamed: Renamed) -> set[str]:
    """What has another name is told of under its old one."""
    names = renamed.names
    return {
        name
        for calling in (
            names.tasks, names.models, names.designs, names.alignments, names.claims,
            names.abstractions,
        )
        for name in calling
    }  # fmt: skip
