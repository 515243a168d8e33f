"""What changed in a task's behaviour or in a hypothesis: variables, values, mechanisms."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from causalspec.compiler.domains import Domain, Numbers, Tuples
from causalspec.compiler.expressions import Constant
from causalspec.compiler.front.values import described
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.review.changes import Area, Change, renamed
from causalspec.compiler.review.mechanisms import mechanism_change, requirement_change
from causalspec.compiler.review.structure import Structures, stated

_MOST_WORDS = 5


def model_changes(old: CausalModel, new: CausalModel) -> Iterator[Change]:
    """Every change of a model, or of a task's own."""
    where = old.name
    is_task = old.name == old.task  # what a model has from its task is said of the task
    if old.task != new.task:
        yield Change(
            Area.INTERFACE, where, f"is about `{new.task}` and no longer about `{old.task}`"
        )
    for word in ("cyclic", "approximately"):
        was, now = getattr(old, word), getattr(new, word)
        if was != now:
            text = f"is stated `{word}`" if now else f"is no longer stated `{word}`"
            yield Change(Area.MEANING, where, text)
    own = set(Role) if is_task else {Role.NOISE, Role.VARIABLE}
    before, after = (
        {name: variable for name, variable in stated(side).items() if variable.role in own}
        for side in (old, new)
    )
    gone = {name: variable for name, variable in before.items() if name not in stated(new)}
    fresh = {name: variable for name, variable in after.items() if name not in stated(old)}
    for name, variable in gone.items():
        yield Change(Area.INTERFACE, where, f"the {_kind(variable)} `{name}` is gone")
    for name, variable in fresh.items():
        details = (described(variable.domain), *_renamed(variable, gone, fresh))
        yield Change(Area.INTERFACE, where, f"the {_kind(variable)} `{name}` is new", details)
    for name in stated(old):
        if name in new.by_name and (is_task or old.by_name[name].role is not Role.INPUT):
            yield from _variable_changes(old, new, name)
    if is_task:
        yield from requirement_change(old, new)


def _kind(variable: Variable) -> str:
    return "variable" if variable.role is Role.VARIABLE else str(variable.role)


def _renamed(
    variable: Variable, gone: dict[str, Variable], fresh: dict[str, Variable]
) -> Iterator[str]:
    """A hint where nothing but names that are gone and new tells a new variable from an old one.
    Of several such, that in the same place.
    """
    structures = Structures()

    def look(variable: Variable, changed: dict[str, Variable]) -> tuple[object, ...]:
        mechanism = variable.mechanism or Constant(0)
        written = structures.number(mechanism, lambda name: None if name in changed else name)
        return variable.role, variable.domain, variable.weights, written

    own = look(variable, fresh)
    place = [name for name, candidate in fresh.items() if look(candidate, fresh) == own].index(
        variable.name
    )
    same = [name for name, candidate in gone.items() if look(candidate, gone) == own]
    if place < len(same):
        yield from renamed(same[place])


def _variable_changes(old: CausalModel, new: CausalModel, name: str) -> Iterator[Change]:
    earlier, other = old.by_name[name], new.by_name[name]
    where = old.name
    if earlier.role is not other.role:
        text = f"`{name}` is `{other.role}` now, it was `{earlier.role}`"
        yield Change(Area.INTERFACE, where, text)
    # A model's outputs have the task's values, which are told of there.
    if earlier.domain != other.domain and (old.name == old.task or earlier.role is not Role.OUTPUT):
        yield Change(
            Area.INTERFACE, where, f"`{name}` takes {_values(earlier.domain, other.domain)}"
        )
    if earlier.mechanism is not None and other.mechanism is not None:
        yield from mechanism_change(old, new, name)
    elif earlier.mechanism is None and other.mechanism is None:
        yield from _weight_changes(where, earlier, other)


def _values(old: Domain, new: Domain) -> str:
    """`other values: numbers 0..9 before, …`; of named values those that came and went."""
    if type(old) is not type(new) or isinstance(old, Numbers | Tuples):
        return f"other values: {described(old)} before, {described(new)} now"
    was, now = ([domain.text(code) for code in domain.codes()] for domain in (old, new))
    parts: list[str] = []
    for words, others, fate in ((was, set(now), "gone"), (now, set(was), "new")):
        if alone := [word for word in words if word not in others]:
            parts.append(f"{_listed(alone)} {fate}")
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
    none = Fraction(0)
    moved = {
        word: abs(after.get(word, none) - before.get(word, none)) for word in {**before, **after}
    }
    most = max(moved, key=lambda word: moved[word])
    if moved[most]:
        was, now = (float(chances.get(most, none)) for chances in (before, after))
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
