"""Places in a network: which part of it, which heads or neurons, which layers, at which tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.compiler.entries import SiteEntry
from causalspec.compiler.front.computed_slots import slots_at
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.vocabulary_rows import row_of
from causalspec.compiler.placement import (
    Anchor,
    PlacedSite,
    PossibleSlot,
    TokenPosition,
    TokenRange,
)
from causalspec.compiler.specification import PromptTemplate, Task
from causalspec.compiler.vocabulary import ANCHORS
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

MOST_LAYERS = 10_000
MOST_UNITS = 1_000_000
MOST_TRIED = 100_000
"""How many heads or neurons one statement may try."""
PARTS = {"first": 0, "last": -1}


def placed_site(
    compilation: Compilation, written: syntax.Site, task: Task | None
) -> tuple[SiteEntry, PlacedSite] | None:
    """A site with its row of the vocabulary, None with the reason reported."""
    entry = row_of(compilation, "site", written.name, lambda all_: all_.sites, code="CS705")
    if entry is None:
        return None
    presented = task is None or _is_presented(compilation, written.name, entry, task)
    path = _path(compilation, written) if entry.by_path else ""
    units = None if entry.by_path else _units(compilation, written, entry)
    layers = _layers(compilation, written, entry)
    if not presented or path is None or units == () or layers is None:
        return None
    return entry, PlacedSite(entry.name, units, path or None, *layers)


def _is_presented(
    compilation: Compilation, name: syntax.Name, entry: SiteEntry, task: Task
) -> bool:
    """Whether the task gives a network what it needs to have such a site."""
    message = f"`{name.text}` needs "
    if entry.tokens and not task.prompts:
        message += f"tokens, but task `{task.name}` has no prompt"
        advice = "add a `prompt`, or align at `hidden`"
    elif not (entry.tokens or entry.by_path) and task.encoding is None:
        message += f"vectors, but task `{task.name}` has no `encode`"
        advice = "add `encode vector { … }`, or align at `residual`"
    elif not task.prompts and task.encoding is None:
        message = f"task `{task.name}` gives a network nothing to read"
        advice = "add a `prompt` or `encode vector { … }`"
    else:
        return True
    compilation.error("CS705", message, name.span, help=advice)
    return False


# Indices and layers ------------------------------------------------------------------------------


def _path(compilation: Compilation, written: syntax.Site) -> str | None:
    if isinstance(written.index, syntax.Text) and written.index.value.strip():
        return written.index.value
    name, place = written.name.text, written.index or written.name
    advice = f'as in `{name}["encoder.3.mlp"]`'
    return compilation.error(
        "CS728", f"`{name}` needs the path of a module", place.span, help=advice
    )


def _units(
    compilation: Compilation, written: syntax.Site, entry: SiteEntry
) -> tuple[int, ...] | None:
    """The heads or neurons that are tried, None for all together; () with the reason reported."""
    name, index = entry.name, written.index
    if index is None:
        if not entry.indexed:
            return None
        advice = f"as in `{name}[17]`, or `{name}[0..8]` to try each of several"
        compilation.wrong("CS728", written.name, "needs an index", help=advice)
        return ()
    if entry.units is None:
        message = f"`{name}` has no parts that an index numbers"
        advice = f"write `{name}`"
        if isinstance(index, syntax.Number) and entry.layered:
            advice += f", or `{name} layers {index.text}`"
        compilation.error("CS728", message, index.span, help=advice)
        return ()
    numbers = _Numbers(
        compilation, "CS728", MOST_UNITS, f"a {entry.units}",
        wrong=f"the number of a {entry.units}",
        help=f"write `{name}[3]`, `{name}[0..8]` or `{name}[{{1, 3}}]`",
        empty="the range `{}` is empty", first="write the lower number first",
    )  # fmt: skip
    if isinstance(index, syntax.ElementSet):
        return _set_of_numbers(numbers, index.elements, entry.units)
    ends = numbers.ends(index)
    if ends is None:
        return ()
    if ends[1] - ends[0] < MOST_TRIED:
        return tuple(range(ends[0], ends[1] + 1))
    message = f"`{name}[{index.span.text}]` tries more than {MOST_TRIED}"
    compilation.error("CS728", message, index.span)
    return ()


def _set_of_numbers(
    numbers: _Numbers, elements: Sequence[syntax.Expression], what: str
) -> tuple[int, ...]:
    """In order, () with the reason reported."""
    found: set[int] = set()
    for element in elements:
        number = numbers.number(element)
        if number in found:
            message = f"{what} {number} is named twice"
            number = numbers.compilation.error(numbers.code, message, element.span)
        if number is None:
            return ()
        found.add(number)
    return tuple(sorted(found))


_Layers = tuple[int | None, int | None, tuple[int, ...] | None]


def _layers(compilation: Compilation, written: syntax.Site, entry: SiteEntry) -> _Layers | None:
    """The first layer and the last, None for the network's, and the layers themselves where they
    are a set with gaps; three None where there are no layers.
    """
    layers = written.layers
    if not entry.layered:
        if layers is None:
            return None, None, None
        message = f"`{entry.name}` has no layers"
        return compilation.error("CS706", message, layers.span, help="leave `layers …` out")
    numbers = _Numbers(
        compilation, "CS706", MOST_LAYERS, "a layer",
        wrong="a range of layers",
        help="write `layers 5`, `layers 2..8`, `layers {2, 8}` or `layers 0..*`",
        empty="the layers `{}` are empty", first="write the lower layer first",
    )  # fmt: skip
    match layers:
        case None:
            return 0, None, None
        case syntax.RangeSet(low=low, high=None, step=None):
            first = numbers.number(low)
            return None if first is None else (first, None, None)
        case syntax.ElementSet(elements=elements):
            named = _set_of_numbers(numbers, elements, "layer")
            if not named:
                return None
            gaps = named[-1] - named[0] >= len(named)
            return named[0], named[-1], named if gaps else None
        case _:
            ends = numbers.ends(layers)
            return None if ends is None else (*ends, None)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of layers, or of their parts, from 0 on; and how mistakes in them are told."""

    compilation: Compilation
    code: str
    most: int
    what: str
    wrong: str
    help: str
    empty: str
    first: str

    def number(self, written: syntax.Node) -> int | None:
        """A number, None with the reason reported."""
        if not isinstance(written, syntax.Number) or written.decimals:
            return self.compilation.wrong(
                self.code, written, f"is not {self.wrong}", help=self.help
            )
        if written.scaled <= self.most:
            return written.scaled
        message = f"no network has {self.what} {written.text}"
        return self.compilation.error(self.code, message, written.span)

    def ends(self, written: syntax.Node) -> tuple[int, int] | None:
        """The ends of a range, or one number twice, None with the reason reported."""
        match written:
            case syntax.RangeSet(low=low, high=syntax.Number() as high, step=None):
                first, last = self.number(low), self.number(high)
            case _:
                first = last = self.number(written)
        if first is None or last is None:
            return None
        if first > last:
            message = self.empty.format(written.span.text)
            return self.compilation.error(self.code, message, written.span, help=self.first)
        return first, last


