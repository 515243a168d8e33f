"""`derive edited from base { … }`: sources that are made of other runs, input by input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from causalspec.compiler.derived_models import on_pair, source_prefix
from causalspec.compiler.expressions import Expression, Reference, references
from causalspec.compiler.front.arithmetic import number
from causalspec.compiler.front.calls import indices_of
from causalspec.compiler.front.examples import target_variable, value_in
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.scopes import (
    Binding,
    Declared,
    Environment,
    Family,
    Hidden,
    Scope,
)
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Derivation, SwapKind
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

NO_SOURCES = ("base", "result")


def derived_names(
    compilation: Compilation, statements: Sequence[syntax.DerivedSource]
) -> Mapping[str, syntax.Name]:
    """The names of the derived sources with the places that declare them, each once."""
    found: dict[str, syntax.Name] = {}
    for statement in statements:
        name = statement.name
        if name.text in NO_SOURCES:
            advice = "`base` is the run that is changed, `result` what comes of it"
            message = f"a source cannot be called `{name.text}`"
            compilation.error("CS701", message, name.span, help=advice)
        elif name.text in found:
            where = Related(found[name.text].span, "first derived here")
            compilation.repeated(f"`{name.text}` is derived twice", name.span, where)
        else:
            compilation.meanings.note(name.span, name)
            found[name.text] = name
    return found


def derivations_of(
    compilation: Compilation,
    draft: ModelDraft,
    statements: Sequence[syntax.DerivedSource],
    environment: Environment,
    sources: Sequence[str],
) -> tuple[Derivation, ...]:
    """How the derived sources are made. `environment` has all runs of a pair in reach, `sources`
    are all that the design has, derived ones among them.
    """
    derived = {statement.name.text for statement in statements}
    reader = _Reader(compilation, draft, environment, sources, derived)
    found: list[Derivation] = []
    for statement in statements:
        name = statement.name.text
        if name in sources and sources.index(name) not in {made.source for made in found}:
            found.append(reader.derivation(statement))
            derived.discard(name)
    return tuple(found)


def refuse_unread(
    compilation: Compilation,
    sources: Mapping[str, syntax.Name | str],
    kinds: Sequence[SwapKind],
    derivations: Sequence[Derivation],
) -> None:
    """Report the derived sources that neither a swap nor another source takes anything from."""
    used = {number for kind in kinds for number in kind.used_sources}
    numbers = range(len(sources))
    used |= {number for number in numbers for made in derivations if _reads(made, number)}
    for made in derivations:
        if made.source not in used:
            name = tuple(sources)[made.source]
            compilation.error(
                "CS552",
                f"nothing is taken from `{name}`",
                made.span,
                help=f"write `swap v from {name}` for a variable `v`, or leave the source out",
            )


def _reads(made: Derivation, number: int) -> bool:
    prefix = f"{source_prefix(number)}."
    return any(name.startswith(prefix) for _, value in made.values for name in references(value))


@dataclass(frozen=True, slots=True)
class _Reader:
    compilation: Compilation
    draft: ModelDraft
    environment: Environment
    sources: Sequence[str]
    waiting: set[str]
    """Sources that are derived in this statement or later ones."""

    def derivation(self, statement: syntax.DerivedSource) -> Derivation:
        """What a statement says; the inputs that it does not speak of are the run's."""
        run = self._run(statement)
        stated: dict[str, Expression] = {}
        drawn: dict[str, None] = {}
        seen: dict[str, syntax.Node] = {}
        environment = self._before(statement)
        for part in statement.body:
            if isinstance(part, syntax.Draw):
                for written in part.inputs:
                    for variable in self._drawn(written):
                        if self._is_first(variable, written, seen):
                            drawn[variable.name] = None
                continue
            for variable, inner in self._targets(part.target, environment):
                if not self._is_first(variable, part.target, seen) or variable.domain is None:
                    inner.note_names(part.value)
                    continue
                value = value_in(inner, part.value, variable.domain)
                if value is not None:
                    stated[variable.name] = on_pair(value.node, self.sources)
        values = [
            (name, stated.get(name, Reference(f"{run}.{name}")))
            for name in self.draft.model.inputs
            if name not in drawn
        ]
        number = self.sources.index(statement.name.text)
        return Derivation(number, tuple(values), tuple(drawn), statement.span)

    def _run(self, statement: syntax.DerivedSource) -> str:
        """The run that a source is made of, as `interchanged` calls it."""
        run = statement.run
        if run.text == "base":
            self.compilation.meanings.note(run.span, "setting of a pair")
            return "base"
        known = [name for name in self.sources if name != statement.name.text]
        if run.text not in known:
            self.compilation.unknown("run", run, ("base", *known))
            return "base"
        self.environment.find(run)
        if run.text in self.waiting:
            self.compilation.error(
                "CS553",
                f"`{run.text}` is derived after `{statement.name.text}`, which is made of it",
                run.span,
                help="put its `derive` before this one",
            )
        return source_prefix(self.sources.index(run.text))

    def _before(self, statement: syntax.DerivedSource) -> Environment:
        """The runs that are there before a source is made: the base, and sources before it."""
        scope = self.environment.scope
        name = statement.name.text
        later = f"is derived after `{name}`: a source is made of the base and sources before it"
        hidden: dict[str, Binding] = dict.fromkeys(self.waiting, Hidden(later))
        hidden[name] = Hidden("is the source that is being made: its inputs follow from other runs")
        hidden["result"] = Hidden("comes of the sources: no source is made of it")
        bare = {*self.draft.task.given.bindings, *self.draft.own.bindings} - scope.bindings.keys()
        for variable in bare:
            hidden[variable] = Hidden(f"belongs to a run: write `{statement.run.text}.{variable}`")
        return replace(self.environment, scope=Scope(hidden, scope, scope.declaring))

    def _targets(
        self, written: syntax.Expression, environment: Environment
    ) -> Iterator[tuple[Declared, Environment]]:
        """The inputs that an assignment speaks of, each with the names that its value can read."""
        match written:
            case syntax.Member(
                family=syntax.Name() as name,
                index=syntax.Membership(operand=syntax.Name() as index, negated=False) as among,
            ):
                family = self.draft.environment.find(name)
                indices = indices_of(self.draft.environment, among.values)
                if not isinstance(family, Family):
                    self.compilation.wrong("CS211", name, "is not a family")
                    return
                for k in indices or ():
                    member = family.members.get(k)
                    if not isinstance(member, Declared):
                        message = f"`{name.text}` has no member {k}"
                        self.compilation.error("CS306", message, written.span, help=family.advice)
                        return
                    if not self._is_input(member, name):
                        return
                    yield member, environment.inner(index, number(Fraction(k)))
            case syntax.Name() if isinstance(
                family := self.draft.environment.find(written), Family
            ):
                every = f"{written.text}[i in {min(family.members)}..{max(family.members)}]"
                self.compilation.wrong(
                    "CS211",
                    written,
                    "is a family, not a variable",
                    help=f"state its members by index, as in `{every} = …`",
                )
            case _:
                variable = target_variable(self.draft.environment, written, self.draft.variables)
                if variable is not None and self._is_input(variable, written):
                    yield variable, environment

    def _drawn(self, written: syntax.Expression) -> Iterator[Declared]:
        """The inputs that a `draw` names; a family's name stands for all of its members."""
        draft = self.draft
        family = draft.environment.find(written) if isinstance(written, syntax.Name) else None
        if isinstance(family, Family):
            members = [member for member in family.members.values() if isinstance(member, Declared)]
        else:
            variable = target_variable(draft.environment, written, draft.variables)
            members = [variable] if variable is not None else []
        for member in members:
            if not self._is_input(member, written):
                return
            yield member

    def _is_input(self, variable: Declared, written: syntax.Node) -> bool:
        if variable.role is Role.INPUT:
            return True
        message = f"`{variable.name}` is not an input of `{self.draft.task.name}`"
        self.compilation.error(
            "CS554",
            message,
            written.span,
            help="a source is made by its inputs: all else follows from them",
            related=declared_at(variable.span),
        )
        return False

    def _is_first(
        self, variable: Declared, written: syntax.Node, seen: dict[str, syntax.Node]
    ) -> bool:
        first = seen.setdefault(variable.name, written)
        if first is not written:
            where = Related(first.span, "first given here")
            self.compilation.repeated(f"`{variable.name}` is given twice", written.span, where)
        return first is written
