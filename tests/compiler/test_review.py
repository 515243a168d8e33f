"""Reviews: nothing where nothing changed, every change of meaning, names seen through."""

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
from causalspec.compiler.expressions import Constant
from causalspec.compiler.model import CausalModel
from causalspec.compiler.review.changes import Area
from causalspec.compiler.review.joint_model import stated
from causalspec.compiler.review.mechanisms import Different, Same, compare_mechanisms
from causalspec.compiler.review.models import model_changes
from causalspec.compiler.review.review import review_changes
from causalspec.compiler.review.shared_values import in_one_code, shared_values
from causalspec.compiler.specification import Specification
from causalspec.dsl import Diagnostics, Source, parse

from .cases import CASES, DEEP, SHARED
from .mutants import mutants

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*/*.causal"))


def loaded(path: Path, text: str | None = None) -> Specification:
    diagnostics = Diagnostics()
    text = path.read_text(encoding="utf-8") if text is None else text
    specification = compile_file(
        parse(Source(path.name, text), diagnostics), path.parent, diagnostics
    )
    assert specification is not None, [one.message for one in diagnostics]
    return specification


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_has_not_changed_from_itself(path: Path) -> None:
    assert review_changes(loaded(path), loaded(path)) == ()


@pytest.mark.parametrize(
    "path", [one for one in SPECS if "\nmodel " in one.read_text()], ids=lambda path: path.stem
)
def test_other_names_of_variables_and_models_are_seen_through(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^(?:model|align|claim) (\w+)", text, re.M)
    names += re.findall(r"^  var (\w+)(?=\s*(?:=|\[|:))", text, re.M)
    table = re.findall(r"^  (\w+)\s+: words$", text, re.M)  # a table's columns name its file's
    renamed = text
    for name in set(names) - set(table):
        renamed = re.sub(rf"\b{name}\b", f"{name}_2", renamed)
    assert renamed != text
    found = review_changes(loaded(path), loaded(path, renamed))
    found = [one for one in found if one.area is not Area.TEXT]  # comments name them, too
    assert {one.area for one in found} == {Area.INTERFACE}
    assert all(" is called `" in one.text for one in found)


# Mutants -----------------------------------------------------------------------------------------


def differs_locally(model: CausalModel, mutant: CausalModel, name: str) -> bool:
    """Whether the mechanism gives another value for some values of what it reads; every value of
    each is tried, so the models must be small.
    """
    free = [one for one in stated(model) if one in model.by_name[name].parents]
    for setting in settings_of([(one, model.by_name[one].domain) for one in free]):
        values = [
            interpret.evaluate(one.by_name[name].mechanism or Constant(0), setting)
            for one in (model, mutant)
        ]
        if values[0] != values[1]:
            return True
    return False


def settings_of(domains: list[tuple[str, Domain]]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{}]
    for name, domain in domains:
        found = [{**one, name: code} for one in found for code in domain.codes()]
    return found


def is_small(model: CausalModel) -> bool:
    """No abbreviations, and mechanisms of which every case can be tried."""
    lets = len(stated(model)) < len(model.variables)
    cases = [prod(model.by_name[one].domain.size for one in each.parents)
             for each in model.variables]  # fmt: skip
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
            answer = compare_mechanisms(model, mutant, name, name)
            assert isinstance(answer, Different if expected else Same), (mutant, name)
            areas = {one.area for one in model_changes(model, mutant)}
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
def test_shared_values_are_those_that_both_have(pair: tuple[Domain, Domain]) -> None:
    values = [{value_of(domain, code) for code in domain.codes()} for domain in pair]
    shared = shared_values(*pair)
    if shared is None:
        assert not values[0] & values[1]
        return
    for code in shared.domain.codes():
        meant = value_of(shared.domain, code)
        for domain, recoded in zip(pair, (shared.to_old, shared.to_new), strict=True):
            own = interpret.evaluate(recoded(Constant(code)), {})
            assert own in domain.codes()
            assert value_of(domain, own) == meant
    assert {value_of(shared.domain, code) for code in shared.domain.codes()} == (
        values[0] & values[1]
    )


@given(some.one_of(some.tuples(NUMBERS, NUMBERS), some.tuples(WORDS, WORDS)))
def test_in_one_code_equal_means_the_same(pair: tuple[Domain, Domain]) -> None:
    codes = in_one_code(*pair)
    assert codes is not None
    for first in pair[0].codes():
        for second in pair[1].codes():
            same = interpret.evaluate(codes[0](Constant(first)), {}) == (
                interpret.evaluate(codes[1](Constant(second)), {})
            )
            assert same == (value_of(pair[0], first) == value_of(pair[1], second))
