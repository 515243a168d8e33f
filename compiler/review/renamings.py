"""Declarations that only have another name: found by what they mean, then called as they were.

With the new version in the old one's names, every other comparison is by name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.claims import abstraction_changes, claim_changes
from causalspec.compiler.review.designs import design_changes
from causalspec.compiler.review.joint_model import stated
from causalspec.compiler.review.mechanisms import Same, compare_mechanisms
from causalspec.compiler.review.models import model_changes
from causalspec.compiler.review.names import Calling, Names, in_old_names, model_in_old_names
from causalspec.compiler.review.placements import placement_changes
from causalspec.compiler.review.prompts import prompt_changes, same_template
from causalspec.compiler.specification import (
    Abstraction,
    Alignment,
    Claim,
    CounterfactualDesign,
    Specification,
    Task,
)

_MOST_COMPARED = 12
"""So many declarations that are gone are looked at for each new one."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """The new version in the old one's names and as it is written, and every name that changed."""

    specification: Specification
    original: Specification
    names: Names
    changes: tuple[Change, ...]


def in_the_old_names(old: Specification, new: Specification) -> Renamed:
    """The new version, with everything that only has another name called as it was.

    A declaration has only another name when nothing but that tells it from one that is gone.
    Inputs, which state nothing, go by their values and their order.
    """
    names = _with_tasks(old, new, Names())
    names = _with_models(old, new, names)
    current = in_old_names(new, names)
    designs = _matched(old.counterfactuals, current.counterfactuals, _same_design)
    names = replace(names, designs=designs)
    current = in_old_names(new, names)
    names = replace(names, alignments=_matched(old.alignments, current.alignments, _same_alignment))
    current = in_old_names(new, names)
    names = replace(
        names,
        claims=_matched(old.claims, current.claims, _same_claim),
        abstractions=_matched(old.abstractions, current.abstractions, _same_abstraction),
    )
    return Renamed(in_old_names(new, names), new, names, tuple(_changes(names, new)))


# Tasks and models --------------------------------------------------------------------------------


def _with_tasks(old: Specification, new: Specification, names: Names) -> Names:
    tasks: dict[str, str] = {}
    variables: dict[str, Calling] = {}
    prompts: dict[str, Calling] = {}
    for name, task in new.tasks.items():
        for candidate in _candidates(name, old.tasks, new.tasks):
            before = old.tasks[candidate]
            calling = _variables(before.model, task.model, {})
            renaming = Names({name: candidate}, variables={name: calling})
            current = in_old_names(new, renaming).tasks[candidate]
            own = {
                one: other
                for one in current.prompts
                for other in before.prompts
                if one not in before.prompts
                and other not in current.prompts
                and same_template(before.prompts[other], current.prompts[one])
            }
            if candidate != name and not _same_task(before, current, own):
                continue
            tasks |= {name: candidate} if candidate != name else {}
            variables[name], prompts[name] = calling, own
            break
    return replace(names, tasks=tasks, variables=variables, prompts=prompts)


def _same_task(old: Task, new: Task, prompts: Calling) -> bool:
    called = {prompts.get(name, name): one for name, one in new.prompts.items()}
    new = replace(new, prompts=called)
    return not _tells(model_changes(old.model, new.model)) and not _tells(prompt_changes(old, new))


def _with_models(old: Specification, new: Specification, names: Names) -> Names:
    models: dict[str, str] = {}
    variables = dict(names.variables)
    for name, model in new.models.items():
        for candidate in _candidates(name, old.models, new.models):
            before = old.models[candidate]
            task = names.tasks.get(model.task, model.task)
            if candidate != name and (before.task != task or candidate in models.values()):
                continue
            calling = _variables(before, model, names.variables.get(model.task, {}))
            current = model_in_old_names(model, calling, candidate, task)
            if candidate != name and _tells(model_changes(before, current)):
                continue
            models |= {name: candidate} if candidate != name else {}
            variables[name] = calling
            break
        else:
            variables[name] = names.variables.get(model.task, {})
    return replace(names, models=models, variables=variables)


def _candidates(name: str, old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, ...]:
    """What may be the same declaration: that of the same name, else those that are gone."""
    if name in old:
        return (name,)
    return tuple(one for one in old if one not in new)[:_MOST_COMPARED]