# Tokens ------------------------------------------------------------------------------------------


def tokens_of(
    environment: Environment,
    statement: syntax.Placement,
    sites: Sequence[SiteEntry],
    task: Task | None,
) -> tuple[TokenPosition | TokenRange, ...] | None:
    """The tokens of a placement at these sites, () for none, None with the reason reported."""
    compilation = environment.compilation
    if not statement.tokens:
        needing = next((site for site in sites if site.tokens), None)
        if needing is None:
            return ()
        message, advice = (
            f"`{needing.name}` needs a token",
            "add `token last`, or `token slot(…).last`",
        )
        return compilation.error("CS707", message, statement.site.span, help=advice)
    refusing = next((site for site in sites if not (site.tokens or site.by_path)), None)
    if refusing is not None or (task is not None and not task.prompts):
        what = f"`{refusing.name}`" if refusing is not None else "an input without a prompt"
        place = statement.tokens[0].span
        return compilation.error(
            "CS707", f"{what} has no tokens", place, help="leave `token …` out"
        )
    positions = [_token_position(environment, written, task) for written in statement.tokens]
    whole = [position for position in positions if position is not None]
    if len(whole) < len(positions):
        return None
    if len(whole) == 1:
        if statement.together is None or whole[0].anchor is Anchor.ALL:
            return (whole[0],)
        message = f"`{whole[0].text}` is one token: there is nothing to take together"
        advice = "leave `together` out, or write a range such as `slot(x).first .. last`"
        return compilation.error("CS730", message, statement.together.span, help=advice)
    for position, written in zip(whole, statement.tokens, strict=True):
        if position.anchor is Anchor.ALL:
            return compilation.error("CS707", "`all` is not an end of a range", written.span)
    return (TokenRange(whole[0], whole[1]),)


