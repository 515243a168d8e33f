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
    substituted,
)
from causalspec.compiler.front.conversion import position, tuple_field, tuple_value
from causalspec.compiler.front.dependencies import in_order, inputs_first
from causalspec.compiler.front.examples import target_variable
from causalspec.compiler.front.instances import model_of
from causalspec.compiler.front.matching import cases
from causalspec.compiler.front.models import ModelDraft
from causalspec.compiler.front.names import Compilation, declared_at, documented, of_kind
from causalspec.compiler.front.patterns import LARGEST_TABLE
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Progress, Scope
from causalspec.compiler.front.values import Value
from causalspec.compiler.front.variables import DeclaredVariables, finished
from causalspec.compiler.model import Role
from causalspec.compiler.specification import Abstraction
from causalspec.dsl import syntax


def derive_models(file: syntax.File, compilation: Compilation) -> dict[str, Abstraction]:
    """Make every derived model; what each states about the model that it came from."""
    found: dict[str, Abstraction] = {}
    for declaration in of_kind(file.declarations, syntax.DeriveDeclaration):
        name, fine = declaration.name, model_of(compilation, declaration.model)
        if fine is None or name.text in compilation.models:
            continue
        if fine.model.cyclic:
            says = "is cyclic: nothing can be derived from it"
            where = declared_at(fine.declaration.name.span)
            compilation.wrong("CS715", declaration.model, says, related=where)
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
            variable.name: replace(
                variable, environment=environment, typed=True, progress=Progress.DONE
            )
            for variable in fine.own.members
        }
        values: dict[str, Expression] = {name: Reference(name) for name in variables}
        return cls(compilation, declaration, fine, variables, values, dict(fine.own.spans))

    def apply(self, statement: syntax.Marginalize | syntax.Merge | syntax.Collapse) -> None:
        """One operation, unless it is reported."""
        match statement:
            case syntax.Marginalize(variables=written):
                for variable in self._found(written):
                    self._marginalize(variable)
            case syntax.Merge(variables=written, name=name):
                merged = self._found(written)
                if len(merged) == len(written):
                    self._merge(merged, name)
            case syntax.Collapse():
                for variable in self._found((statement.variable,)):
                    self._collapse(variable, statement)

    def finish(self) -> ModelDraft:
        """The model, its variables in order."""
        task = self.fine.task
        own = DeclaredVariables(self._bindings(), self.names, list(self.variables.values()))
        read = {name for variable in own.members for name in variable.reads}
        read |= self.fine.variables.keys()
        used = [let for let in task.given.of(Role.ABBREVIATION) if let.name in read]
        ordered = in_order(self.compilation, [*used, *own.members], cycles_allowed=False)
        model = replace(
            self.fine.model,
            name=self.declaration.name.text,
            variables=finished(inputs_first(task.given.of(Role.INPUT), ordered)),
            documentation=documented(self.declaration.documentation),
        )
        environment = Environment(self.compilation, own.scope(task.given.scope(task.parameters)))
        return ModelDraft(self.declaration, task, own, environment, model, self.compilation)

    def _bindings(self) -> dict[str, Binding]:
        """The variables by name, what is left of a family together."""
        families: dict[str, dict[int, Value | Declared]] = {}
        for name, variable in self.variables.items():
            family, _, index = name.partition("[")
            if index:
                families.setdefault(family, {})[int(index.removesuffix("]"))] = variable
        bindings: dict[str, Binding] = {
            name: variable for name, variable in self.variables.items() if "[" not in name
        }
        return bindings | {name: Family(name, members) for name, members in families.items()}

    def _found(self, written: tuple[syntax.Expression, ...]) -> list[Declared]:
        found: list[Declared] = []
        for place in written:
            text = " ".join(place.span.text.split())
            self.compilation.meanings.note(place.span, self.names.get(text))
            self.fine.environment.note_names(place)
            variable = self.variables.get(text)
            if variable is None:
                named = target_variable(self.fine.environment, place, self.variables)
                variable = self.variables.get(named.name) if named is not None else None
            known = variable or self.fine.variables.get(text)
            if known is not None and known.role is not Role.VARIABLE:
                self._refuse(f"`{text}` is not a `var` of `{self.fine.name}`", place)
            elif known is not None and variable is None:
                self._refuse(f"`{text}` is no longer a variable here", place)
            elif variable in found:
                self._refuse(f"`{text}` is named twice", place)
            elif variable is not None and variable.domain is not None:
                found.append(variable)
        return found

    def _refuse(self, message: str, culprit: syntax.Node) -> None:
        self.compilation.error("CS715", message, culprit.span)

    def _replace(self, instead: Callable[[str], Expression | None]) -> None:
        """Let every mechanism read something else than what it reads."""
        for variable in self.variables.values():
            if variable.mechanism is not None:
                variable.mechanism = substituted(
                    variable.mechanism, lambda name: instead(name) or Reference(name)
                )

    def _marginalize(self, variable: Declared) -> None:
        """Without the variable: whoever reads it computes it."""
        del self.variables[variable.name], self.values[variable.name]
        computed = _kept(variable)
        self._replace({variable.name: computed}.get)

    def _merge(self, merged: list[Declared], name: syntax.Name) -> None:
        """Several variables become one, with their tuples as values."""
        if name.text in self.fine.variables or name.text in self.variables:
            self._refuse(f"`{name.text}` is a variable already", name)
            return
        fields = [(part.name, part.domain) for part in merged]
        declaring = {part: place.span for part, place in self.names.items()}
        domain = Tuples(
            tuple(TupleField(n, of, declaring.get(n)) for n, of in fields if of is not None)
        )
        mechanisms: dict[str, Expression] = {}
        for part in in_order(self.compilation, merged, cycles_allowed=False):
            mechanisms[part.name] = substituted(
                _kept(part), lambda read: mechanisms.get(read) or Reference(read)
            )
        parts = [Value(mechanisms[part], of) for part, of in fields]
        values = [Value(self.values[part], of) for part, of in fields]
        whole = replace(
            merged[-1],
            name=name.text,
            span=name.span,
            domain=domain,
            mechanism=tuple_value(parts, domain).node,
        )
        self.values[name.text] = tuple_value(values, domain).node
        instead: dict[str, Expression] = {}
        for part, _ in fields:
            del self.variables[part], self.values[part]
            field = tuple_field(whole.value, part)
            assert field is not None
            instead[part] = field.node
        self._replace(instead.get)
        self.variables[name.text] = whole
        self.names[name.text] = name

    def _collapse(self, variable: Declared, statement: syntax.Collapse) -> None:
        """Values that count as one. Readers see one of them in the place of all."""
        name, domain = variable.name, variable.domain
        assert domain is not None
        if domain.size > LARGEST_TABLE:
            self._refuse(f"`{name}` has more than {LARGEST_TABLE} values", statement.variable)
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
        collapsed = Symbols(tuple(labels), f"{self.declaration.name.text}.{name}")
        self.compilation.symbol_sets.append(collapsed)
        self._replace({name: Lookup(tuple(representatives), Reference(name))}.get)
        variable.mechanism = Lookup(tuple(table), position(_kept(variable), domain))
        self.values[name] = Lookup(tuple(table), position(self.values[name], domain))
        variable.domain = collapsed


def _kept(variable: Declared) -> Expression:
    """What a variable is computed as, where its name no longer says that it keeps to its type.

    One whose mechanism is reported stands for itself, so that mistakes in the derivation are
    reported beside it.
    """
    if variable.mechanism is None:
        return Reference(variable.name)
    if variable.typed and isinstance(variable.domain, Numbers):
        return kept_within(variable.mechanism, variable.domain.codes())
    return variable.mechanism
