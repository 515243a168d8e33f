"""What changed between two versions of a spec: in meaning, in interface, in data, in text alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ..domains import Domain, Truths
from ..evaluators import interpret
from ..expressions import Compare, ComparisonOperator, Constant, Expression, Reference
from ..model import CausalModel, Role, Variable
from ..specification import CounterfactualDesign, Specification
from .derived_models import renamed
from .evidence import Witness
from .witnesses import smallest_witness
from .wording import setting_text, value_text


class Area(StrEnum):
    """What a change is about, the gravest first."""

    INTERFACE = "interface"  # which names there are, and their domains
    MEANING = "meaning"  # a mechanism, a requirement
    DATA = "data"  # columns, splits, filters
    UNDECIDED = "undecided"  # whether a mechanism means the same


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `where` is the declaration, `text` what happened to it."""

    area: Area
    where: str
    text: str


def changes(old: Specification, new: Specification) -> Iterator[Change]:
    """Every change but those of text alone, in the order of the files.

    A mechanism has changed when for some values of its parents it gives another one; the smallest
    such values are the witness. One written otherwise that always gives the same has not.
    """
    old_models, new_models = _models(old), _models(new)
    yield from _names("model", old_models, new_models)
    for name in old_models:
        if name in new_models:
            yield from _of_model(old_models[name], new_models[name])
    for kind, one, other in (
        ("counterfactuals", old.counterfactuals, new.counterfactuals),
        ("alignment", old.alignments, new.alignments),
        ("claim", old.claims, new.claims),
        ("abstraction", old.abstractions, new.abstractions),
    ):
        yield from _names(kind, one, other)
    for name, design in old.counterfactuals.items():
        if name in new.counterfactuals:
            yield from _of_design(design, new.counterfactuals[name])
    for name, task in old.tasks.items():
        if name in new.tasks:
            other = new.tasks[name]
            if (task.prompts, task.answers, task.encoding) != (
                other.prompts,
                other.answers,
                other.encoding,
            ):
                yield Change(Area.DATA, name, "its prompts, answers or encoding changed")
    for name, alignment in old.alignments.items():
        if name in new.alignments and alignment.placements != new.alignments[name].placements:
            yield Change(Area.INTERFACE, name, "its placements changed")
    for name, claim in old.claims.items():
        if name in new.claims and _claimed(old, name) != _claimed(new, name):
            yield Change(Area.MEANING, claim.name, "what it claims changed")


def _models(specification: Specification) -> dict[str, CausalModel]:
    tasks = {one.name: one.model for one in specification.tasks.values()}
    return {**tasks, **specification.models}


def _claimed(specification: Specification, name: str) -> object:
    one = specification.claims[name]
    asked = tuple((e.left, e.operator, e.right) for e in one.expectations)
    return one.model.name, one.data, one.alignment, one.prompt, one.fitted_on, asked


