"""Reviews: nothing where nothing changed, every change of meaning, a hint where names changed."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from causalspec.compiler.compile import compile_file
from causalspec.compiler.domains import Domain, Numbers, Symbols
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import Constant, Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.review.changes import Area
from causalspec.compiler.review.mechanisms import Different, compare_mechanisms
from causalspec.compiler.review.models import model_changes
from causalspec.compiler.review.review import review_changes
from causalspec.compiler.review.same_values import same_values
from causalspec.compiler.review.structure import stated
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.cases import CASES, DEEP, SHARED
from tests.helpers.generated.mutants import mutants
from tests.helpers.spec_files import LIBRARY, SPECS, each_spec


def loaded(path: Path, text: str | None = None) -> Specification:
    diagnostics = Diagnostics()
    text = path.read_text(encoding="utf-8") if text is None else text
    specification = compile_file(
        parse(Source(path.name, text), diagnostics), path.parent, diagnostics
    )
    assert specification is not None, [diagnostic.message for diagnostic in diagnostics]
    return specification


@each_spec
def test_a_spec_has_not_changed_from_itself(path: Path) -> None:
    assert review_changes(loaded(path), loaded(path)) == ()


# Their variables are called as columns of a table, parts of a tuple, variables of an imported model
# or texts are.
SAYING_NAMES_ELSEWHERE = {
    *("abstraction", "two_digits", "greater_than", "pronouns", "two_hops"),
    *("ravel", "counterfactual_text", "known_entity", "one_source"),
}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in LIBRARY
        if "\nmodel " in path.read_text() and path.stem not in SAYING_NAMES_ELSEWHERE
    ],
    ids=lambda path: path.stem,
)
def test_what_may_only_have_another_name_is_hinted_at(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^(?:model|align|claim) (\w+)", text, re.M)
    names += re.findall(r"^  var (\w+)(?=\s*(?:=|\[|:))", text, re.M)
    table = re.findall(r"^  (\w+)\s+: words$", text, re.M)  # a table's columns name its file's
    renamed = text
    for name in set(names) - set(table):
        renamed = re.sub(rf"\b{name}\b", f"{name}_2", renamed)
    assert renamed != text
    found = review_changes(loaded(path), loaded(path, renamed))
    assert not {Area.MEANING, Area.UNDECIDED} & {change.area for change in found}
    fresh = [change for change in found if re.fullmatch("the .* is new", change.text)]
    assert fresh
    assert all(change.details[-1].startswith("perhaps `") for change in fresh)


def test_chats_and_answers_of_one_prompt_are_compared() -> None:
    path = SPECS / "shopping_list" / "shopping_list.causal"
    text = path.read_text(encoding="utf-8")

    def told(old: str, new: str) -> list[str]:
        assert text.count(old) == 1, old
        return [
            change.text
            for change in review_changes(loaded(path), loaded(path, text.replace(old, new)))
        ]

    assert told('say thing in list " {plural(thing)}"', 'say thing in list "{plural(thing)}"') == [
        "for `thing = apple` in `list` is to say “apples”, was “ apples”"
    ]
    assert told('  say thing in list " {plural(thing)}"\n', "") == [
        "for `thing = apple` in `list` is to say “ apple”, was “ apples”"
    ]
    assert told('assistant """The answer: {name as again} needs one"""', "") == [
        "`talk` has no slot `again` any more",
        "`talk` has no slot `assistant` any more",
        "`talk` is a chat of `system`, `user`, was a chat of `system`, `user`, `assistant`",
        "`talk` reads otherwise at `who[0] = Anna, who[1] = Carla, who[2] = Emma, item[0] = apple, "
        "item[1] = ball, item[2] = egg, mood = Hurried, asked = 0`",
    ]


# Mutants -----------------------------------------------------------------------------------------


def differs_locally(model: CausalModel, mutant: CausalModel, name: str) -> bool:
    """Whether the mechanism gives another value for some values of what it reads; every value of
    each is tried, so the models must be small.
    """
    free = [parent for parent in stated(model) if parent in model.by_name[name].parents]
    for setting in settings_of([(parent, model.by_name[parent].domain) for parent in free]):
        values = [
            interpret.evaluate(side.by_name[name].mechanism or Constant(0), setting)
            for side in (model, mutant)
        ]
        if values[0] != values[1]:
            return True
    return False


def settings_of(domains: list[tuple[str, Domain]]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{}]
    for name, domain in domains:
        found = [{**setting, name: code} for setting in found for code in domain.codes()]
    return found


def is_small(model: CausalModel) -> bool:
    """No abbreviations, and mechanisms of which every case can be tried."""
    lets = len(stated(model)) < len(model.variables)
    cases = [prod(model.by_name[parent].domain.size for parent in variable.parents)
             for variable in model.variables]  # fmt: skip
    return not lets and model.requirement is None and max(cases) <= 500


HUGE = {DEEP.name, SHARED.name}
SMALL = [
    case.model
    for case in CASES
    if case.refused is None and is_small(case.model) and case.model.name not in HUGE
]


@pytest.mark.parametrize("model", SMALL, ids=lambda model: model.name)
def test_a_mutant_has_changed_exactly_where_it_differs(model: CausalModel) -> None:
    for mutant in islice(mutants(model), 12):
        for name, variable in stated(model).items():
            if variable.mechanism is None or variable == mutant.by_name[name]:
                continue
            try:
                expected = differs_locally(model, mutant, name)
            except IndexError:
                continue  # a mutant that reads outside a table is not a model
            answer = compare_mechanisms(model, mutant, name)
            assert isinstance(answer, Different) == expected, (mutant, name)
            areas = {side.area for side in model_changes(model, mutant)}
            assert (Area.MEANING in areas) == expected


def test_there_are_models_to_mutate() -> None:
    assert len(SMALL) >= 4


# Values that two versions share ------------------------------------------------------------------

NUMBERS = some.builds(
    lambda low, size, step, denominator: Numbers(low, low + size * step, step, denominator),
    some.integers(-20, 20),
    some.integers(0, 12),
    some.integers(1, 6),
    some.sampled_from([1, 2, 3, 10]),
)


def value_of(domain: Domain, code: int) -> Fraction | str:
    return domain.value(code) if isinstance(domain, Numbers) else domain.text(code)


WORDS = some.lists(some.sampled_from("abcdef"), min_size=1, unique=True).map(
    lambda words: Symbols(tuple(words))
)


@given(some.one_of(some.tuples(NUMBERS, NUMBERS), some.tuples(WORDS, WORDS)))
def test_codes_of_the_same_value_are_found(pair: tuple[Domain, Domain]) -> None:
    old, new = pair
    values = same_values(old, new)
    assert values is not None

    def value(recoded: Expression) -> int | None:
        return interpret.evaluate(recoded, {})

    for first in old.codes():
        meant = value_of(old, first)
        there = [code for code in new.codes() if value_of(new, code) == meant]
        assert value(values.is_shared(Constant(first))) == bool(there)
        if there:
            assert value(values.to_new(Constant(first))) == there[0]
        for second in new.codes():
            same = value(values.old(Constant(first))) == value(values.new(Constant(second)))
            assert same == (second in there)
