"""Interpreter, columns and solver agree on generated specs (promise 4).

Each spec is written from a seed as text, compiled, and all its models are solved: as they are,
under interventions, and under interchanges from several sources. The texts use every form that the
grammar has for tasks, models and expressions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from causalspec.compiler.derived_models import interchanged, source_prefix
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.prove import solve_for
from causalspec.compiler.evaluators.vectorize import interchange_columns, solve_columns
from causalspec.compiler.evidence import NoWitness, Proved
from causalspec.compiler.expressions import All, Constant, Defined, Not, Reference, surely
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.specification import SwapKind
from tests.helpers.cases import compare
from tests.helpers.columns_of import LONG, Setting, as_columns, as_settings, drawn_settings
from tests.helpers.generated.examples import some_examples
from tests.helpers.generated.narrowed import narrowed
from tests.helpers.generated.specs import (
    Spec,
    compiled_spec,
    interveneable,
    random_code,
    random_spec,
    write_files,
)
from tests.helpers.grammar_coverage import Production, productions, reachable, used

MODELS = 10_000 if LONG else 200
ROWS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the word list, the tables and the imported file lie."""
    folder = tmp_path_factory.mktemp("specs")
    write_files(folder)
    return folder


def test_every_evaluator_gives_the_same_solutions(folder: Path) -> None:
    checked, without_label = 0, 0
    for seed in count():
        if checked >= MODELS:
            break
        spec, chance = random_spec(seed), random.Random(seed)
        specification = compiled_spec(spec.text(), folder)
        tasks = [task.model for task in specification.tasks.values()]
        models = [model for model in (*tasks, *specification.models.values()) if not model.cyclic]
        try:
            for model in models:
                narrow = narrowed(model, chance)
                assert_solutions_agree(narrow, chance)
                without_label += assert_interchanges_agree(narrow, chance)
            if seed % 5 == 0:
                examples = {model.name: some_examples(model, chance) for model in models}
                assert_examples_hold(spec, examples, folder)
        except BaseException:
            print(f"seed {seed}:\n{spec.text()}")
            raise
        checked += len(models)
    assert 0 < without_label < checked * ROWS
    print(f"all evaluators agree on {checked} models of {seed} specs;")
    print(f"{without_label} of {checked * ROWS} swaps leave no label")


def assert_solutions_agree(model: CausalModel, chance: random.Random) -> None:
    """With and without interventions, on all kinds of columns; the solver is asked for one row."""
    settings = drawn_settings(model, chance.randrange(2**32), ROWS)
    names = interveneable(model)
    for done in ((), chance.sample(names, chance.randint(1, min(3, len(names))))):
        codes = [{name: random_code(model, name, chance) for name in done} for _ in settings]
        expected = [interpret.solve(model, *pair) for pair in zip(settings, codes, strict=True)]
        given, put_in = as_columns(settings), as_columns(codes) if done else {}
        assert as_settings(solve_columns(model, given, put_in)) == expected
    fixed = CausalModel(model.name, model.task, with_mechanisms(model, codes[0]))
    assert_solver_agrees(fixed, settings[0], expected[0])


def assert_interchanges_agree(model: CausalModel, chance: random.Random) -> int:
    """Several variables, each from one of three sources, of which one may be intervened on itself;
    in how many rows an output has no value.
    """
    base, *sources = (drawn_settings(model, chance.randrange(2**32), ROWS) for _ in range(5))
    names = interveneable(model)
    swapped = chance.sample(names, chance.randint(1, min(4, len(names))))
    kind = SwapKind(tuple(swapped), tuple(chance.randrange(3) for _ in swapped))
    if chance.random() < 0.5:
        inner = SwapKind((chance.choice(names),), (3,))
        kind = replace(kind, within=((kind.sources[0], inner),))
    rows = zip(base, *sources, strict=True)
    expected = [interpret.interchange(model, own, several, kind) for own, *several in rows]
    everything = [variable.name for variable in model.total.variables]
    given = [as_columns(source) for source in sources]
    result = interchange_columns(model, as_columns(base), given, kind, wanted=everything)
    assert as_settings(result) == expected
    unrequired = CausalModel(model.name, model.task, model.variables)
    inputs = {f"base.{name}": code for name, code in base[0].items()}
    for number in kind.used_sources:
        prefix = source_prefix(number)
        inputs |= {f"{prefix}.{name}": code for name, code in sources[number][0].items()}
    result = {f"result.{name}": code for name, code in expected[0].items()}
    assert_solver_agrees(interchanged(unrequired, kind), inputs, result, "result.")
    return sum(not set(model.outputs) <= solution.keys() for solution in expected)


