"""What changed in which interventions are run, on which pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.derived_models import interchanged, source_prefix
from causalspec.compiler.evidence import NoWitness, Witness
from causalspec.compiler.expressions import All, Expression, Not, references, renamed
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.joint_model import same_expression
from causalspec.compiler.review.remaining import other_fields
from causalspec.compiler.specification import CounterfactualDesign, PairExpression, SwapKind
from causalspec.compiler.wording import setting_text

_LOOKED_AT = frozenset({
    "name", "model", "source_names", "kinds", "keep", "balance", "balance_domain", "splits",
    "disjoint", "seed", "distinctions", "cover", "shared_noise",
})  # fmt: skip


def design_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """Every change of a declaration of data, in the old version's names."""
    where = old.name
    if old.model.name != new.model.name:
        text = f"is about `{new.model.name}`, was about `{old.model.name}`"
        yield Change(Area.DATA, where, text)
    yield from _swap_changes(where, old, new)
    yield from _filter_changes(where, old, new)
    yield from _balance_changes(where, old, new)
    yield from _split_changes(where, old, new)
    if old.disjoint != new.disjoint:
        text = f"its splits are disjoint by {_named(new.disjoint)}, were by {_named(old.disjoint)}"
        yield Change(Area.DATA, where, text)
    if old.seed != new.seed:
        yield Change(Area.DATA, where, f"its seed is {new.seed}, was {old.seed}")
    covered = [[f"`{one.span.text}`" for one in design.cover] for design in (old, new)]
    if covered[0] != covered[1]:
        was, now = (", ".join(one) or "nothing" for one in covered)
        yield Change(Area.DATA, where, f"covers {now}, covered {was}")
    if old.shared_noise != new.shared_noise:
        text = "have the base's noise" if new.shared_noise else "have noise of their own"
        yield Change(Area.DATA, where, f"its sources {text}")
    yield from other_fields(Area.DATA, where, old, new, _LOOKED_AT)


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _swap_changes(
    where: str, old: CounterfactualDesign, new: CounterfactualDesign
) -> Iterator[Change]:
    names = source_names(old), source_names(new)
    if len(names[0]) == len(names[1]):
        for was, now in zip(*names, strict=True):
            if was != now:
                yield Change(Area.DATA, where, f"the source `{was}` is called `{now}`")
        names = names[0], names[0]
    sides = [
        {_swap(one, names[side]): one for one in design.kinds}
        for side, design in enumerate((old, new))
    ]
    for one, other, fate in ((sides[0], sides[1], "gone"), (sides[1], sides[0], "new")):
        for text in one:
            if text not in other:
                yield Change(Area.DATA, where, f"`swap {text}` is {fate}")
    before, after = (
        {
            text: one.weight / sum(each.weight for each in side.values())
            for text, one in side.items()
        }
        for side in sides
    )
    if set(before) == set(after):
        for text, share in before.items():
            if share != after[text]:
                told = f"`swap {text}` makes {after[text]:.4g} of the pairs, made {share:.4g}"
                yield Change(Area.DATA, where, told)
        if list(before) != list(after) or any(
            replace(sides[0][text], weight=1) != replace(sides[1][text], weight=1)
            for text in before
        ):
            yield Change(Area.DATA, where, "its swaps stand in another order or are made otherwise")


def _swap(kind: SwapKind, names: Sequence[str]) -> str:
    """`left from s1, right from (s2 with left from s3)`."""
    parts: list[str] = []
    for variable, source in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(source)
        if inner is not None:
            parts.append(f"{variable} from ({names[source]} with {_swap(inner, names)})")
        elif names[source] == "source":
            parts.append(variable)
        else:
            parts.append(f"{variable} from {names[source]}")
    return ", ".join(parts)


# Filters -----------------------------------------------------------------------------------------


def _filter_changes(
    where: str, old: CounterfactualDesign, new: CounterfactualDesign
) -> Iterator[Change]:
    before, after = _kept(old), _kept(new)
    if not same_expression(before, after, str.__eq__):
        yield from _other_pairs(where, old, new, before, after)
    rivals = [[one.rival.name for one in design.distinctions] for design in (old, new)]
    for name in rivals[0]:
        if name not in rivals[1]:
            yield Change(Area.DATA, where, f"no more distinguishes from `{name}`")
    for name in rivals[1]:
        if name not in rivals[0]:
            yield Change(Area.DATA, where, f"distinguishes from `{name}`")


