"""Path patching beside what plain hooks make of it, one prompt at a time, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.site import Site
from tests.helpers.tiny_networks import CONFIGURATIONS, random_prompts, tiny_network

HEAD = 8  # numbers of one of four heads
EDGES = (
    Site("head", 0, unit=1, receiver=Site("mlp_output", 2)),
    Site("head", 1, unit=3, receiver=Site("query", 2, unit=2)),
    Site("mlp_output", 0, receiver=Site("query", 2)),
    Site("mlp_output", 1, receiver=Site("mlp_output", 2)),
    Site("attention_output", 1, receiver=Site("mlp_output", 1)),
)
TOKENS = ("last", "middle")
SENDER = Site("head", 0, "last", 1)


def on(edge: Site, token: str) -> Site:
    assert edge.receiver is not None
    return replace(edge, token=token, receiver=replace(edge.receiver, token=token))


@dataclass(frozen=True)
class End:
    """Where an edge begins or ends, by the names of the two architectures."""

    module: nn.Module
    columns: slice
    is_input: bool
    place: tuple[int, int]


def attention_and_mlp(network: Network, layer: int) -> tuple[nn.Module, nn.Module]:
    """What adds to the residual stream: the attention's last projection, and the MLP."""
    model: Any = network.model
    if network.name == "llama":
        block = model.model.layers[layer]
        return block.self_attn.o_proj, block.mlp
    block = model.transformer.h[layer]
    return block.attn.c_proj, block.mlp


def query(network: Network, layer: int) -> nn.Module:
    model: Any = network.model
    if network.name == "llama":
        return model.model.layers[layer].self_attn.q_proj
    return model.transformer.h[layer].attn.c_attn  # queries, then keys, then values


def end_at(network: Network, site: Site) -> End:
    layer, unit = site.layer, site.unit
    assert layer is not None
    columns = slice(0, 32) if unit is None else slice(HEAD * unit, HEAD * (unit + 1))
    attention, mlp = attention_and_mlp(network, layer)
    match site.component:
        case "head":
            return End(attention, columns, True, (layer, 0))
        case "attention_output":
            return End(attention, columns, False, (layer, 0))
        case "query":
            return End(query(network, layer), columns, False, (layer, 0))
        case _:
            return End(mlp, columns, False, (layer, 1))


def changed(
    end: End, position: int, change: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    def of_tensor(tensor: Tensor) -> Tensor:
        result = tensor.clone()
        result[0, position, end.columns] = change(tensor[0, position, end.columns])
        return result

    return of_tensor


def hooked(stack: ExitStack, end: End, use: Callable[[Tensor], Tensor | None]) -> None:
    if end.is_input:
        handle: Any = end.module.register_forward_pre_hook(lambda _module, given: use(given[0]))
    else:
        handle = end.module.register_forward_hook(lambda _module, _given, output: use(output))
    stack.callback(handle.remove)


def by_hand(
    network: Network, ids: Tensor, edge: Site, position: int, change: Callable[[Tensor], Tensor]
) -> Tensor:
    """The logits [vocabulary] at the end of one prompt."""
    assert edge.receiver is not None
    sender, receiver = end_at(network, edge), end_at(network, edge.receiver)
    between = [
        End(module, slice(0, 32), False, (layer, kind))
        for layer in range(len(network.layers))
        for kind, module in enumerate(attention_and_mlp(network, layer))
        if sender.place < (layer, kind) < receiver.place
    ]
    kept: list[Tensor] = []
    with ExitStack() as stack:
        for read in between:
            hooked(stack, read, kept.append)
        network.model(input_ids=ids[None])
    found: list[Tensor] = []
    with ExitStack() as stack:
        for read, output in zip(between, kept, strict=True):
            hooked(stack, read, lambda _tensor, output=output: output)
        hooked(stack, sender, changed(sender, position, change))
        hooked(stack, receiver, lambda tensor: found.append(tensor[0, position, receiver.columns]))
        network.model(input_ids=ids[None])
    with ExitStack() as stack:
        hooked(stack, receiver, changed(receiver, position, lambda _vector: found[0]))
        return network.model(input_ids=ids[None]).logits[0, -1]


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def subject(request: pytest.FixtureRequest) -> TextSubject:
    network = tiny_network(CONFIGURATIONS[request.param])
    prompts, places = random_prompts("left")
    sites = (SENDER, *(on(edge, token) for edge in EDGES for token in TOKENS))
    every = torch.ones(prompts.rows, dtype=torch.bool)
    [found] = text_subjects(network, prompts, places, [sites], every)
    assert found.plain_because is None
    return found


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_an_edge_is_path_patching(subject: TextSubject, edge: Site) -> None:
    network, prompts = subject.network, subject.prompts
    width = subject.width(replace(edge, receiver=None))
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(width, width, generator=generator, dtype=torch.float64).requires_grad_()
    rows = torch.tensor([0, 4, 2])
    for token in TOKENS:
        ours = subject.run(rows, [Edit(on(edge, token), lambda vectors: vectors @ weight)])
        theirs: list[Tensor] = []
        for row in rows.tolist():
            ids = prompts.ids[row, prompts.mask[row]]
            position = int(subject.positions[token][row, 0]) - (prompts.length - len(ids))
            theirs.append(by_hand(network, ids, edge, position, lambda vector: vector @ weight))
        expected = torch.stack(theirs)
        assert torch.allclose(ours.logits[:, 0], expected, atol=1e-9, rtol=0)
        mine, other = (
            torch.autograd.grad(logits.logsumexp(-1).sum() - logits[:, 7].sum(), weight)[0]
            for logits in (ours.logits[:, 0], expected)
        )
        assert bool((other != 0).any())
        assert torch.allclose(mine, other, atol=1e-9)


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_a_sender_that_does_not_change_changes_nothing(subject: TextSubject, edge: Site) -> None:
    rows = torch.arange(4)
    alone = subject.run(rows, ()).logits
    same = subject.run(rows, [Edit(on(edge, "last"), lambda vectors: vectors)]).logits
    assert torch.allclose(alone, same, atol=1e-12, rtol=0)


def test_an_edge_is_less_than_its_sender(subject: TextSubject) -> None:
    edge = on(EDGES[0], "last")
    rows = torch.arange(4)
    alone = subject.run(rows, ()).logits
    through, everywhere = (
        subject.run(rows, [Edit(site, lambda vectors: 3 * vectors)]).logits
        for site in (edge, SENDER)
    )
    assert not torch.allclose(alone, through)
    assert not torch.allclose(everywhere, through)


def test_edges_and_other_edits_happen_in_one_run(subject: TextSubject) -> None:
    edge, other = on(EDGES[0], "last"), on(EDGES[2], "middle")
    rows = torch.arange(4)
    edits = [Edit(edge, lambda vectors: 3 * vectors), Edit(other, torch.neg)]
    assert edge.receiver is not None
    both, single = (subject.run(rows, some, [edge.receiver]) for some in (edits, edits[:1]))
    assert not torch.allclose(both.logits, single.logits)
    # What the edge writes is what its receiver holds, whatever else is edited.
    assert torch.allclose(both.vectors[edge.receiver], single.vectors[edge.receiver], atol=1e-12)
