"""The rows of one split, made stretch by stretch: each is a function of its number alone."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.compiler.data.balance import STRETCH, Layout
from causalspec.compiler.data.conditions import Labeller
from causalspec.compiler.data.feasibility import nothing_to_cover, require_some
from causalspec.compiler.data.filling import Filler
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.data.strata import Coverable, Strata
from causalspec.compiler.data.table import Table
from causalspec.dsl.diagnostics import SpecError


class Generator:
    """What is needed to make any stretch of a split of `rows` rows, whose inputs are drawn from a
    population.
    """

    def __init__(
        self,
        labeller: Labeller,
        population: Population,
        values: SplitValues,
        coverable: Coverable,
        rows: int,
        seed: int,
    ) -> None:
        design = labeller.design
        self._rows = rows
        self._stream = Stream.of(seed, design.name, values.split)
        require_some(design, population)
        strata = Strata.of(design, values, coverable)
        if not len(strata):
            raise SpecError([nothing_to_cover(design)])
        self.strata = strata
        self._layout = Layout(strata, rows, self._stream)
        self._fillers: list[Filler] = []
        for number in range(len(design.kinds)):
            own = self._stream.derive("solver", str(number))
            solver = PairSolver(design, number, population, values.allowed, own)
            self._fillers.append(Filler(number, self._layout, population, solver, labeller))

    def stretches(self) -> Iterator[range]:
        """The rows of each stretch, in order."""
        for number in range(self._layout.stretches):
            start = number * STRETCH
            yield range(start, min(start + STRETCH, self._rows))

    def fill(self, table: Table, number: int) -> None:
        """Make the rows of a stretch; `table` has as many."""
        own = self._stream.derive("stretch", str(number))
        for kind, (filler, cells) in enumerate(
            zip(self._fillers, self._layout.stretch(number), strict=True)
        ):
            filler.fill(table, cells, own.derive("kind", str(kind)))