def _kept(design: CounterfactualDesign) -> Expression:
    """All filters as one condition, over `base.x`, `source 0.x` and `result.x`."""
    return All(tuple(_over_pair(one, design) for one in design.keep))


def _over_pair(one: PairExpression, design: CounterfactualDesign) -> Expression:
    prefixes = {name: source_prefix(number) for number, name in enumerate(source_names(design))}

    def called(name: str) -> str:
        side, _, variable = name.partition(".")
        return f"{prefixes.get(side, side)}.{variable}"

    return renamed(one.expression, called)


def _other_pairs(
    where: str,
    old: CounterfactualDesign,
    new: CounterfactualDesign,
    before: Expression,
    after: Expression,
) -> Iterator[Change]:
    """Whether the filters keep other pairs of the new model, with a pair that only one keeps."""
    words = [" and ".join(one.span.text for one in design.keep) for design in (old, new)]
    stated = [f"`{text}`" if text else "every pair" for text in words]
    text = f"keeps {stated[1]}, kept {stated[0]}"
    details: list[str] = []
    is_certain = True
    for title, condition in (
        ("kept no more", All((before, Not(after)))),
        ("kept now", All((after, Not(before)))),
    ):
        found = _pair(new, condition)
        if isinstance(found, tuple):
            details.append(f"{title}:")
            details.extend(f"  {line}" for line in found)
        else:
            is_certain = is_certain and found is not None and found.is_certain
    if details:
        yield Change(Area.DATA, where, text, tuple(details))
    elif is_certain:
        yield Change(Area.TEXT, where, f"{text}: the same pairs")
    else:
        yield Change(Area.UNDECIDED, where, text)


def _pair(
    design: CounterfactualDesign, condition: Expression
) -> tuple[str, ...] | NoWitness | None:
    """A pair of some kind of the design that meets the condition; None where there is no asking."""
    answer: NoWitness | None = None
    numbers = {
        int(name.partition(".")[0].rpartition(" ")[2])
        for name in references(condition)
        if name.startswith("source ")
    }
    if design.model.cyclic or any(number >= len(source_names(design)) for number in numbers):
        return None
    for kind in design.kinds:
        model = interchanged(design.model, kind, numbers)
        if any(name not in model.by_name for name in references(condition)):
            return None
        found = smallest_witness(model, condition)
        if isinstance(found, Witness):
            return tuple(_shown(design, kind, found.setting, {*kind.used_sources, *numbers}))
        if answer is None or answer.is_certain:
            answer = found
    return answer


def _shown(
    design: CounterfactualDesign, kind: SwapKind, setting: Mapping[str, int], sources: Iterable[int]
) -> Iterator[str]:
    """The pair: what is swapped, the base, each source."""
    names = source_names(design)
    yield f"swap {_swap(kind, names)}"
    sides = {"base": "base"} | {names[number]: source_prefix(number) for number in sorted(sources)}
    for name, side in sides.items():
        inputs = {one: setting[f"{side}.{one}"] for one in design.model.inputs}
        yield f"{name}: {setting_text(design.model, inputs, inputs, 60)}"


# Balance and splits ------------------------------------------------------------------------------


def _balance_changes(
    where: str, old: CounterfactualDesign, new: CounterfactualDesign
) -> Iterator[Change]:
    words = [
        f"`{one.balance.span.text}`" if one.balance is not None else "nothing" for one in (old, new)
    ]
    if old.balance is None or new.balance is None:
        if old.balance is not new.balance:
            yield Change(Area.DATA, where, f"balances {words[1]}, balanced {words[0]}")
        return
    sides = [_over_pair(one, design) for one, design in ((old.balance, old), (new.balance, new))]
    if not same_expression(sides[0], sides[1], str.__eq__):
        yield Change(Area.DATA, where, f"balances {words[1]}, balanced {words[0]}")


def _split_changes(
    where: str, old: CounterfactualDesign, new: CounterfactualDesign
) -> Iterator[Change]:
    before, after = ({one.name: one.rows for one in design.splits} for design in (old, new))
    for name in {**before, **after}:
        was, now = before.get(name), after.get(name)
        if now is None:
            yield Change(Area.DATA, where, f"the split `{name}` is gone")
        elif was is None:
            yield Change(Area.DATA, where, f"the split `{name}` is new, with {now:,} pairs")
        elif was != now:
            yield Change(Area.DATA, where, f"the split `{name}` has {now:,} pairs, had {was:,}")
    if set(before) == set(after) and list(before) != list(after):
        yield Change(Area.DATA, where, "its splits stand in another order")
