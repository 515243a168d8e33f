"""What two versions of a mechanism make of the same values, with an input that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Evidence, NoWitness, Unknown, Witness
from causalspec.compiler.expressions import (
    All,
    Constant,
    Expression,
    Not,
    Reference,
    apart,
    kept_within,
    surely,
)
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.joint_model import (
    NEW,
    OLD,
    Joint,
    UnmatchedError,
    joint_model,
    marked,
    same_expression,
    stated,
)
from causalspec.compiler.review.shared_values import in_one_code, shared_values
from causalspec.compiler.wording import setting_text, value_text

_RESULT = "result"
_NOTHING = "no input at all"
_ANY_CODE = Numbers(-(1 << 40), 1 << 40)
"""Holds the codes of every domain: what is compared is recoded, and keeps to no one's."""


@dataclass(frozen=True, slots=True)
class Same:
    """Both versions are one function; `is_written_so` where they are one tree, too."""

    evidence: Evidence | None
    is_written_so: bool


@dataclass(frozen=True, slots=True)
class Different:
    """At `setting` of the given variables the old version gives `was`, the new one `now`; None is
    undefined.
    """

    joint: Joint
    setting: Mapping[str, int]
    was: int | None
    now: int | None


@dataclass(frozen=True, slots=True)
class Open:
    """Whether they are the same is not known, and why."""

    reason: str


Answer = Same | Different | Open


def mechanism_change(old: CausalModel, new: CausalModel, name: str) -> Iterator[Change]:
    """The change of a mechanism that both versions have, if any.

    It has changed when, for some values of what it reads, it gives another value: an intervention
    can set those. The witness is an input that needs none where there is one.
    """
    answer = compare_mechanisms(old, new, name, name)
    match answer:
        case Different():
            yield _changed(old, new, name, answer)
        case Open(reason):
            yield Change(Area.UNDECIDED, old.name, f"`{name}` is written otherwise: {reason}")
        case Same(evidence, is_written_so):
            if not is_written_so and evidence is not None and not _other_values(old, new, name):
                text = f"`{name}` is written otherwise and gives the same: {evidence.text}"
                yield Change(Area.TEXT, old.name, text)


def compare_mechanisms(old: CausalModel, new: CausalModel, first: str, second: str) -> Answer:
    """Whether `first` of the old model and `second` of the new one are computed alike from what
    both models have; what only one of them has is looked through.
    """
    one, other = old.by_name[first], new.by_name[second]
    if one.mechanism is None or other.mechanism is None:
        return Open("only one of them is computed")
    if _written_alike(old, new, one, other):
        return Same(None, is_written_so=True)
    codes = in_one_code(one.domain, other.domain)
    if codes is None:
        return Open("its values cannot be compared with what they were")
    results = (
        _result(OLD, codes[0](kept_within(marked(OLD, one.mechanism), one.domain.codes()))),
        _result(NEW, codes[1](kept_within(marked(NEW, other.mechanism), other.domain.codes()))),
    )
    given = [
        name
        for name in stated(old)
        if name in stated(new) and (name in old.exogenous or _has_shared_values(old, new, name))
    ]
    try:
        joint = joint_model(old, new, given, results)
    except UnmatchedError as error:
        return Open(str(error))
    return _asked(joint, one, other)


def _has_shared_values(old: CausalModel, new: CausalModel, name: str) -> bool:
    return shared_values(old.by_name[name].domain, new.by_name[name].domain) is not None


def _result(mark: str, value: Expression) -> Variable:
    return Variable(f"{mark}{_RESULT}", Role.OUTPUT, _ANY_CODE, value)


def _asked(joint: Joint, one: Variable, other: Variable) -> Answer:
    was, now = Reference(f"{OLD}{_RESULT}"), Reference(f"{NEW}{_RESULT}")
    found = smallest_witness(joint.model, apart(was, now))
    if not isinstance(found, Witness):
        if found.is_certain:
            return Same(found.evidence, is_written_so=False)
        return Open(found.evidence.text)
    solution = interpret.solve(joint.model, found.setting)
    sides = [
        interpret.evaluate(
            kept_within(marked(mark, variable.mechanism or Constant(0)), variable.domain.codes()),
            solution,
        )
        for mark, variable in ((OLD, one), (NEW, other))
    ]
    return Different(joint, found.setting, sides[0], sides[1])


def _written_alike(old: CausalModel, new: CausalModel, one: Variable, other: Variable) -> bool:
    """Whether two mechanisms, and all abbreviations that they read, are one tree over one set of
    values.
    """
    if one.domain != other.domain or one.mechanism is None or other.mechanism is None:
        return False
    sides = stated(old), stated(new)

    def same_name(first: str, second: str) -> bool:
        if first in sides[0] and second in sides[1]:
            return first == second and sides[0][first].domain == sides[1][second].domain
        if first in sides[0] or second in sides[1]:
            return False
        return _written_alike(old, new, old.by_name[first], new.by_name[second])

    return same_expression(one.mechanism, other.mechanism, same_name)


def _other_values(old: CausalModel, new: CausalModel, name: str) -> bool:
    """Whether it is over other values, so that it need not be its text that differs."""
    shared = [one for one in stated(old) if one in stated(new)]
    return any(
        old.by_name[one].domain != new.by_name[one].domain
        for one in shared
        if one == name or one in old.stated_parents(name)
    )


