"""What training and scoring need of a network, whatever its kind: vectors at sites, and outputs.

A *subject* holds a network together with the inputs of one data set, and has run it on them once.
Inputs are known by their number. A language model with prompts and any other network with vectors
are both subjects, so nothing after this module asks which of the two it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the vectors [rows, places, width] at `site` by `replace` of them and of what is
    `given` as a network runs.

    A site has one place in most inputs, several where its tokens are taken `together`; a place
    that an input lacks holds some vector or other, and what becomes of it is ignored. Whatever
    differs by row is `given`, tensors [rows, …] on the network's device: rows can then be run in
    parts, and a recorded run be repeated on others.
    """

    site: Site
    replace: Callable[..., Tensor]
    given: tuple[Tensor, ...] = field(default=(), repr=False)


@dataclass(frozen=True, eq=False)
class EditedInputs:
    """Inputs by their numbers [rows], and the edits that are made of their runs alone."""

    inputs: Tensor = field(repr=False)
    edits: Sequence[Edit] = field(default=(), repr=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The results of a run: logits [rows, answers, outputs], and vectors [rows, places, width] at
    the sites that were asked for.
    """

    logits: Tensor = field(repr=False)
    vectors: Mapping[Site, Tensor] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run whose control is settled: `execute` makes its logits [rows, answers, outputs] of
    tensors on the network's device, and never asks the host. One does for all runs with the same
    edits whose tensors have the same names and shapes.
    """

    tensors: Mapping[str, Tensor] = field(repr=False)
    execute: Callable[[Mapping[str, Tensor]], Tensor] = field(repr=False)


class Subject(Protocol):
    """A network and the inputs of one data set."""

    @property
    def device(self) -> torch.device:
        """Where vectors and logits are."""
        ...

    @property
    def predictions(self) -> Tensor:
        """LongTensor [inputs, answers]: the outputs of each input left alone."""
        ...

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites whose vectors are kept."""
        ...

    def width(self, site: Site) -> int:
        """The size of the vector at a site."""
        ...

    def places(self, site: Site, inputs: Tensor) -> Tensor:
        """LongTensor [rows]: how many places the site has in each of `inputs` [rows]."""
        ...

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The vectors [rows, places, width] at `site` for the inputs numbered `inputs` [rows]."""
        ...

    def run(self, inputs: Tensor, edits: Sequence[Edit], reads: Sequence[Site] = ()) -> Outcome:
        """Run `inputs` [rows] with `edits` made on the way; gradients flow through the edits."""
        ...

    def run_together(self, parts: Sequence[EditedInputs]) -> Tensor:
        """The logits [rows of all parts, answers, outputs] that `run` gives, part after part, to
        rounding: all rows go through the network in one batch where they can.
        """
        ...

    def prepare(self, parts: Sequence[EditedInputs]) -> Prepared | None:
        """The same run as one that can be recorded; None where it can't."""
        ...


def run_one_by_one(subject: Subject, parts: Sequence[EditedInputs]) -> Tensor:
    """As `run_together`, but each part is run by itself."""
    return torch.cat([subject.run(part.inputs, part.edits).logits for part in parts])


def inputs_of(parts: Sequence[EditedInputs]) -> Tensor:
    """The inputs [rows] of all parts, one part after the other."""
    return torch.cat([part.inputs for part in parts])


@dataclass(frozen=True, eq=False)
class Interchanges:
    """Interchange interventions as rows; every entry is an input's number within a subject.

    `bases` is a LongTensor [rows]. `origins` [rows, variables] says which input each variable's
    value is taken from, -1 where the variable is left alone. `labels` [rows, answers] are the
    outputs (tokens or classes) that the causal model gives under the intervention, -1 beyond the
    last; [rows, answers, texts] where any of several is right. Where a source is itself intervened
    on, `inner_of` [rows, variables] numbers its row of `inner`, whose base is that source;
    elsewhere it is -1. Where one of several right texts has several tokens, `forced` [rows, texts]
    numbers the base followed by each text's beginning, -1 beyond the last; the first is in `bases`.
    """

    bases: Tensor = field(repr=False)
    origins: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    inner: Interchanges | None = field(default=None, repr=False)
    inner_of: Tensor | None = field(default=None, repr=False)
    forced: Tensor | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        rows = self.bases.shape[0]
        shapes = self.origins.ndim, self.labels.ndim
        if shapes not in ((2, 2), (2, 3)) or {self.origins.shape[0], self.labels.shape[0]} != {
            rows
        }:
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
        inner_of = None if self.inner_of is None else self.inner_of[rows]
        forced = None if self.forced is None else self.forced[rows]
        return Interchanges(
            self.bases[rows], self.origins[rows], self.labels[rows], self.inner, inner_of, forced
        )

    def asking(self, numbers: Tensor, labels: Tensor) -> Interchanges:
        """The same rows on the bases `numbers` [rows], or [rows, texts] as `forced`, which are
        asked for `labels`.
        """
        forced = numbers if numbers.ndim == 2 else None
        bases = numbers if forced is None else forced[:, 0]
        return replace(self, bases=bases, labels=labels, forced=forced)
