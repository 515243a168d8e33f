"""The data of every spec in the library, held against the interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from causalspec.compiler.compile import load_specification
from causalspec.compiler.data.counterfactuals import generate, try_out
from causalspec.compiler.data.prompts import prompt_collisions, render
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.specification import Specification

from .columns_of import as_settings

FOLDER = Path(__file__).parents[2] / "specs"
ROWS = 60


def designs() -> Iterator[tuple[Path, str]]:
    for path in sorted(FOLDER.glob("*/*.causal")):
        specification, _ = load_specification(path)
        for name in specification.counterfactuals if specification else ():
            yield path, name


everywhere = pytest.mark.parametrize(
    ("path", "name"), list(designs()), ids=lambda value: getattr(value, "stem", value)
)


def loaded(path: Path) -> Specification:
    specification, _ = load_specification(path)
    assert specification is not None
    return specification


@everywhere
def test_nothing_stands_in_the_way(path: Path, name: str) -> None:
    assert try_out(loaded(path).counterfactuals[name]).unmet == ()


@everywhere
def test_labels_are_the_interpreters_and_filters_hold(path: Path, name: str) -> None:
    design = loaded(path).counterfactuals[name]
    model = design.model
    for split in design.splits:
        pairs = generate(design, split.name, rows=ROWS)
        sides = [as_settings(side) for side in (pairs.base, *pairs.sources)]
        for row, (base, *sources) in enumerate(zip(*sides, strict=True)):
            kind = design.kinds[pairs.kinds[row]]
            result = interpret.interchange(model, base, sources, kind)
            assert {n: int(c[row]) for n, c in pairs.label.items()} == {
                n: result[n] for n in model.outputs
            }
            seen = {f"result.{n}": value for n, value in result.items()}
            named = zip(("base", *design.source_names), (base, *sources), strict=True)
            for side, inputs in named:
                assert interpret.satisfies(model, inputs)
                solution = interpret.solve(model, inputs)
                seen.update({f"{side}.{n}": value for n, value in solution.items()})
            assert all(interpret.evaluate(one.expression, seen) for one in design.keep)


@everywhere
def test_slots_stand_where_their_spans_say(path: Path, name: str) -> None:
    specification = loaded(path)
    design = specification.counterfactuals[name]
    task = specification.tasks[design.model.task]
    pairs = generate(design, design.splits[0].name, rows=ROWS)
    for template in task.prompts.values():
        rendered = render(template, task.model, pairs.base)
        for slot in template.slots:
            spans = rendered.spans[slot]
            assert (numpy.diff(spans, axis=1) > 0).all()
            ends = numpy.array([len(text) for text in rendered.texts])
            assert (spans[:, 1] <= ends).all()
        assert prompt_collisions(template, task, pairs.base, pairs.base_outputs) == ()
