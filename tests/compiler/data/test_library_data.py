"""The data of every spec in the library, held against the interpreter."""

from __future__ import annotations

import numpy
import pytest

from causalspec.compiler.data.counterfactuals import (
    InterchangePairs,
    generate,
    generate_chunks,
    try_out,
)
from causalspec.compiler.data.prompts import prompt_collisions, render
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.specification import Specification
from tests.helpers.columns_of import LONG, as_settings
from tests.helpers.spec_files import LIBRARY, loaded

ROWS = 60
SPEC_ROWS = 100_000
"""Rows of every spec that the long run goes through, over all its data."""


@pytest.fixture(params=LIBRARY, ids=lambda path: path.stem)
def specification(request: pytest.FixtureRequest) -> Specification:
    return loaded(request.param)


def test_nothing_stands_in_the_way(specification: Specification) -> None:
    assert [try_out(design).unmet for design in specification.counterfactuals.values()] == [
        () for _ in specification.counterfactuals
    ]


def test_labels_are_the_interpreters_and_filters_hold(specification: Specification) -> None:
    designs = specification.counterfactuals.values()
    for design in designs:
        rows = SPEC_ROWS // (len(designs) * len(design.splits)) if LONG else ROWS
        for split in design.splits:
            for pairs in generate_chunks(design, split.name, rows=rows, chunk_rows=10_000):
                check(pairs)


def check(pairs: InterchangePairs) -> None:
    """Hold every output, every filter and the stratum of each row against the interpreter."""
    design, model = pairs.design, pairs.model
    names = ("base", *design.source_names)
    sides = [as_settings(side) for side in (pairs.base, *pairs.sources)]
    outputs = [as_settings(side) for side in (pairs.base_outputs, *pairs.source_outputs)]
    labels = as_settings(pairs.label)
    for row, (base, *sources) in enumerate(zip(*sides, strict=True)):
        result = interpret.interchange(model, base, sources, design.kinds[pairs.kinds[row]])
        assert labels[row] == {name: result[name] for name in model.outputs}
        seen = {f"result.{name}": value for name, value in result.items()}
        for side, inputs, given in zip(names, (base, *sources), outputs, strict=True):
            assert interpret.satisfies(model, inputs)
            solution = interpret.solve(model, inputs)
            assert given[row] == {name: solution[name] for name in model.outputs}
            seen.update({f"{side}.{name}": value for name, value in solution.items()})
        assert all(interpret.evaluate(kept.expression, seen) for kept in design.keep)
        stratum = tuple(interpret.evaluate(value.expression, seen) for value in design.stratified)
        assert stratum == (pairs.strata[int(pairs.stratum[row])] if design.stratified else ())


def test_strata_are_even_to_the_row(specification: Specification) -> None:
    for design in specification.counterfactuals.values():
        for split in design.splits:
            rows = split.rows if LONG else min(split.rows, 1_000)
            pairs = generate(design, split.name, rows=rows)
            counts = numpy.bincount(pairs.stratum, minlength=len(pairs.strata))
            assert counts.sum() == rows
            assert counts.max() - counts.min() <= 1


def test_slots_stand_where_their_spans_say(specification: Specification) -> None:
    for design in specification.counterfactuals.values():
        task = specification.tasks[design.model.task]
        pairs = generate(design, design.splits[0].name, rows=ROWS)
        for template in task.prompts.values():
            rendered = render(template, task.model, pairs.base)
            ends = numpy.array([len(text) for text in rendered.texts])
            roles = {turn.name for turn in template.turns}  # placed by a chat template alone
            assert set(rendered.spans) == set(template.slots) - roles
            for spans in rendered.spans.values():
                lengths = numpy.diff(spans, axis=1)
                assert (lengths >= 0).all()  # a choice of texts may choose to say nothing
                assert (lengths > 0).any()
                assert (spans[:, 1] <= ends).all()
            if template.name != "bare":  # it shows no example of what is meant
                assert prompt_collisions(template, task, pairs.base, pairs.base_outputs) == ()
