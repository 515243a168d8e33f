"""Derived models: variables of a model marginalised, merged, or their values collapsed.

The three operations of causal abstraction (Geiger et al., *Causal Abstraction: A Theoretical
Foundation for Mechanistic Interpretability*). Each derivation also states that its model abstracts
the first one, which the checker proves or refutes: a collapse that the mechanisms do not respect
is refuted there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from causalspec.compiler.domains import Numbers, Symbols, TupleField, Tuples
from causalspec.compiler.expressions import (
    Expression,
    Lookup,
    Reference,
    kept_within,
    references,
    substituted,
)
from causalspec.compiler.front.conversion import position, tuple_field, tuple_value
from causalspec.compiler.front.dependencies import in_order
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.matching import cases
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.patterns import LARGEST_TABLE
from causalspec.compiler.front.scopes import Declared, Environment, Progress, Scope
from causalspec.compiler.front.values import Value
from causalspec.compiler.front.variables import DeclaredVariables, finished
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Abstraction
from causalspec.dsl import syntax


def derive_models(file: syntax.File, compilation: Compilation) -> dict[str, Abstraction]:
    """Make every derived model; what each states about the model that it came from."""
    found: dict[str, Abstraction] = {}
    for declaration in file.declarations:
        if not isinstance(declaration, syntax.DeriveDeclaration):
            continue
        fine = compilation.model(declaration.model)
        if fine is None or declaration.name.text in compilation.models:
            continue
        if fine.model.cyclic:
            compilation.error(
                "CS715",
                f"`{fine.name}` is cyclic: nothing can be derived from it",
                declaration.model.span,
                related=declared_at(fine.declaration.name.span),
            )
            continue
        errors = len(compilation.diagnostics)
        derivation = _Derivation.of(compilation, declaration, fine)
        for statement in declaration.body:
            derivation.apply(statement)
        if len(compilation.diagnostics) > errors or compilation.diagnostics.has_errors:
            continue
        draft = derivation.finish()
        compilation.models[draft.name] = draft
        values = {name: derivation.values[name] for name in draft.model.intermediates}
        name = declaration.name
        found[name.text] = Abstraction(name.text, fine.model, draft.model, values, name.span)
    return found


@dataclass(slots=True)
class _Derivation:
    """A model on its way: its own variables, and what each is over the model that it came from."""

    compilation: Compilation
    declaration: syntax.DeriveDeclaration
    fine: ModelDraft
    variables: dict[str, Declared]
    values: dict[str, Expression]
    names: dict[str, syntax.Name]

    @classmethod
    def of(
        cls, compilation: Compilation, declaration: syntax.DeriveDeclaration, fine: ModelDraft
    ) -> _Derivation:
        """The derivation before its first step: a copy."""
        environment = replace(fine.environment, scope=Scope())
        variables = {
            one.name: replace(one, environment=environment, typed=True, progress=Progress.DONE)
            for one in fine.own.members
        }
        values: dict[str, Expression] = {name: Reference(name) for name in variables}
        return cls(compilation, declaration, fine, variables, values, dict(fine.own.spans))

    def apply(self, statement: syntax.Marginalize | syntax.Merge | syntax.Collapse) -> None:
        """One operation, unless it is reported."""
        match statement:
            case syntax.Marginalize(variables=written):
                for one in self._found(written):
                    self._marginalize(one)
            case syntax.Merge(variables=written, name=name):
                merged = self._found(written)
                if len(merged) == len(written):
                    self._merge(merged, name)
            case syntax.Collapse():
                for one in self._found((statement.variable,)):
                    self._collapse(one, statement)

    def finish(self) -> ModelDraft:
        """The model, its variables in order."""
        own = DeclaredVariables(dict(self.variables), self.names, list(self.variables.values()))
        lets = {one.name: one for one in self.fine.task.given.of(Role.ABBREVIATION)}
        read = {name for one in own.members if one.mechanism for name in references(one.mechanism)}
        read |= {one.name for one in self.fine.variables.values()}
        used = [one for one in lets.values() if one.name in read]
        ordered = in_order(self.compilation, [*used, *own.members], cycles_allowed=False)
        inputs = self.fine.task.given.of(Role.INPUT)
        noise = [one for one in ordered if one.role is Role.NOISE]
        rest = [one for one in ordered if one.role is not Role.NOISE]
        documentation = self.declaration.documentation
        model = replace(
            self.fine.model,
            name=self.declaration.name.text,
            variables=finished([*inputs, *noise, *rest]),
            documentation=documentation.value if documentation is not None else "",
        )
        known = own.scope(self.fine.task.given.scope(self.fine.task.parameters))
        environment = Environment(self.compilation, known)
        return ModelDraft(self.declaration, self.fine.task, own, environment, model)

    def _found(self, written: tuple[syntax.Expression, ...]) -> list[Declared]:
        found: list[Declared] = []
        for one in written:
            text = " ".join(one.span.text.split())
            self.compilation.meanings.note(one.span, self.names.get(text))
            self.fine.environment.note_names(one)
            variable = self.variables.get(text)
            if variable is None:
                variable = target_variable(
                    self.compilation, one, self.variables, self.fine.environment
                )
                variable = self.variables.get(variable.name) if variable is not None else None
            known = variable or self.fine.variables.get(text)
            if known is not None and known.role is not Role.VARIABLE:
                self._refuse(f"`{text}` is not a `var` of `{self.fine.name}`", one)
            elif known is not None and variable is None:
                self._refuse(f"`{text}` is no longer a variable here", one)
            elif variable in found:
                self._refuse(f"`{text}` is named twice", one)
            elif variable is not None and variable.domain is not None:
                found.append(variable)
        return found

    def _refuse(self, message: str, culprit: syntax.Node) -> None:
        self.compilation.error("CS715", message, culprit.span)

    def _replace(self, instead: Callable[[str], Expression | None]) -> None:
        """Let every mechanism read something else than what it reads."""
        for one in self.variables.values():
            if one.mechanism is not None:
                one.mechanism = substituted(
                    one.mechanism, lambda name: instead(name) or Reference(name)
                )

    def _marginalize(self, one: Declared) -> None:
        """Without the variable: whoever reads it computes it."""
        del self.variables[one.name], self.values[one.name]
        computed = _kept(one)
        self._replace(lambda name: computed if name == one.name else None)

    def _merge(self, merged: list[Declared], name: syntax.Name) -> None:
        """Several variables become one, with their tuples as values."""
        if name.text in self.fine.variables or name.text in self.variables:
            self._refuse(f"`{name.text}` is a variable already", name)
            return
        fields: list[TupleField] = []
        for one in merged:
            assert one.domain is not None
            fields.append(TupleField(one.name, one.domain))
        domain = Tuples(tuple(fields))
        inside = {one.name for one in merged}
        mechanisms: dict[str, Expression] = {}
        for one in in_order(self.compilation, merged, cycles_allowed=False):
            mechanisms[one.name] = substituted(
                _kept(one), lambda name: mechanisms.get(name) or Reference(name)
            )
        parts = [Value(mechanisms[one.name], one.domain) for one in merged]
        values = [Value(self.values[one.name], one.domain) for one in merged]
        whole = replace(
            merged[-1],
            name=name.text,
            span=name.span,
            domain=domain,
            mechanism=tuple_value(parts, domain).node,
        )
        self.values[name.text] = tuple_value(values, domain).node
        for one in merged:
            del self.variables[one.name], self.values[one.name]

        def part(read: str) -> Expression | None:
            if read not in inside:
                return None
            field = tuple_field(whole.value, read)
            return None if field is None else field.node

        self._replace(part)
        self.variables[name.text] = whole
        self.names[name.text] = name

    def _collapse(self, one: Declared, statement: syntax.Collapse) -> None:
        """Values that count as one. Readers see one of them in the place of all."""
        domain = one.domain
        assert domain is not None
        if domain.size > LARGEST_TABLE:
            self._refuse(f"`{one.name}` has more than {LARGEST_TABLE} values", statement.variable)
            return
        environment = replace(self.fine.environment, scope=Scope())
        found = cases(environment, statement.arms, domain, statement.variable)
        labels: dict[str, int] = {}
        representatives: list[int] = []
        table = [0] * domain.size
        for case in found or ():
            label = case.arm.result
            if not isinstance(label, syntax.Name | syntax.Text):
                self._refuse(f"`{label.span.text}` is not a name for collapsed values", label)
                return
            text = label.text if isinstance(label, syntax.Name) else label.value
            if isinstance(label, syntax.Name):
                self.compilation.meanings.declare_value(label)
            if text not in labels:
                labels[text] = len(labels)
                representatives.append(domain.codes()[case.taken[0][0]])
            for low, high in case.taken:
                table[low : high + 1] = [labels[text]] * (high - low + 1)
        if found is None:
            return
        collapsed = Symbols(tuple(labels), f"{self.declaration.name.text}.{one.name}")
        self.compilation.symbol_sets.append(collapsed)
        name = one.name
        first = Lookup(tuple(representatives), Reference(name))
        self._replace(lambda read: first if read == name else None)
        one.mechanism = Lookup(tuple(table), position(_kept(one), domain))
        self.values[name] = Lookup(tuple(table), position(self.values[name], domain))
        one.domain = collapsed


def _kept(one: Declared) -> Expression:
    """What a variable is computed as, where its name no longer says that it keeps to its type.

    One whose mechanism is reported stands for itself, so that mistakes in the derivation are
    reported beside it.
    """
    if one.mechanism is None:
        return Reference(one.name)
    if one.typed and isinstance(one.domain, Numbers):
        return kept_within(one.mechanism, one.domain.codes())
    return one.mechanism
