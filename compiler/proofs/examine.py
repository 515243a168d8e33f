"""Everything that can be said about a specification by evaluating it, before a network is touched.

Each check asks one question, reports what is wrong as a diagnostic, and states how it knows. Every
counterexample is replayed by the interpreter and minimal before anyone sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, product

from causalspec.compiler.data.counterfactuals import try_out
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.rival_designs import rival_design
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Evidence, Examination, Exhaustive, Unknown, examined_some
from causalspec.compiler.expressions import Constant
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.examine_abstractions import examine_abstraction
from causalspec.compiler.proofs.examine_answers import examine_answers
from causalspec.compiler.proofs.examine_data import (
    examine_design,
    examine_labels,
    examine_repeats,
)
from causalspec.compiler.proofs.examine_models import (
    examine_domains,
    examine_equilibria,
    examine_outputs,
)
from causalspec.compiler.proofs.examine_prompts import examine_prompts, examine_texts
from causalspec.compiler.proofs.examine_rivals import examine_rivals
from causalspec.compiler.proofs.witnesses import find_witness
from causalspec.compiler.specification import CounterfactualDesign, Example, Specification, Task
from causalspec.compiler.wording import all_of, assigned, value_text
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Span


def examine(specification: Specification, diagnostics: Diagnostics) -> tuple[Examination, ...]:
    """The answers to every question about the specification, what is wrong being reported.

    Examples hold; mechanisms stay in their domains; cyclic models have equilibria; every model that
    is not `approximately` computes its task's outputs; some input is admitted; prompts tell inputs
    with different answers apart; for every answer some text is right; abstractions commute with
    interventions; the data can be had; each swap changes some output; most labels differ from what
    a network says that ignores the swap; and rivals are told apart.
    """
    return tuple(examinations(specification, diagnostics))


def examinations(specification: Specification, diagnostics: Diagnostics) -> Iterator[Examination]:
    """The answers one after the other, for those who may want to stop between two questions."""
    for examination in _examinations(specification, diagnostics):
        if examination.holds is None:
            diagnostics.warning(
                "CS325",
                f"it could not be decided whether {examination.question}",
                examination.span or _start(specification),
                help=f"the answer is {examination.evidence.text}: narrower domains make it certain",
            )
        yield examination


def _examinations(specification: Specification, diagnostics: Diagnostics) -> Iterator[Examination]:
    start = _start(specification)
    settled: set[str] = set()  # tasks and models in which everything has a value without a swap
    for example in specification.examples:
        yield _examine_example(example, diagnostics)
    for task in specification.tasks.values():
        yield _examine_requirement(task, task.span or start, diagnostics)
        domains = examine_domains(task.model, None, task.span or start, diagnostics)
        yield domains
        if domains.holds:
            settled.add(task.name)
        yield from examine_texts(task, task.span or start, diagnostics)
        yield from examine_prompts(task, diagnostics)
        yield from examine_answers(task, diagnostics)
    for model in specification.models.values():
        task = specification.tasks.get(model.task)
        span = _span_of(model) or start
        domains = examine_domains(model, task.model if task else None, span, diagnostics)
        yield domains
        if domains.holds and model.task in settled:
            settled.add(model.name)
        derived = model.name in specification.abstractions  # what it came from is examined
        if model.cyclic:
            yield examine_equilibria(model, span, diagnostics)
        if task is not None and not model.approximately and not derived:
            yield examine_outputs(model, task.model, span, diagnostics)
    for name, abstraction in specification.abstractions.items():
        derived = name in specification.models
        yield from examine_abstraction(abstraction, diagnostics, derived=derived)
    for design in specification.counterfactuals.values():
        known = len(diagnostics)
        yield from examine_labels(design, diagnostics, is_settled=design.model.name in settled)
        if len(diagnostics) > known:
            continue  # no data can be made
        population = None if design.model.cyclic else populate(design.model, {})
        yield from examine_design(design, population, diagnostics)
        if any(diagnostic.code == "CS501" for diagnostic in diagnostics.found[known:]):
            continue  # which no data could mend
        first_rows = try_out(design, population)
        diagnostics.found.extend(first_rows.unmet)
        if not first_rows.unmet:
            examine_repeats(design, first_rows.pairs, diagnostics)
            yield from examine_rivals(design, first_rows.pairs, specification.models, diagnostics)
    for design in _designs_of_rivals(specification):
        yield from examine_labels(design, diagnostics, is_settled=design.model.name in settled)


def _designs_of_rivals(specification: Specification) -> Iterator[CounterfactualDesign]:
    """The data that verdicts will draw for the rivals that claims name, each once."""
    known: set[tuple[str, str]] = set()
    for claim in specification.claims.values():
        rivals = (metric.of for metric in claim.metrics if metric.of in specification.models)
        for rival, (name, _) in product(rivals, claim.data):
            if rival is not None and (name, rival) not in known:
                known.add((name, rival))
                design = specification.counterfactuals[name]
                own = rival_design(design, specification.models[rival])
                yield replace(own, span=claim.span or own.span)


def _start(specification: Specification) -> Span:
    return Span(specification.source, 0, 0)


def _span_of(model: CausalModel) -> Span | None:
    """Where a model can be pointed at: its first output, or else any variable."""
    computed = sorted(model.variables, key=lambda variable: variable.name not in model.outputs)
    return next((variable.span for variable in computed if variable.span is not None), None)


def _examine_example(example: Example, diagnostics: Diagnostics) -> Examination:
    """Run one example. A model must satisfy it in every equilibrium, and have one."""
    model = example.model
    line = example.span.source.position(example.span.start)[0]
    question = f"the example of `{model.name}` in line {line} holds"
    given = {name: model.by_name[name].domain.codes()[0] for name in model.exogenous}
    given.update(example.inputs)  # whatever is not given has no influence on what is expected

    def answer(holds: bool | None, evidence: Evidence) -> Examination:
        return Examination(question, holds, evidence, example.span)

    repeated = _repeated(model, example.inputs)
    if repeated is not None:
        names = all_of([f"`{name}`" for name in repeated])
        message = f"{names} are `distinct`, but this example gives them the same value"
        diagnostics.error("CS321", message, example.span)
        return answer(False, Exhaustive(1))
    if set(model.inputs) <= set(example.inputs) and not interpret.satisfies(model, given):
        diagnostics.error(
            "CS321",
            f"this example's inputs do not meet the `require` of `{model.task}`",
            example.span,
        )
        return answer(False, Exhaustive(1))
    try:
        solutions = interpret.equilibria(model, given, example.interventions)
    except interpret.TooManyStatesError:
        return answer(None, Unknown())
    if not solutions:
        diagnostics.error("CS321", f"`{model.name}` has no equilibrium here", example.span)
    for name, expected in example.expected.items():
        got = dict.fromkeys(solution.get(name) for solution in solutions)
        if set(got) - {expected}:
            domain = model.by_name[name].domain
            values = ["none" if code is None else f"`{value_text(domain, code)}`" for code in got]
            several = f"gives {', '.join(values[:-1])} or {values[-1]}, by the equilibrium"
            diagnostics.error(
                "CS321",
                f"this example expects `{assigned(model, name, expected)}`, but `{model.name}` "
                f"{several if len(values) > 1 else f'gives {values[0]}'}",
                example.span,
            )
    holds = bool(solutions) and all(
        solution.get(name) == code
        for solution in solutions
        for name, code in example.expected.items()
    )
    return answer(holds, Exhaustive(1))


def _repeated(model: CausalModel, inputs: Mapping[str, int]) -> tuple[str, str] | None:
    """Two inputs of an example that are alike, though no two of a `distinct` statement are."""
    pairs = (pair for names in model.distinct for pair in combinations(names, 2))
    alike = (pair for pair in pairs if inputs.keys() >= set(pair))
    return next((pair for pair in alike if inputs[pair[0]] == inputs[pair[1]]), None)


def _examine_requirement(task: Task, span: Span, diagnostics: Diagnostics) -> Examination:
    question = f"some input meets the `require` of `{task.name}`"

    def refuted() -> None:
        diagnostics.error("CS324", f"no input meets the `require` of `{task.name}`", span)

    return examined_some(question, find_witness(task.model, Constant(1)), span, refuted)
