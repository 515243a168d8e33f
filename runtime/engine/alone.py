"""Each prompt as if alone: what a network says of it by itself, and what running others changes.

Padding changes answers where an architecture counts positions through it, reads it, or keeps a
state; other prompts do where a frequency table is chosen by the longest, or tokens compete for
experts. A network need not say so: it is tried out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from causalspec.runtime.engine.batches import Batching, Places, Run, for_rows, in_batches
from causalspec.runtime.engine.calls import answer_logits, unembedded
from causalspec.runtime.engine.placing import Change, placed
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.frozen_products import multiplies_in_bfloat16
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.self_check import probe_ids, told
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import distinct

if TYPE_CHECKING:
    from causalspec.runtime.networks.network import Network

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""How far two runs may lie apart, as a share of a row's largest logit: rounding, not meaning.

A number's rounding is a share of its size, and the sums of a forward pass, taken in another order
by a kernel for another shape, add up some hundreds of them. Over the architectures of
docs/architectures.md rounding came to 4e-6 in float32; padding, where it mattered, to 8e-2.
"""

_ITS_OWN = "a prompt's answer is to be its own, and prompts are run many at a time"


def alone_logits(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    rows: Tensor,
    edits: Sequence[Edit] = (),
) -> Tensor:
    """The logits of `plain_run`, but every prompt is run by itself on nothing but its own ids."""
    answers: list[Tensor] = []
    for number, row in enumerate(rows):
        tokens = prompts.mask[row]
        start = int(tokens.long().argmax())
        ids = prompts.ids[row, tokens][None].to(network.device)
        changes = [
            Change(tap_of(network, edit.site), edit, places[edit.site.token][row][None] - start)
            for edit in (for_rows(edit, slice(number, number + 1)) for edit in edits)
        ]
        here = slice(start, start + ids.shape[1])
        with taps_edited(placed(changes, network.device)):
            asked = prompts.answers_within(row[None], here)
            answers.append(
                answer_logits(network, {"input_ids": ids}, *unembedded(asked, network.device))
            )
    return torch.cat(answers)


@torch.no_grad()
def how_to_batch(
    network: Network, prompts: TokenizedPrompts, places: Places, sites: Sequence[Site]
) -> tuple[Batching, str | None]:
    """How prompts may be run together, and why not padded, where that is so.

    The shortest and the longest are run alone and together, left as they are and with edits at
    some of `sites` (`few_sites`), at all tokens of one after the other.

    Raises:
        NetworkError: alone they give no finite numbers, or another answer when asked again, or
            prompts of equal length change each other's answers.
    """
    rows = few_rows(prompts)
    at_tokens: dict[Site, list[Edit]] = {}
    for site in few_sites(sites):
        at_tokens.setdefault(replace(site, token=""), []).append(rotation(site))
    edit_sets = [[], *at_tokens.values()]
    with told(f"`{network.name}` does not run on these prompts one by one", _ITS_OWN):
        alone = [alone_logits(network, prompts, places, rows, edits) for edits in edit_sets]
        again = alone_logits(network, prompts, places, rows.flip(0)).flip(0)
    if not all(bool(logits.isfinite().all()) for logits in alone):
        raise NetworkError(
            f"`{network.name}` gives no finite outputs on these prompts",
            help="not every network can be run in every precision: try another",
        )
    if share_apart(again, alone[0]) > tolerance(network):
        raise NetworkError(
            f"`{network.name}` answers the same prompt differently when it is asked again",
            help="its answer depends on what it was asked before, or on chance",
        )
    because = unpadded_because(network)
    for batching in (Batching.BY_LENGTH,) if because else Batching:
        try:
            with told("it does not run on several prompts at once", _ITS_OWN):
                apart = max(
                    share_apart(
                        _together(network, prompts, places, rows, edits, batching), expected
                    )
                    for edits, expected in zip(edit_sets, alone, strict=True)
                )
        except NetworkError as error:
            because = str(error)
            continue
        if apart <= tolerance(network):
            return batching, because
        because = _changed_by(apart)
    raise NetworkError(
        f"`{network.name}` answers a prompt differently where others of its length run beside it",
        help=_ITS_OWN,
    )


def _together(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    rows: Tensor,
    edits: Sequence[Edit],
    batching: Batching,
) -> Tensor:
    run = Run(rows, tuple(edits))
    execute = partial(plain_run, network, prompts, places)
    return in_batches(prompts, run, batching, execute).logits


def unpadded_because(network: Network) -> str | None:
    """Why prompts of several lengths are never run together; None where nothing speaks against."""
    ids = probe_ids(network.model, 11).cpu()
    mask = torch.ones(2, 8, dtype=torch.bool)
    padding, own = torch.zeros(5, dtype=torch.long), ids[8:]
    on_left = network.padding_side == "left"
    mask[1] = torch.arange(8) >= 5 if on_left else torch.arange(8) < 3
    padded = torch.stack([ids[:8], torch.cat([padding, own] if on_left else [own, padding])])
    position_ids = (mask.long().cumsum(1) - 1).clamp(min=0)
    nowhere = torch.full((2, 8, 2), -1)
    last = torch.tensor([[7], [7 if on_left else 2]])
    prompts = TokenizedPrompts(("long", "short"), {}, padded, mask, position_ids, nowhere, last)
    rows = torch.arange(2)
    with torch.no_grad():
        alone = alone_logits(network, prompts, {}, rows)
        try:
            with told("it does not run on padded prompts", _ITS_OWN):
                together = _together(network, prompts, {}, rows, [], Batching.PADDED)
        except NetworkError as error:
            return str(error)
    apart = share_apart(together, alone)
    return None if apart <= tolerance(network) else _changed_by(apart)


def _changed_by(apart: float) -> str:
    if apart == math.inf:
        return "padding takes its outputs beyond all numbers"
    return f"padding changes its outputs (by {apart:.1e} of the largest)"


def share_apart(some: Tensor, others: Tensor) -> float:
    """How far logits [rows, answers, outputs] lie from others: the largest share of the largest
    of an answer.
    """
    apart = ((some - others).abs().amax(-1) / others.abs().amax(-1)).max()
    return float(apart) if bool(apart.isfinite()) else math.inf


def tolerance(network: Network) -> float:
    """Up to which share two runs of a network count as the same."""
    dtype = network.dtype
    if dtype == torch.float32 and multiplies_in_bfloat16():
        dtype = torch.bfloat16
    return TOLERANCE.get(dtype, 1e-4)


def few_rows(prompts: TokenizedPrompts) -> Tensor:
    """The two shortest prompts and the two longest, by number."""
    by_length = prompts.mask.sum(1).argsort(stable=True)
    return distinct(torch.cat([by_length[:2], by_length[-2:]]))[0]


def few_sites(sites: Sequence[Site]) -> list[Site]:
    """Of each component with its token, the site in the lowest layer and the one in the middle."""
    groups: dict[tuple[str, str, str], list[Site]] = {}
    for site in sites:
        groups.setdefault((site.component, site.path, site.token), []).append(site)
    return list(
        dict.fromkeys(
            site
            for group in groups.values()
            for site in (min(group, key=_height), sorted(group, key=_height)[len(group) // 2])
        )
    )


def _height(site: Site) -> tuple[int, int]:
    return site.layer or 0, site.unit or 0


def rotation(site: Site) -> Edit:
    """An edit that changes every number of the vector, to others of about its size."""
    return Edit(site, _all_changed)


def _all_changed(vectors: Tensor) -> Tensor:
    return vectors.roll(1, -1) * 1.1
