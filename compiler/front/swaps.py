"""Kinds of intervention: those of a design, and those on rivals that its pairs tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from causalspec.compiler.counterparts import counterparts_of
from causalspec.compiler.derived_models import with_noise_at_rest
from causalspec.compiler.front.derived_sources import derived_names
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.instances import model_of, rival_of
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, of_kind
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Distinction, SwapKind
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

MOST_SOURCES = 16
SIDE = "setting of a pair"


def swaps_of(
    compilation: Compilation, declaration: syntax.CounterfactualsDeclaration, draft: ModelDraft
) -> tuple[Mapping[str, syntax.Name | str], list[SwapKind]]:
    """The names of a design's sources, in order of appearance, with the places that declare them,
    and its kinds of intervention.
    """
    derived = derived_names(compilation, of_kind(declaration.body, syntax.DerivedSource))
    reader = _Reader(compilation, draft, derived)
    kinds: dict[str, tuple[SwapKind, syntax.Swap]] = {}
    for statement in of_kind(declaration.body, syntax.Swap):
        weight = statement.weight
        size = 1 if weight is None or weight.decimals else weight.scaled
        if weight is not None and (weight.decimals or size < 1):
            compilation.wrong("CS307", weight, "is not a weight", help="a whole number from 1 on")
        kind = reader.kind(statement, max(1, size))
        key = _key(kind)
        if key in kinds and kind.variables:
            where = Related(kinds[key][1].span, "first stated here")
            message, advice = (
                "this intervention is stated twice",
                "give the first one a `weight` instead",
            )
            compilation.repeated(message, statement.span, where, help=advice)
        elif kind.variables:
            kinds[key] = (kind, statement)
    if not kinds and reader.whole and not compilation.unread.is_inside(declaration):
        advice = "add `swap v` for a variable `v` of the model"
        compilation.wrong("CS701", declaration.name, "swaps nothing", help=advice)
    if len({*reader.sources, *derived}) > MOST_SOURCES:
        compilation.wrong("CS924", declaration.name, f"has more than {MOST_SOURCES} sources")
    names = {**reader.declaring, **derived} or {"source": SIDE}
    return names, [kind for kind, _ in kinds.values()]


def _key(kind: SwapKind) -> str:
    """What tells two interventions apart: the variables, in whatever order, not the sources."""
    parts: list[str] = []
    for variable, source in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(source)
        parts.append(variable if inner is None else f"{variable} ({_key(inner)})")
    return ", ".join(sorted(parts))


@dataclass(slots=True)
class _Reader:
    compilation: Compilation
    draft: ModelDraft
    derived: Mapping[str, syntax.Name]
    sources: dict[str, int] = field(default_factory=dict[str, int])
    declaring: dict[str, syntax.Name | str] = field(default_factory=dict[str, syntax.Name | str])
    whole: bool = True
    _confused: bool = False
    """Whether some source of the statement in hand would be two runs, or go in a circle."""

    def kind(self, statement: syntax.Swap, weight: int) -> SwapKind:
        """What a statement says; without a variable where everything in it is wrong."""
        within: dict[int, tuple[SwapKind, syntax.SwapItem]] = {}
        variables, sources = self._items(statement.items, within, ())
        self._refuse_two_runs(statement.items, within)
        if self._confused:
            within, self._confused = {}, False
        inner = tuple((number, inside) for number, (inside, _) in sorted(within.items()))
        return SwapKind(variables, sources, weight, inner)

    def _items(
        self,
        items: Sequence[syntax.SwapItem],
        within: dict[int, tuple[SwapKind, syntax.SwapItem]],
        outer: Sequence[syntax.Name],
    ) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The variables and the numbers of their sources; interventions on sources go to `within`.
        `outer` are the sources inside whose intervention the items stand.
        """
        variables: list[str] = []
        numbers: list[int] = []
        for item in items:
            name = self._variable(item, variables)
            number = self._source(item, outer)
            if name is None or number is None:
                self.whole = False
                continue
            variables.append(name)
            numbers.append(number)
            if item.within and item.source is not None:
                kind = SwapKind(*self._items(item.within, within, (*outer, item.source)))
                known, place = within.setdefault(number, (kind, item))
                if known != kind:
                    self._two_runs(item.source, place)
        return tuple(variables), tuple(numbers)

    def _variable(self, item: syntax.SwapItem, taken: Sequence[str]) -> str | None:
        draft = self.draft
        variable = target_variable(draft.environment, item.variable, draft.variables)
        if variable is None:
            return None
        place = item.variable.span
        if variable.role is not Role.VARIABLE:
            message = (
                f"`{variable.name}` is not a `var` of `{draft.name}`: only variables are swapped"
            )
            where = declared_at(variable.span)
            return self.compilation.error("CS701", message, place, related=where)
        if variable.name in taken:
            message = f"`{variable.name}` is swapped twice in one statement"
            return self.compilation.error("CS203", message, place)
        return variable.name

    def _source(self, item: syntax.SwapItem, outer: Sequence[syntax.Name]) -> int | None:
        name = item.source.text if item.source is not None else "source"
        place = item.span if item.source is None else item.source.span
        if item.source is not None and name in ("base", "result"):
            return self.compilation.error(
                "CS701",
                f"a source cannot be called `{name}`",
                place,
                help="`base` is the run that is changed, `result` what comes of it",
            )
        circle = next((source for source in outer if source.text == name), None)
        if circle is not None:
            return self.compilation.error(
                "CS717",
                f"the run of `{name}` would depend on itself",
                place,
                help="take the value from another source",
                related=(Related(circle.span, "this run is intervened on"),),
            )
        declaring = self.declaring.setdefault(name, self.derived.get(name) or item.source or SIDE)
        if item.source is not None:
            self.compilation.meanings.note(place, declaring)
        return self.sources.setdefault(name, len(self.sources))

    def _refuse_two_runs(
        self,
        items: Iterable[syntax.SwapItem],
        within: Mapping[int, tuple[SwapKind, syntax.SwapItem]],
    ) -> None:
        """A source that is intervened on in one place and left alone in another."""
        for item in items:
            if item.source is not None and not item.within:
                number = self.sources.get(item.source.text, -1)
                if number in within:
                    self._two_runs(item.source, within[number][1])
            self._refuse_two_runs(item.within, within)

    def _two_runs(self, source: syntax.Name, other: syntax.SwapItem) -> None:
        self._confused = True
        self.compilation.wrong(
            "CS717",
            source,
            "would be two runs in one intervention",
            help="one of them is intervened on otherwise: give them two names",
            related=(Related(other.span, "the other run"),),
        )


