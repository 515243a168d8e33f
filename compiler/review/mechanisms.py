"""What two versions of a mechanism make of the same values, with an input that shows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from causalspec.compiler.derived_models import in_order
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import NoWitness, Witness
from causalspec.compiler.expressions import (
    All,
    Constant,
    Expression,
    Not,
    Reference,
    apart,
    kept_within,
    renamed,
    surely,
)
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import find_witness, smallest_witness
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.same_values import ANY_CODE, SameValues, same_values
from causalspec.compiler.review.structure import Structures, stated
from causalspec.compiler.wording import setting_text, value_text

OLD, NEW = "old ", "new "
"""How a joint model calls what the two versions compute: no name of a spec has a space."""

_RESULT = "result"
_NOTHING = "no input at all"


class UnmatchedError(Exception):
    """The two versions cannot be asked one question; the text says why."""


@dataclass(frozen=True, slots=True)
class Different:
    """At `setting` of the given variables of the joint model the old version gives `was`, the new
    one `now`; None is undefined.
    """

    joint: CausalModel
    setting: Mapping[str, int]
    was: int | None
    now: int | None


def mechanism_change(old: CausalModel, new: CausalModel, name: str) -> Iterator[Change]:
    """The change of a mechanism that both versions have, if any.

    It has changed when, for some values of what it reads, it gives another value: an intervention
    can set those. The witness is an input that needs none where there is one.
    """
    variable, other = old.by_name[name], new.by_name[name]
    assert variable.mechanism is not None and other.mechanism is not None
    if variable.domain == other.domain and _written_alike(
        (old, variable.mechanism), (new, other.mechanism)
    ):
        return
    otherwise = f"`{name}` is written otherwise"
    try:
        found = compare_mechanisms(old, new, name)
    except UnmatchedError as error:
        yield Change(Area.UNDECIDED, old.name, f"{otherwise}: {error}")
        return
    if isinstance(found, Different):
        yield _changed(old, new, name, found)
    elif not found.is_certain:
        yield Change(Area.UNDECIDED, old.name, f"{otherwise}: {found.evidence.text}")
    elif not _other_values(old, new, name):
        text = f"{otherwise} and gives the same: {found.evidence.text}"
        yield Change(Area.TEXT, old.name, text)


def compare_mechanisms(old: CausalModel, new: CausalModel, name: str) -> Different | NoWitness:
    """Whether a variable that both models compute is computed alike from what both have; what only
    one of them has is looked through. Raises `UnmatchedError`.
    """
    domains = old.by_name[name].domain, new.by_name[name].domain
    values = same_values(*domains)
    if values is None:
        raise UnmatchedError("its values cannot be compared with what they were")
    sides = [
        kept_within(marked(mark, model.by_name[name].mechanism or Constant(0)), domain.codes())
        for mark, model, domain in ((OLD, old, domains[0]), (NEW, new, domains[1]))
    ]
    results = (
        Variable(f"{OLD}{_RESULT}", Role.OUTPUT, ANY_CODE, values.old(sides[0])),
        Variable(f"{NEW}{_RESULT}", Role.OUTPUT, ANY_CODE, values.new(sides[1])),
    )
    given = [
        shared
        for shared in stated(old)
        if shared in stated(new)
        and (shared in old.exogenous or _shared_values(old, new, shared) is not None)
    ]
    joint = joint_model(old, new, given, results)
    found = smallest_witness(joint, apart(*(Reference(result.name) for result in results)))
    if isinstance(found, NoWitness):
        return found
    solution = interpret.solve(joint, found.setting)
    was, now = (interpret.evaluate(side, solution) for side in sides)
    return Different(joint, found.setting, was, now)


def joint_model(
    old: CausalModel,
    new: CausalModel,
    given: Collection[str],
    extra: Collection[Variable] = (),
    *,
    required: bool = True,
) -> CausalModel:
    """Both versions as one model: one input for each of the `given` variables, which both have, in
    the old one's codes of values that both have. `old x` and `new x` is what `x` is in each version
    by its own mechanisms, or an input of that version alone. `extra` are named already.

    Raises `UnmatchedError` where the values of a given variable cannot be matched, or where what is
    computed goes round in a circle.
    """
    free: list[Variable] = []
    computed: list[Variable] = []
    requirements: list[Expression] = []
    for name in given:
        values = _shared_values(old, new, name)
        if values is None:
            raise UnmatchedError(f"`{name}` shares no values with what it was")
        earlier, other, code = old.by_name[name], new.by_name[name], Reference(name)
        same_chances = (earlier.weights, earlier.domain) == (other.weights, other.domain)
        role = Role.NOISE if earlier.role is Role.NOISE else Role.INPUT
        weights = earlier.weights if same_chances else None
        free.append(Variable(name, role, earlier.domain, weights=weights))
        let = Role.ABBREVIATION
        computed.append(Variable(f"{OLD}{name}", let, earlier.domain, code))
        computed.append(Variable(f"{NEW}{name}", let, other.domain, values.to_new(code)))
        if earlier.domain != other.domain:
            requirements.append(values.is_shared(code))
    for mark, model in ((OLD, old), (NEW, new)):
        for variable in model.variables:
            if variable.name in given:
                continue
            if variable.mechanism is None:
                free.append(replace(variable, name=f"{mark}{variable.name}"))
            else:
                own = marked(mark, variable.mechanism)
                let = Role.ABBREVIATION
                computed.append(
                    replace(variable, name=f"{mark}{variable.name}", role=let, mechanism=own)
                )
        if required and model.requirement is not None:
            requirements.append(marked(mark, model.requirement))
    ordered = in_order([*free, *computed, *extra])
    if len(ordered) < len(free) + len(computed) + len(extra):
        names = {variable.name for variable in ordered}
        stuck = next(
            variable.name for variable in (*computed, *extra) if variable.name not in names
        )
        raise UnmatchedError(f"`{stuck.partition(' ')[2]}` depends on itself")
    requirement = All(tuple(requirements)) if requirements else None
    return CausalModel(old.name, old.task, ordered, requirement)


def marked(mark: str, expression: Expression) -> Expression:
    """An expression of one version in the names of the joint model."""
    return renamed(expression, lambda name: f"{mark}{name}")


def _shared_values(old: CausalModel, new: CausalModel, name: str) -> SameValues | None:
    """None where the two versions of a variable share none, or where it cannot be said which."""
    domains = old.by_name[name].domain, new.by_name[name].domain
    values = same_values(*domains)
    if values is None or domains[0] == domains[1]:
        return values
    alone = CausalModel(old.name, old.task, (Variable(name, Role.INPUT, domains[0]),))
    some = find_witness(alone, values.is_shared(Reference(name)))
    return values if isinstance(some, Witness) else None


def _written_alike(
    old: tuple[CausalModel, Expression], new: tuple[CausalModel, Expression]
) -> bool:
    """Whether two expressions, and all abbreviations that they read, are one tree over one set of
    values.
    """
    structures = Structures()
    first, second = (
        structures.looked_through(expression, model) for model, expression in (old, new)
    )
    return first == second


def _other_values(old: CausalModel, new: CausalModel, name: str) -> bool:
    """Whether it is over other values, so that it need not be its text that differs."""
    return any(
        old.by_name[read].domain != new.by_name[read].domain
        for read in (name, *old.stated_parents(name))
        if read in new.by_name
    )


# An input that shows it ---------------------------------------------------------------------------


def _changed(old: CausalModel, new: CausalModel, name: str, found: Different) -> Change:
    domains = old.by_name[name].domain, new.by_name[name].domain
    by_input = _at_an_input(old, new, name)
    if isinstance(by_input, tuple):
        solutions = [interpret.solve(*side) for side in zip((old, new), by_input, strict=True)]
        was, now = (value_text(domains[k], solutions[k].get(name)) for k in range(2))
        place = setting_text(old, by_input[0], old.exogenous, 60) or _NOTHING
        text = f"`{name}` was `{was}` and is `{now}` at `{place}`"
        return Change(Area.MEANING, old.name, text, tuple(_outputs(old, new, name, solutions)))
    was, now = value_text(domains[0], found.was), value_text(domains[1], found.now)
    needed = found.joint.ancestors([f"{OLD}{_RESULT}", f"{NEW}{_RESULT}"])
    read = [exogenous for exogenous in found.joint.exogenous if exogenous in needed]
    place = setting_text(found.joint, found.setting, read, 60)
    text = f"`{name}` was `{was}` and is `{now}`" + (f" at `{place}`" if place else "")
    details = ("no input leads there: it takes an intervention",) if by_input else ()
    return Change(Area.MEANING, old.name, text, details)


def _at_an_input(
    old: CausalModel, new: CausalModel, name: str
) -> tuple[dict[str, int], dict[str, int]] | NoWitness | None:
    """The smallest input of both at which the mechanism itself differs: what it reads is the same.
    In each version's codes; how it is known that there is none; None where that is not known.
    """
    given = set(old.exogenous)
    if old.cyclic or new.cyclic or given != set(new.exogenous):
        return None
    both = {*old.stated_parents(name)} & {*new.stated_parents(name)}
    differ: dict[str, Expression] = {}
    for compared in (name, *(both - given)):
        values = same_values(old.by_name[compared].domain, new.by_name[compared].domain)
        if values is None:
            return None
        sides = values.old(Reference(f"{OLD}{compared}")), values.new(Reference(f"{NEW}{compared}"))
        differ[compared] = apart(*sides)
    try:
        joint = joint_model(old, new, old.exogenous)
    except UnmatchedError:
        return None
    alike = (Not(condition) for compared, condition in differ.items() if compared != name)
    found = smallest_witness(joint, All((differ[name], *alike)))
    if isinstance(found, NoWitness):
        return found if found.is_certain else None
    solution = interpret.solve(joint, found.setting)
    was, now = (
        {input_name: solution[f"{mark}{input_name}"] for input_name in given} for mark in (OLD, NEW)
    )
    return was, now


def _outputs(
    old: CausalModel, new: CausalModel, name: str, solutions: list[dict[str, int]]
) -> Iterator[str]:
    """What becomes of the outputs where a variable on the way to them has changed."""
    if old.by_name[name].role is Role.OUTPUT:
        return
    shared = [output for output in old.outputs if output in new.outputs]
    was, now = (
        setting_text(model, solution, shared, 60)
        for model, solution in zip((old, new), solutions, strict=True)
    )
    if shared:
        yield f"there `{was}` as before" if was == now else f"there `{was}` before, `{now}` now"


# Requirements ------------------------------------------------------------------------------------


def requirement_change(old: CausalModel, new: CausalModel) -> Iterator[Change]:
    """The change of which inputs a task admits, with an input that only one version does."""
    given = [name for name in old.inputs if name in new.inputs]
    sides = (old, old.requirement or Constant(1)), (new, new.requirement or Constant(1))
    if _written_alike(*sides):
        return
    before, after = (
        surely(marked(mark, expression))
        for mark, (_, expression) in zip((OLD, NEW), sides, strict=True)
    )
    try:
        joint = joint_model(old, new, given, required=False)
    except UnmatchedError as error:
        yield Change(Area.UNDECIDED, old.name, f"`require` is written otherwise: {error}")
        return
    lost = smallest_witness(joint, All((before, Not(after))))
    won = smallest_witness(joint, All((after, Not(before))))
    details = tuple(
        f"{words}: {setting_text(joint, found.setting, joint.exogenous, 60)}"
        for words, found in (("no longer admitted", lost), ("admitted now", won))
        if isinstance(found, Witness)
    )
    if isinstance(lost, Witness) or isinstance(won, Witness):
        kind = "other" if len(details) == 2 else "fewer" if isinstance(lost, Witness) else "more"
        yield Change(Area.INTERFACE, old.name, f"`require` admits {kind} inputs", details)
        return
    for found in (lost, won):
        if not found.is_certain:
            text = f"`require` is written otherwise: {found.evidence.text}"
            yield Change(Area.UNDECIDED, old.name, text)
            return
    if all(old.by_name[name].domain == new.by_name[name].domain for name in given):
        text = f"`require` is written otherwise and admits the same: {lost.evidence.text}"
        yield Change(Area.TEXT, old.name, text)
