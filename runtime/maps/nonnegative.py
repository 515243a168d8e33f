"""Semi-nonnegative matrix factorisation, and the coefficients of new vectors under it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from causalspec.runtime.untyped import eigenvectors

_linalg: Any = torch.linalg

ITERATIONS = 500
CHECKED_EVERY = 20
"""After so many steps it is seen whether coefficients have come to rest."""

ENOUGH = 1e-6
"""A factorisation ends where a round lowers the objective by less than this share."""

LEAST = 1e-10
"""How much the squares of the coefficients count beside those of what they leave unsaid."""


def factorise(vectors: Tensor, count: int, seed: int) -> tuple[Tensor, list[float]]:
    """Unit factors [count, width] with X ≈ Y F, Y ≥ 0, and the objective |X - Y F|² of each round.

    Multiplicative updates of Y and least squares for F, by turns, from X [rows, width] in float64
    (Ding, Li, Jordan 2010, section 3): the objective never rises. The start is drawn from `seed`.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand((len(vectors), count), generator=generator, dtype=torch.float64)
    coefficients = drawn + 0.2
    objectives: list[float] = []
    while True:
        factors = _linalg.pinv(coefficients) @ vectors
        objectives.append(float((vectors - coefficients @ factors).square().sum()))
        if len(objectives) > 1 and objectives[-2] - objectives[-1] <= ENOUGH * objectives[-2]:
            break
        if len(objectives) == ITERATIONS:
            break
        wanted, gram = vectors @ factors.T, factors @ factors.T
        up = wanted.clamp(min=0) + coefficients @ (-gram).clamp(min=0)
        down = (-wanted).clamp(min=0) + coefficients @ gram.clamp(min=0)
        coefficients = coefficients * (up / down.clamp(min=1e-300)).sqrt()
    lengths = factors.norm(dim=1, keepdim=True)
    return factors / lengths.clamp(min=1e-300), objectives


def nonnegative_coefficients(vectors: Tensor, factors: Tensor) -> Tensor:
    """Coefficients y ≥ 0 [rows, count] that minimise |x - y F|, for x of `vectors` [rows, width].

    Accelerated projected gradients (Beck, Teboulle 2009) find which of them are 0; the others then
    solve a linear system, through which gradients reach the vectors.
    """
    gram, wanted = factors @ factors.T, vectors @ factors.T
    with torch.no_grad():
        near = _projected_gradients(gram, wanted)
        active = (near > 1e-9 * near.amax(1, keepdim=True)).to(vectors)
    system = gram * active[:, :, None] * active[:, None, :]
    # Factors that depend on each other, as opposite ones do, have many solutions: the least of them
    # is taken.
    system = system + torch.diag_embed(1 - active + LEAST * active)
    solved = _linalg.solve(system, wanted * active)
    # Where what is 0 and what is not was not told apart yet, the approximation stands.
    return torch.where((solved >= 0).all(1, keepdim=True), solved, near)


def _projected_gradients(gram: Tensor, wanted: Tensor) -> Tensor:
    step = 1 / eigenvectors(gram)[0][-1].clamp(min=1e-300)
    here = torch.zeros_like(wanted)
    ahead, momentum = here, 1.0
    for number in range(ITERATIONS):
        following = (ahead - step * (ahead @ gram - wanted)).clamp(min=0)
        if number % CHECKED_EVERY == 0 and torch.allclose(following, here, rtol=0, atol=1e-12):
            return following
        faster = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = following + (momentum - 1) / faster * (following - here)
        here, momentum = following, faster
    return here
