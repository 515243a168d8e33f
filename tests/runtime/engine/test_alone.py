"""How prompts may be run together, and what is told where they may not."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from transformers import AutoConfig, BartConfig, GPT2Config, LlamaConfig, RobertaConfig

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, TokenPosition
from causalspec.runtime.engine.alone import alone_logits, how_to_batch, unpadded_because
from causalspec.runtime.engine.batches import Batching, Places, Run, in_batches
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokens import TokenError, TokenizedPrompts, tokenize
from causalspec.runtime.networks.network import Network, NetworkError, wrap_network
from causalspec.runtime.sites.site import Site
from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.small_decoders import small_decoder
from tests.helpers.tiny_networks import CONFIGURATIONS, tiny_network

SIZES: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 48, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
SITES = (Site("residual", 0, "last"), Site("residual", 1, "last"))
TEXTS = ("When Mary and John went to the store, Mary gave", "Mary", "gave", "Mary and John")


def shown(network: Network, texts: tuple[str, ...] = TEXTS) -> tuple[TokenizedPrompts, Places]:
    prompts = tokenize(RenderedPrompts(texts, {}), network.tokenizer, limits=network.limits)
    return prompts, resolve([TokenChoice((TokenPosition(Anchor.LAST),))], prompts).positions


def stirred(model: Any) -> Any:
    """With weights so large that positions matter."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(20)
    return model


def test_roberta_counts_from_its_padding_token_on() -> None:
    network = wrap_network("roberta", small_decoder("roberta"), byte_tokenizer())
    assert (network.first_position, network.limits.context) == (1, 63)
    prompts, positions = shown(network)
    assert how_to_batch(network, prompts, positions, SITES) == (Batching.PADDED, None)


def test_bart_counts_through_padding() -> None:
    network = wrap_network("bart", small_decoder("bart"), byte_tokenizer())
    assert network.first_position is None
    prompts, positions = shown(network)
    batching, because = how_to_batch(network, prompts, positions, SITES)
    assert (batching, because) == (Batching.BY_LENGTH, unpadded_because(network))
    assert because is not None
    assert because.startswith("padding changes its outputs (by ")
    rows = torch.arange(len(TEXTS))
    with torch.no_grad():
        alone = alone_logits(network, prompts, positions, rows)
        by_length, padded = (
            in_batches(
                prompts, Run(rows), batching, partial(plain_run, network, prompts, positions)
            )
            for batching in (Batching.BY_LENGTH, Batching.PADDED)
        )
    assert torch.allclose(alone, by_length.logits, atol=1e-5)
    assert not torch.allclose(alone, padded.logits, atol=1e-1)


def test_the_longest_prompt_of_a_batch_may_choose_the_frequencies() -> None:
    factors = {
        "rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0] * 4,
        "long_factor": [4.0] * 4, "original_max_position_embeddings": 10, "factor": 8.0,
    }  # fmt: skip
    config: Any = AutoConfig.for_model(
        "phi3", **SIZES, num_key_value_heads=2, max_position_embeddings=80,
        original_max_position_embeddings=10, rope_parameters=factors,
    )  # fmt: skip
    network = tiny_network(config, torch.float32)
    stirred(network.model)
    assert unpadded_because(network) is None  # nothing so long is tried when it is loaded
    short = shown(network, TEXTS[1:])
    assert how_to_batch(network, *short, SITES) == (Batching.PADDED, None)
    batching, because = how_to_batch(network, *shown(network), SITES)
    assert batching is Batching.BY_LENGTH
    assert because is not None
    assert because.startswith("padding changes its outputs (by ")


