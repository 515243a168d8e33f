"""`slot(item[asked])`: a slot whose index in its loop is computed, and which moves with it."""

from __future__ import annotations

import numpy as np
import pytest

from causalspec.compiler.data.prompts import render, with_computed_slots
from causalspec.compiler.data.text_columns import ABSENT
from causalspec.compiler.placement import TokenPosition
from causalspec.compiler.specification import Specification
from tests.helpers.compiled import compiled, findings

SPEC = """
type Thing = {pen, cup, hat}

task Shelf(last = 2) {
  input distinct item[i in 0..last] : Thing
  input asked : 0..last
  let next : 0..3 = asked + 1
  output thing : Thing = item[asked]

  prompt main \"\"\"{"{i}: {item[i] as there}" for i in 0..last by ", "}. Is it {item[asked]}?\"\"\"
  prompt plain \"\"\"{"{item[i] as there}" for i in 0..last by " "}: {item[asked]}\"\"\"
}

model Place of Shelf {
  var place = asked
  output thing = item[place]
}

align There of Place { var place at residual layers 0 token slot(POSITION).last by full_vector }
"""


def at(position: str, spec: str = SPEC) -> str:
    return spec.replace("POSITION", position)


def placed(specification: Specification) -> TokenPosition:
    [placement] = specification.alignments["There"].placements
    [position] = placement.tokens
    assert isinstance(position, TokenPosition)
    return position


@pytest.mark.parametrize("prompt", ["main", "plain"])
@pytest.mark.parametrize(
    ("index", "place"), [("asked", 0), ("(asked + 1) % 3", None), ("next", 1), ("asked - 1", -1)]
)
def test_the_slot_that_an_input_chooses(index: str, place: int | None, prompt: str) -> None:
    specification = compiled(at(f"there[{index}]"))
    position, task = placed(specification), specification.tasks["Shelf"]
    assert position.text == f"slot(there[{index}]).last"
    asked = np.repeat(np.arange(3), 3)
    columns = {"asked": asked, **{f"item[{i}]": (np.arange(9) + i) % 3 for i in range(3)}}
    rendered = render(task.prompts[prompt], task.model, columns)
    found = with_computed_slots(rendered, [position], task.model, columns)
    assert found.texts == rendered.texts
    for row in range(9):
        chosen = (asked[row] + 1) % 3 if place is None else asked[row] + place
        expected = rendered.spans.get(f"there[{chosen}]")
        told = (ABSENT, ABSENT) if expected is None else tuple(expected[row])
        assert tuple(found.spans[f"there[{index}]"][row]) == told


def test_what_is_called_so_is_meant_as_before() -> None:
    """A slot that shows `item[asked]` has that name; an index that is a number names a member."""
    unnamed = SPEC.replace(" as there", "")
    for position, spec in (("item[asked]", unnamed), ("there[2]", SPEC)):
        found = placed(compiled(at(position, spec)))
        assert (found.argument, found.slots) == (position, ())


def test_mistakes() -> None:
    assert findings(at("there[asked + 3]")) == [
        "CS603 20:66 no slot of `there` stands at `asked + 3` (its slots are `there[0]`, "
        "`there[1]`, `there[2]`)"
    ]
    assert findings(at("there[item[0]]")) == [
        "CS340 20:72 `item[0]` is not a whole number, which an index must be"
    ]
    assert findings(at("there[aksed]")) == [
        "CS201 20:72 unknown name `aksed` (did you mean `asked`?)"
    ]
    assert findings(at("there[thing]")) == [
        "CS212 20:72 `thing` is an output: abbreviations, requirements and prompts read inputs only"
    ]
    [found] = findings(at("here[asked]"))
    assert found.startswith("CS603 20:66 unknown slot `here[asked]`")
    lacking = SPEC.replace('"{item[i] as there}" for i in 0..last by " "', "item[1] as there")
    lacking = lacking.replace("{item[1] as there}: {item[asked]}", "{item[asked]}")
    assert findings(at("there[asked]", lacking)) == [
        "CS603 20:66 prompt `plain` does not always render the slot `there[0]` (render it in every "
        "prompt and arm, or align at a slot that all have)"
    ]
