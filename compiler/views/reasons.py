"""Why an output is what it is: the way back to what was swapped or set, and to the inputs.

A *run* is a solution of a model in which some variables were taken from other runs. A *reason*
says of one variable in one run what its mechanism comes to there, of which only the parts that
decided are told (see `deciding`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import (
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Not,
    Reference,
    Undefined,
    children,
    references,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SwapKind
from causalspec.compiler.views.deciding import deciding
from causalspec.compiler.views.plain_text import condition_text, expression_text
from causalspec.compiler.views.words import Words
from causalspec.compiler.wording import all_of, assigned, value_text

MOST_CONDITIONS = 8
"""So many of them are spelled out; the rest are counted."""

MOST_LINES = 12
"""So many reasons are told, those that lead back to a swap first; the rest are counted."""

MOST_OUTPUTS = 3

LINE = 100
"""The width of a line of them."""

_TOGETHER = "\0=\0"
"""Where no line is folded."""


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """A solution with the variables that were taken from other runs; from none where they were set.

    What no intervention reaches is as in the run `without` it, if there is one.
    """

    name: str
    model: CausalModel
    solution: Mapping[str, int]
    taken: Mapping[str, Run | None] = field(default_factory=dict[str, "Run | None"])
    without: Run | None = None

    def origin(self, name: str) -> Run | None:
        """The run that a value comes from: this one, or another; None where it is set."""
        if name in self.taken:
            source = self.taken[name]
            return None if source is None else source.origin(name)
        if self.without is None or self.reaches(name):
            return self
        return self.without

    def reaches(self, name: str) -> bool:
        """Whether the intervention reaches a variable, or could."""
        return not self.taken.keys().isdisjoint(self.model.ancestors([name], self.taken))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a variable is what it is in a run, in words. `depth` counts the steps from the output.
    `conditions` hold there, and `value` (None of a truth value that these decide) equals its
    mechanism. `leads` to what was swapped or set.
    """

    run: str
    variable: str
    code: int | None
    value: Expression | None
    conditions: tuple[Expression, ...]
    depth: int
    leads: bool
    claim: str
    stated: tuple[str, ...]

    @property
    def text(self) -> str:
        """The claim with the values that it rests on."""
        return f"{self.claim}, with {', '.join(self.stated)}" if self.stated else self.claim

    def lines(self, width: int) -> list[str]:
        """The text, indented, with the run that it is about."""
        where = f"in {self.run}: " if self.run else ""
        start = "  " * self.depth
        folded = wrap(
            f"{where}{self.text}".replace(" = ", _TOGETHER),
            max(width, 40),
            initial_indent=start,
            subsequent_indent=f"{start}    ",
            break_on_hyphens=False,
        )
        return [line.replace(_TOGETHER, " = ") for line in folded]


def run_of(
    model: CausalModel,
    base: Mapping[str, int],
    sources: Sequence[Mapping[str, int]],
    names: Sequence[str],
    kind: SwapKind,
) -> Run:
    """The run on a base under an interchange, as `interpret.interchange` has it; `names` are those
    of the sources.
    """

    def taken(kind: SwapKind) -> dict[str, Run | None]:
        found: dict[str, Run | None] = {}
        for variable, number in zip(kind.variables, kind.sources, strict=True):
            inner = kind.within_source(number)
            found[variable] = (
                Run(names[number], model, interpret.solve(model, sources[number]))
                if inner is None
                else Run(
                    names[number],
                    model,
                    interpret.interchange(model, sources[number], sources, inner),
                    taken(inner),
                )
            )
        return found

    result = interpret.interchange(model, base, sources, kind)
    without = Run("base", model, interpret.solve(model, base))
    return Run("", model, result, taken(kind), without)


def outputs_to_explain(run: Run) -> tuple[str, ...]:
    """The outputs that the intervention changed, the first where it changed none."""
    model = run.model
    before = run.solution if run.without is None else run.without.solution
    changed = [name for name in model.outputs if run.solution.get(name) != before.get(name)]
    return tuple(changed[:MOST_OUTPUTS]) or model.outputs[:1]


def reasons(run: Run, names: Sequence[str]) -> Iterator[Reason]:
    """Why the named variables are what they are, and what they were computed from, and so on back
    to inputs and to what was set: each variable of each run once, what leads to a swap first.
    """
    told: set[tuple[str, str]] = set()
    waiting = [(run, name, 0) for name in reversed(names)]
    while waiting:
        reader, name, depth = waiting.pop()
        where = reader.origin(name)
        if where is None or (where.name, name) in told:
            continue
        if where.model.by_name[name].mechanism is None:
            continue
        told.add((where.name, name))
        reason = _reason(where, name, depth, leads=where is not run.without)
        yield reason
        read = _read(reason.value, reason.conditions)
        ahead = sorted(read, key=lambda parent, run=where: not _leads(run, parent))
        waiting += [(where, parent, depth + 1) for parent in reversed(ahead)]


def _leads(run: Run, name: str) -> bool:
    return name in run.taken or run.reaches(name)