def test_answers_that_depend_on_the_prompts_beside_them_are_refused() -> None:
    network = tiny_network(CONFIGURATIONS["llama"], torch.float32)
    prompts, positions = shown(network, ("Mary", "gave", "John"))
    attention: Any = network.layers[0]

    def mixed(_layer: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return output + output.mean(0, keepdim=True)

    attention.register_forward_hook(mixed)
    with pytest.raises(NetworkError) as raised:
        how_to_batch(network, prompts, positions, SITES)
    assert str(raised.value) == (
        "`llama` answers a prompt differently where others of its length run beside it"
    )


def test_answers_that_change_when_asked_again_are_refused() -> None:
    network = tiny_network(CONFIGURATIONS["llama"], torch.float32)
    network.layers[1].register_forward_hook(
        lambda _layer, _inputs, output: output + torch.randn_like(output)
    )
    with pytest.raises(NetworkError) as raised:
        how_to_batch(network, *shown(network), SITES)
    assert str(raised.value) == "`llama` answers the same prompt differently when it is asked again"


def test_a_forward_pass_that_raises_by_itself() -> None:
    model = small_decoder("gpt2")
    model.register_forward_pre_hook(lambda _model, _inputs: 1 / 0)
    with pytest.raises(NetworkError) as raised:
        wrap_network("gpt2", model, byte_tokenizer())
    message = "`gpt2` does not run by itself on a few tokens: division by zero"
    assert str(raised.value) == message


def test_layers_that_run_twice() -> None:
    model: Any = small_decoder("llama")
    model.model.layers[2] = model.model.layers[1]
    with pytest.raises(NetworkError) as raised:
        wrap_network("llama", model, byte_tokenizer())
    assert str(raised.value) == (
        "the 4 layers of `llama` do not run once each, one after the other"
    )


@pytest.mark.parametrize(
    ("configuration", "context"),
    [
        (LlamaConfig(**SIZES, max_position_embeddings=20), 20),
        (GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=24), 24),
        (RobertaConfig(**SIZES | {"pad_token_id": 1, "bos_token_id": 0, "is_decoder": True},
                       max_position_embeddings=22), 20),
        (BartConfig(vocab_size=300, d_model=32, decoder_layers=2, encoder_layers=2,
                    decoder_attention_heads=4, decoder_ffn_dim=48, max_position_embeddings=20,
                    is_decoder=True, is_encoder_decoder=False), 20),
        (CONFIGURATIONS["bloom"], None),
    ],
)  # fmt: skip
def test_the_limits_are_the_networks_own(configuration: Any, context: int | None) -> None:
    network = tiny_network(configuration, torch.float32)
    assert (network.limits.vocabulary, network.limits.context) == (300, context)


def test_a_prompt_beyond_the_context() -> None:
    network = tiny_network(LlamaConfig(**SIZES, max_position_embeddings=5), torch.float32)
    tokenizer: Any = network.tokenizer
    tokenizer.model_max_length = 3  # not true, and the network knows better
    assert shown(network, TEXTS[1:])[0].length == 5
    with pytest.raises(TokenError) as raised:
        shown(network)
    assert str(raised.value) == (
        f"the prompt `{TEXTS[0]}` has 12 tokens, more than the 5 that the network takes"
    )
    assert raised.value.help == "the limit is the length of its context in its configuration"


def test_padding_with_a_token_that_the_network_lacks() -> None:
    network = tiny_network(LlamaConfig(**SIZES), torch.float32)
    tokenizer: Any = network.tokenizer
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.add_tokens(["[NEW]"])
    beyond = tokenizer.pad_token_id
    tokenizer_size = len(tokenizer)
    assert beyond < 300  # the embedding has room to spare
    smaller = tiny_network(LlamaConfig(**SIZES | {"vocab_size": beyond}), torch.float32)
    prompts = tokenize(RenderedPrompts(TEXTS, {}), tokenizer, limits=smaller.limits)
    assert int(prompts.ids.max()) < beyond
    with pytest.raises(TokenError) as raised:
        tokenize(RenderedPrompts(("Mary [NEW]",), {}), tokenizer, limits=smaller.limits)
    assert str(raised.value) == (
        f"the token `[NEW]` of the prompt `Mary [NEW]` has number {tokenizer_size - 1}, "
        f"but the network has tokens 0 to {beyond - 1} only"
    )
