"""Long chains are proved equal link by link, and what differs stays apart."""

from __future__ import annotations

import numpy
from hypothesis import HealthCheck, given, reject, settings

from causalspec.compiler.derived_models import (
    differs,
    of_task,
    side_by_side,
    with_noise_at_rest,
)
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import NoWitness, Proved, Witness
from causalspec.compiler.expressions import Expression, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.sweeping import with_equal_variables_merged
from causalspec.compiler.proofs.witnesses import find_witness
from tests.helpers.columns_of import LONG, as_columns, covered_settings
from tests.helpers.compiled import compiled
from tests.helpers.generated.models import models


def chains(length: int, last: str = "(v[i] * v[i] + x[i]) % 7") -> tuple[CausalModel, CausalModel]:
    """A number squared and added to, modulo 7, in two ways of writing."""
    specification = compiled(
        f"""
      task Chain {{
        input x[i in 0..{length - 1}] : 0..6
        output y : 0..6 = x[0]
      }}
      model Plain of Chain approximately {{
        var v[i in 0..{length}] : 0..6 = if i == 0 then 1 else (v[i - 1] ** 2 + x[i - 1]) % 7
        output y = v[{length}]
      }}
      model Other of Chain approximately {{
        var v[i in 0..{length - 1}] : 0..6 =
          if i == 0 then 1 else (v[i - 1] * (v[i - 1] - 7) + x[i - 1]) % 7
        let i = {length - 1}
        output y = {last.replace("[i]", f"[{length - 1}]")}
      }}
    """.replace(f"        let i = {length - 1}\n", "")
    )
    return specification.models["Plain"], specification.models["Other"]


def question(left: CausalModel, right: CausalModel) -> Witness | NoWitness:
    both = side_by_side(left, right)
    return find_witness(both, differs({name: of_task(name) for name in left.outputs}))


def nowhere(model: CausalModel, condition: Expression) -> bool:
    found = find_witness(model, condition)
    return isinstance(found, NoWitness) and found.is_certain


def test_two_long_chains_are_proved_equal() -> None:
    left, right = chains(40)
    assert question(left, right) == NoWitness(Proved())


def test_equal_variables_become_one() -> None:
    left, right = chains(6)
    merged = with_equal_variables_merged(side_by_side(left, right), nowhere)
    assert merged.by_name[of_task("v[3]")].mechanism == Reference("v[3]")
    assert merged.by_name[of_task("y")].mechanism == Reference("v[6]")


def test_chains_that_part_at_the_end_are_told_apart() -> None:
    left, right = chains(40, "(v[i] * v[i] + x[i]) % 6")
    assert isinstance(question(left, right), Witness)


def test_what_a_sample_cannot_tell_apart_is_not_merged() -> None:
    specification = compiled("""
      task T {
        input a, b, c : 0..9999
        output y : bool = a == 5 and b == 5 and c == 5
      }
      model M of T {
        var never = a != a
        output y = (a == 5 and b == 5 and c == 5) or never
      }
    """)
    both = side_by_side(specification.models["M"], specification.tasks["T"].model)
    merged = with_equal_variables_merged(both, nowhere)
    assert merged.by_name["y"].mechanism != Reference("never")
    assert merged.by_name[of_task("y")].mechanism == Reference("y")


@settings(
    max_examples=300 if LONG else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(models())
def test_merging_keeps_every_value(model: CausalModel) -> None:
    rested = with_noise_at_rest(model)
    both = side_by_side(rested, rested)
    columns = as_columns(covered_settings(both))
    try:
        expected = solve_columns(both, columns)
    except UnsupportedModelError:  # beyond 64 bits
        reject()
    found = solve_columns(with_equal_variables_merged(both, nowhere), columns)
    assert all((numpy.asarray(found[name]) == column).all() for name, column in expected.items())