# `distinguish from RIVAL` ------------------------------------------------------------------------


def distinctions_of(
    compilation: Compilation,
    written: Sequence[syntax.Name],
    draft: ModelDraft,
    kinds: Sequence[SwapKind],
) -> Iterator[Distinction]:
    """The rivals that a design names, each that is none reported. Their noise is at rest."""
    seen: dict[str, syntax.Name] = {}
    for name in written:
        rival = model_of(compilation, name)
        if rival is None:
            continue
        rival = rival_of(compilation, rival, draft.task, name)
        problem = _problem(draft, rival, kinds)
        first = seen.setdefault(name.text, name)
        if first is not name:
            where = Related(first.span, "first named here")
            compilation.repeated(f"`{name.text}` is named twice", name.span, where)
        elif problem is not None:
            where = declared_at(rival.declaration.name.span)
            compilation.error("CS716", problem, name.span, related=where)
        else:
            model = with_noise_at_rest(rival.model)
            beside = tuple(counterparts_of(kind, model) for kind in kinds)
            yield Distinction(model, beside, name.span)


def _problem(draft: ModelDraft, rival: ModelDraft, kinds: Sequence[SwapKind]) -> str | None:
    """Why a model cannot be told apart on the pairs of another one."""
    if rival.name == draft.name:
        return f"`{rival.name}` is the model of this data, not a rival"
    if rival.task is not draft.task:
        return f"`{rival.name}` is a model of another task"
    if rival.model.cyclic:
        return f"`{rival.name}` is cyclic, so it may predict several labels or none"
    for kind in kinds:
        incomplete = rival.home.unread.is_inside(rival.declaration)
        if not counterparts_of(kind, rival.model) and not incomplete:
            return f"`{rival.name}` has no variables to swap beside `{kind.name}`"
    return None
