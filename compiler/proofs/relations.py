"""Two models side by side under interventions: do they commute with a translation of values?

A *constructive abstraction* (Beckers and Halpern, "Abstracting causal models", 2019; Geiger et al.,
"Causal abstraction: a theoretical foundation for mechanistic interpretability", 2025) gives each
variable X of a coarse model a cell of variables of a fine model, no two cells overlapping, and a
function from settings of the cell to values of X. The coarse model abstracts the fine one when for
every input and every hard intervention on whole cells the square commutes: intervening on the fine
model and translating its solution gives the solution of the coarse model under the translated
intervention. An interchange intervention, from one source or several, is a hard intervention with
the values that the sources' solutions have, so these squares commute then, too.

It suffices to ask once for each coarse variable Y: whether the square commutes at Y when the cells
of all other causal variables are set. For under any intervention, the solution of the fine model
stays the same when it is done on top (composition: Pearl, *Causality*, 2009, property 1), so its
translation satisfies Y's mechanism; and an acyclic model has one solution. Where a variable can
be undefined that argument fails, since no intervention leaves a variable without a value: then one
question asks about every choice of cells at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, islice

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.definedness import partial_names
from causalspec.compiler.evidence import (
    Evidence,
    Exhaustive,
    NoWitness,
    Proved,
    Unknown,
    Witness,
    combined,
)
from causalspec.compiler.expressions import Expression, Reference, references, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.dsl.diagnostics import InternalError

MOST_SMALLER_SQUARES = 64
"""So many smaller interventions are tried before a failing square is shown as it was found."""

FINE, COARSE, DO, SET = (
    "fine ",
    "coarse ",
    "do ",
    "set ",
)  # no variable of a spec has a space in its name


@dataclass(frozen=True)
class Relation:
    """What each causal variable and output of `coarse` is, as an expression over `fine`."""

    fine: CausalModel
    coarse: CausalModel
    values: Mapping[str, Expression]

    @staticmethod
    def of(fine: CausalModel, coarse: CausalModel, values: Mapping[str, Expression]) -> Relation:
        """Outputs that `values` leaves out stand for themselves."""
        outputs = {name: Reference(name) for name in coarse.outputs if name in fine.by_name}
        return Relation(fine, coarse, {**outputs, **values})

    @cached_property
    def aligned(self) -> tuple[str, ...]:
        """The coarse variables that are intervened on."""
        return tuple(name for name in self.coarse.intermediates if name in self.values)

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Every coarse variable that has a value over the fine model."""
        computed = (one.name for one in self.coarse.variables if one.mechanism is not None)
        return tuple(name for name in computed if name in self.values)

    @cached_property
    def is_total(self) -> bool:
        """Whether every variable of both models has a value under every intervention."""
        return not any(partial_names(one.total) for one in (self.fine, self.coarse))

    def translated(self, solution: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
        """A fine solution as values of coarse variables; without those that are undefined."""
        found = {name: interpret.evaluate(self.values[name], solution) for name in names}
        return {name: code for name, code in found.items() if code is not None}

    def cell(self, name: str) -> tuple[str, ...]:
        """The fine variables that a coarse one stands for."""
        return references(self.values[name])


@dataclass(frozen=True)
class Square:
    """A square that does not commute. `inputs` are those of both models, noise among them;
    `done` sets fine variables, `coarse_done` the coarse ones that they stand for.
    """

    relation: Relation
    inputs: Mapping[str, int]
    done: Mapping[str, int]
    coarse_done: Mapping[str, int]
    translated: Mapping[str, int]
    """The fine solution as values of coarse variables; without those that are undefined."""
    expected: Mapping[str, int]
    """The coarse solution."""

    @property
    def differing(self) -> tuple[str, ...]:
        """Where the two runs part, in the coarse model's order."""
        names = self.relation.observed
        return tuple(one for one in names if self.translated.get(one) != self.expected.get(one))


@dataclass(frozen=True, slots=True)
class Commutes:
    """No square fails, as far as `evidence` goes."""

    evidence: Evidence

    @property
    def is_certain(self) -> bool:
        """Whether none does."""
        return isinstance(self.evidence, Proved | Exhaustive)


def examine_relation(relation: Relation) -> Square | Commutes:
    """Whether every square commutes; one that does not, its intervention as small as was found."""
    if relation.fine.cyclic or relation.coarse.cyclic:
        return Commutes(Unknown())
    if not relation.is_total:
        found = _ask(relation, relation.aligned, relation.observed, selectable=True)
        return found if isinstance(found, Square) else Commutes(found.evidence)
    evidence: Evidence = Proved()
    for name in relation.observed:
        fixed = tuple(one for one in relation.aligned if one != name)
        answer = _ask(relation, fixed, (name,))
        if isinstance(answer, Square):
            return _smaller(relation, answer)
        evidence = combined(evidence, answer.evidence)
    return Commutes(evidence)


def _ask(
    relation: Relation, fixed: Sequence[str], at: Sequence[str], *, selectable: bool = False
) -> Square | NoWitness:
    model, condition = square_model(relation, fixed, at, selectable=selectable)
    found = smallest_witness(model, condition)
    return found if isinstance(found, NoWitness) else _replayed(relation, fixed, found)


def _smaller(relation: Relation, square: Square) -> Square:
    """The failing square with the fewest coarse variables set, among those that are tried."""
    fixed = tuple(square.coarse_done)
    subsets = (one for size in range(len(fixed)) for one in combinations(fixed, size))
    for subset in islice(subsets, MOST_SMALLER_SQUARES):
        at = tuple(name for name in relation.observed if name not in subset)
        answer = _ask(relation, subset, at)
        if isinstance(answer, Square):
            return answer
    return square


def square_model(
    relation: Relation, fixed: Collection[str], at: Sequence[str], *, selectable: bool = False
) -> tuple[CausalModel, Expression]:
    """Both models over the same inputs and noise, the cells of `fixed` set to inputs of their own,
    and the condition that the square fails at one of `at`. Where `selectable`, an input says of
    each of `fixed` whether it is set, so that one question is about every subset.
    """
    fine, coarse = relation.fine, relation.coarse
    cells = [name for one in fixed for name in relation.cell(one)]
    exogenous = exogenous_of(relation)
    values = [
        Variable(f"{DO}{name}", Role.INPUT, fine.by_name[name].domain)
        for name in dict.fromkeys(cells)
    ]
    fine_done: dict[str, Expression] = {name: Reference(f"{DO}{name}") for name in cells}
    memory: dict[int, Expression] = {}
    coarse_done = {
        name: renamed(relation.values[name], lambda read: f"{DO}{read}", memory) for name in fixed
    }
    name_of = names(FINE, exogenous)
    for one in fixed if selectable else ():
        chosen = Reference(f"{SET}{one}")
        values.append(Variable(chosen.name, Role.INPUT, Truths()))
        for read in relation.cell(one):
            own = own_mechanism(fine, read, name_of)
            fine_done[read] = nodes.Choose(chosen, fine_done[read], own)
        own = own_mechanism(coarse, one, names(COARSE, exogenous))
        coarse_done[one] = nodes.Choose(chosen, coarse_done[one], own)
    requirement = fine.requirement
    model = replace(
        fine,
        variables=(
            *exogenous.values(),
            *values,
            *copied(fine, name_of, fine_done),
            *copied(coarse, names(COARSE, exogenous), coarse_done),
        ),
        requirement=None if requirement is None else renamed(requirement, name_of),
    )
    translated: dict[int, Expression] = {}
    parts = tuple(
        nodes.apart(
            renamed(relation.values[name], name_of, translated), Reference(f"{COARSE}{name}")
        )
        for name in at
    )
    return model, nodes.Any(parts)


def own_mechanism(model: CausalModel, name: str, name_of: Callable[[str], str]) -> Expression:
    """A variable's mechanism under other names."""
    mechanism = model.by_name[name].mechanism
    assert mechanism is not None
    return renamed(mechanism, name_of)


def copied(
    model: CausalModel,
    name_of: Callable[[str], str],
    done: Mapping[str, Expression] | None = None,
) -> Iterator[Variable]:
    """The computed variables under other names, some with another mechanism, which is in the new
    names already.
    """
    memory: dict[int, Expression] = {}
    for variable in model.variables:
        if variable.mechanism is None:
            continue
        mechanism = (done or {}).get(variable.name)
        if mechanism is None:
            mechanism = renamed(variable.mechanism, name_of, memory)
        yield replace(variable, name=name_of(variable.name), mechanism=mechanism)


def names(prefix: str, exogenous: Collection[str], given: str = "") -> Callable[[str], str]:
    """New names with a prefix: `given` for what is in `exogenous`, `prefix` for the rest."""
    return lambda name: f"{given}{name}" if name in exogenous else f"{prefix}{name}"


def exogenous_of(relation: Relation) -> dict[str, Variable]:
    """The inputs and the noise of both models, by name."""
    return {
        one.name: one
        for model in (relation.coarse, relation.fine)
        for one in model.variables
        if one.role in (Role.INPUT, Role.NOISE)
    }


def _replayed(relation: Relation, fixed: Sequence[str], found: Witness) -> Square:
    """Both runs in the interpreter."""
    fine, coarse = relation.fine, relation.coarse
    chosen = [one for one in fixed if found.setting.get(f"{SET}{one}", 1)]
    done = {name: found.setting[f"{DO}{name}"] for one in chosen for name in relation.cell(one)}
    coarse_done = relation.translated(done, chosen)
    unset = {one: nodes.Undefined() for one in chosen if one not in coarse_done}
    exogenous = (*coarse.exogenous, *fine.exogenous)
    inputs = {name: found.setting[name] for name in exogenous}
    solution = interpret.solve(fine, inputs, done)
    translated = relation.translated(solution, relation.observed)
    expected = interpret.solve(coarse, inputs, {**coarse_done, **unset})
    square = Square(relation, inputs, done, coarse_done, translated, expected)
    if not square.differing:
        raise InternalError(f"a square of `{fine.name}` and `{coarse.name}` did not replay")
    return square