def _variables(old: CausalModel, new: CausalModel, known: Calling) -> dict[str, str]:
    """The old names of a model's variables, for those that have another one."""
    calling = {one: other for one, other in known.items() if one in new.by_name}
    current = model_in_old_names(new, calling)
    back = {calling.get(one.name, one.name): one.name for one in new.variables}

    def open_names() -> tuple[list[str], list[str]]:
        gone = [name for name in stated(old) if name not in current.by_name]
        return gone, [name for name in stated(current) if name not in old.by_name]

    gone, fresh = open_names()
    for signature in {_signature(old, name) for name in gone}:
        sides = [
            [name for name in names if _signature(model, name) == signature]
            for model, names in ((old, gone), (current, fresh))
        ]
        if signature[0] in _EXOGENOUS and len(sides[0]) == len(sides[1]):
            calling |= {back[one]: other for other, one in zip(*sides, strict=True)}
    current = model_in_old_names(new, calling)
    for name in open_names()[1]:
        gone = [one for one in open_names()[0] if _signature(old, one) == _signature(current, name)]
        found = next(
            (one for one in gone[:_MOST_COMPARED] if _same_mechanism(old, current, one, name)), None
        )
        if found is not None:
            calling[back[name]] = found
            current = model_in_old_names(new, calling)
    gone, fresh = open_names()
    together = calling | {back[one]: other for other, one in zip(gone, fresh, strict=False)}
    current = model_in_old_names(new, together)
    # Variables of a cycle are known by each other.
    if len(gone) == len(fresh) and all(_same_mechanism(old, current, one, one) for one in gone):
        return together
    return calling


_EXOGENOUS = (Role.INPUT, Role.NOISE)


def _signature(model: CausalModel, name: str) -> tuple[object, ...]:
    one = model.by_name[name]
    return one.role, one.domain, one.weights


def _same_mechanism(old: CausalModel, new: CausalModel, first: str, second: str) -> bool:
    sides = old.by_name[first], new.by_name[second]
    if sides[0].mechanism is None or sides[0].role is not sides[1].role:
        return False
    return isinstance(compare_mechanisms(old, new, first, second), Same)


# Declarations about models -----------------------------------------------------------------------

_Declared = TypeVar("_Declared", CounterfactualDesign, Alignment, Claim, Abstraction)


def _matched(
    old: Mapping[str, _Declared],
    new: Mapping[str, _Declared],
    is_same: Callable[[_Declared, _Declared], bool],
) -> dict[str, str]:
    """The old names of declarations that have another one."""
    found: dict[str, str] = {}
    for name, one in new.items():
        if name in old:
            continue
        for candidate in _candidates(name, old, new):
            if candidate not in found.values() and is_same(old[candidate], one):
                found[name] = candidate
                break
    return found


def _same_design(old: CounterfactualDesign, new: CounterfactualDesign) -> bool:
    return not _tells(design_changes(old, new))


def _same_alignment(old: Alignment, new: Alignment) -> bool:
    return not _tells(placement_changes(old, new))


def _same_claim(old: Claim, new: Claim) -> bool:
    return not _tells(claim_changes(old, new))


def _same_abstraction(old: Abstraction, new: Abstraction) -> bool:
    return not _tells(abstraction_changes(old, new))


def _tells(changes: Iterable[Change]) -> bool:
    return any(one.area is not Area.TEXT for one in changes)


# What is said of it ------------------------------------------------------------------------------


def _changes(names: Names, new: Specification) -> Iterator[Change]:
    for kind, calling in (
        ("task", names.tasks),
        ("model", names.models),
        ("data set", names.designs),
        ("alignment", names.alignments),
        ("claim", names.claims),
        ("abstraction", names.abstractions),
    ):
        for one, other in calling.items():
            yield Change(Area.INTERFACE, other, f"the {kind} is called `{one}`")
    for task, calling in names.prompts.items():
        for one, other in calling.items():
            where = names.tasks.get(task, task)
            yield Change(Area.INTERFACE, where, f"the prompt `{other}` is called `{one}`")
    for owner, calling in names.variables.items():
        model = new.models.get(owner)
        inherited: Calling = {} if model is None else names.variables.get(model.task, {})
        where = names.models.get(owner, names.tasks.get(owner, owner))
        own = {one: other for one, other in calling.items() if inherited.get(one) != other}
        for text in dict.fromkeys(_called(one, other) for one, other in own.items()):
            yield Change(Area.INTERFACE, where, text)


def _called(new: str, old: str) -> str:
    """Of a family, its name alone where the indices stay."""
    (stem, _, index), (old_stem, _, old_index) = new.partition("["), old.partition("[")
    if index and index == old_index:
        return f"the family `{old_stem}` is called `{stem}`"
    return f"`{old}` is called `{new}`"
