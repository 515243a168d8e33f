"""Weights that are not the network's are an error that names them, whatever the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import GPT2Config, LlamaConfig

from causalspec.runtime.networks.feed_forward import FeedForwardConfig, FeedForwardNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.network import NetworkError, load_network
from tests.helpers.byte_tokenizer import byte_tokenizer
from tests.helpers.tiny_networks import tiny_network

Weights = dict[str, Tensor]
LLAMA = LlamaConfig(
    vocab_size=300, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, intermediate_size=48, tie_word_embeddings=False,
)  # fmt: skip
GPT2 = GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=64)


def saved(folder: Path, configuration: LlamaConfig | GPT2Config) -> Path:
    network = tiny_network(configuration, torch.float32)
    network.model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def rewritten(folder: Path, change: Callable[[Weights], Weights]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, {"format": "pt"})


def complaint(folder: Path) -> tuple[str, str | None]:
    with pytest.raises(NetworkError) as raised:
        load_network(folder)
    return str(raised.value), raised.value.help


def prefix(folder: Path) -> str:
    return f"the weights of `{folder}` are not those of its configuration: they "


def test_weights_that_are_missing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = saved(tmp_path / "llama", LLAMA)
    rewritten(folder, lambda held: {k: v for k, v in held.items() if "layers.2.mlp" not in k})
    assert complaint(folder) == (
        prefix(folder) + "lack `model.layers.2.mlp.down_proj.weight`, "
        "`model.layers.2.mlp.gate_proj.weight`, `model.layers.2.mlp.up_proj.weight`",
        None,
    )
    assert "LOAD REPORT" not in capfd.readouterr().err
    folder = saved(tmp_path / "headless", LLAMA)
    rewritten(folder, lambda held: {k: v for k, v in held.items() if k != "lm_head.weight"})
    assert complaint(folder)[0] == prefix(folder) + "lack `lm_head.weight`"


def test_names_with_a_prefix(tmp_path: Path) -> None:
    folder = saved(tmp_path, LLAMA)
    rewritten(folder, lambda held: {f"_orig_mod.{k}": v for k, v in held.items()})
    assert complaint(folder) == (
        prefix(folder) + "lack `lm_head.weight`, `model.embed_tokens.weight`, "
        "`model.layers.0.input_layernorm.weight` and 27 more, and hold "
        "`_orig_mod.lm_head.weight`, `_orig_mod.model.embed_tokens.weight`, "
        "`_orig_mod.model.layers.0.input_layernorm.weight` and 27 more besides",
        "every name starts with `_orig_mod.`: save them without it",
    )


def test_layers_that_the_configuration_leaves_out(tmp_path: Path) -> None:
    folder = saved(tmp_path, LLAMA)
    values = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 2}
    values.pop("layer_types", None)
    (folder / "config.json").write_text(json.dumps(values))
    assert complaint(folder)[0] == (
        prefix(folder) + "hold `model.layers.2.input_layernorm.weight`, "
        "`model.layers.2.mlp.down_proj.weight`, `model.layers.2.mlp.gate_proj.weight` and 6 more "
        "besides"
    )


def test_weights_of_another_shape(tmp_path: Path) -> None:
    folder = saved(tmp_path, LLAMA)
    rewritten(folder, lambda held: held | {"lm_head.weight": torch.zeros(299, 32)})
    assert complaint(folder)[0] == (
        prefix(folder) + "have other shapes: `lm_head.weight` (299×32, not 300×32)"
    )


def test_adapters_are_to_be_merged_first(tmp_path: Path) -> None:
    folder = saved(tmp_path, LLAMA)
    name = "model.layers.0.self_attn.q_proj.lora_A.weight"
    rewritten(folder, lambda held: held | {name: torch.zeros(4, 32)})
    advice = "merge the adapter into the network first (`merge_and_unload` of the library `peft`)"
    assert complaint(folder) == (prefix(folder) + f"hold `{name}` besides", advice)
    (folder / "adapter_config.json").write_text("{}")
    assert complaint(folder) == (
        f"the folder `{folder}` holds an adapter beside or instead of a network's weights",
        "merge it into the network first (`merge_and_unload` of the library `peft`)",
    )


def test_tied_weights_and_old_tables_are_no_complaint(tmp_path: Path) -> None:
    folder = saved(tmp_path, GPT2)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    plain = load_network(folder).content_hash
    masks = {f"transformer.h.{k}.attn.bias": torch.ones(1, 1, 64, 64) for k in range(2)}
    masks |= {f"transformer.h.{k}.attn.masked_bias": torch.tensor(-1e4) for k in range(2)}
    rewritten(folder, lambda held: held | masks)
    assert load_network(folder).content_hash == plain


def test_the_hash_is_of_what_was_loaded(tmp_path: Path) -> None:
    folder = saved(tmp_path, LLAMA)
    first = load_network(folder).content_hash
    rewritten(folder, lambda held: held | {"model.norm.weight": torch.full((32,), 2.0)})
    second = load_network(folder).content_hash
    assert second != first
    assert load_network(folder).content_hash == second


def test_a_plain_network_lacks_weights(tmp_path: Path) -> None:
    FeedForwardNetwork(FeedForwardConfig(4, 8, 2, 3)).save_pretrained(tmp_path)
    rewritten(tmp_path, lambda held: dict(list(held.items())[1:]))
    with pytest.raises(NetworkError) as raised:
        load_task_network(str(tmp_path))
    assert re.fullmatch(re.escape(prefix(tmp_path)) + r"lack `[\w.]+`", str(raised.value))
