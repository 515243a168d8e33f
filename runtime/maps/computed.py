"""Bases that are computed from the training vectors, not trained: what they share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.linear import LinearFeaturizer
from causalspec.runtime.untyped import distinct, orthonormalise, singular_values

ROUNDING = 1e-6
"""What is smaller than this share of the largest number is rounding of vectors in float32."""


class NotDetermined(ToolFailure):
    """The training vectors at a site do not determine what a method is to compute from them.

    Such a site holds no such map; others may.
    """


class ComputedBasis(LinearFeaturizer):
    """An orthonormal basis [width, features] in float64, as `prepare` or a state dict has set it.

    Where the data say how many features there are, `features` is 0 before.
    """

    directions: Tensor

    def __init__(self, width: int, features: int = 0) -> None:
        super().__init__()
        self.features = features
        self._is_computed = False
        empty = torch.zeros((width, features), dtype=torch.float64)
        self.register_buffer("directions", empty)
        untyped: Any = self
        untyped.register_load_state_dict_pre_hook(_make_room)

    def basis(self) -> Tensor:
        """Q [width, features], always the same."""
        if not self._is_computed:
            raise InternalError("a map was used before it was prepared")
        return self.directions

    def take(self, directions: Tensor) -> None:
        """Make these the basis."""
        self.directions = directions.contiguous().to(self.directions)
        self.features = directions.shape[1]
        self._is_computed = True


class DirectionsOfValues(ComputedBasis):
    """Directions along which vectors differ by the values of variables, found for each variable.

    The subspaces of several variables are made orthogonal to each other by the smallest change
    that does it (Löwdin's), in which no variable comes first.
    """

    needs_values = True
    name: str

    def __init__(self, width: int, variables: int) -> None:
        super().__init__(width)
        self._variables = variables
        self._counts = (0,) * variables

    @abstractmethod
    def find(self, vectors: Tensor, classes: Tensor, count: int, number: int) -> Tensor:
        """Orthonormal directions [width, any] of variable `number` at this site.

        They come from vectors [rows, width] in float64 and the number, below `count`, of the value
        that each belongs to.
        """

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Raises `NotDetermined` where a variable has one value only or its directions are none."""
        exact = exact_vectors(vectors, self.name)
        found: list[Tensor] = []
        for number in range(self._variables):
            kinds, classes = distinct(values[:, number].cpu())
            if len(kinds) < 2:
                raise NotDetermined(
                    f"`{self.name}` finds nothing: {self.called(number)} has one value in training",
                    help="let the counterfactual design vary it",
                )
            found.append(self.find(exact, classes, len(kinds), number))
        self._counts = tuple(directions.shape[1] for directions in found)
        self.take(found[0] if len(found) == 1 else self._apart(torch.cat(found, 1)))

    def counts(self) -> tuple[int, ...]:
        """How many directions were found for each variable."""
        return self._counts

    def called(self, number: int) -> str:
        """What messages call a variable, whose name is not known here."""
        alone = self._variables == 1
        return "the variable" if alone else f"variable {number + 1} of {self._variables}"

    def _apart(self, directions: Tensor) -> Tensor:
        width, total = directions.shape
        left, sizes, right = singular_values(directions)
        if total > width or float(sizes[-1]) < ROUNDING:
            raise NotDetermined(
                f"`{self.name}` finds directions of several variables that are not independent",
                help="place these variables at different sites, or use `das`",
            )
        return left @ right


def exact_vectors(vectors: Tensor, name: str) -> Tensor:
    """The vectors in float64 on the CPU.

    Raises:
        NotDetermined: some are not finite, or all are the same.
    """
    exact = vectors.detach().cpu().double()
    if not bool(exact.isfinite().all()):
        raise NotDetermined(
            f"`{name}` finds nothing: some vectors at this site are not finite",
            help="run the network in a higher precision",
        )
    spread = (exact - exact.mean(0)).abs().max() if len(exact) else torch.zeros(())
    if not len(exact) or float(spread) <= ROUNDING * float(exact.abs().max()):
        raise NotDetermined(
            f"`{name}` finds nothing: all vectors at this site are the same",
            help="at a token before the first difference between inputs there is nothing to find",
        )
    return exact


def class_means(vectors: Tensor, classes: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The mean vector [count, width] of each class, and how many vectors each has [count]."""
    sizes = torch.bincount(classes, minlength=count).to(vectors)
    sums = vectors.new_zeros((count, vectors.shape[1])).index_add_(0, classes, vectors)
    return sums / sizes[:, None], sizes


def spanned(points: Tensor, name: str, variable: str, scale: float) -> Tensor:
    """An orthonormal basis [width, at most points - 1] of the differences of points [any, width].

    Directions come with the largest differences first. `scale` is how large the vectors are.

    Raises:
        NotDetermined: the points are one, or span everything.
    """
    count, width = points.shape
    left, sizes, _ = singular_values((points - points.mean(0)).T)
    if float(sizes[0]) <= ROUNDING * scale:
        raise NotDetermined(
            f"`{name}` finds nothing: the vectors do not differ by the values of {variable}",
            help="the variable is not at this site, or not along straight directions",
        )
    kept = int((sizes[: count - 1] > ROUNDING * sizes[0]).sum())
    if kept == width:
        raise NotDetermined(
            f"`{name}` finds too much: the {count} values of {variable} span the whole vector",
            help="use `lda` with a `dim`, or `das`",
        )
    return signed(left[:, :kept])


def signed(directions: Tensor) -> Tensor:
    """The same directions, the largest number of each positive: a sign that chance can't change."""
    largest = directions.abs().argmax(0)
    return directions * directions.gather(0, largest[None]).sign()


def orthonormal(directions: Tensor) -> Tensor:
    """Orthonormal columns that span the same, the first along the first."""
    return signed(orthonormalise(directions)[0])


def _make_room(module: ComputedBasis, state: Any, prefix: str, *_: Any) -> None:
    """What is read back may have another number of columns than a fresh map."""
    saved = state.get(f"{prefix}directions")
    if saved is not None and saved.shape[:1] == module.directions.shape[:1]:
        module.take(torch.zeros_like(saved))
