"""The slow and obvious way: a full forward pass in which hooks make the edits.

The fast path in `suffix` is compared with this one before it is trusted, and this one takes over
where the two differ, or where a network keeps no keys and values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from causalspec.runtime.engine.batches import Places, Run
from causalspec.runtime.engine.calls import (
    answer_logits,
    caching,
    forward_arguments,
    occupied,
    unembedded,
)
from causalspec.runtime.engine.placing import Change, gathered, placed
from causalspec.runtime.engine.subjects import Outcome
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site

if TYPE_CHECKING:
    from causalspec.runtime.networks.network import Network


def plain_run(network: Network, prompts: TokenizedPrompts, places: Places, run: Run) -> Outcome:
    """Run prompts from the beginning with edits made on the way.

    `places` says where each token lies, [prompts, places]. The rows of one run are all run
    together: padding is to be tried out first (`alone.how_to_batch`).
    """
    rows = run.rows
    here = occupied(prompts.mask[rows])
    changes = [
        Change(tap_of(network, edit.site), edit, places[edit.site.token][rows] - here.start)
        for edit in run.edits
    ]
    found: dict[Site, Tensor] = {}

    def receive(number: int, tensor: Tensor) -> None:
        site = run.reads[number]
        positions = places[site.token][rows] - here.start
        found[site] = gathered(tensor, positions, tap_of(network, site).columns)

    arguments = forward_arguments(network, prompts, rows, here) | caching(network, False)
    with (
        taps_edited(placed(changes, network.device)),
        taps_read([tap_of(network, site) for site in run.reads], receive),
    ):
        logits = answer_logits(
            network, arguments, *unembedded(prompts.answers_within(rows, here), network.device)
        )
    return Outcome(logits, found)