def assert_solver_agrees(
    model: CausalModel, inputs: Setting, expected: Setting, prefix: str = ""
) -> None:
    """Asked for another solution than the interpreter's, the solver has none: neither other values
    nor a value of what has none.
    """
    given = [compare(name, "==", code) for name, code in inputs.items()]
    defined = [compare(name, "==", code) for name, code in expected.items()]
    others = [variable.name for variable in model.variables if variable.name.startswith(prefix)]
    undefined = [Not(Defined(Reference(name))) for name in others if name not in expected]
    same = surely(All((*defined, *undefined)))
    assert solve_for(model, All((*given, Not(same)))) == NoWitness(Proved())


def with_mechanisms(model: CausalModel, codes: Mapping[str, int]) -> tuple[Variable, ...]:
    """The variables, those of `codes` constant."""
    return tuple(
        replace(variable, mechanism=Constant(codes[variable.name]))
        if variable.name in codes
        else variable
        for variable in model.variables
    )


def assert_examples_hold(spec: Spec, examples: Mapping[str, list[str]], folder: Path) -> None:
    specification = compiled_spec(spec.text(examples), folder)
    assert len(specification.examples) == sum(map(len, examples.values()))
    for example in specification.examples:
        solution = interpret.solve(example.model, example.inputs, example.interventions)
        assert example.expected == {name: solution.get(name) for name in example.expected}


# What the generator covers ------------------------------------------------------------------------

OF_DATA = {
    "counterfactuals_declaration",
    "align_declaration",
    "claim_declaration",
    "abstraction_declaration",
    "derive_declaration",
    *("several_texts", "texts_of_each", "marked_say_arm"),
    *("_open_say_arms", "_next_open_say_arm"),
    *("chat", "text_loop"),
}
"""Declarations about models, sets of right texts, chats and loops of texts: they hold no mechanism
that an evaluator could compute.
"""

OF_QUESTIONS = frozenset({("_model_statement", ("say",))})
"""What questions call the values of a model's variables: no mechanism either."""

NEVER_RIGHT: Mapping[str, frozenset[Production]] = {
    "a file starts with `language`, and says it once": frozenset(
        {
            ("start", ()),
            ("__start_star_0", ("allow",)),
            ("__start_star_0", ("_declaration",)),
            ("__start_star_0", ("__start_star_0", "language")),
        }
    ),
    "a task or model computes an output": frozenset(
        production
        for production in productions()
        if production[0] in ("task_declaration", "model_declaration")
        and not any("statement" in symbol or symbol.endswith("_star_5") for symbol in production[1])
        and "LBRACE" in production[1]
        and production[1][-2:] in (("LBRACE", "RBRACE"), ("text", "RBRACE"))
    ),
    "an example expects something": frozenset(
        {
            ("example", ("EXAMPLE", "assignments")),
            ("example", ("EXAMPLE", "assignments", "DO", "assignments")),
        }
    ),
    "`bernoulli` takes an argument, `weights` takes arms": frozenset(
        {("distribution", ("TILDE", "name", "arguments", "LBRACE", "arms", "RBRACE"))}
    ),
    "what a task or model sets is a variable, never a column": frozenset(
        {("target", ("target", "DOT", "name"))}
    ),
}
"""What no file without errors can use, by the reason."""


def test_the_generator_uses_every_production_of_tasks_models_and_expressions(folder: Path) -> None:
    def texts() -> Iterator[str]:
        for seed in range(400):
            spec, chance = random_spec(seed), random.Random(seed)
            yield spec.text()
            if seed % 4 == 0:
                specification = compiled_spec(spec.text(), folder)
                models = [model for model in specification.models.values() if not model.cyclic]
                models.append(specification.tasks["T"].model)
                yield spec.text({model.name: some_examples(model, chance) for model in models})

    wanted = (
        set(reachable(OF_DATA))
        - OF_QUESTIONS
        - frozenset[Production]().union(*NEVER_RIGHT.values())
    )
    found = used(texts())
    assert sorted(wanted - found) == []
    assert sorted(found - wanted) == []
