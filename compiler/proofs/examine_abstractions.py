"""Whether declared and derived abstractions hold: proved, or refuted by a square that fails."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Examination, Exhaustive, NoWitness
from causalspec.compiler.expressions import Compare, ComparisonOperator, Constant
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.cyclic_relations import (
    Equilibria,
    UnlikeEquilibria,
    examine_cyclic_relation,
)
from causalspec.compiler.proofs.relations import Relation, Square, examine_relation
from causalspec.compiler.proofs.witnesses import find_witness
from causalspec.compiler.specification import Abstraction
from causalspec.compiler.wording import assigned, beside, setting_text, value_text
from causalspec.dsl.diagnostics import Diagnostics

MOST_VALUES = 64
"""The values of a coarse variable are looked for one by one up to so many."""


def examine_abstraction(
    abstraction: Abstraction, diagnostics: Diagnostics, *, derived: bool
) -> Iterator[Examination]:
    """Whether the coarse model is a constructive abstraction of the fine one, as `relations`
    defines it. A value of a coarse variable that stands for nothing is a warning: by the
    definition the translation is onto, but no square can be drawn for such a value.
    """
    fine, coarse = abstraction.fine, abstraction.coarse
    question = f"`{coarse.name}` is an abstraction of `{fine.name}`"
    if not derived:
        question += f" by `{abstraction.name}`"
    if not _cells_are_sound(abstraction, diagnostics):
        yield Examination(question, False, Exhaustive(1), abstraction.span)
        return
    relation = Relation.of(fine, coarse, abstraction.values)
    cyclic = fine.cyclic or coarse.cyclic
    answer = examine_cyclic_relation(relation) if cyclic else examine_relation(relation)
    if isinstance(answer, NoWitness):
        yield Examination(question, answer.holds, answer.evidence, abstraction.span)
        if not derived:
            _warn_of_idle_values(relation, abstraction, diagnostics)
    else:
        _report(abstraction, answer, diagnostics, derived=derived)
        details = tuple(square_lines(answer))
        why = tuple(_why(answer)) if isinstance(answer, Square) else ()
        yield Examination(question, False, Exhaustive(1), abstraction.span, details, why)


def _cells_are_sound(abstraction: Abstraction, diagnostics: Diagnostics) -> bool:
    """Cells hold what can be intervened on, and no two coarse variables share any of it."""
    fine, coarse = abstraction.fine, abstraction.coarse
    relation = Relation.of(fine, coarse, abstraction.values)
    owner: dict[str, str] = {}
    sound = True
    for name in relation.aligned:
        for read in relation.cell(name):
            if fine.by_name[read].role is not Role.VARIABLE:
                diagnostics.error(
                    "CS411",
                    f"`{name}` of `{coarse.name}` is said to be about `{read}`, which is not a "
                    f"`var` of `{fine.name}`",
                    abstraction.span,
                    help="intervening on a coarse variable means to set the fine ones that it "
                    "stands for: state it over variables alone",
                )
                sound = False
            elif owner.setdefault(read, name) != name:
                diagnostics.error(
                    "CS412",
                    f"`{read}` of `{fine.name}` is part of both `{owner[read]}` and `{name}` of "
                    f"`{coarse.name}`",
                    abstraction.span,
                    help="each fine variable belongs to one coarse variable, or to none: else "
                    "they could not be set apart",
                )
                sound = False
    return sound


def _report(
    abstraction: Abstraction,
    failing: Square | UnlikeEquilibria,
    diagnostics: Diagnostics,
    *,
    derived: bool,
) -> None:
    fine, coarse = abstraction.fine, abstraction.coarse
    place = f"`{setting_text(fine, failing.inputs, failing.inputs)}`"
    done = setting_text(fine, failing.done, failing.done)
    place += f" with `do {{ {done} }}`" if done else ""
    if isinstance(failing, Square):
        name = failing.differing[0]
        got, wanted = failing.translated.get(name), failing.expected.get(name)
        has = f"`{assigned(coarse, name, got)}`"
        other = f"`{value_text(coarse.by_name[name].domain, wanted)}`"
    else:
        has = _settles(coarse, failing.translated)
        other = _settles(coarse, failing.expected)
    code = "CS413" if derived else "CS410"
    subject = "what it collapses makes a difference" if derived else "a square fails"
    diagnostics.error(
        code,
        f"`{coarse.name}` does not abstract `{fine.name}`, {subject}: at {place} `{fine.name}` "
        f"has {has}, `{coarse.name}` {other}",
        abstraction.span,
        help="`causalspec check` shows the two runs side by side",
    )


def _settles(coarse: CausalModel, solutions: Equilibria) -> str:
    shown = [f"`{setting_text(coarse, solution, solution)}`" for solution in solutions]
    word = {0: "no equilibrium", 1: "the equilibrium "}.get(len(shown), "the equilibria ")
    return word + " and ".join(shown)


def square_lines(failing: Square | UnlikeEquilibria) -> Iterator[str]:
    """The two runs of a square side by side, what differs marked."""
    fine, coarse = failing.relation.fine, failing.relation.coarse
    yield from beside("", fine.name, coarse.name)
    shared = {name: code for name, code in failing.inputs.items() if name in coarse.by_name}
    yield from beside(
        "inputs",
        setting_text(fine, failing.inputs, [n for n in failing.inputs if n in fine.by_name]),
        setting_text(coarse, shared, shared),
    )
    if failing.done:
        yield from beside(
            "do",
            setting_text(fine, failing.done, failing.done),
            setting_text(coarse, failing.coarse_done, failing.coarse_done),
        )
    if isinstance(failing, UnlikeEquilibria):
        yield from _equilibrium_lines(coarse, failing.translated, failing.expected)
        return
    for name in failing.relation.observed:
        left, right = failing.translated.get(name), failing.expected.get(name)
        mark = "differs" if left != right else ""
        yield from beside(mark, assigned(coarse, name, left), assigned(coarse, name, right))


def _equilibrium_lines(
    coarse: CausalModel, translated: Equilibria, expected: Equilibria
) -> Iterator[str]:
    for solution in [*expected, *(each for each in translated if each not in expected)]:
        text = setting_text(coarse, solution, solution)
        sides = [text if solution in side else "" for side in (translated, expected)]
        yield from beside("" if all(sides) else "differs", *sides)


def _why(square: Square) -> Iterator[str]:
    """Both runs where they first part, back to what was set."""
    from causalspec.compiler.views.reasons import Run, lines, reasons

    relation, name = square.relation, square.differing[0]
    for model, done, asked in (
        (relation.fine, square.done, relation.cell(name)),
        (relation.coarse, square.coarse_done, (name,)),
    ):
        solution = interpret.solve(model, square.inputs, done)
        run = Run(model.name, model, solution, dict.fromkeys(done))
        yield from lines(tuple(reasons(run, [read for read in asked if read not in done])))


def _warn_of_idle_values(
    relation: Relation, abstraction: Abstraction, diagnostics: Diagnostics
) -> None:
    for name in relation.aligned:
        domain = relation.coarse.by_name[name].domain
        if domain.size > MOST_VALUES or not relation.cell(name):
            continue
        cell = tuple(
            Variable(read, Role.INPUT, relation.fine.by_name[read].domain)
            for read in relation.cell(name)
        )
        alone = CausalModel(abstraction.name, relation.fine.task, cell)
        for code in domain.codes():
            value = relation.values[name]
            found = find_witness(alone, Compare(ComparisonOperator.EQUAL, value, Constant(code)))
            if isinstance(found, NoWitness) and found.is_certain:
                diagnostics.warning(
                    "CS414",
                    f"no setting of `{relation.fine.name}` stands for "
                    f"`{assigned(relation.coarse, name, code)}`",
                    abstraction.span,
                    help="interventions with that value are not compared: narrow the type of "
                    f"`{name}`",
                )
                break