def _names(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for name in old:
        if name not in new:
            yield Change(Area.INTERFACE, name, f"the {kind} is gone")
    for name in new:
        if name not in old:
            yield Change(Area.INTERFACE, name, f"the {kind} is new")


def _of_model(old: CausalModel, new: CausalModel) -> Iterator[Change]:
    where = old.name
    is_task = old.name == old.task  # what a model has from its task is said of the task
    if (old.task, old.cyclic, old.approximately) != (new.task, new.cyclic, new.approximately):
        yield Change(Area.INTERFACE, where, "its task, `cyclic` or `approximately` changed")
    yield from (
        Change(one.area, where, f"`{one.where}`: {one.text}")
        for one in _names("variable", _stated(old), _stated(new))
    )
    for name, variable in _stated(old).items():
        other = _stated(new).get(name)
        if other is None:
            continue
        if variable.role is not other.role:
            change = f"`{name}` is no `{variable.role}` any more but `{other.role}`"
            yield Change(Area.INTERFACE, where, change)
        if variable.role is Role.INPUT and not is_task:
            continue
        if variable.domain != other.domain:
            yield Change(
                Area.INTERFACE,
                where,
                f"`{name}` takes other values: {variable.domain.size:,} before, "
                f"{other.domain.size:,} now",
            )
        elif variable.mechanism is None or other.mechanism is None:
            if variable.weights != other.weights:
                yield Change(Area.MEANING, where, f"`{name}` is drawn otherwise")
        else:
            yield from _of_expressions((old, variable.mechanism), (new, other.mechanism), variable)
    if is_task:
        first, second = (one.requirement or Constant(1) for one in (old, new))
        yield from _of_expressions((old, first), (new, second), None)


def _stated(model: CausalModel) -> dict[str, Variable]:
    """What a model states; abbreviations are only a way to write."""
    return {one.name: one for one in model.variables if one.role is not Role.ABBREVIATION}


def _of_expressions(
    before: tuple[CausalModel, Expression],
    after: tuple[CausalModel, Expression],
    variable: Variable | None,
) -> Iterator[Change]:
    """Whether two mechanisms, or requirements (None), are one function of stated variables."""
    (old, first), (new, second) = before, after
    subject = f"`{variable.name}`" if variable is not None else "`require`"
    if any(_stated(new).get(name, one).domain != one.domain for name, one in _stated(old).items()):
        if first != second:
            yield Change(Area.UNDECIDED, old.name, f"{subject} is written over other domains")
        return
    given = {
        one.name: Variable(one.name, Role.INPUT, one.domain)
        for model in (old, new)
        for one in _stated(model).values()
    }
    domain = variable.domain if variable is not None else Truths()
    sides = (*_expressed("old ", old, first, domain), *_expressed("new ", new, second, domain))
    both = CausalModel(old.name, old.task, (*given.values(), *sides))
    results = [Reference("old result"), Reference("new result")]
    found = smallest_witness(both, Compare(ComparisonOperator.NOT_EQUAL, *results))
    if isinstance(found, Witness):
        solution = interpret.solve(both, found.setting)
        read = _read(both, ("old result", "new result"), set(given))
        place = setting_text(both, found.setting, read)
        was, now = (value_text(domain, solution[one.name]) for one in results)
        text = f"{subject} was `{was}` and is `{now}`" + (f" at `{place}`" if place else "")
        yield Change(Area.MEANING, old.name, text)
    elif not found.is_certain:
        text = f"{subject} is written otherwise: {found.evidence.text}"
        yield Change(Area.UNDECIDED, old.name, text)


def _expressed(
    mark: str, model: CausalModel, expression: Expression, domain: Domain
) -> Iterator[Variable]:
    """An expression as a variable of its own, with the abbreviations that it may read."""
    stated = _stated(model)
    memory: dict[int, Expression] = {}

    def name_of(name: str) -> str:
        return name if name in stated else f"{mark}{name}"

    for one in model.variables:
        if one.name not in stated and one.mechanism is not None:
            mechanism = renamed(one.mechanism, name_of, memory)
            yield replace(one, name=name_of(one.name), mechanism=mechanism)
    yield Variable(f"{mark}result", Role.OUTPUT, domain, renamed(expression, name_of, memory))


def _read(model: CausalModel, names: tuple[str, ...], given: set[str]) -> list[str]:
    """The given variables that the named ones depend on."""
    needed = set(names)
    for variable in reversed(model.variables):
        if variable.name in needed:
            needed.update(variable.parents)
    return [one.name for one in model.variables if one.name in needed & given]


def _of_design(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """Splits, swaps, filters, balance, seed: what decides which pairs there are."""
    for part, was, now in (
        ("model", old.model.name, new.model.name),
        ("sources", old.source_names, new.source_names),
        ("swaps", old.kinds, new.kinds),
        ("filters", _clauses(old), _clauses(new)),
        ("balance", _balance(old), _balance(new)),
        ("disjoint inputs", old.disjoint, new.disjoint),
        ("seed", old.seed, new.seed),
    ):
        if was != now:
            yield Change(Area.DATA, old.name, f"its {part} changed")
    splits = [{one.name: one.rows for one in design.splits} for design in (old, new)]
    for name in {**splits[0], **splits[1]}:
        was, now = (one.get(name, 0) for one in splits)
        if was != now:
            yield Change(Area.DATA, old.name, f"split `{name}` had {was:,} pairs and has {now:,}")


def _clauses(design: CounterfactualDesign) -> object:
    rivals = [(one.rival.name, one.kinds) for one in design.distinctions]
    return [one.expression for one in design.keep], rivals


def _balance(design: CounterfactualDesign) -> object:
    return design.balance.expression if design.balance is not None else None
