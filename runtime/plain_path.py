"""The slow and obvious way: a full forward pass in which hooks make the edits.

The fast path in `suffix` is compared with this one before it is trusted, and this one takes over
where the two differ, or where a network keeps no keys and values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .calls import answer_logits, forward_arguments, occupied
from .networks import Network
from .streams import streams_edited
from .subjects import Edit
from .tokens import TokenizedPrompts


def plain_logits(
    network: Network,
    prompts: TokenizedPrompts,
    positions: Tensor,
    rows: Tensor,
    edits: Sequence[Edit],
) -> Tensor:
    """The logits [rows, vocabulary] at each prompt's end with `edits` made on the way.

    `rows` number prompts; `positions` [prompts, columns] say where each token column lies.
    """
    here = occupied(prompts.mask[rows])
    placed = [
        (edit.site.layer, at_positions(edit, positions[rows, edit.site.column] - here.start))
        for edit in edits
    ]
    with streams_edited(network.layers, placed):
        arguments = forward_arguments(network, prompts, rows, here) | {"use_cache": False}
        return answer_logits(network, arguments, prompts.answer_positions[rows] - here.start)


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