def _token_position(
    environment: Environment, written: syntax.TokenPosition, task: Task | None
) -> TokenPosition | None:
    """A written position, None with the reason reported."""
    compilation = environment.compilation
    name = written.anchor.text
    if name not in list(Anchor):
        return compilation.unknown("token anchor", written.anchor, list(Anchor), code="CS707")
    anchor = Anchor(name)
    compilation.meanings.note(written.anchor.span, ANCHORS[name])
    argument, part = None, -1
    more = written.argument or written.part
    slots: tuple[PossibleSlot, ...] | None = ()
    if anchor in (Anchor.SLOT, Anchor.TEXT):
        prompts = tuple(task.prompts.values()) if task is not None else ()
        slots = slots_at(environment, written.argument, prompts) if anchor is Anchor.SLOT else ()
        argument = _argument(compilation, written, anchor, prompts, slots)
        part = None if argument is None else _part(compilation, written)
    elif more is not None:
        return compilation.error("CS707", f"`{name}` takes nothing more", more.span)
    elif anchor is Anchor.ALL and written.offset:
        return compilation.error("CS707", "`all` cannot be moved", written.span)
    return (
        None
        if part is None or slots is None
        else TokenPosition(anchor, argument, part, written.offset, slots, written.span)
    )


def _part(compilation: Compilation, written: syntax.TokenPosition) -> int | None:
    match written.part:
        case None:
            advice = f"say which, as in `{written.span.text}.last`"
            return compilation.wrong("CS707", written, "can be several tokens", help=advice)
        case syntax.Name(text=text) as name:
            if text not in PARTS:
                return compilation.unknown("part", name, PARTS, code="CS707")
            return PARTS[text]
        case syntax.Number() as number if not number.decimals:
            return number.scaled
        case other:
            return compilation.wrong("CS707", other, "is not a number of a token")


def _argument(
    compilation: Compilation,
    written: syntax.TokenPosition,
    anchor: Anchor,
    prompts: Sequence[PromptTemplate],
    slots: Sequence[PossibleSlot] | None,
) -> str | None:
    """The name of a slot or the text that tokens are counted from. `slots` are those that it may
    be where its index is computed.
    """
    match written.argument:
        case None:
            example = "slot(amount).last" if anchor is Anchor.SLOT else 'text("dollars").last'
            advice = f"as in `{example}`"
            return compilation.wrong("CS707", written.anchor, "needs to know which", help=advice)
        case argument if anchor is Anchor.SLOT:
            name = " ".join(argument.span.text.split())
            if slots is not None:
                for each in [slot.name for slot in slots] or [name]:
                    _check_slot(compilation, syntax.Name(each, span=argument.span), prompts)
            return name
        case syntax.Text(value=text) as argument if text:
            _check_text(compilation, argument, prompts)
            return text
        case other:
            return compilation.wrong("CS707", other, "is not a quoted text")


def _check_slot(
    compilation: Compilation, slot: syntax.Name, prompts: Sequence[PromptTemplate]
) -> None:
    """Every prompt must render a slot that tokens are counted from, whichever arm it takes."""
    whole = [prompt for prompt in prompts if prompt.arms]
    known = list(dict.fromkeys(name for prompt in whole for name in prompt.slots))
    lacking = next((prompt for prompt in whole if slot.text not in prompt.slots), None)
    if lacking is not None and slot.text not in known:
        compilation.unknown("slot", slot, known, code="CS603")
    elif lacking is not None:
        message = f"prompt `{lacking.name}` does not always render the slot `{slot.text}`"
        advice = "render it in every prompt and arm, or align at a slot that all have"
        where = Related(lacking.span, "this prompt")
        compilation.error("CS603", message, slot.span, help=advice, related=(where,))


def _check_text(
    compilation: Compilation, written: syntax.Text, prompts: Sequence[PromptTemplate]
) -> None:
    """A text that tokens are counted from must stand in the fixed text of every prompt."""
    for prompt in prompts:
        fixed = [[part for part in arm.parts if isinstance(part, str)] for arm in prompt.arms]
        if not all(any(written.value in part for part in parts) for parts in fixed):
            message = f"prompt `{prompt.name}` does not always hold the text `{written.value}`"
            advice = "choose a text between the slots of every prompt"
            where = Related(prompt.span, "this prompt")
            return compilation.error("CS604", message, written.span, help=advice, related=(where,))
    return None
