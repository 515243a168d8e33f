"""What may be written at a site in the place of a source's vector: zero, means, a step along one.

Such a write is given through the site's map like any other source, so that it reaches the
variable's own share alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from causalspec.compiler import Write
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, eq=False)
class Written:
    """A write with the vectors that it is made of.

    Called with the base's vectors [rows, places, width] it gives what takes the source's place.
    """

    vector: Tensor | None = field(repr=False)  # [width]; None: zero
    step: float | None = None  # how much of `vector` is added to the base's own

    def __call__(self, base: Tensor) -> Tensor:
        if self.vector is None:
            return base.new_zeros(base.shape)
        if self.step is not None:
            return base + self.step * self.vector.to(base)
        return self.vector.to(base).expand_as(base)


WRITES: dict[str, Callable[[Write, Averages], Written]] = {
    "zero": lambda _write, _means: Written(None),
    "mean": lambda _write, means: Written(means.of_all()),
    "value": lambda write, means: Written(means.of_value(write.values[0])),
    "steer": lambda write, means: Written(
        means.of_value(write.values[0]) - means.of_value(write.values[1]), write.scale
    ),
}
"""How each write of the language is made; one row a write."""


@dataclass(frozen=True, eq=False)
class Averages:
    """Mean vectors at a site over the bases [rows] of a split; `codes` [rows] is the variable."""

    subject: Subject = field(repr=False)
    site: Site
    inputs: Tensor = field(repr=False)
    codes: Tensor = field(repr=False)
    name: Callable[[int], str]
    """How people write a value."""

    def of_all(self) -> Tensor:
        """The mean [width] over all inputs."""
        return self.subject.vectors(self.site, self.inputs).mean((0, 1))

    def of_value(self, code: int) -> Tensor:
        """The mean [width] over the inputs in which the variable has a value.

        Raises `ToolFailure` where none has it.
        """
        chosen = self.inputs[self.codes == code]
        if not len(chosen):
            raise ToolFailure(
                f"no training input gives the variable the value `{self.name(code)}`",
                help="write a value that occurs, or let `train` have more pairs",
            )
        return self.subject.vectors(self.site, chosen).mean((0, 1))


def made(write: Write, means: Averages) -> Written:
    """A write of a placement at one site."""
    maker = WRITES.get(write.name)
    if maker is None:
        raise InternalError(f"there is no write called `{write.name}`")
    return maker(write, means)
