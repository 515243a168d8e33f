"""What changed in each kind of declaration about models: data, alignments, claims, abstractions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.derived_models import on_pair
from causalspec.compiler.expressions import All
from causalspec.compiler.review.changes import (
    Area,
    Change,
    gone_and_new,
    other_fields,
    told_otherwise,
)
from causalspec.compiler.review.expectations import expectation_changes
from causalspec.compiler.review.pairs import filter_changes, pair_changes, swap_text
from causalspec.compiler.review.structure import same_expression
from causalspec.compiler.specification import (
    Abstraction,
    Alignment,
    Claim,
    CounterfactualDesign,
    Example,
    PairExpression,
    PlacedSite,
    Placement,
    Specification,
    TokenRange,
)
from causalspec.compiler.wording import all_of, setting_text
from causalspec.dsl import syntax


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


# Data --------------------------------------------------------------------------------------------


def design_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """Every change of a declaration of data, and of the pairs that are drawn by it."""
    where, area = old.name, Area.DATA
    about = ("is about", "was about", f"`{new.model.name}`", f"`{old.model.name}`")
    yield from told_otherwise(area, where, [about])
    yield from _swap_changes(old, new)
    yield from _derivation_changes(old, new)
    yield from filter_changes(old, new)
    yield from gone_and_new(
        area,
        where,
        {distinction.rival.name: distinction for distinction in old.distinctions},
        {distinction.rival.name: distinction for distinction in new.distinctions},
        gone="no longer distinguishes from `{0}`",
        fresh="distinguishes from `{0}`",
    )
    balanced = [() if design.balance is None else (design.balance,) for design in (old, new)]
    if not _same_over_pairs((old, balanced[0]), (new, balanced[1])):
        was, now = (_listed(value.span.text for value in side) for side in balanced)
        yield Change(area, where, f"balances {now}, balanced {was}")
    before, after = ({split.name: split.rows for split in design.splits} for design in (old, new))
    gone, fresh = "the split `{0}` is gone", "the split `{0}` is new, with {1:,} pairs"
    yield from gone_and_new(area, where, before, after, gone=gone, fresh=fresh)
    for name, rows in before.items():
        if after.get(name, rows) != rows:
            text = f"the split `{name}` has {after[name]:,} pairs, had {rows:,}"
            yield Change(area, where, text)
    if set(before) == set(after) and list(before) != list(after):
        yield Change(area, where, "its splits stand in another order")
    was, now = (_listed(value.span.text for value in design.cover) for design in (old, new))
    parts = (
        ("its splits are disjoint by", "were by", _held_out(new), _held_out(old)),
        ("its seed is", "was", str(new.seed), str(old.seed)),
        ("covers", "covered", now, was),
    )
    yield from told_otherwise(area, where, parts)
    if old.shared_noise != new.shared_noise:
        text = "have the base's noise" if new.shared_noise else "have noise of their own"
        yield Change(area, where, f"its sources {text}")
    yield from other_fields(area, where, old, new, _OF_A_DESIGN)
    if old != new:
        yield from pair_changes(old, new)


_OF_A_DESIGN = frozenset({
    "name", "model", "source_names", "kinds", "keep", "balance", "balance_domain", "splits",
    "disjoint", "seed", "distinctions", "cover", "shared_noise", "derivations",
})  # fmt: skip


def _derivation_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    """How sources are made now that were made otherwise, or were drawn."""
    sides = [
        {source_names(design)[made.source]: made for made in design.derivations}
        for design in (old, new)
    ]
    for name in {**sides[0], **sides[1]}:
        was, now = (side.get(name) for side in sides)
        if was != now:
            texts = [f"is made by `{made.text}`" if made else "is drawn" for made in (now, was)]
            said = f"`{name}` {texts[0]}, {texts[1].replace('is', 'was', 1)}"
            yield Change(Area.DATA, old.name, said)


def _held_out(design: CounterfactualDesign) -> str:
    return _listed(value.name for value in design.disjoint)


def _same_over_pairs(
    *sides: tuple[CounterfactualDesign, Collection[PairExpression]],
) -> bool:
    """Whether values over pairs are written alike, whatever the sources are called."""
    first, second = (
        All(tuple(on_pair(value.expression, source_names(design)) for value in values))
        for design, values in sides
    )
    return same_expression(first, second)


def _swap_changes(old: CounterfactualDesign, new: CounterfactualDesign) -> Iterator[Change]:
    where, area = old.name, Area.DATA
    names = source_names(old), source_names(new)
    if len(names[0]) == len(names[1]):
        for was, now in zip(*names, strict=True):
            if was != now:
                yield Change(area, where, f"the source `{was}` is called `{now}`")
        names = names[0], names[0]
    before, after = (
        {swap_text(kind, called): kind for kind in design.kinds}
        for called, design in zip(names, (old, new), strict=True)
    )
    gone, fresh = "`swap {0}` is gone", "`swap {0}` is new"
    yield from gone_and_new(area, where, before, after, gone=gone, fresh=fresh)
    if set(before) != set(after):
        return
    totals = [sum(kind.weight for kind in side.values()) for side in (before, after)]
    for text, kind in before.items():
        was, now = kind.weight / totals[0], after[text].weight / totals[1]
        if was != now:
            told = f"`swap {text}` makes {now:.4g} of the pairs, made {was:.4g}"
            yield Change(area, where, told)
    was, now = ([replace(kind, weight=1) for kind in side.values()] for side in (before, after))
    if was != now:
        yield Change(area, where, "its swaps stand in another order or are made otherwise")


# Alignments --------------------------------------------------------------------------------------


def placement_changes(old: Alignment, new: Alignment) -> Iterator[Change]:
    """Every change of an alignment."""
    where, area = old.name, Area.PLACEMENTS
    about = ("is about", "was about", f"`{new.model.name}`", f"`{old.model.name}`")
    yield from told_otherwise(area, where, [about])
    before, after = (
        {placement.variable: placement for placement in side.placements} for side in (old, new)
    )
    for name, placement in before.items():
        if name in after:
            was, now = _said(old, placement), _said(new, after[name])
            for part, said in was.items():
                if said != now[part]:
                    text = f"`{name}`: {part} {_or_none(now[part])}, was {_or_none(said)}"
                    searched = (
                        _searched(placement.site, after[name].site) if part == "layers" else ""
                    )
                    yield Change(area, where, f"{text}{searched}")
            yield from other_fields(area, where, placement, after[name], _OF_A_PLACEMENT)
    placed = {name: _written(new, placement) for name, placement in after.items()}
    gone, fresh = "`{0}` is no longer placed", "`{0}` is placed: `{1}`"
    yield from gone_and_new(area, where, before, placed, gone=gone, fresh=fresh)
    common = set(before) & set(after)
    gone, fresh = "{0} no longer share one site", "{0} share one site"
    yield from gone_and_new(
        area, where, _sharing(old, common), _sharing(new, common), gone=gone, fresh=fresh
    )
    looked_at = {"name", "model", "placements", "documentation"}
    yield from other_fields(area, where, old, new, looked_at)


_OF_A_PLACEMENT = frozenset(
    {"variable", "statement", "site", "receiver", "tokens", "together", "method", "write"}
)


def _sharing(alignment: Alignment, common: Collection[str]) -> dict[str, int]:
    """Variables of one statement share a site, those of several are searched jointly."""
    groups: dict[int, list[str]] = {}
    for placement in alignment.placements:
        if placement.variable in common:
            groups.setdefault(placement.statement, []).append(f"`{placement.variable}`")
    shared = (sorted(names) for names in groups.values() if len(names) > 1)
    return {all_of(names): len(names) for names in shared}


def _said(alignment: Alignment, placement: Placement) -> dict[str, str]:
    """Each part of a placement as one would write it; empty where it has none."""
    tokens = ", ".join(
        f"{position.first.text} .. {position.last.text}"
        if isinstance(position, TokenRange)
        else position.text
        for position in placement.tokens
    )
    return {
        "site": placement.site.place,
        "layers": placement.site.layers,
        "edge": "" if placement.receiver is None else placement.receiver.text,
        "tokens": f"{tokens} together" if placement.together else tokens,
        "method": placement.method.text,
        "write": _write(alignment, placement),
    }


def _or_none(text: str) -> str:
    return f"`{text}`" if text else "none"


def _written(alignment: Alignment, placement: Placement) -> str:
    said = _said(alignment, placement)
    edge = f" to {said['edge']}" if said["edge"] else ""
    tokens = f" token {said['tokens']}" if said["tokens"] else ""
    write = "" if placement.write is None else f" writing {said['write']}"
    return f"{placement.site.text}{edge}{tokens} by {said['method']}{write}"


def _write(alignment: Alignment, placement: Placement) -> str:
    """In values of the variable; `interchange` where nothing is written."""
    write = placement.write
    if write is None:
        return "interchange"
    domain = alignment.model.by_name[placement.variable].domain
    given = [".".join(write.data)] if write.data is not None else []
    given += [domain.text(code) for code in write.values]
    if len(write.values) == 2:
        given.append(f"scale = {write.scale:g}")
    return f"{write.name}({', '.join(given)})" if given else write.name


def _searched(old: PlacedSite, new: PlacedSite) -> str:
    """Whether more or fewer layers are searched: more of them raise the chance of a lucky one."""
    if not (old.layers and new.layers):
        return ""
    if _covers(new, old):
        return " (more are searched)"
    return " (fewer are searched)" if _covers(old, new) else " (others are searched)"


def _covers(site: PlacedSite, other: PlacedSite) -> bool:
    if site.layer_set is not None:
        return other.last_layer is not None and set(_named_layers(other)) <= set(site.layer_set)
    if (site.first_layer or 0) > (other.first_layer or 0):
        return False
    return site.last_layer is None or (
        other.last_layer is not None and other.last_layer <= site.last_layer
    )


def _named_layers(site: PlacedSite) -> Sequence[int]:
    assert site.last_layer is not None
    return site.layer_set or range(site.first_layer or 0, site.last_layer + 1)


# Claims, examples, accepted warnings, abstractions -----------------------------------------------


def claim_changes(old: Claim, new: Claim) -> Iterator[Change]:
    """Every change of a claim."""
    before, after = _stated(old), _stated(new)
    parts = ((part, "was", after[part], said) for part, said in before.items())
    yield from told_otherwise(Area.CLAIMS, old.name, parts)
    yield from expectation_changes(old.name, old.expectations, new.expectations)
    looked_at = {
        "name", "model", "data", "alignment", "prompt", "fitted_on", "expectations",
        "documentation",
    }  # fmt: skip
    yield from other_fields(Area.CLAIMS, old.name, old, new, looked_at)


def _stated(claim: Claim) -> dict[str, str]:
    first = "that comes first"
    return {
        "is about": f"`{claim.model.name}`",
        "is scored on": _listed(map(".".join, claim.data)),
        "uses the alignment": f"`{claim.alignment}`",
        "is scored under the prompt": f"`{claim.prompt}`" if claim.prompt else first,
        "is fitted under the prompt": f"`{claim.fitted_on}`" if claim.fitted_on else first,
    }


def example_changes(old: Specification, new: Specification) -> Iterator[Change]:
    """Unit tests of the spec that are gone or new."""
    before, after = (
        {_example(example): example for example in side.examples} for side in (old, new)
    )
    gone, fresh = "loosened: the example `{0}` is gone", "tightened: the example `{0}` is new"
    for model in dict.fromkeys(name for name, _ in (*before, *after)):
        sides = ({text: model for name, text in side if name == model} for side in (before, after))
        yield from gone_and_new(Area.CLAIMS, model, *sides, gone=gone, fresh=fresh)


def _example(example: Example) -> tuple[str, str]:
    model = example.model
    text = setting_text(model, example.inputs, example.inputs, 60)
    done = [
        setting_text(model, {name: value}, [name]) if isinstance(value, int) else f"{name} = …"
        for name, value in example.interventions.items()
    ]
    if done:
        text += f" do {', '.join(done)}"
    return model.name, f"{text} gives {setting_text(model, example.expected, example.expected, 60)}"


def allowance_changes(old: syntax.File, new: syntax.File) -> Iterator[Change]:
    """Warnings that the new version silences, and those that it no longer does."""
    return gone_and_new(
        Area.CLAIMS,
        "the file",
        {allowance.code.text: allowance.reason.value for allowance in old.allowances},
        {allowance.code.text: allowance.reason.value for allowance in new.allowances},
        gone="tightened: the warning {0} is no longer accepted",
        fresh="loosened: the warning {0} is accepted, “{1}”",
    )


def abstraction_changes(old: Abstraction, new: Abstraction) -> Iterator[Change]:
    """What is stated to relate two models."""
    where, area = old.name, Area.CLAIMS
    was, now = (
        f"from `{abstraction.fine.name}` to `{abstraction.coarse.name}`"
        for abstraction in (old, new)
    )
    yield from told_otherwise(area, where, [("is", "was", now, was)])
    for name, value in old.values.items():
        if name in new.values and not same_expression(value, new.values[name]):
            yield Change(area, where, f"says otherwise what `{name}` is")
    gone, fresh = "no longer says what `{0}` is", "says what `{0}` is"
    yield from gone_and_new(area, where, old.values, new.values, gone=gone, fresh=fresh)
