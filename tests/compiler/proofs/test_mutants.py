"""Of the mutants of the library's mechanisms that differ, the checker refutes nearly all.

That a mutant differs is known without the solver: some of a large sample, or every input where they
are few, gives another output, at the model's own noise.
"""

from __future__ import annotations

import numpy

from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import Sampler
from causalspec.compiler.derived_models import (
    differs,
    of_task,
    side_by_side,
    with_noise_at_rest,
)
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Witness
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.comparison import compare
from causalspec.compiler.proofs.witnesses import find_witness
from tests.helpers.columns_of import LONG
from tests.helpers.generated.mutants import mutants
from tests.helpers.spec_files import LIBRARY, loaded

SAMPLE = 1 << 18 if LONG else 1 << 15
SHARE = 0.99


def differing(model: CausalModel, mutant: CausalModel) -> bool | None:
    """Whether the outputs differ on some drawn input; None where columns cannot say."""
    drawn = Sampler(populate(model, {}), Stream.of(0, "mutants")).take(SAMPLE)
    try:
        sides = [solve_columns(side, drawn, wanted=side.outputs) for side in (model, mutant)]
    except (UnsupportedModelError, IndexError):
        return None
    return any((numpy.asarray(sides[0][n]) != sides[1][n]).any() for n in model.outputs)


def refuted(model: CausalModel, mutant: CausalModel) -> bool:
    both = side_by_side(mutant, model)
    names = {name: of_task(name) for name in model.outputs}
    return isinstance(find_witness(both, differs(names)), Witness)


def meaning(model: CausalModel) -> list[set[tuple[int, ...]]]:
    """At each input the outputs in every equilibrium."""
    return [
        {
            tuple(solution[n] for n in model.outputs)
            for solution in interpret.equilibria(model, inputs)
        }
        for inputs in interpret.settings(model)
    ]


def test_mutants_that_differ_are_refuted() -> None:
    """Cyclic models differ by their sets of equilibria, and are refuted by `compare`."""
    found = {True: 0, False: 0}
    alike = 0
    for path in LIBRARY:
        specification = loaded(path)
        tasks = (task.model for task in specification.tasks.values())
        for stated in (*tasks, *specification.models.values()):
            model = with_noise_at_rest(stated)
            for mutant in mutants(model):
                if model.cyclic and meaning(model) != meaning(mutant):
                    found[compare(model, mutant).outputs.holds is False] += 1
                elif not model.cyclic and differing(model, mutant):
                    found[refuted(model, mutant)] += 1
                else:
                    alike += 1
    count = sum(found.values())
    print(f"{found[True]} of {count} mutants that differ are refuted; {alike} do not differ")
    assert count > 100
    assert found[True] >= SHARE * count