# An input that shows it ---------------------------------------------------------------------------


def _changed(old: CausalModel, new: CausalModel, name: str, found: Different) -> Change:
    domains = old.by_name[name].domain, new.by_name[name].domain
    by_input = _at_an_input(old, new, name)
    if isinstance(by_input, tuple):
        solutions = [interpret.solve(model, by_input[k]) for k, model in enumerate((old, new))]
        was, now = (value_text(domains[k], solutions[k].get(name)) for k in range(2))
        place = setting_text(old, by_input[0], old.exogenous, 60) or _NOTHING
        text = f"`{name}` was `{was}` and is `{now}` at `{place}`"
        return Change(Area.MEANING, old.name, text, tuple(_outputs(old, new, name, solutions)))
    was, now = value_text(domains[0], found.was), value_text(domains[1], found.now)
    read = found.joint.reads([f"{OLD}{_RESULT}", f"{NEW}{_RESULT}"])
    place = setting_text(found.joint.model, found.setting, read, 60)
    text = f"`{name}` was `{was}` and is `{now}`" + (f" at `{place}`" if place else "")
    details = ("no input leads there: it takes an intervention",) if by_input else ()
    return Change(Area.MEANING, old.name, text, details)


def _at_an_input(
    old: CausalModel, new: CausalModel, name: str
) -> tuple[dict[str, int], dict[str, int]] | NoWitness | None:
    """The smallest input of both at which the mechanism itself differs: what it reads is the same.
    In each version's codes; how it is known that there is none; None where that is not known.
    """
    if old.cyclic or new.cyclic:
        return None
    given = [one for one in old.exogenous if one in new.exogenous]
    one, other = old.by_name[name], new.by_name[name]
    codes = in_one_code(one.domain, other.domain)
    if codes is None or len(given) < max(len(old.exogenous), len(new.exogenous)):
        return None
    condition = [apart(codes[0](Reference(f"{OLD}{name}")), codes[1](Reference(f"{NEW}{name}")))]
    for parent in set(old.stated_parents(name)) & set(new.stated_parents(name)) - set(given):
        between = in_one_code(old.by_name[parent].domain, new.by_name[parent].domain)
        if between is None:
            return None
        sides = between[0](Reference(f"{OLD}{parent}")), between[1](Reference(f"{NEW}{parent}"))
        condition.append(Not(apart(*sides)))
    try:
        joint = joint_model(old, new, given)
    except UnmatchedError:
        return None
    found = smallest_witness(joint.model, All(tuple(condition)))
    if isinstance(found, NoWitness):
        return found if found.is_certain else None
    solution = interpret.solve(joint.model, found.setting)
    return (
        {one: solution[f"{OLD}{one}"] for one in old.exogenous},
        {one: solution[f"{NEW}{one}"] for one in new.exogenous},
    )


def _outputs(
    old: CausalModel, new: CausalModel, name: str, solutions: list[dict[str, int]]
) -> Iterator[str]:
    """What becomes of the outputs where a variable on the way to them has changed."""
    if old.by_name[name].role is Role.OUTPUT:
        return
    shared = [one for one in old.outputs if one in new.outputs]
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
    before, after = (
        surely(marked(mark, model.requirement or Constant(1)))
        for mark, model in ((OLD, old), (NEW, new))
    )
    if _required_alike(old, new):
        return
    try:
        joint = joint_model(old, new, given, required=False)
    except UnmatchedError as error:
        yield Change(Area.UNDECIDED, old.name, f"`require` is written otherwise: {error}")
        return
    lost = smallest_witness(joint.model, All((before, Not(after))))
    won = smallest_witness(joint.model, All((after, Not(before))))
    details = [
        f"{words}: {setting_text(joint.model, found.setting, given, 60)}"
        for words, found in (("admitted no more", lost), ("admitted now", won))
        if isinstance(found, Witness)
    ]
    if isinstance(lost, Witness):
        text = "admits other inputs" if isinstance(won, Witness) else "admits fewer inputs"
        yield Change(Area.INTERFACE, old.name, f"`require` {text}", tuple(details))
    elif isinstance(won, Witness):
        yield Change(Area.INTERFACE, old.name, "`require` admits more inputs", tuple(details))
    elif not (lost.is_certain and won.is_certain):
        evidence = lost.evidence if not lost.is_certain else Unknown()
        text = f"`require` is written otherwise: {evidence.text}"
        yield Change(Area.UNDECIDED, old.name, text)
    elif all(old.by_name[name].domain == new.by_name[name].domain for name in given):
        text = f"`require` is written otherwise and admits the same: {lost.evidence.text}"
        yield Change(Area.TEXT, old.name, text)


def _required_alike(old: CausalModel, new: CausalModel) -> bool:
    """Whether two requirements are one tree over one set of values."""
    if old.requirement is None or new.requirement is None:
        return old.requirement is new.requirement
    given = [name for name in old.inputs if name in new.inputs]
    if any(old.by_name[name].domain != new.by_name[name].domain for name in given):
        return False
    pair = [
        Variable(_RESULT, Role.ABBREVIATION, old.by_name[given[0]].domain, one.requirement)
        for one in (old, new)
        if given
    ]
    return not pair or _written_alike(old, new, pair[0], pair[1])
