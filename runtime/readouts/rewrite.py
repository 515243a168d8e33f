"""A base's continuation, and what it would have been under a pair's swaps: the same noise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from causalspec.compiler import Alignment, InterchangePairs, Specification
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.engine.placing import Change, placed
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.fitting.candidates import candidates
from causalspec.runtime.fitting.placed_maps import build_maps
from causalspec.runtime.inputs.experiment import PreparedSplit, experiment_of, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.text_network import TextPresentation
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.network import Network
from causalspec.runtime.readouts.changed_words import changes, kept_share
from causalspec.runtime.readouts.rewriting import (
    continued,
    gumbel_noise,
    hindsight_noise,
    read_along,
)
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import decoded_all
from causalspec.runtime.watch import Watcher

MOST_SITES = 8


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A counterfactual text: `site` None is the source's prompt in the place of the base's. `same`
    is how many tokens it begins with that the observed one has, too; `kept` is the share of the
    observed words that it keeps, `changes` are the others with what it has instead.
    """

    site: Site | None
    text: str
    same: int
    kept: float
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """`replays`: whether the noise, with nothing changed, gives every observed token again."""

    base: str
    source: str
    observed: str
    tokens: int
    hindsight: bool
    replays: bool
    rewritten: tuple[Rewritten, ...]


def rewrite(
    specification: Specification,
    network: TaskNetwork,
    alignment: Alignment,
    pair: InterchangePairs,
    *,
    text: str | None,
    length: int,
    seed: int,
    watcher: Watcher,
) -> Rewriting:
    """Continue the base's prompt by so many tokens, or by `text`, and again with the same noise:
    with the source's whole vector at each of the first sites that `alignment` offers, and after
    the source's own prompt.

    Raises:
        SpecError: the alignment does not fit the network or its tokenizer.
        ToolFailure: the network does not continue texts, the alignment has edges, or several
            statements, or the text has no tokens.
    """
    if network.network.kind is not NetworkKind.DECODER:
        raise ToolFailure(
            f"`{network.name}` does not continue texts", help="name a decoder, as GPT-2 is one"
        )
    question = question_about(alignment, pair.design.name, pair.split)
    experiment = experiment_of(specification, question, keeps_unanswered=True)
    network = network.knowing(experiment.task)
    offered = candidates(network, alignment, experiment.variables, question)
    if len(offered.offers) > 1 or any(p.receiver is not None for p in offered.placements):
        raise ToolFailure(
            f"`{alignment.name}` places variables along edges or at several sites at once",
            help="place what is swapped at one site: `var x at residual layers 5 token last …`",
        )
    whole = offered.with_method("full_vector")
    with computing(network.threads):
        harvester = present_splits(network, experiment, [[pair]], offered.choices, None)
        names = harvester.encoded.presentation.token_names
        sites = list(islice(whole.offers[0].sites_with(names), MOST_SITES))
        [[prepared]] = next(harvester.prepared_splits([tuple(sites)], watcher))
        shown = prepared.presentation
        assert isinstance(shown, TextPresentation)
        base, source = _prompts(prepared, shown)
        inner = network.network
        observed, noise = _observed(inner, base, text, length, seed)
        again = continued(inner, base, noise)
        found: list[Rewritten] = []
        for site in sites:
            maps = build_maps(whole.placed((site,)), prepared.subject, seed=0)
            edits = maps.edits(prepared.subject, prepared.rows)
            opened = partial(_edited, inner, shown, int(prepared.rows.bases[0]), edits)
            found.append(_rewritten(inner, site, observed, continued(inner, base, noise, opened)))
        other = continued(inner, source, noise)
        return Rewriting(
            shown.text(int(prepared.own_bases[0])),
            shown.text(int(_source_of(prepared))),
            decoded_all(inner.tokenizer, observed),
            len(observed),
            text is not None,
            torch.equal(again.tokens, observed),
            (*found, _rewritten(inner, None, observed, other)),
        )


def _observed(
    network: Network, prompt: Tensor, text: str | None, length: int, seed: int
) -> tuple[Tensor, Tensor]:
    """The observed continuation, and the noise [length, vocabulary] that it comes of."""
    if text is None:
        first = read_along(network, prompt, torch.zeros(1, dtype=torch.long)).logits
        noise = gumbel_noise(seed, length, first.shape[1])
        return continued(network, prompt, noise).tokens, noise
    tokenizer: Any = network.tokenizer
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    if not ids:
        raise ToolFailure("the text has no tokens", help='give what follows: `--text " a drink"`')
    given = read_along(network, prompt, torch.tensor(ids))
    return given.tokens, hindsight_noise(given.logits, given.tokens, seed)


def _rewritten(network: Network, site: Site | None, observed: Tensor, again: Any) -> Rewritten:
    same = int((observed == again.tokens).long().cumprod(0).sum())
    before, after = (decoded_all(network.tokenizer, ids) for ids in (observed, again.tokens))
    return Rewritten(site, after, same, kept_share(before, after), changes(before, after))


def _source_of(prepared: PreparedSplit) -> Tensor:
    [origins] = prepared.rows.origins
    return origins[origins >= 0][0]


def _prompts(prepared: PreparedSplit, shown: TextPresentation) -> Iterator[Tensor]:
    """The ids [tokens] of base and source, without the answers that may follow them."""
    prompts = shown.prompts
    for row in (prepared.own_bases[0], _source_of(prepared)):
        end = int(prompts.answer_positions[row, 0]) + 1
        yield prompts.ids[row, :end][prompts.mask[row, :end]]


def _edited(
    network: Network, shown: TextPresentation, row: int, edits: list[Edit]
) -> AbstractContextManager[None]:
    """Edits of the run on one prompt that has no padding."""
    start = int(shown.prompts.mask[row].long().argmax())
    changes = [
        Change(
            tap_of(network, edit.site),
            edit,
            shown.positions.positions[edit.site.token][row][None] - start,
        )
        for edit in edits
    ]
    return taps_edited(placed(changes, network.device))
