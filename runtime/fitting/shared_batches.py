"""Which fits share the batches of their steps: rows of several go through the layers above as one.

A product of a few rows leaves half of a processor idle, and in a small network starting operations
takes longer than running them. What shares a batch follows from the sites, the seeds, the settings
and the prompts alone, never from memory or from who runs it, so that a fit comes out the same bit
for bit wherever it is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causalspec.runtime.sites.site import Site

ROWS = 256
"""So many rows share a batch at most: products of more are hardly faster."""

POSITIONS = 1024
"""So many positions that are run anew, of all rows, at most: they bound what a step keeps in memory
for its gradients.
"""


def shared_batches(
    fits: Sequence[Sequence[Site]], rows: int, positions: Mapping[str, int]
) -> list[list[int]]:
    """The fits, each at some sites, by their numbers: those in one list share batches.

    Each brings `rows` rows. `positions` says how many positions a run has that starts at a token.
    Sites of the same tokens share batches, neighbours by layer first: their runs have the same
    positions, and most of their layers in common. Fits along edges are on their own.
    """
    alike: dict[tuple[str, ...], list[int]] = {}
    for number, sites in enumerate(fits):
        edge = any(site.receiver is not None for site in sites)
        key = (f"{number}",) if edge else tuple(sorted({site.token for site in sites}))
        alike.setdefault(key, []).append(number)
    found: list[list[int]] = []
    for numbers in alike.values():
        run = max(positions.get(site.token, 1) for site in fits[numbers[0]])
        most = max(1, min(ROWS // rows, POSITIONS // (rows * run)))
        ordered = sorted(numbers, key=lambda number: _lowest(fits[number]))
        parts = -(-len(ordered) // most)
        ends = [len(ordered) * part // parts for part in range(parts + 1)]
        found += [ordered[ends[part] : ends[part + 1]] for part in range(parts)]
    return found


def _lowest(sites: Sequence[Site]) -> int:
    return min(-1 if site.layer is None else site.layer for site in sites)
