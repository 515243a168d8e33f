"""What training and scoring need of a network, whatever its kind: vectors at sites, and outputs.

A *subject* holds a network together with the inputs of one data set, and has run it on them once.
Inputs are known by their number. A decoder with prompts and a plain feed-forward network with
vectors are both subjects, so nothing after this module asks which of the two it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """A place that may hold a variable: after a layer, at one of the harvest's token columns.

    In a decoder `layer` k is the output of block k, counted from 0; in a plain network the
    activation after the k-th ReLU, counted from 1, and `column` is always 0.
    """

    layer: int
    column: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the vectors [rows, width] at `site` by `replace` of them while the network runs."""

    site: Site
    replace: Callable[[Tensor], Tensor]


class Subject(Protocol):
    """A network and the inputs of one data set."""

    @property
    def width(self) -> int:
        """The size of the vector at a site."""
        ...

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers whose sites were harvested."""
        ...

    @property
    def predictions(self) -> Tensor:
        """LongTensor [inputs]: the output of each input left alone."""
        ...

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The vectors [rows, width] at `site` for the inputs numbered `inputs` [rows]."""
        ...

    def logits(self, inputs: Tensor, edits: Sequence[Edit]) -> Tensor:
        """The output [rows, outputs] for `inputs` [rows] with `edits` made as the network runs."""
        ...


@dataclass(frozen=True, eq=False)
class Interchanges:
    """Interchange interventions as rows; every entry is an input's number within a subject.

    `bases` is a LongTensor [rows]. `origins` [rows, variables] says which input each variable's
    value is taken from, -1 where the variable is left alone. `labels` [rows] is the output (token
    or class) that the causal model gives under the intervention.
    """

    bases: Tensor = field(repr=False)
    origins: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)

    def __post_init__(self) -> None:
        rows = self.bases.shape[0]
        if self.origins.ndim != 2 or self.origins.shape[0] != rows or self.labels.shape != (rows,):
            raise ValueError(
                f"bases {tuple(self.bases.shape)}, origins {tuple(self.origins.shape)} and labels "
                f"{tuple(self.labels.shape)} do not belong to the same rows"
            )

    @property
    def rows(self) -> int:
        """How many interventions there are."""
        return self.bases.shape[0]

    @property
    def variables(self) -> int:
        """How many variables a row may swap."""
        return self.origins.shape[1]

    def take(self, rows: Tensor) -> Interchanges:
        """The numbered rows alone."""
        return Interchanges(self.bases[rows], self.origins[rows], self.labels[rows])
