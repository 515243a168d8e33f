"""What changed in a task's behaviour or in a hypothesis: variables, values, mechanisms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.front.values import described
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.joint_model import stated
from causalspec.compiler.review.mechanisms import mechanism_change, requirement_change

_MOST_WORDS = 5
_MOST_LISTED = 10_000


def model_changes(old: CausalModel, new: CausalModel) -> Iterator[Change]:
    """Every change of a model, or of a task's own; both are in the old version's names."""
    where = old.name
    is_task = old.name == old.task  # what a model has from its task is said of the task
    if old.task != new.task:
        yield Change(Area.INTERFACE, where, f"is about `{new.task}` and no more about `{old.task}`")
    for word in ("cyclic", "approximately"):
        was, now = getattr(old, word), getattr(new, word)
        if was != now:
            text = f"is stated `{word}`" if now else f"is no more stated `{word}`"
            yield Change(Area.MEANING, where, text)
    before, after = stated(old), stated(new)
    yield from _names(where, before, after, is_task=is_task)
    for name in before:
        if name in after and (is_task or before[name].role is not Role.INPUT):
            yield from _variable_changes(old, new, name)
    if is_task:
        yield from requirement_change(old, new)


def _names(
    where: str, old: Mapping[str, Variable], new: Mapping[str, Variable], *, is_task: bool
) -> Iterator[Change]:
    for variables, others, fate in ((old, new, "gone"), (new, old, "new")):
        for name, variable in variables.items():
            if name in others or (variable.role is Role.INPUT and not is_task):
                continue
            if variable.role is Role.OUTPUT and not is_task:
                continue
            text = f"the {_KINDS[variable.role]} `{name}` is {fate}"
            details = (f"{described(variable.domain)}",) if fate == "new" else ()
            yield Change(Area.INTERFACE, where, text, details)


_KINDS = {
    Role.INPUT: "input",
    Role.NOISE: "noise",
    Role.VARIABLE: "variable",
    Role.OUTPUT: "output",
    Role.ABBREVIATION: "abbreviation",
}


def _variable_changes(old: CausalModel, new: CausalModel, name: str) -> Iterator[Change]:
    one, other = old.by_name[name], new.by_name[name]
    where = old.name
    if one.role is not other.role:
        text = f"`{name}` is no `{one.role}` any more but `{other.role}`"
        yield Change(Area.INTERFACE, where, text)
    # A model's outputs have the task's values, which are told of there.
    if one.domain != other.domain and (old.name == old.task or one.role is not Role.OUTPUT):
        yield Change(Area.INTERFACE, where, f"`{name}` takes {_values(one.domain, other.domain)}")
    if one.mechanism is not None and other.mechanism is not None:
        yield from mechanism_change(old, new, name)
    elif one.mechanism is None and other.mechanism is None:
        yield from _weight_changes(where, one, other)


def _values(old: Domain, new: Domain) -> str:
    """`other values: numbers 0..9 before, …`; of named values those that came and went."""
    kinds = described(old), described(new)
    if isinstance(old, Numbers) or isinstance(new, Numbers) or type(old) is not type(new):
        return f"other values: {kinds[0]} before, {kinds[1]} now"
    if max(old.size, new.size) > _MOST_LISTED:
        return f"other values: {old.size:,} before, {new.size:,} now"
    was, now = ([one.text(code) for code in one.codes()] for one in (old, new))
    parts = [
        f"{_listed([word for word in one if word not in set(others)])} {fate}"
        for one, others, fate in ((was, now, "gone"), (now, was, "new"))
        if set(one) - set(others)
    ]
    if parts:
        return f"other values: {'; '.join(parts)}"
    return "its values in another order" if was != now else "values that are read otherwise"


def _listed(words: list[str]) -> str:
    shown = ", ".join(f"`{word}`" for word in words[:_MOST_WORDS])
    more = f" and {len(words) - _MOST_WORDS:,} more" if len(words) > _MOST_WORDS else ""
    return f"{shown}{more} {'is' if len(words) == 1 else 'are'}"


def _weight_changes(where: str, old: Variable, new: Variable) -> Iterator[Change]:
    """Whether an input or a noise is drawn otherwise: the value whose chance moved the most."""
    if old.weights is None and new.weights is None:
        return
    before, after = _chances(old), _chances(new)
    moved = {
        word: abs(after.get(word, Fraction(0)) - before.get(word, Fraction(0)))
        for word in {**before, **after}
    }
    most = max(moved, key=lambda word: moved[word])
    if moved[most]:
        was, now = (float(one.get(most, Fraction(0))) for one in (before, after))
        text = f"`{new.name}` is drawn otherwise: `{most}` in {was:.4g} before, in {now:.4g} now"
        yield Change(Area.INTERFACE, where, text)


def _chances(variable: Variable) -> dict[str, Fraction]:
    """The probability of each value, by its text."""
    codes = variable.domain.codes()
    weights = variable.weights or (1,) * len(codes)
    total = sum(weights)
    return {
        variable.domain.text(code): Fraction(weight, total)
        for code, weight in zip(codes, weights, strict=True)
    }
