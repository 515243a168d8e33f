"""Pairs for which a hypothesis gives no label, and what is said of them.

A swap can give a variable a value that no input gives it beside the others, so that a mechanism
leaves its domain or has no value. Such a pair has no label: no row is made of it, and it is an
error unless the design leaves it out with `keep where defined(result)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from causalspec.compiler.derived_models import Admission, source_prefix
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import All, Any, Defined, Expression, Not, Reference
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import CounterfactualDesign, Derivation, SwapKind
from causalspec.compiler.wording import (
    beside,
    quoted,
    setting_text,
    value_text,
    why_undefined,
)
from causalspec.dsl.diagnostics import Diagnostic, InternalError

Setting = Mapping[str, int]

WAYS_OUT = (
    "widen its type, add an `else`, or leave such pairs out with `keep where defined(result)`"
)


def is_sound(design: CounterfactualDesign, sides: Sequence[str]) -> Expression:
    """Whether a pair can be told to meet the filters or not and, where it meets them, has a label
    and every value that it is sorted by. `sides` are the runs whose outputs are written.
    """
    kept = All(tuple(clause.expression for clause in design.keep))
    outputs = (Reference(f"{side}.{name}") for side in sides for name in design.model.outputs)
    needed = (*outputs, *(value.expression for value in design.stratified))
    admitted = (part for made in design.derivations for part in is_made(made, design.model))
    whole = All((*map(Defined, needed), *admitted))
    return All((Defined(kept), Any((Not(kept), whole))))


def is_made(derivation: Derivation, model: CausalModel) -> Iterator[Expression]:
    """What must hold for a derived source to be an input of the task, in the names of
    `interchanged`.
    """
    prefix = source_prefix(derivation.source)
    for name, _ in derivation.values:
        yield Defined(Reference(f"{prefix}.{name}"))
    yield from Admission.of(derivation, model).stated


class UndefinedPair:
    """A pair that is not sound, replayed by the interpreter."""

    def __init__(
        self,
        design: CounterfactualDesign,
        kind: SwapKind,
        names: Sequence[str],
        base: Setting,
        sources: Sequence[Setting],
    ) -> None:
        self._design, self._kind, self._names = design, kind, names
        self._base, self._sources = base, sources

    @cached_property
    def _runs(self) -> Mapping[str, Setting]:
        model = self._design.model
        runs = {"base": interpret.solve(model, self._base)}
        runs |= {
            name: interpret.solve(model, source)
            for name, source in zip(self._names, self._sources, strict=True)
        }
        result = interpret.interchange(model, self._base, self._sources, self._kind)
        return {**runs, "result": result}

    @cached_property
    def _broken(self) -> tuple[Derivation, str] | None:
        """The first derived source that is not an input of the task, and why it is none."""
        model = self._design.model
        for made in self._design.derivations:
            name, source = self._names[made.source], self._sources[made.source]
            for input_, _ in made.values:
                if input_ not in source:
                    return made, f"gives `{name}.{input_}` no value of its type"
            if not interpret.satisfies(model, source):
                return made, f"makes a `{name}` that the task's `require` does not admit"
        return None

    def diagnostic(self) -> Diagnostic:
        """What is wrong with the design: CS540 for a label, CS542 for a condition, CS550 for a
        derived source.
        """
        design, model = self._design, self._design.model
        if self._broken is not None:
            made, why = self._broken
            name = self._names[made.source]
            derived = {other.source for other in design.derivations}
            sides = {"base": self._base}
            sides |= {
                side: self._sources[number]
                for number, side in enumerate(self._names)
                if number not in derived
            }
            place = ", ".join(
                f"{side} `{setting_text(model, setting, model.exogenous)}`"
                for side, setting in sides.items()
            )
            advice = (
                f"leave such pairs out with `keep where defined({name})`, or state it otherwise"
            )
            return Diagnostic("CS550", f"{quoted(made.span)} {why} at {place}", made.span, advice)
        known = {
            f"{side}.{name}": code
            for side, solution in self._runs.items()
            for name, code in solution.items()
        }
        kept = [interpret.evaluate(clause.expression, known) for clause in design.keep]
        if 0 not in kept:
            for clause, value in zip(design.keep, kept, strict=True):
                if value is None:
                    message = f"{quoted(clause.span)} has no value at {self._place()}"
                    advice = "write `keep where defined(result)` beside it, or ask less of a pair"
                    return Diagnostic("CS542", message, clause.span, advice)
        for side, solution in self._runs.items():
            for name in model.outputs:
                if name not in solution:
                    return self._without_output(side, name)
        for clause in design.stratified:
            if interpret.evaluate(clause.expression, known) is None:
                message = f"{quoted(clause.span)} has no value at {self._place()}"
                advice = "write `keep where defined(result)` beside it, or balance less"
                return Diagnostic("CS542", message, clause.span, advice)
        raise InternalError(f"a pair of `{design.name}` is sound in the interpreter")

    def _without_output(self, side: str, output: str) -> Diagnostic:
        design = self._design
        swapped = self._kind.variables if side == "result" else ()
        why = _cause(design.model, output, self._runs[side], swapped)
        if side == "result":
            what = f"swapping `{self._kind.name}` in `{design.name}` leaves pairs without a label"
        else:
            what = f"`{design.name}` has pairs whose {side} has no `{output}`"
        return Diagnostic("CS540", f"{what}: {why} at {self._place()}", design.span, WAYS_OUT)

    def _place(self) -> str:
        given = {"base": self._base}
        used = self._kind.used_sources
        given |= {self._names[k]: source for k, source in enumerate(self._sources) if k in used}
        drawn = self._design.model.exogenous
        return ", ".join(
            f"{side} `{setting_text(self._design.model, setting, drawn)}`"
            for side, setting in given.items()
        )

    def lines(self) -> Iterator[str]:
        """The base's run and the run after the swap side by side; swapped and undefined marked.
        None of a source that is not an input.
        """
        if self._broken is not None:
            return
        model = self._design.model
        base, result = self._runs["base"], self._runs["result"]
        yield from beside("", "base", "after the swap")
        for variable in model.variables:
            if variable.role not in (Role.VARIABLE, Role.OUTPUT):
                continue
            name = variable.name
            mark = "swapped" if name in self._kind.variables else ""
            sides = (
                f"{name} = {value_text(variable.domain, run.get(name))}" for run in (base, result)
            )
            yield from beside(mark, *sides)


def _cause(model: CausalModel, name: str, solution: Setting, swapped: Sequence[str]) -> str:
    """Why a variable is undefined in a solution, followed back to where that begins."""
    followed: set[str] = set()
    while name not in followed:
        followed.add(name)
        if name in swapped:
            return f"`{name}` is undefined in its source"
        reason = why_undefined(model, name, solution)
        if reason.code == "CS322":
            return f"`{name}` leaves its domain (it is {reason.text})"
        if reason.parent is None:
            return f"`{name}` has no value ({reason.text})"
        name = reason.parent
    raise InternalError(f"`{name}` of `{model.name}` is undefined in a circle")
