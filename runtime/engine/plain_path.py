"""The slow and obvious way: a full forward pass in which hooks make the edits.

The fast path in `suffix` is compared with this one before it is trusted, and this one takes over
where the two differ, or where a network keeps no keys and values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from causalspec.runtime.engine.batches import Batching, in_batches
from causalspec.runtime.engine.calls import answer_logits, forward_arguments, occupied
from causalspec.runtime.engine.streams import streams_edited
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.inputs.tokens import TokenizedPrompts

if TYPE_CHECKING:
    from causalspec.runtime.networks.network import Network


def plain_logits(
    network: Network,
    prompts: TokenizedPrompts,
    positions: Tensor,
    rows: Tensor,
    edits: Sequence[Edit],
    batching: Batching = Batching.BY_LENGTH,
) -> Tensor:
    """The logits [rows, vocabulary] at each prompt's end with `edits` made on the way.

    `rows` number prompts; `positions` [prompts, columns] say where each token column lies. Padding
    is to be tried out first (`alone.how_to_batch`), so prompts are run by length unless asked.
    """

    def run(rows: Tensor, edits: Sequence[Edit]) -> Tensor:
        here = occupied(prompts.mask[rows])
        placed = [
            (edit.site.layer, at_positions(edit, positions[rows, edit.site.column] - here.start))
            for edit in edits
        ]
        arguments = forward_arguments(network, prompts, rows, here) | {"use_cache": False}
        with streams_edited(network.layers, placed):
            return answer_logits(network, arguments, prompts.answer_positions[rows] - here.start)

    return in_batches(prompts, rows, edits, batching, run)


def at_positions(edit: Edit, positions: Tensor) -> Callable[[Tensor], Tensor]:
    """An edit of vectors as an edit of streams: each row's vector at its position [rows]."""

    def edited(stream: Tensor) -> Tensor:
        if stream.shape[1] == 1:
            return edit.replace(stream[:, 0])[:, None]
        within = torch.arange(stream.shape[0], device=stream.device)
        columns = positions.to(stream.device)
        replaced = edit.replace(stream[within, columns])
        return stream.index_put((within, columns), replaced)

    return edited
