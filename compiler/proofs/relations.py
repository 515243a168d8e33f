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

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, islice

from causalspec.compiler import expressions as nodes
from causalspec.compiler.derived_models import copied
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.definedness import partial_names
from causalspec.compiler.evidence import (
    Evidence,
    NoWitness,
    Proved,
    Witness,
    combined,
)
from causalspec.compiler.expressions import Expression, Reference, references, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.dsl.diagnostics import InternalError

MOST_SMALLER_SQUARES = 64
"""So many smaller interventions are tried before a failing square is shown as it was found."""

FINE, COARSE, DO, SET = "fine ", "coarse ", "do ", "set "
"""No variable of a spec has a space in its name."""


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
        computed = (
            variable.name for variable in self.coarse.variables if variable.mechanism is not None
        )
        return tuple(name for name in computed if name in self.values)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The coarse outputs that have a value over the fine model."""
        return tuple(name for name in self.coarse.outputs if name in self.values)

    @cached_property
    def exogenous(self) -> Mapping[str, Variable]:
        """The inputs and the noise of both models."""
        sides = (self.coarse, self.fine)
        return {name: model.by_name[name] for model in sides for name in model.exogenous}

    @cached_property
    def is_total(self) -> bool:
        """Whether every variable of both models has a value under every intervention."""
        return not any(partial_names(model.total) for model in (self.fine, self.coarse))

    def translated(self, solution: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
        """A fine solution as values of coarse variables; without those that are undefined."""
        found = {name: interpret.evaluate(self.values[name], solution) for name in names}
        return {name: code for name, code in found.items() if code is not None}

    def cell(self, name: str) -> tuple[str, ...]:
        """The fine variables that a coarse one stands for."""
        return references(self.values[name])

    def named(self, prefix: str, given: str = "") -> Callable[[str], str]:
        """New names with a prefix: `given` for what is exogenous, `prefix` for the rest."""
        return lambda name: f"{given if name in self.exogenous else prefix}{name}"


@dataclass(frozen=True)
class Intervention:
    """What is done to both models: expressions for fine variables and for coarse ones, over further
    variables. `cells` are the coarse variables that it is about.
    """

    cells: Collection[str]
    fine: Mapping[str, Expression]
    coarse: Mapping[str, Expression]
    variables: Sequence[Variable]
    requirements: Sequence[Expression] = ()


def intervened(
    relation: Relation, done: Intervention, at: Collection[str], *, selectable: bool
) -> tuple[CausalModel, Expression]:
    """Both models over the same inputs and noise under an intervention, and the condition that
    their values differ at one of `at`. Where `selectable`, an input says of each cell whether it is
    set, so that one question is about every subset.
    """
    fine, coarse = relation.fine, relation.coarse
    fine_name, coarse_name = relation.named(FINE), relation.named(COARSE)
    fine_done, coarse_done = dict(done.fine), dict(done.coarse)
    chosen: list[Variable] = []

    def where_set(cell: str, value: Expression, model: CausalModel, name: str) -> Expression:
        own = model.by_name[name].mechanism
        assert own is not None
        own = renamed(own, fine_name if model is fine else coarse_name)
        return nodes.Choose(Reference(f"{SET}{cell}"), value, own)

    for cell in done.cells if selectable else ():
        chosen.append(Variable(f"{SET}{cell}", Role.INPUT, Truths()))
        for read in relation.cell(cell):
            fine_done[read] = where_set(cell, fine_done[read], fine, read)
        coarse_done[cell] = where_set(cell, coarse_done[cell], coarse, cell)
    variables = (
        *relation.exogenous.values(),
        *(variable for variable in done.variables if variable.mechanism is None),
        *chosen,
        *(variable for variable in done.variables if variable.mechanism is not None),
        *copied(fine, fine_name, fine_done),
        *copied(coarse, coarse_name, coarse_done),
    )
    required = list(done.requirements)
    if fine.requirement is not None:
        required.insert(0, renamed(fine.requirement, fine_name))
    parts = (
        nodes.apart(renamed(relation.values[name], fine_name), Reference(coarse_name(name)))
        for name in at
    )
    requirement = nodes.All(tuple(required)) if required else None
    return replace(fine, variables=variables, requirement=requirement), nodes.Any(tuple(parts))


# Squares -----------------------------------------------------------------------------------------


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
        return tuple(name for name in names if self.translated.get(name) != self.expected.get(name))


def examine_relation(relation: Relation) -> Square | NoWitness:
    """Whether every square of acyclic models commutes; one that does not, its intervention as small
    as was found.
    """
    if not relation.is_total:
        return _ask(relation, relation.aligned, relation.observed, selectable=True)
    evidence: Evidence = Proved()
    for name in relation.observed:
        fixed = tuple(aligned for aligned in relation.aligned if aligned != name)
        answer = _ask(relation, fixed, (name,))
        if isinstance(answer, Square):
            return _smaller(relation, answer)
        evidence = combined(evidence, answer.evidence)
    return NoWitness(evidence)


def _ask(
    relation: Relation, fixed: Sequence[str], at: Sequence[str], *, selectable: bool = False
) -> Square | NoWitness:
    done = _all_settings(relation, fixed)
    found = smallest_witness(*intervened(relation, done, at, selectable=selectable))
    return found if isinstance(found, NoWitness) else _replayed(relation, fixed, found)


def _all_settings(relation: Relation, fixed: Sequence[str]) -> Intervention:
    """The cells of `fixed` set to inputs of their own."""
    cells = dict.fromkeys(name for coarse_name in fixed for name in relation.cell(coarse_name))
    variables = [Variable(f"{DO}{n}", Role.INPUT, relation.fine.by_name[n].domain) for n in cells]
    memory: dict[int, Expression] = {}
    return Intervention(
        fixed,
        {name: Reference(f"{DO}{name}") for name in cells},
        {
            coarse_name: renamed(relation.values[coarse_name], lambda n: f"{DO}{n}", memory)
            for coarse_name in fixed
        },
        variables,
    )


def _smaller(relation: Relation, square: Square) -> Square:
    """The failing square with the fewest coarse variables set, among those that are tried."""
    fixed = tuple(square.coarse_done)
    subsets = (subset for size in range(len(fixed)) for subset in combinations(fixed, size))
    for subset in islice(subsets, MOST_SMALLER_SQUARES):
        at = tuple(name for name in relation.observed if name not in subset)
        answer = _ask(relation, subset, at)
        if isinstance(answer, Square):
            return answer
    return square


def _replayed(relation: Relation, fixed: Sequence[str], found: Witness) -> Square:
    """Both runs in the interpreter."""
    fine, coarse = relation.fine, relation.coarse
    chosen = [coarse_name for coarse_name in fixed if found.setting.get(f"{SET}{coarse_name}", 1)]
    done = {
        name: found.setting[f"{DO}{name}"]
        for coarse_name in chosen
        for name in relation.cell(coarse_name)
    }
    coarse_done = relation.translated(done, chosen)
    unset = {
        coarse_name: nodes.Undefined() for coarse_name in chosen if coarse_name not in coarse_done
    }
    inputs = {name: found.setting[name] for name in relation.exogenous}
    solution = interpret.solve(fine, inputs, done)
    translated = relation.translated(solution, relation.observed)
    expected = interpret.solve(coarse, inputs, {**coarse_done, **unset})
    square = Square(relation, inputs, done, coarse_done, translated, expected)
    if not square.differing:
        raise InternalError(f"a square of `{fine.name}` and `{coarse.name}` did not replay")
    return square
