"""Path patching: an edit that reaches one other component along the direct path alone.

The sender is edited in a run in which every other attention and MLP between it and the receiver
gives what it gives in the base's own run, so that the change reaches the receiver through the
residual stream and through nothing else. What the receiver then holds is written into the base's
run (Wang et al. 2022, arXiv 2211.00593; Goldowsky-Dill et al. 2023, arXiv 2304.05969).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from causalspec.compiler import SITES
from causalspec.runtime.engine.batches import Run
from causalspec.runtime.engine.subjects import Edit, Outcome
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Side, Tap

if TYPE_CHECKING:
    from causalspec.runtime.networks.network import Network

STAGES = {name: component.stage for name, component in SITES.items() if component.stage is not None}
"""The order in which a block computes its parts."""


def place_of(site: Site) -> tuple[int, int]:
    """The block of a site and its part in it: nothing flows back to an earlier one."""
    return -1 if site.layer is None else site.layer, STAGES[site.component]


def without_edges(network: Network, run: Run, execute: Callable[[Run], Outcome]) -> Run:
    """The run with each edit along an edge as an edit of its receiver, found by two runs more."""
    if not any(edit.site.receiver for edit in run.edits):
        return run
    edits = tuple(
        edit if edit.site.receiver is None else _at_receiver(network, run, edit, execute)
        for edit in run.edits
    )
    return replace(run, edits=edits)


def _at_receiver(network: Network, run: Run, edit: Edit, execute: Callable[[Run], Outcome]) -> Edit:
    sender, receiver = replace(edit.site, receiver=None), edit.site.receiver
    assert receiver is not None
    frozen = _between(network, sender, receiver)
    outputs: dict[int, Tensor] = {}

    def keep(number: int, tensor: Tensor) -> None:
        outputs[number] = tensor.clone()  # some architectures add to it in place

    with taps_read(frozen, keep):
        execute(Run(run.rows))

    def as_it_was(number: int) -> Callable[[Tensor], Tensor]:
        return lambda _tensor: outputs[number]

    held = [(tap, as_it_was(number)) for number, tap in enumerate(frozen)]
    with taps_edited(held):
        outcome = execute(Run(run.rows, (replace(edit, site=sender),), (receiver,)))
    value = outcome.vectors[receiver]
    return Edit(receiver, _given, (value,))


def _given(_vectors: Tensor, value: Tensor) -> Tensor:
    return value


def _between(network: Network, sender: Site, receiver: Site) -> list[Tap]:
    """The outputs of all attentions and MLPs that a change at the sender could take a detour by:
    those that are computed after it and before the receiver.
    """
    parts: list[tuple[tuple[int, int], nn.Module]] = []
    for number, block in enumerate(network.anatomy.blocks if network.anatomy else ()):
        if block.attention is not None:
            parts.append(((number, STAGES["attention_output"]), block.attention.output))
        if block.feed_forward is not None:
            parts.append(((number, STAGES["mlp_output"]), block.feed_forward.output))
    first, last = _left_at(sender), place_of(receiver)
    return [
        Tap(module, Side.OUTPUT, None, network.width, place[0])
        for place, module in parts
        if first < place < last
    ]


def _left_at(sender: Site) -> tuple[int, int]:
    """Where a change at the sender joins the residual stream: by its own attention or MLP."""
    block, stage = place_of(sender)
    outputs = (STAGES["attention_output"], STAGES["mlp_output"])
    return block, next((place for place in outputs if 0 < stage <= place), stage)
