"""Every site of every family: read, written, and held against the family's own code."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import gelu, linear, silu

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError
from causalspec.runtime.sites.components import COMPONENTS, available_sites, tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from tests.helpers.byte_tokenizer import VOCABULARY
from tests.helpers.families import ENCODERS, FAMILIES, HEADS, LAYERS, WIDTH, family
from tests.helpers.seen_attention import watch_attention

EXPERTS = ("mixtral", "qwen3_moe")
WITH_ATTENTION = [name for name in FAMILIES if name != "mamba"]
WITH_NEURONS = [name for name in WITH_ATTENTION if name not in EXPERTS]
KEY_HEADS = {"falcon": 1, "bigcode": 1, "falcon_grouped": 2} | dict.fromkeys(
    ("llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "olmo2", "starcoder2",
     "granite", *EXPERTS), 2,
)  # fmt: skip
UNROTATED = ("gpt2", "opt", "bigcode", "falcon_old", "bloom", "bert", "roberta", "distilbert")
PLAIN = ("gpt2", "opt", "bert", "roberta", "distilbert")
"""Softmax of products alone: no rotation, no slopes, no groups."""
LAYER = 1


def prompt(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, VOCABULARY, (3, 7), generator=generator)


def run(network: Network, ids: Tensor) -> Tensor:
    return network.model(input_ids=ids).logits


def read(network: Network, ids: Tensor, *sites: Site) -> list[Tensor]:
    """The numbers [rows, positions, width] at each site."""
    found: dict[int, Tensor] = {}
    taps = [tap_of(network, site) for site in sites]

    def receive(number: int, tensor: Tensor) -> None:
        assert number not in found
        found[number] = taps[number].read(tensor).clone()

    with taps_read(taps, receive):
        run(network, ids)
    for number, tap in enumerate(taps):
        assert found[number].shape == (*ids.shape, tap.width)
    return [found[number] for number in range(len(taps))]


def written(network: Network, site: Site, value: Tensor) -> tuple[Any, Callable[[Tensor], Tensor]]:
    """The edit that puts numbers [rows, positions, width] at a site."""
    tap = tap_of(network, site)
    return tap, lambda tensor: tap.write(tensor, value)


def here(component: str, unit: int | None = None) -> Site:
    return Site(component, None if component == "embedding" else LAYER, unit=unit)


def near(vectors: Tensor, other: Tensor, tolerance: float = 1e-9) -> bool:
    return torch.allclose(vectors, other, rtol=tolerance, atol=tolerance * float(other.abs().max()))


# What is there -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_its_sites(name: str) -> None:
    lacking = {"hidden"}
    if name in EXPERTS:
        lacking |= {"mlp_activation", "neuron"}
    if name == "mamba":
        lacking = set(COMPONENTS) - {"embedding", "residual", "module"}
    assert available_sites(family(name)) == tuple(
        name for name in COMPONENTS if name not in lacking
    )


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_heads_are_counted(name: str) -> None:
    units = {
        component: COMPONENTS[component].units(family(name))
        for component in ("head", "query", "key", "value")
    }
    key_heads = KEY_HEADS.get(name, HEADS)
    assert units == {"head": HEADS, "query": HEADS, "key": key_heads, "value": key_heads}


# Reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_heads_queries_keys_and_values_are_what_the_family_computes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, ids = family(name), prompt(1)
    assert network.anatomy is not None  # found by running it, so before anybody watches
    seen = watch_attention(network.model, monkeypatch)
    parts = read(network, ids, here("query"), here("key"), here("value"), here("head"))
    assert len(seen) == LAYERS
    theirs = seen[LAYER]
    query, key, value = (
        _normed(network, part, matrix).transpose(1, 2)
        for part, matrix in zip(("q_norm", "k_norm", ""), parts[:3], strict=True)
    )
    if name == "opt":
        query = query / math.sqrt(query.shape[-1])
    shared = theirs.key.shape[1] // key.shape[1]  # Falcon repeats keys and values beforehand
    # Rotation leaves the first position as it is.
    places = slice(None) if name in UNROTATED else slice(0, 1)
    assert near(query[:, :, places], theirs.query[:, :, places].double(), 1e-6)
    assert near(key[:, :, places], theirs.key[:, ::shared, places].double(), 1e-6)
    assert torch.equal(value, theirs.value[:, ::shared])
    assert torch.equal(parts[3], theirs.heads.flatten(2))


def _normed(network: Network, norm: str, numbers: Tensor) -> Tensor:
    """Numbers [rows, positions, heads, size] behind the norm that some families have there."""
    attention: Any = getattr(network.layers[LAYER], "self_attn", None)
    norm_module = getattr(attention, norm, None) if norm else None
    assert network.anatomy is not None
    found = network.anatomy.blocks[LAYER].attention
    assert found is not None and found.query is not None
    apart = (-1, found.query.size)
    if norm_module is None:
        return numbers.unflatten(-1, apart)
    if norm_module.weight.shape[0] == found.query.size:
        return norm_module(numbers.unflatten(-1, apart))
    return norm_module(numbers).unflatten(-1, apart)


@pytest.mark.parametrize("name", PLAIN)
def test_a_head_is_its_values_weighted_by_its_attention(name: str) -> None:
    network, ids = family(name), prompt(2)
    sites = [
        here(part, unit) for unit in range(HEADS) for part in ("query", "key", "value", "head")
    ]
    parts = read(network, ids, *sites)
    for unit in range(HEADS):
        query, key, value, head = parts[4 * unit : 4 * unit + 4]
        scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
        if name not in ENCODERS:
            scores = scores + torch.full(scores.shape[1:], -math.inf).triu(1)
        assert near(scores.softmax(-1) @ value, head)


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_a_block_adds_up(name: str) -> None:
    """Attention and MLP outputs make the block's output of its input, as the family's own norms
    and factors have it.
    """
    network, ids = family(name), prompt(3)
    block: Any = network.layers[LAYER]
    before, attention, mlp, after = read(
        network, ids, Site("residual", LAYER - 1), here("attention_output"), here("mlp_output"),
        here("residual"),
    )  # fmt: skip
    if name in ("gemma2", "gemma3", "olmo2"):
        attention, mlp = (
            block.post_attention_layernorm(attention), block.post_feedforward_layernorm(mlp),
        )  # fmt: skip
    if name == "granite":
        attention, mlp = attention * 0.5, mlp * 0.5
    if name in ("bert", "roberta"):
        middle = block.attention.output.LayerNorm(before + attention)
        expected = block.output.LayerNorm(middle + mlp)
    elif name == "distilbert":
        expected = block.output_layer_norm(block.sa_layer_norm(before + attention) + mlp)
        assert near(expected, after)
        return
    else:
        expected = before + attention + mlp
    assert near(expected, after)


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_outputs_are_projected_from_heads_and_activations(name: str) -> None:
    network, ids = family(name), prompt(4)
    pairs = [("head", "attention_output"), ("mlp_activation", "mlp_output")]
    for inside, outside in pairs[: 1 if name in EXPERTS else 2]:
        below, above = read(network, ids, here(inside), here(outside))
        module: Any = tap_of(network, here(outside)).module
        weight = module.weight.T if type(module).__name__ == "Conv1D" else module.weight
        assert near(linear(below, weight, module.bias), above)


def _gated(block: Any, entering: Tensor) -> Tensor:
    return silu(block.mlp.gate_proj(entering)) * block.mlp.up_proj(entering)


def _gated_together(block: Any, entering: Tensor) -> Tensor:
    gate, up = block.mlp.gate_up_proj(entering).chunk(2, -1)
    return silu(gate) * up


ACTIVATIONS: dict[str, tuple[str, Callable[[Any, Tensor], Tensor]]] = {
    "llama": ("mlp.gate_proj", _gated),
    "granite": ("mlp.gate_proj", _gated),
    "phi3": ("mlp.gate_up_proj", _gated_together),
    "gpt2": ("mlp.c_fc", lambda block, x: gelu(block.mlp.c_fc(x), approximate="tanh")),
    "gpt_neox": ("mlp.dense_h_to_4h", lambda block, x: gelu(block.mlp.dense_h_to_4h(x))),
    "opt": ("fc1", lambda block, x: block.fc1(x).relu()),
    "bert": ("intermediate.dense", lambda block, x: gelu(block.intermediate.dense(x))),
    "distilbert": ("ffn.lin1", lambda block, x: gelu(block.ffn.lin1(x))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_neurons_are_the_activations(name: str) -> None:
    network, ids = family(name), prompt(5)
    path, expected = ACTIVATIONS[name]
    entering: list[Tensor] = []
    block: Any = network.layers[LAYER]
    handle = block.get_submodule(path).register_forward_pre_hook(
        lambda _module, given: entering.append(given[0])
    )
    every, single = read(network, ids, here("mlp_activation"), here("neuron", 17))
    handle.remove()
    assert near(every, expected(block, entering[0]).view(every.shape))
    assert torch.equal(single[..., 0], every[..., 17])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_embedding_enters_the_first_block(name: str) -> None:
    network, ids = family(name), prompt(6)
    embedded, first = read(network, ids, here("embedding"), Site("residual", 0))
    block: Any = network.layers[0]
    alone: list[Tensor] = []
    with ExitStack() as stack:
        for layer in network.layers:
            hook = partial(_entered, alone)
            stack.callback(layer.register_forward_pre_hook(hook, with_kwargs=True).remove)
        run(network, ids)
    assert torch.equal(embedded, alone[0])
    assert torch.equal(first, alone[1])
    assert tap_of(network, here("embedding")).module is block


def _entered(streams: list[Tensor], _layer: Any, given: Any, named: Any) -> None:
    streams.append((given[0] if given else named["hidden_states"]).clone())


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_units_side_by_side_are_the_whole(name: str) -> None:
    network, ids = family(name), prompt(7)
    for part in ("head", "query", "key", "value"):
        count = COMPONENTS[part].units(network)
        assert count is not None
        whole, *units = read(network, ids, here(part), *(here(part, k) for k in range(count)))
        assert torch.equal(torch.cat(units, -1), whole)


# Writing -----------------------------------------------------------------------------------------


def _sites(network: Network) -> list[Site]:
    parts = [site for site in available_sites(network) if site not in ("module", "neuron")]
    units = [name for name in ("head", "query", "key", "value") if name in parts]
    neurons = [here("neuron", 5)] if "neuron" in available_sites(network) else []
    return [*map(here, parts), *(here(site, 0) for site in units), *neurons]


@pytest.mark.parametrize("name", FAMILIES)
def test_writing_what_is_there_changes_nothing(name: str) -> None:
    network, ids = family(name), prompt(8)
    expected = run(network, ids)
    for site in _sites(network):
        [value] = read(network, ids, site)
        with taps_edited([written(network, site, value)]):
            assert torch.equal(run(network, ids), expected), site
    assert torch.equal(run(network, ids), expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_writing_changes_its_own_numbers_and_the_answer(name: str) -> None:
    """One position of one site: the others there stay, those below, too, and the answer moves."""
    network, ids = family(name), prompt(9)
    layers = [Site("residual", k) for k in range(LAYERS)]
    expected, streams = run(network, ids), read(network, ids, *layers)
    for site in _sites(network):
        tap = tap_of(network, site)
        whole: list[Tensor] = []
        with taps_edited([(tap, partial(_moved_at_3, tap, whole))]):
            answer, found = run(network, ids), read(network, ids, *layers)
        changed = (whole[0] != whole[1]).any(0)
        own = torch.zeros_like(changed)
        own[3, slice(None) if tap.columns is None else tap.columns] = True
        assert torch.equal(changed, own), site
        assert not torch.equal(answer, expected), site
        for number in range(LAYERS):
            # The output of the block before the one that an edit enters is what enters it.
            untouched = number < tap.enters and site != layers[number]
            assert torch.equal(found[number], streams[number]) == untouched, (site, number)


def _moved_at_3(tap: Any, whole: list[Tensor], tensor: Tensor) -> Tensor:
    value = tap.read(tensor).clone()
    value[:, 3] = -2 * value[:, 3] + 0.1
    edited = tap.write(tensor, value)
    whole.extend((tensor.clone(), edited.clone()))  # Falcon adds to it in place
    return edited


@pytest.mark.parametrize("name", WITH_ATTENTION)
def test_parts_of_another_prompt_bring_its_block_with_them(name: str) -> None:
    network, ids, other = family(name), prompt(10), prompt(11)
    key_heads = KEY_HEADS.get(name, HEADS)
    queries = [here("query", k) for k in range(HEADS)]
    queries += [here(part, k) for part in ("key", "value") for k in range(key_heads)]
    swaps = [
        (queries, "head"),
        ([here("query"), here("key"), here("value")], "head"),
        ([here("head", k) for k in range(HEADS)], "attention_output"),
        ([here("mlp_activation")], "mlp_output"),
        ([Site("residual", LAYER - 1)], "residual"),
    ]
    for sites, outcome in swaps:
        if name in EXPERTS and outcome == "mlp_output":
            continue
        *values, expected = read(network, other, *sites, here(outcome))
        edits = [written(network, *pair) for pair in zip(sites, values, strict=True)]
        with taps_edited(edits):
            [found] = read(network, ids, here(outcome))
        assert torch.equal(found, expected), outcome


def test_gradients_flow_through_reads_and_writes() -> None:
    network, ids = family("gpt2"), prompt(12)
    site = here("key", 1)
    [value] = read(network, ids, site)
    value.requires_grad_()
    with taps_edited([written(network, site, value)]):
        run(network, ids)[:, -1].sum().backward()
    assert value.grad is not None
    assert bool((value.grad[:, 3] != 0).all())
    step = 1e-5
    moved = value.detach().clone()
    moved[0, 3, 2] += step
    plain = run(network, ids)[:, -1].sum()
    with taps_edited([written(network, site, moved)]):
        slope = (run(network, ids)[:, -1].sum() - plain) / step
    assert float(slope) == pytest.approx(float(value.grad[0, 3, 2]), rel=1e-3, abs=1e-6)


# Any module --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "enters", "width"),
    [
        ("llama", "model.layers.2.mlp.gate_proj", 2, 48),
        ("llama", "model.layers.1", 2, WIDTH),
        ("llama", "model.norm", 0, WIDTH),
        ("llama", "model.embed_tokens", 0, WIDTH),
        ("opt", "model.decoder.layers.1.fc1", 1, 48),
        ("gpt2", "transformer.h.0.attn", 0, WIDTH),
        ("mamba", "backbone.layers.1.mixer", 1, WIDTH),
        ("mixtral", "model.layers.1.mlp.experts", 1, WIDTH),
        ("bert", "bert.encoder.layer.1.intermediate", 1, 48),
        ("bert", "cls.predictions.transform", 0, WIDTH),
    ],
)
def test_any_module(name: str, path: str, enters: int, width: int) -> None:
    network, ids = family(name), prompt(13)
    site = Site("module", path=path)
    tap = tap_of(network, site)
    assert (tap.enters, tap.width) == (enters, width)
    theirs: list[Any] = []
    handle = tap.module.register_forward_hook(lambda _module, _given, output: theirs.append(output))
    [found] = read(network, ids, site)
    handle.remove()
    output = theirs[0] if isinstance(theirs[0], Tensor) else theirs[0][0]
    assert torch.equal(found, output.view(found.shape))
    expected = run(network, ids)
    with taps_edited([(tap, lambda tensor: tensor.roll(1, -1) * 1.1)]):
        assert not torch.equal(run(network, ids), expected)
    with taps_edited([(tap, lambda tensor: tensor.clone())]):
        assert torch.equal(run(network, ids), expected)


# What isn't there --------------------------------------------------------------------------------

SITES = "`embedding`, `residual`, `attention_output`, `mlp_output`, `mlp_activation`, `head`, "
NO_LAYER = "`llama` has `head` at layers 0 to 2, not at layer 14"
NO_EXPERTS = SITES.replace("`mlp_activation`, ", "") + "`query`, `key`, `value`, `module`"


@pytest.mark.parametrize(
    ("name", "site", "message", "advice"),
    [
        ("llama", Site("head", 14), NO_LAYER, None),
        ("llama", Site("head", -1), NO_LAYER.replace("14", "-1"), None),
        ("llama", Site("head"), "`head` needs a layer", None),
        ("llama", Site("embedding", 1), "`embedding` has no layers, so no layer 1", None),
        (
            "llama",
            Site("head", 1, unit=40),
            "layer 1 of `llama` has 4 heads, numbered from 0: there is no head 40",
            None,
        ),
        (
            "llama",
            Site("key", 1, unit=3),
            "layer 1 of `llama` has 2 key heads, numbered from 0, for its 4 heads: "
            "there is no key head 3",
            "heads 2 to 3 share the keys and values of key head 1",
        ),
        (
            "gpt2",
            Site("value", 1, unit=4),
            "layer 1 of `gpt2` has 4 heads, numbered from 0: there is no head 4",
            None,
        ),
        (
            "gpt2",
            Site("neuron", 0, unit=48),
            "layer 0 of `gpt2` has 48 neurons, numbered from 0: there is no neuron 48",
            None,
        ),
        (
            "gpt2",
            Site("neuron", 0),
            "`neuron` is given no index",
            "all of them together are `mlp_activation`",
        ),
        (
            "mamba",
            Site("head", 0),
            "`mamba` has no `head`",
            "it has `embedding`, `residual`, `module`",
        ),
        ("mixtral", Site("mlp_activation", 0), "`mixtral` has no `mlp_activation`",
         f"it has {NO_EXPERTS}"),
        ("bert", Site("hidden", 1), "`bert` has no `hidden`",
         f"it has {SITES}`query`, `key`, `value`, `neuron`, `module`"),
        ("gpt2", Site("heads", 0), "there is no site `heads`", "did you mean `head`?"),
        (
            "llama",
            Site("module", path="model.layers.1.mpl"),
            "`llama` has no module `model.layers.1.mpl`",
            "near it are `model.layers.1.mlp`, `model.layers.2.mlp`, `model.layers.0.mlp`, "
            "`model.layers.1`, `model.layers.2`",
        ),
        (
            "llama",
            Site("module", path="model.zzzzzzzzzzzzzzzzzzzzzzzzzz"),
            "`llama` has no module `model.zzzzzzzzzzzzzzzzzzzzzzzzzz`",
            "near it are `model.embed_tokens`, `model.layers`, `model.norm`, `model.rotary_emb`",
        ),
        (
            "llama",
            Site("module", path="model.rotary_emb"),
            "the module `model.rotary_emb` of `llama` does not give one vector for each token",
            "choose one that runs once, on every row of a batch",
        ),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told(name: str, site: Site, message: str, advice: str | None) -> None:
    with pytest.raises(SiteError) as raised:
        tap_of(family(name), site)
    assert (str(raised.value), raised.value.help) == (message, advice)


def test_sites_are_read_and_ordered() -> None:
    edge = Site("head", 5, "last", 9, receiver=Site("mlp_output", 8, "last"))
    assert str(edge) == "head 9, layer 5, token last, to mlp_output, layer 8, token last"
    assert str(Site("module", path="encoder.3")) == "module encoder.3"
    assert str(Site("embedding", token="first + 1")) == "embedding, token first + 1"
    some = [Site("head", 2, unit=1), Site("head", 2), Site("embedding"), Site("head", 1, unit=3)]
    assert sorted([*some, edge]) == [some[2], some[3], some[1], some[0], edge]


# The page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("decoders", "llama", "all"),
        ("decoders", "gpt2", "all"),
        ("decoders", "falcon", "all"),
        ("decoders", "opt", "all"),
        ("decoders", "mixtral", "all but `mlp_activation`, `neuron`"),
        ("decoders", "mamba", "none"),
        ("encoders", "bert", "all"),
        ("encoders", "distilbert", "all"),
        ("encoders", "modernbert", "all"),
    ],
)
def test_the_page_lists_the_sites_of_a_family(kind: str, name: str, told: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "networks.md").read_text(encoding="utf-8")
    table = page.partition(f"<!-- table: {kind} -->")[2].partition("<!-- end of table -->")[0]
    assert f"| {name} | {told} |" in table.splitlines()
    inside = [
        name for name in COMPONENTS if name not in ("embedding", "residual", "module", "hidden")
    ]
    found = [component for component in inside if component in available_sites(family(name))]
    lacking = ", ".join(f"`{name}`" for name in inside if name not in found)
    assert told == ("all" if not lacking else f"all but {lacking}" if found else "none")