def lines(found: Sequence[Reason], width: int = LINE) -> Iterator[str]:
    """The reasons as people read them; of many, those that lead back to the swap above all."""
    leading = [reason for reason in found if reason.leads][:MOST_LINES]
    others = [reason for reason in found if not reason.leads][: MOST_LINES - len(leading)]
    kept = {id(reason) for reason in (*leading, *others)}
    for reason in found:
        if id(reason) in kept:
            yield from reason.lines(width)
    if len(kept) < len(found):
        yield f"  and {len(found) - len(kept)} more steps"


# One reason ---------------------------------------------------------------------------------------


def _reason(run: Run, name: str, depth: int, *, leads: bool) -> Reason:
    model, setting = run.model, run.solution
    variable = model.by_name[name]
    assert variable.mechanism is not None
    is_truth = isinstance(variable.domain, Truths)
    words = Words(model)
    decided = deciding(
        variable.mechanism, setting, lambda node: words.part(node) is not None, is_truth=is_truth
    )
    value, code = decided.value, setting.get(name)
    conditions = tuple(sorted(decided.conditions, key=_is_denial))  # what holds comes first
    claim = assigned(model, name, code) + _value_text(run, name, value)
    if conditions:
        claim = f"{claim}, since {_conditions_text(run, conditions)}"
    elif value is None or isinstance(value, Constant):
        claim = f"{claim}, always"
    stated = _stated(run, words, value, conditions[: _spelled_out(conditions)])
    return Reason(run.name, name, code, value, conditions, depth, leads, claim, tuple(stated))


def _value_text(run: Run, name: str, value: Expression | None) -> str:
    """What a mechanism comes to: `, which is first + second`; nothing of a constant."""
    if value is None:
        return ""
    model, domain = run.model, run.model.by_name[name].domain
    if isinstance(value, Undefined):
        return f": {value.reason}" if value.reason else ""
    written = expression_text(model, value, domain)
    if name in run.solution:
        return "" if isinstance(value, Constant) else f", which is {written}"
    code = interpret.evaluate(value, run.solution)
    if code is None:
        return f": it is {written}"
    return f": {value_text(domain, code)}, which is {written}, is outside its type"


def _conditions_text(run: Run, conditions: Sequence[Expression]) -> str:
    many = _spelled_out(conditions)
    texts = [_condition_text(run, part) for part in conditions[:many]]
    return all_of(texts if many == len(conditions) else [*texts, f"{len(conditions) - many} more"])


def _spelled_out(conditions: Sequence[Expression]) -> int:
    return len(conditions) if len(conditions) <= MOST_CONDITIONS else MOST_CONDITIONS - 1


def _is_denial(condition: Expression) -> bool:
    match condition:
        case Not(operand):
            return not isinstance(operand, Reference)
        case Compare(operator):
            return operator is ComparisonOperator.NOT_EQUAL
        case _:
            return False


def _condition_text(run: Run, condition: Expression) -> str:
    match condition:
        case Reference(name) | Not(Reference(name)):
            return _read_text(run, name)
        case _:
            return condition_text(run.model, condition)


def _stated(
    run: Run, words: Words, value: Expression | None, conditions: Sequence[Expression]
) -> list[str]:
    """What is read, columns and parts too, with its value, where the conditions do not say it."""
    found: dict[str, str] = {}
    seen: set[int] = set()
    for expression in (*conditions, *(() if value is None else (value,))):
        waiting = [expression]
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            part = words.part(node)
            if part is not None and node is not value:
                code = interpret.evaluate(node, run.solution)
                found.setdefault(part[0], f"{part[0]} = {value_text(part[1], code)}")
            if isinstance(node, Reference):
                found.setdefault(node.name, _read_text(run, node.name))
            waiting += reversed(children(node))
    known = {name for condition in conditions for name in _says(run, words, condition)}
    if isinstance(value, Reference) and value.name not in run.taken:
        known.add(value.name)  # the variable's own value
    return [text for name, text in found.items() if name not in known]


def _says(run: Run, words: Words, condition: Expression) -> Iterator[str]:
    """The variable or part whose value a condition tells, and where it is from."""
    match condition:
        case Reference(name) | Not(Reference(name)):
            yield name
        case Compare(ComparisonOperator.EQUAL, Reference(name), Constant()):
            if name not in run.taken:
                yield name
        case Compare(ComparisonOperator.EQUAL, left, Constant()) if part := words.part(left):
            yield part[0]
        case _:
            pass


def _read_text(run: Run, name: str) -> str:
    """`left = true (from s1)`; `(from s1, there from s2)` where that source has it from another."""
    text = assigned(run.model, name, run.solution.get(name))
    ways: list[str] = []
    here: Run | None = run
    while here is not None and name in here.taken:
        here = here.taken[name]
        ways.append("set" if here is None else f"from {here.name}")
    return f"{text} ({', there '.join(ways)})" if ways else text


def _read(value: Expression | None, conditions: Sequence[Expression]) -> list[str]:
    """The variables that the parts which decided read."""
    parts = (*conditions, *(() if value is None else (value,)))
    return list(dict.fromkeys(name for part in parts for name in references(part)))
